/* confidence — how far a quantile may be from what a longer run of the same would have shown.
 *
 * All intervals are two-sided at 95 %. A rank counts from 1, the smallest value; it is computed in
 * integers from num/den, as that of a quantile is. Functions of their arguments, any thread.
 */
#ifndef SQUALL_STATS_CONFIDENCE_H
#define SQUALL_STATS_CONFIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#define CONFIDENCE_LEVEL 0.95

/* The values at these ranks bound the quantile. */
struct confidence_ranks {
    uint64_t low;    /* 0 = no value is low enough */
    uint64_t high;   /* 0 = no value is high enough: "more than the largest" */
    double coverage; /* probability that the bounds hold the quantile, at least 0.95 */
};

/* The order-statistic interval of `count` > 0 independent values, exact whatever their distribution
 * (Hahn and Meeker, Statistical Intervals, 5.2): with B ~ Bin(count, p), low is the largest rank
 * with P(B < low) <= 2.5 % and high the smallest with P(B < high) >= 97.5 %.
 *
 * Answers of a server are not independent: a slow moment makes many of them slow. At 80 % load this
 * interval of a p99 holds the truth one time in five. Use confidence_of(). */
struct confidence_ranks confidence_independent(uint64_t count, uint64_t num, uint64_t den);

/* How many independent values it takes for the upper bound to be one of them: 368 for p99. */
uint64_t confidence_count_min(uint64_t num, uint64_t den);

/* A piece of the run: how many values it has and how many of them are within the quantile, at or
 * below the bucket that holds it. */
struct confidence_batch {
    uint64_t count, within;
};

#define CONFIDENCE_BATCHES_MIN 10u /* fewer say too little of how much batches differ */
#define CONFIDENCE_BATCHES_MAX 20u

enum confidence_state {
    CONFIDENCE_NOTHING,   /* no value at all */
    CONFIDENCE_TOO_SHORT, /* too few batches, or neighbours still go together: no interval */
    CONFIDENCE_HELD,
};

struct confidence {
    enum confidence_state state;
    struct confidence_ranks ranks; /* of CONFIDENCE_HELD; low and high 0 = that side is open */
    uint32_t batches;              /* after neighbours were merged */
    double design_effect;          /* variance of the count within, over that of independent values;
                                      at least 1 */
    double worth;                  /* count / design_effect: so many independent values */
    double neighbour_correlation;  /* of the batches */
    double lengthen;               /* CONFIDENCE_TOO_SHORT: the run should be about so many times
                                      as long */
};

/* The interval of a quantile of correlated values: that of Woodruff (1952) with the design effect
 * estimated from `count` batches of equal time, in order. Batches are merged with their neighbours,
 * in place, until they no longer go together (correlation below 0.2); with fewer than
 * CONFIDENCE_BATCHES_MIN of them left there is no honest interval. Never narrower than
 * confidence_independent().
 *
 * How values beyond a high quantile cluster is seen in few of them, and a run that happens to have
 * no cluster thinks itself precise. So a quantile is worth no more than the one below it:
 * `effect_least` is the design effect of that, 1 for the first. */
struct confidence confidence_of(struct confidence_batch *batches, uint32_t count, uint64_t num,
                                uint64_t den, double effect_least);

/* The 97.5 % point of Student's t with `freedom` >= 3 degrees of freedom, to 1e-3 at 5 and 1e-5
 * from 10 on (Cornish-Fisher expansion, Abramowitz and Stegun 26.7.5). */
double confidence_student(uint32_t freedom);

#endif
