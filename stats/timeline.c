#include "stats/timeline.h"

#include <math.h>

#define NS_PER_S UINT64_C(1000000000)

static uint64_t middle_ns(const struct interval *i)
{
    return i->from_ns + (i->to_ns - i->from_ns) / 2u;
}

/* A power of two in seconds, so that a longer step is always whole shorter ones. */
static uint64_t step_ns_of(const struct interval_log *log, size_t steps_max)
{
    uint64_t step_ns = NS_PER_S;

    while (middle_ns(&log->intervals[log->count - 1u]) / step_ns >= steps_max)
        step_ns *= 2u;
    return step_ns;
}

size_t timeline_cut(struct timeline_span *ret_spans, size_t steps_max,
                    const struct interval_log *log, bool is_running)
{
    if (log->count == 0)
        return 0;
    const uint64_t step_ns = step_ns_of(log, steps_max);
    size_t count = 0;

    for (size_t i = 0; i < log->count; count++) {
        const uint64_t step = middle_ns(&log->intervals[i]) / step_ns;
        const size_t first = i;
        while (i < log->count && middle_ns(&log->intervals[i]) / step_ns == step)
            i++;
        const uint64_t end_ns = log->intervals[i - 1u].to_ns;
        /* Ticks come when they come: half a second before its end a step is as good as over. */
        if (is_running && i == log->count && end_ns + NS_PER_S / 2u < (step + 1u) * step_ns)
            break;
        ret_spans[count] = (struct timeline_span){ first, i, end_ns };
    }
    return count;
}

static double quantile_us(const struct hist_view *v, uint64_t percent, double max_us)
{
    if (v->total == 0)
        return NAN;
    const double us = (double)hist_view_quantile_ns(v, percent, 100) / 1e3;
    return us > max_us ? max_us : us;
}

struct timeline_step timeline_step_of(const struct interval_log *log,
                                      const struct timeline_span *span, uint32_t endpoint,
                                      double max_us, struct hist_view *scratch)
{
    const bool is_all = endpoint == TIMELINE_ALL_ENDPOINTS;
    const uint32_t first = is_all ? 0 : endpoint;
    const uint32_t last = is_all ? log->endpoint_count : endpoint + 1u;
    uint64_t failed = 0;

    hist_view_clear(scratch);
    for (size_t i = span->first; i < span->last; i++) {
        for (uint32_t e = first; e < last; e++) {
            interval_log_take(log, i, e, scratch);
            failed += interval_log_failed(log, i, e);
        }
    }
    return (struct timeline_step){
        .t_s = (double)span->end_ns / (double)NS_PER_S,
        .count = scratch->total,
        .failed = failed,
        .p50_us = quantile_us(scratch, 50, max_us),
        .p95_us = quantile_us(scratch, 95, max_us),
        .p99_us = quantile_us(scratch, 99, max_us),
    };
}
