/* blame — how much of a run's latencies was the generator's own doing. */
#ifndef SQUALL_STATS_BLAME_H
#define SQUALL_STATS_BLAME_H

#include <stdint.h>

#include "stats/summary.h"
#include "stats/tally.h"

/* A turn of the loop that takes so long is a standstill. */
#define BLAME_STANDSTILL_NS UINT64_C(10000000)

struct blame {
    /* Of requests that took about as long as each percentile of all latencies: the time spent in
     * squall, on average. NaN where nothing finished. */
    double share_us[SUMMARY_QUANTILE_COUNT];
    double generator_p99_us; /* of the time that each request spent in squall */
    double turn_max_us;      /* the longest turn of the event loop */
    double standstill_s;     /* turns of BLAME_STANDSTILL_NS and more, summed over cores */
};

struct blame blame_of(const struct tally *t, const struct summary *s);

#endif
