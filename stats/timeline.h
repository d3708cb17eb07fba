/* timeline — one endpoint over the time of a run, in steps of equal length.
 *
 * Made from the intervals when somebody wants to see it. A step is one second, and twice as long as
 * often as it takes to have no more than TIMELINE_STEPS_MAX of them. Its percentiles are those of
 * the requests that it finished, not an average of finer ones. An interval belongs to the step that
 * its middle lies in.
 */
#ifndef SQUALL_STATS_TIMELINE_H
#define SQUALL_STATS_TIMELINE_H

#include "stats/interval_log.h"

#define TIMELINE_STEPS_MAX 600u

#define TIMELINE_ALL_ENDPOINTS UINT32_MAX

/* Intervals [first, last) of the log as one step. */
struct timeline_span {
    size_t first, last;
    uint64_t end_ns; /* from the start of the run */
};

/* The steps of a log, at most `steps_max` of them: writes them to `ret_spans`, which has room for
 * that many, and returns how many. A step that is still going on is left out when `is_running`. */
size_t timeline_cut(struct timeline_span *ret_spans, size_t steps_max,
                    const struct interval_log *log, bool is_running);

struct timeline_step {
    double t_s; /* its end, from the start of the run */
    uint64_t count, failed;
    double p50_us, p95_us, p99_us; /* NaN when nothing finished */
};

/* What one endpoint, or all of them together, finished in a step. Intervals know a latency by its
 * bucket only; `max_us` is the exact maximum of the run, which no percentile exceeds, or NaN.
 * `scratch` is overwritten. */
struct timeline_step timeline_step_of(const struct interval_log *log,
                                      const struct timeline_span *span, uint32_t endpoint,
                                      double max_us, struct hist_view *scratch);

#endif
