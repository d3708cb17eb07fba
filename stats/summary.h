/* summary — rates and percentiles of a tally: the first doubles of the whole pipeline.
 *
 * Every figure that does not exist is NaN here and null, "-" or empty in a report; never 0.
 */
#ifndef SQUALL_STATS_SUMMARY_H
#define SQUALL_STATS_SUMMARY_H

#include <stdint.h>

#include "stats/tally.h"

/* SUMMARY_QUANTILE(id, json key, num, den, label) */
#define SUMMARY_QUANTILES(X)                                                                       \
    X(P50, "p50", 50, 100, "50%")                                                                  \
    X(P75, "p75", 75, 100, "75%")                                                                  \
    X(P90, "p90", 90, 100, "90%")                                                                  \
    X(P95, "p95", 95, 100, "95%")                                                                  \
    X(P99, "p99", 99, 100, "99%")                                                                  \
    X(P99_9, "p99_9", 999, 1000, "99.9%")                                                          \
    X(P99_99, "p99_99", 9999, 10000, "99.99%")

enum summary_quantile {
#define X(id, key, num, den, label) SUMMARY_##id,
    SUMMARY_QUANTILES(X)
#undef X
        SUMMARY_QUANTILE_COUNT
};

struct summary_latency {
    double min_us, mean_us, max_us;
    double quantile_us[SUMMARY_QUANTILE_COUNT];
};

struct summary_row {
    const char *method, *name; /* borrowed; "" and "Aggregated" for the total */
    uint64_t count, ok, failed;
    double fail_ratio; /* failed / count */
    double rps, failures_per_s;
    uint64_t bytes_in, bytes_out;
    double size_avg;                   /* body bytes per finished request */
    struct summary_latency latency;    /* all finished requests */
    struct summary_latency latency_ok; /* successes only, printed beside it, never alone */
    struct summary_latency service;
};

struct summary {
    double duration_s;
    struct summary_row total;
    uint32_t row_count;
    struct summary_row *rows; /* one per endpoint, in plan order */
};

/* Name of one endpoint, borrowed from the plan for the life of a summary. */
struct endpoint_name {
    const char *method, *name;
};

/* 0 or -ENOMEM. `duration_ns` is what rates are divided by. */
int summary_make(struct summary **ret_summary, const struct tally *t,
                 const struct endpoint_name *names, uint64_t duration_ns);
void summary_close(struct summary *s);

#define SUMMARY_ALL_ROWS UINT32_MAX

/* Any other quantile: the latency that num / den of the finished requests of one endpoint, or of
 * all of them, did not exceed; NaN when there were none. 0 or -ENOMEM. */
int summary_quantile_us(double *ret_us, const struct tally *t, uint32_t endpoint, uint64_t num,
                        uint64_t den);

#endif
