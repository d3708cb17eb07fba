/* worker_state — everything one core has in its hands; private to engine/run. */
#ifndef SQUALL_ENGINE_RUN_WORKER_STATE_H
#define SQUALL_ENGINE_RUN_WORKER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/io/op.h"
#include "engine/run/chunks.h"
#include "engine/run/conn.h"
#include "engine/run/pace.h"
#include "engine/run/user.h"
#include "engine/run/values.h"
#include "engine/run/worker.h"

#define WATCHED_BODY_MAX (256u * 1024u)         /* a body that a capture reads is kept up to here */
#define RENDERED_BYTES   (VALUES_TEXT_MAX + 2u) /* rendering ends in a line end, which is cut off */
#define WATCHED_MAX      65536u                 /* responses being watched at once, per core */
#define PAUSE_FIRST_NS   UINT64_C(1000000)
#define PAUSE_MAX_NS     UINT64_C(512000000)

struct worker {
    struct ring *ring;
    const struct plan *plan;
    struct shard *shard;
    uint64_t now_ns; /* one reading per turn */

    struct user *users;
    uint32_t user_count;
    uint32_t users_alive;
    struct conn *conns;
    uint32_t conn_count;
    uint32_t conns_in_use; /* not CONN_IDLE */
    uint32_t flush_first;  /* connections with something to send, index + 1 */
    uint64_t flush_ns;     /* when this turn's requests are sent */

    struct timers *user_timers;
    struct timers *conn_timers;
    struct pace pace;
    struct user_list resting; /* open loop: users without work */

    struct chunks tx;        /* rendered requests */
    struct chunks bodies;    /* of watched responses */
    struct chunks lines;     /* headers of watched responses that came in pieces */
    struct values values;    /* users' variables */
    char *repeated;          /* a plan with one fixed request: it, `pipeline` times over */
    char *scratch;           /* one value on its way in or out */
    char *rendered;          /* one value made of others */
    uint64_t *body_expected; /* per request: body length of its last response */
    struct response_memo memo;
    struct conn *watched; /* whose response is being fed to the watch functions */

    struct worker_setup setup;
    uint64_t requests_left; /* UINT64_MAX = no limit */
    uint32_t in_flight;     /* sent and unanswered */
    uint64_t requests_open; /* begun and not yet counted as anything */
    uint64_t start_ns;
    uint64_t end_ns;      /* when no new requests begin any more; UINT64_MAX = no limit */
    uint64_t give_up_ns;  /* when draining: end of the grace */
    uint64_t cpu_read_ns; /* when the CPU clock was last read */
    uint64_t last_done_ns;
    uint32_t users_target_seen;
    int error;
    bool is_complete; /* of a number of requests: every one was begun and is over */
    bool draining;    /* no new requests */
    bool closing;     /* all requests are accounted for: connections are being closed */
};

static inline uint32_t worker_user_index(const struct worker *w, const struct user *u)
{
    return (uint32_t)(u - w->users);
}

/* Connections are dealt out to cores round robin, each with its `pipeline` users: the number in the
 * whole run of this core's user `index`. */
static inline uint64_t worker_user_number(const struct worker *w, uint32_t index)
{
    const uint32_t pipeline = w->plan->load.pipeline;
    const uint64_t conn = (uint64_t)(index / pipeline) * w->setup.cores + w->setup.core;
    return conn * pipeline + index % pipeline;
}

static inline uint32_t worker_conn_index(const struct worker *w, const struct conn *c)
{
    return (uint32_t)(c - w->conns);
}

/* A request begins: counted as scheduled. False when the run or its number of requests is over. */
static inline bool worker_schedule(struct worker *w)
{
    if (w->draining || w->requests_left == 0)
        return false;
    if (w->requests_left != UINT64_MAX)
        w->requests_left--;
    w->requests_open++;
    shard_count(w->shard, COUNTER_SCHEDULED, 1);
    return true;
}

/* Requests that began and end without a result: NOT_SENT, IN_FLIGHT_AT_END or DROPPED. */
static inline void worker_unscheduled(struct worker *w, enum counter as, uint64_t count)
{
    shard_count(w->shard, as, count);
    w->requests_open -= count;
}

static inline void user_list_push(struct worker *w, struct user_list *l, struct user *u)
{
    const uint32_t link = worker_user_index(w, u) + 1;
    u->next = 0;
    if (l->last != 0)
        w->users[l->last - 1].next = link;
    else
        l->first = link;
    l->last = link;
    l->count++;
}

static inline void user_list_push_front(struct worker *w, struct user_list *l, struct user *u)
{
    const uint32_t link = worker_user_index(w, u) + 1;
    u->next = l->first;
    if (l->first == 0)
        l->last = link;
    l->first = link;
    l->count++;
}

/* NULL when empty. */
static inline struct user *user_list_pop(struct worker *w, struct user_list *l)
{
    if (l->first == 0)
        return NULL;
    struct user *u = &w->users[l->first - 1];
    l->first = u->next;
    if (l->first == 0)
        l->last = 0;
    l->count--;
    u->next = 0;
    return u;
}

/* The oldest, NULL when empty. */
static inline struct user *user_list_first(const struct worker *w, const struct user_list *l)
{
    return l->first == 0 ? NULL : &w->users[l->first - 1];
}

#endif
