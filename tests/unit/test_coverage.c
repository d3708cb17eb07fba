/* test_coverage — goal: nineteen of twenty intervals hold the truth and nineteen of twenty steady
 * runs are not called drifting, also where one slow answer makes the next one slow.
 *
 * One server with a queue (M/M/1), whose quantiles are known: the time in it is exponential with
 * rate mu - lambda. Each run is 60000 requests from a seed, read back second by second as a real
 * one is. A thousand runs of each load, about a minute:
 *
 *     build/tests/unit/test_coverage 1000
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/prng.h"
#include "stats/confidence.h"
#include "stats/hist.h"
#include "stats/trend.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define REQUESTS         60000u
#define SERVICES_PER_S   1000.0
#define SECONDS_MAX      300u
#define RUNS_QUICK       40u
#define RUNS_TELLING     1000u
#define SLACK            0.05 /* how far off so few runs may be; of RUNS_TELLING none is granted */

static const struct {
    uint64_t num, den;
    const char *name;
} quantiles[] = {
    { 50, 100, "p50" }, { 90, 100, "p90" },     { 95, 100, "p95" },
    { 99, 100, "p99" }, { 999, 1000, "p99.9" },
};

static unsigned runs = RUNS_QUICK;

/* One run: the time that each request took, and the second it was done in. */
struct queue {
    struct prng random;
    uint64_t latency_ns[REQUESTS];
    uint32_t second[REQUESTS];
    struct hist_view whole;
};

struct outcome_count {
    unsigned held, true_ones, independent_true;
    double worth;
};

static double draw_exponential(struct prng *p, double mean)
{
    return -log1p(-prng_unit(p)) * mean;
}

static void play(struct queue *q, uint64_t seed, double load)
{
    const double arrivals_per_s = load * SERVICES_PER_S;
    double arrived_s = 0;

    prng_init(&q->random, seed, (uint64_t)(load * 1000));
    hist_view_clear(&q->whole);
    /* Lindley: what the one before still has to wait and be served, less the time between. The
     * first finds the queue as it is in the long run. */
    double waits_s = prng_unit(&q->random) < load
                         ? draw_exponential(&q->random, 1 / (SERVICES_PER_S - arrivals_per_s))
                         : 0;
    for (uint32_t i = 0; i < REQUESTS; i++) {
        const double takes_s = waits_s + draw_exponential(&q->random, 1 / SERVICES_PER_S);
        const double between_s = draw_exponential(&q->random, 1 / arrivals_per_s);
        const uint32_t second = (uint32_t)(arrived_s + takes_s);
        q->latency_ns[i] = (uint64_t)(takes_s * 1e9);
        q->second[i] = second < SECONDS_MAX ? second : SECONDS_MAX - 1u;
        hist_view_add_bucket(&q->whole, hist_index(q->latency_ns[i]), 1);
        waits_s = takes_s > between_s ? takes_s - between_s : 0;
        arrived_s += between_s;
    }
}

static uint32_t cut_batches(const struct queue *q, struct confidence_batch *batches,
                            uint64_t quantile_ns)
{
    const uint32_t seconds = q->second[REQUESTS - 1u] + 1u;
    const uint32_t count = seconds < CONFIDENCE_BATCHES_MAX ? seconds : CONFIDENCE_BATCHES_MAX;
    const uint32_t index = hist_index(quantile_ns);

    memset(batches, 0, count * sizeof(*batches));
    for (uint32_t i = 0; i < REQUESTS; i++) {
        const uint32_t second = q->second[i] < seconds ? q->second[i] : seconds - 1u;
        struct confidence_batch *b = &batches[(uint64_t)second * count / seconds];
        b->count++;
        b->within += hist_index(q->latency_ns[i]) <= index;
    }
    return count;
}

static bool holds(const struct queue *q, struct confidence_ranks r, uint64_t truth_ns)
{
    const uint64_t total = q->whole.total;
    const bool is_low = r.low == 0 || hist_view_quantile_ns(&q->whole, r.low, total) <= truth_ns;
    const bool is_high = r.high == 0 || hist_view_quantile_ns(&q->whole, r.high, total) >= truth_ns;
    return is_low && is_high;
}

static void judge(struct outcome_count *o, const struct queue *q, double load, size_t quantile,
                  double *effect)
{
    struct confidence_batch batches[CONFIDENCE_BATCHES_MAX];
    const uint64_t num = quantiles[quantile].num, den = quantiles[quantile].den;
    const double truth_s = log((double)den / (double)(den - num)) / (SERVICES_PER_S * (1 - load));
    const uint64_t truth_ns = (uint64_t)(truth_s * 1e9);
    const uint64_t quantile_ns = hist_view_quantile_ns(&q->whole, num, den);

    const uint32_t count = cut_batches(q, batches, quantile_ns);
    const struct confidence c = confidence_of(batches, count, num, den, *effect);
    o->independent_true += holds(q, confidence_independent(REQUESTS, num, den), truth_ns);
    if (c.state != CONFIDENCE_HELD)
        return;
    *effect = c.design_effect;
    o->held++;
    o->worth += c.worth;
    o->true_ones += holds(q, c.ranks, truth_ns);
}

static double slack(void)
{
    return runs < RUNS_TELLING ? SLACK : 0;
}

static double coverage_of(const struct outcome_count *o)
{
    return o->held == 0 ? 1 : (double)o->true_ones / o->held;
}

/* Plays all runs of one load and checks p50 to p99 against `least`. */
static void check_load(double load, double least)
{
    struct outcome_count outcomes[ARRAY_LEN(quantiles)] = { { 0 } };
    struct queue *q = calloc(1, sizeof(*q));
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));

    assert_non_null(q);
    assert_non_null(counts);
    hist_view_init(&q->whole, counts);
    for (unsigned run = 0; run < runs; run++) {
        play(q, run + 1u, load);
        double effect = 1;
        for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
            judge(&outcomes[i], q, load, i, &effect);
    }
    for (size_t i = 0; i < ARRAY_LEN(quantiles); i++) {
        const struct outcome_count *o = &outcomes[i];
        printf("load %.1f %-6s given %4u of %4u, true %.3f, worth %.0f of %u; as if independent: "
               "true %.3f\n",
               load, quantiles[i].name, o->held, runs, coverage_of(o),
               o->held == 0 ? 0 : o->worth / o->held, REQUESTS, (double)o->independent_true / runs);
    }
    free(counts);
    free(q);
    for (size_t i = 0; i < ARRAY_LEN(quantiles) && quantiles[i].den == 100; i++)
        assert_true(coverage_of(&outcomes[i]) >= least - slack());
}

static void intervals_at_half_load_hold_the_truth(void **state)
{
    (void)state;
    check_load(0.5, 0.92);
}

static void intervals_at_four_fifths_load_hold_the_truth_or_are_refused(void **state)
{
    (void)state;
    check_load(0.8, 0.92);
}

static void intervals_near_saturation_hold_the_truth_or_are_refused(void **state)
{
    (void)state;
    check_load(0.9, 0.90);
}

/* The p50 or p99 of each twentieth of a run. */
static struct trend trend_of_quantile(const struct queue *q, struct hist_view *part, uint64_t num)
{
    struct trend_point points[20];
    const size_t each = REQUESTS / ARRAY_LEN(points);

    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        hist_view_clear(part);
        for (size_t at = i * each; at < (i + 1) * each; at++)
            hist_view_add_bucket(part, hist_index(q->latency_ns[at]), 1);
        points[i].x = (double)i;
        points[i].y = (double)hist_view_quantile_ns(part, num, 100);
    }
    return trend_of(points, ARRAY_LEN(points), 0);
}

static void steady_runs_are_seldom_called_drifting(void **state)
{
    (void)state;
    static const double loads[] = { 0.5, 0.8 };
    struct queue *q = calloc(1, sizeof(*q));
    uint64_t *counts = calloc(2u * HIST_SLOTS, sizeof(*counts));
    struct hist_view part;
    unsigned alarms[ARRAY_LEN(loads)][2] = { { 0 } };

    assert_non_null(q);
    assert_non_null(counts);
    hist_view_init(&q->whole, counts);
    hist_view_init(&part, counts + HIST_SLOTS);
    for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
        for (unsigned run = 0; run < runs; run++) {
            play(q, run + 1u, loads[i]);
            alarms[i][0] += trend_of_quantile(q, &part, 50).verdict == TREND_DRIFTING;
            alarms[i][1] += trend_of_quantile(q, &part, 99).verdict == TREND_DRIFTING;
        }
        printf("load %.1f: %u of %u runs drift by p50, %u by p99\n", loads[i], alarms[i][0], runs,
               alarms[i][1]);
    }
    free(counts);
    free(q);
    for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
        assert_true(alarms[i][0] <= runs * (0.06 + slack()));
        assert_true(alarms[i][1] <= runs * (0.06 + slack()));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_at_half_load_hold_the_truth),
        cmocka_unit_test(intervals_at_four_fifths_load_hold_the_truth_or_are_refused),
        cmocka_unit_test(intervals_near_saturation_hold_the_truth_or_are_refused),
        cmocka_unit_test(steady_runs_are_seldom_called_drifting),
    };
    if (argc > 1)
        runs = (unsigned)strtoul(argv[1], NULL, 10);
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("coverage", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
