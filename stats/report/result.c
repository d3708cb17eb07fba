#include "stats/report/result.h"

#include <string.h>

struct result_accounting result_account(const struct result *r)
{
    const struct tally *whole = r->whole != NULL ? r->whole : r->tally;
    const uint64_t *counters = whole->counters;
    struct result_accounting a = {
        .scheduled = counters[COUNTER_SCHEDULED],
        .dropped = counters[COUNTER_DROPPED],
        .in_flight_at_end = counters[COUNTER_IN_FLIGHT_AT_END],
        .not_sent = counters[COUNTER_NOT_SENT],
        .due = whole->arrivals.begun,
    };

    for (uint32_t i = 0; i < whole->endpoint_count; i++) {
        a.ok += whole->endpoints[i].latency[OUTCOME_OK].total;
        a.failed += whole->endpoints[i].latency[OUTCOME_FAILED].total;
    }
    a.balanced = a.scheduled == a.ok + a.failed + a.dropped + a.in_flight_at_end + a.not_sent;
    return a;
}

bool result_is_generators(const struct result *r)
{
    return r->generator.limited_by != NULL && strcmp(r->generator.limited_by, "generator") == 0;
}

size_t result_unmet(const struct result *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->expectation_count; i++)
        count += !r->expectations[i].holds;
    return count;
}
