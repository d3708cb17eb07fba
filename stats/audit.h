/* audit — a finished run held against the identities that every run must satisfy, in integers.
 *
 * - Counts: scheduled = ok + failed + dropped + in flight at the end + not sent, for each core and
 *   all together; for each endpoint begun = in its histograms + given up.
 * - Areas (Little's law): requests under way, summed over time by when they began and ended, are
 *   their latencies and the ages of those given up, summed over requests, to the nanosecond.
 * - The intervals of the run add up to its histograms, bucket by bucket.
 * - Whenever a core looked at its own books during the run, they agreed.
 *
 * A run is over when all its cores have been joined: only then do these hold exactly.
 */
#ifndef SQUALL_STATS_AUDIT_H
#define SQUALL_STATS_AUDIT_H

#include <stdint.h>

#include "stats/interval_log.h"
#include "stats/series.h"
#include "stats/shard.h"
#include "stats/summary.h"
#include "stats/tally.h"

#define AUDIT_SHOWN_MAX 8u

/* "core 1, GET /a: requests begun = 12, but requests over = 11" */
struct audit_finding {
    char text[240];
};

struct audit {
    uint64_t equations; /* looked at; 0 = this program was built without books */
    uint64_t looks;     /* that the cores took at their own books during the run */
    uint64_t broken;    /* equations that do not hold */
    struct audit_finding shown[AUDIT_SHOWN_MAX]; /* the first of them */
};

static inline bool audit_is_ok(const struct audit *a)
{
    return a->broken == 0;
}

/* What one core recorded, or all together when `core` is AUDIT_ALL_CORES. */
#define AUDIT_ALL_CORES UINT32_MAX
void audit_tally(struct audit *a, const struct tally *t, uint32_t core,
                 const struct endpoint_name *names);

/* The seconds of a run against `whole`. 0 or -ENOMEM. */
int audit_intervals(struct audit *a, const struct interval_log *log, const struct series *series,
                    const struct tally *whole, const struct endpoint_name *names);

/* What holds between two turns of a core that has `open` requests under way: they are those begun
 * and not over, and the latencies in its histograms are those of the requests over. Owner thread
 * only, as many steps as there are endpoints. */
bool audit_look(const struct shard *s, uint64_t open);

#endif
