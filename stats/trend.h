/* trend — whether something kept its level while something else went on: the latency of a run over
 * its time, or over the rows that it has written.
 *
 * Rank statistics throughout: one wild point cannot make or hide a trend. Functions of their
 * arguments, any thread. No memory is allocated.
 */
#ifndef SQUALL_STATS_TREND_H
#define SQUALL_STATS_TREND_H

#include <stdint.h>

#define TREND_POINTS_MIN 10u
#define TREND_POINTS_MAX 64u

struct trend_point {
    double x, y; /* both finite */
};

enum trend_verdict {
    TREND_UNDECIDED,  /* too few points, or too much noise to exclude a drift that matters */
    TREND_STATIONARY, /* a change over the whole of x by more than what is tolerated is excluded */
    TREND_DRIFTING,   /* the test says so, and 0 lies outside the interval of the slope */
};
const char *trend_verdict_name(enum trend_verdict v); /* "undecided", "stationary", "drifting" */

/* Slopes are y per x. NaN where there are too few points or all x are the same. */
struct trend {
    enum trend_verdict verdict;
    int64_t score;     /* Mann and Kendall's S: pairs that rise minus pairs that fall */
    double p_value;    /* of a score like this without a trend, two-sided */
    double correction; /* of its variance, as neighbours go together; at least 1 */
    double slope;      /* median of the slopes of all pairs (Theil 1950, Sen 1968) */
    double slope_low;  /* its 95 % interval; -infinity and infinity where open */
    double slope_high;
    double level;      /* median of y */
    double detectable; /* the drift that four of five such runs would have shown */
};

/* `points` in order of x, which need not be evenly spread; those beyond TREND_POINTS_MAX are not
 * looked at. `tolerated` is the change of y over the whole of x, as a share of its level, that does
 * not matter.
 *
 * The test is that of Mann (1945) and Kendall with ties in x and y, at 5 %; its variance is
 * corrected as by Hamed and Rao (1998) with the correlations of the ranks without the trend, from
 * the first on while they are over one standard error, and never made smaller. The interval of the
 * slope is Sen's with the same variance. */
struct trend trend_of(const struct trend_point *points, uint32_t count, double tolerated);

#endif
