/* expectation — one thing that a run must show: 'p99<50ms', 'fail_ratio < 1%', 'rps>1k',
 * 'p95{GET /json}<80ms'. Pure.
 *
 *   expectation = metric [ "{" row "}" ] relation number [ unit ]     blanks anywhere between
 *   metric      = "p" percent | "p(" percent ")" | a name of EXPECTATION_METRICS
 *   relation    = "<" | "<=" | ">" | ">=" | "==" | "!="
 *   unit        = "ns" | "us" | "ms" | "s" | "m" | "h"     of times; without one it is "ms", as in
 * k6 | "%"                                      of shares | "k" | "M" | "G" of numbers
 *
 * Times are latencies of all finished requests, failed ones too. Without a row it is about all of
 * them together.
 */
#ifndef SQUALL_STATS_EXPECTATION_H
#define SQUALL_STATS_EXPECTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/span.h"
#include "stats/summary.h"

enum expectation_unit { EXPECTATION_TIME_US, EXPECTATION_SHARE, EXPECTATION_NUMBER };

/* EXPECTATION_METRIC(id, name, unit, its value in a struct summary_row) */
#define EXPECTATION_METRICS(X)                                                                     \
    X(MIN, "min", TIME_US, latency.min_us)                                                         \
    X(AVG, "avg", TIME_US, latency.mean_us)                                                        \
    X(MAX, "max", TIME_US, latency.max_us)                                                         \
    X(RPS, "rps", NUMBER, rps)                                                                     \
    X(FAILURES_PER_S, "failures_per_s", NUMBER, failures_per_s)                                    \
    X(COUNT, "count", NUMBER, count)                                                               \
    X(FAILED, "failed", NUMBER, failed)                                                            \
    X(FAIL_RATIO, "fail_ratio", SHARE, fail_ratio)

enum expectation_metric {
#define X(id, name, unit, value) EXPECTATION_##id,
    EXPECTATION_METRICS(X)
#undef X
        EXPECTATION_PERCENTILE
};

enum expectation_relation {
    EXPECTATION_BELOW,
    EXPECTATION_AT_MOST,
    EXPECTATION_ABOVE,
    EXPECTATION_AT_LEAST,
    EXPECTATION_EQUAL,
    EXPECTATION_UNEQUAL
};

struct expectation {
    enum expectation_metric metric;
    uint64_t num, den; /* EXPECTATION_PERCENTILE: p99.9 is 999 of 1000 */
    struct span row;   /* as written, borrowed; bytes NULL = all requests */
    enum expectation_relation relation;
    double bound; /* in the unit of the metric */
};

/* What is wrong with a text. */
struct expectation_fault {
    const char *expected;
    struct span found; /* in the text; empty at its end */
    bool is_metric;    /* it is about the name of a metric */
};

/* False with *ret_fault. */
bool expectation_read(struct expectation *ret, struct span text,
                      struct expectation_fault *ret_fault);

enum expectation_unit expectation_unit(const struct expectation *e);

/* Names to propose for a wrong one, the usual percentiles among them; NULL at the end. */
extern const char *const expectation_metric_names[];

#define EXPECTATION_ROW_UNKNOWN   UINT32_MAX
#define EXPECTATION_ROW_AMBIGUOUS (UINT32_MAX - 1)

/* The endpoint that is called "METHOD name", or just "name" where no other is. Its index or one of
 * the above. */
uint32_t expectation_row(struct span row, const struct endpoint_name *names, uint32_t count);

struct expectation_outcome {
    double value; /* in the unit of the metric; NaN when there is none: no request finished */
    bool holds;   /* never without a value */
};

/* `row` is one of the endpoints, or SUMMARY_ALL_ROWS; summary and tally are of the same run. 0 or
 * -ENOMEM. */
int expectation_evaluate(struct expectation_outcome *ret, const struct expectation *e, uint32_t row,
                         const struct summary *s, const struct tally *t);

#endif
