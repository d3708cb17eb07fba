/* worker — one core of a run: its users, its connections, its ring, its clock. Everything in
 * engine/run but fleet.c runs on it.
 *
 * Opened by anyone; from worker_start() on it belongs to one thread. Nothing allocates after
 * worker_open().
 */
#ifndef SQUALL_ENGINE_RUN_WORKER_H
#define SQUALL_ENGINE_RUN_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/io/sources.h"
#include "engine/io/tls_context.h"
#include "engine/plan/plan.h"
#include "engine/run/routes.h"
#include "stats/shard.h"

struct worker;

/* A pause is a stop that may be taken back: nothing begins until then, and the run's clock stands
 * still. */
enum stop_word { STOP_NO, STOP_PAUSE, STOP_DRAIN, STOP_NOW };

/* How many users are wanted, of all cores together, and how fast to get there, in one word so that
 * both change at once. */
struct users_wanted {
    uint32_t users;
    uint32_t spawn_rate; /* in thousandths of a user per second; 0 = the plan's */
};

static inline uint64_t users_wanted_pack(struct users_wanted wanted)
{
    return (uint64_t)wanted.users << 32 | wanted.spawn_rate;
}

static inline struct users_wanted users_wanted_unpack(uint64_t word)
{
    return (struct users_wanted){ .users = (uint32_t)(word >> 32), .spawn_rate = (uint32_t)word };
}

struct worker_setup {
    const struct plan *plan;
    uint32_t core,
        cores; /* this one, of so many: users, arrivals and requests are dealt out round robin */
    const struct routes *routes; /* to each origin; must outlive the worker */
    bool follows_names; /* connections to an address that is not current any more are closed */
    const struct sources *sources; /* where connections come from; NULL = any address */
    struct tls_context *tls;       /* with those names; must outlive the worker; NULL = no TLS */
    struct shard *shard;           /* the worker is its owner thread */
    const _Atomic uint32_t *stop;  /* enum stop_word */
    const _Atomic uint64_t *users_wanted; /* users_wanted_pack() */
    _Atomic uint32_t *users_gone;         /* stopped for good, of all cores together */
    uint32_t users_max; /* of all cores together that are reserved; the plan's unless more */
    const char *ring_mask;
    uint32_t ring_entries; /* 0 = enough */
    bool kernel_stamps;    /* on some connections */
    bool no_memo, no_discard;
    bool busy_poll;     /* never sleep */
    uint64_t gather_ns; /* see fleet_options */
};

/* 0 or -errno (see ring_open). */
int worker_open(struct worker **ret_worker, const struct worker_setup *setup);

/* On the owner thread: time zero of the run is `start_ns` (monotonic; all cores get the same). 0 or
 * -errno. */
int worker_start(struct worker *w, uint64_t start_ns);

/* One turn: submit, wait, reap, step. False when the run is over for this core: all is counted and
 * closed. */
bool worker_turn(struct worker *w);

/* 0, or -errno of the ring that broke. */
int worker_error(const struct worker *w);
const char *worker_ring_features(const struct worker *w);
/* What it knows of the addresses of an origin. */
const struct routes_view *worker_routes(const struct worker *w, uint32_t origin);
void worker_close(struct worker *w);

#endif
