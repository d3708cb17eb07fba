/* pace — when users start and when requests of an open loop are due: integer arithmetic from time
 * zero, so nothing drifts.
 *
 * Arrival k of all cores together is due at start + floor(k * 1e9 * den / num) ns; core c of n
 * takes k = c, c + n, ... Users start likewise, at the spawn rate. Stages put a line (shape.h) in
 * the place of either rate. Owner thread only; time is an argument.
 */
#ifndef SQUALL_ENGINE_RUN_PACE_H
#define SQUALL_ENGINE_RUN_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/plan/prng.h"
#include "engine/plan/quantity.h"
#include "engine/run/shape.h"

struct worker;

/* One stream of arrivals as one core sees it. Two cursors over the same stream need no queue
 * between them. */
struct arrivals {
    struct ratio rate; /* of all cores together, or of this core's own stream when Poisson */
    uint64_t start_ns;
    uint64_t index; /* next arrival, counted over all cores */
    uint32_t step;  /* cores */
    bool is_poisson, has_stages;
    struct shape_cursor shape; /* has_stages */
    uint32_t fraction;         /* and Poisson: the next arrival is `index` and so many 2^-32 */
    struct prng random;
    uint64_t due_ns;    /* of the next arrival */
    double gap_rest_ns; /* Poisson: fraction carried over */
};

/* The load must outlive the stream. */
void arrivals_init(struct arrivals *a, const struct plan_load *load, uint32_t core, uint32_t cores,
                   uint64_t start_ns);
void arrivals_next(struct arrivals *a); /* moves to the arrival after */

#define NOTICES_MAX 256u

/* Arrivals that were seen to be due at the same moment. */
struct notice {
    uint64_t at_ns;
    uint64_t count;
};

/* Of the backlog, oldest first. When full, the last takes all that come: their moments are then
 * known less exactly. */
struct notices {
    struct notice ring[NOTICES_MAX];
    uint32_t first, count;
};

void notices_add(struct notices *n, uint64_t at_ns);

/* When the oldest arrival was noticed; there must be one. */
uint64_t notices_take(struct notices *n);

struct pace {
    struct arrivals noticed; /* next arrival that has not come due */
    struct arrivals begun;   /* next arrival that no user has taken */
    uint64_t backlog;        /* due and not taken, … */
    uint64_t backlog_due_ns; /* … and when, summed modulo 2^64 */
    struct notices notices;
    uint32_t users_target;   /* of this core … */
    uint32_t users_wanted;   /* … and of all together */
    struct ratio spawn_rate; /* counts from … */
    uint64_t spawn_base_ns;  /* … here, … */
    uint32_t spawn_base;     /* … with so many users of all cores alive */
    uint64_t stage_ns;       /* users with stages: when their number next changes */
};

/* When `count` steps of `rate` after `base_ns` have passed. */
uint64_t pace_due_ns(uint64_t base_ns, uint64_t count, struct ratio rate);

/* When the user is started, or stopped, before whom `count` were since `base_ns`: evenly spread at
 * the rate, or as Locust does it, floor(rate) at once every floor(rate) / rate seconds. */
uint64_t pace_spawn_ns(const struct plan_load *load, struct ratio rate, uint64_t base_ns,
                       uint64_t count);

void pace_begin(struct worker *w);

/* Starts and stops users, notices arrivals, hands them to resting users. */
void pace_run(struct worker *w);

/* When pace_run() has something to do next; UINT64_MAX = never. */
uint64_t pace_next_ns(const struct worker *w);

/* The run stood still for so long: whatever was to come comes as much later. */
void pace_postpone(struct worker *w, uint64_t by_ns);

/* A user rests: an arrival that waits takes it, else it joins the resting. `worked`: its last
 * request went well. */
void pace_user_rests(struct worker *w, uint32_t user, bool worked);

/* The run ends: arrivals that nobody took are counted as not sent. */
void pace_end(struct worker *w);

#endif
