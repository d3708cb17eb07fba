/* collector — the run second by second: shards -> tally -> difference -> summary and series.
 *
 * Owned by one thread, the one that watches the run; the shards go on being written meanwhile. Time
 * is an argument. The sum of all points is the total, to the last request: a second is the
 * difference of two tallies, and nobody resets.
 */
#ifndef SQUALL_TOOLS_LIVE_COLLECTOR_H
#define SQUALL_TOOLS_LIVE_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "stats/interval_log.h"
#include "stats/series.h"
#include "stats/shard.h"
#include "stats/summary.h"
#include "stats/tally.h"

#define COLLECTOR_PERIOD_NS UINT64_C(1000000000)

/* Memory for the intervals: some four hours of a busy endpoint before their neighbours are merged.
 */
#define COLLECTOR_INTERVALS_MAX ((size_t)64 << 20)

struct collector_setup {
    const struct shard *const *shards; /* borrowed, `shard_count` of them, same endpoint_count */
    uint32_t shard_count;
    uint32_t endpoint_count;
    const struct endpoint_name *names; /* borrowed */
    uint64_t started_ns;               /* time zero of the run, monotonic; of a reset when … */
    const struct tally *zero;          /* … what had been recorded until then is left out of it
                                          all; borrowed, NULL = nothing had */
    uint64_t users_max; /* never more are alive at once; for runs too short to look in between */
};

/* Read by anyone on the owner thread, written by the functions below only. */
struct collector {
    struct collector_setup setup;
    struct tally *now; /* being taken; after collector_finish() the whole run */
    bool is_finished;
    struct tally *taken;      /* with what is left out; NULL unless something is */
    struct tally *point;      /* at the end of the last point of the series */
    struct tally *base;       /* at its beginning */
    struct tally *difference; /* of the last point */
    uint64_t point_ns, base_ns;
    struct series series;
    struct interval_log *intervals; /* one for each point of the series, or merged ones */
    struct summary *total;          /* from the start to the last tick; NULL before the first */
    struct summary *second;         /* the last point alone */
    double *cpu_share;   /* of each shard's owner over the last point, 0..1; NaN before the first */
    uint64_t *cpu_ns;    /* of each at the last point */
    uint64_t users_now;  /* at the last look */
    uint64_t users_high; /* most at once since the last point, … */
    uint64_t users_high_before; /* … in the second before it, … */
    uint64_t users_peak;        /* … and in the whole run */
};

/* 0 or -ENOMEM. */
int collector_open(struct collector **ret_collector, const struct collector_setup *setup);
void collector_close(struct collector *c);

/* When the next tick is due: whole seconds after the start; those that were missed are not caught
 * up. */
uint64_t collector_due_ns(const struct collector *c);

/* Looks at the users alive, for the peak; cheap, as often as wanted. */
void collector_watch(struct collector *c);

/* Adds the point that ends now. 0 or -ENOMEM. */
int collector_tick(struct collector *c, uint64_t now_ns);

/* The run is over and every owner has been joined: adds what came after the last tick, and `now` is
 * the whole run. What is left of less than a tenth of a second is added to the last point, as no
 * rate can be read from so little. 0 or -ENOMEM. */
int collector_finish(struct collector *c, uint64_t ended_ns);

/* The whole run up to the last tick, or up to its end when that is known. */
const struct tally *collector_latest(const struct collector *c);

/* What a collector that begins now must leave out: what the shards hold, but requests in flight
 * belong to the new one. A new tally for the caller to close. 0 or -ENOMEM. */
int collector_take_zero(const struct collector *c, struct tally **ret_zero);

/* Requests begun and no longer in flight, now; cheap. */
uint64_t collector_requests_done(const struct collector *c);

#endif
