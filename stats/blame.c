#include "stats/blame.h"

#include <math.h>

/* Finished requests whose latency lies in a group of SHARE_BUCKETS buckets. */
static uint64_t count_in_group(const struct tally *t, uint32_t group)
{
    uint64_t count = 0;

    for (uint32_t e = 0; e < t->endpoint_count; e++)
        for (int o = 0; o < OUTCOME_COUNT; o++)
            for (uint32_t i = 0; i < SHARE_BUCKETS; i++)
                count += t->endpoints[e].latency[o].counts[group * SHARE_BUCKETS + i];
    return count;
}

static double share_us(const struct tally *t, double latency_us)
{
    if (isnan(latency_us))
        return NAN;
    const double ns = latency_us * 1e3;
    const uint64_t kept_ns = ns < (double)HIST_MAX_NS ? (uint64_t)(ns + 0.5) : HIST_MAX_NS;
    const uint32_t group = hist_index(kept_ns) / SHARE_BUCKETS;
    const uint64_t count = count_in_group(t, group);
    return count == 0 ? NAN : (double)t->generator_ns[group] / (double)count / 1e3;
}

static double standstill_s(const struct hist_view *turns)
{
    double sum_ns = 0;

    for (uint32_t i = hist_index(BLAME_STANDSTILL_NS); i < turns->index_last; i++)
        sum_ns += (double)turns->counts[i] * (double)hist_low_ns(i);
    return sum_ns / 1e9;
}

struct blame blame_of(const struct tally *t, const struct summary *s)
{
    const struct hist_view *generator = &t->phases[PHASE_GENERATOR];
    const struct hist_view *turns = &t->phases[PHASE_TURN];
    struct blame b = { .generator_p99_us = NAN,
                       .turn_max_us = (double)turns->max_ns / 1e3,
                       .standstill_s = standstill_s(turns) };

    if (generator->total > 0)
        b.generator_p99_us = (double)hist_view_quantile_ns(generator, 99, 100) / 1e3;
    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++)
        b.share_us[q] = share_us(t, s->total.latency.quantile_us[q]);
    return b;
}
