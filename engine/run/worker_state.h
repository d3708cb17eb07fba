/* worker_state — everything one core has in its hands; private to engine/run. */
#ifndef SQUALL_ENGINE_RUN_WORKER_STATE_H
#define SQUALL_ENGINE_RUN_WORKER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/io/op.h"
#include "engine/plan/evaluate.h"
#include "engine/run/chunks.h"
#include "engine/run/conn.h"
#include "engine/run/pace.h"
#include "engine/run/pool.h"
#include "engine/run/user.h"
#include "engine/run/values.h"
#include "engine/run/worker.h"
#include "http/json.h"
#include "http/url.h"
#include "stats/mutant.h"

#define WATCHED_BODY_MAX (256u * 1024u) /* a body that is looked into is kept up to here */
#define WATCHED_MAX      65536u         /* responses being watched at once, per core */
#define CHAINS_MAX       65536u         /* requests being redirected at once, per core */
#define PAUSE_FIRST_NS   UINT64_C(1000000)
#define PAUSE_MAX_NS     UINT64_C(512000000)
#define IDLE_TASK_NS     UINT64_C(1000000) /* a task that sent nothing may not spin */

struct worker {
    struct ring *ring;
    const struct plan *plan;
    struct shard *shard;
    uint64_t now_ns;        /* one reading per turn */
    uint64_t arrived_ns;    /* when the kernel had what is being looked at; 0 = not known */
    int64_t wall_offset_ns; /* of its clock to ours, when that was read last */
    uint64_t overslept_ns;  /* how much later than it should have ended the wait of this turn did */

    struct user *users;
    uint32_t user_count;
    uint32_t
        users_made; /* so many of them have been started once, and their connections are made */
    uint32_t users_alive;
    struct conn *conns; /* conns_per_origin for the first origin, as many for the next, ... */
    uint32_t conn_count;
    uint32_t conns_per_origin;
    struct routes_view *routes; /* to each origin */
    struct pool *pools;         /* per origin; NULL: each user has its own connection to each */
    uint32_t conns_in_use;      /* not CONN_IDLE */
    uint32_t source_turn;       /* which of the local addresses is next */
    uint32_t flush_first;       /* connections with something to send, index + 1 */
    uint64_t flush_ns;          /* when this turn's requests are sent */

    struct timers *user_timers;
    struct timers *conn_timers;
    struct pace pace;
    struct user_list resting; /* open loop: users without work */

    struct chunks tx;          /* rendered requests */
    struct chunks sealed;      /* the same and handshakes, as TLS sends them */
    struct chunks bodies;      /* of watched responses */
    struct chunks lines;       /* headers of watched responses that came in pieces, or are kept */
    struct chunks chains;      /* requests after a redirect */
    struct values values;      /* users' variables */
    uint32_t *memory;          /* of each user: loop counters, places in sequences, rows of feeds */
    uint32_t memory_words;     /* of one user */
    char *plain;               /* what TLS has made of bytes that came */
    char *repeated;            /* a plan with one fixed request: it, `pipeline` times over */
    char *scratch;             /* one value on its way in: a text, a list or a jar */
    char *rendered;            /* one text made of others */
    char *cookie;              /* the value of a Cookie header */
    char *decoded;             /* a body that came compressed */
    struct json_document json; /* the answer being looked at, once a capture has asked for it … */
    int json_fault;            /* … 0 or -errno of reading it; 1 before */
    char message[FAILURE_TEXT_MAX]; /* why the answer being looked at is a failure */
    uint64_t *body_expected;        /* per request: body length of its last response */
    struct response_memo memo;
    const struct response_watch **watches; /* per request, NULL = its answers are not looked at */
    struct conn *watched;                  /* whose response is being fed to the watch functions */

    struct url *bases; /* each origin's URL */
    struct evaluator *evaluator;
    struct regex_matcher *matcher;
    struct content_decoder *decoder;
    struct scope scope;
    struct {
        struct user *user; /* whose scope it is */
        struct span body;  /* of the answer being checked */
        uint64_t body_bytes, latency_ns;
    } seen;
    uint64_t *rows_taken; /* of each feed */
    uint64_t *feeds_used; /* per request: a bit for each feed in it; NULL = there are no feeds */
    uint64_t sequence_next;
    int64_t wall_ns;       /* since 1970, at … */
    uint64_t wall_read_ns; /* … this turn */

    struct worker_setup setup;
    uint64_t requests_left;   /* UINT64_MAX = no limit */
    uint32_t in_flight;       /* sent and unanswered */
    uint64_t requests_open;   /* begun and not yet counted as anything */
    uint64_t unrecorded_open; /* of those that are in no row */
    uint64_t start_ns;
    uint64_t end_ns;          /* when no new requests begin any more; UINT64_MAX = no limit */
    uint64_t give_up_ns;      /* when draining: end of the grace */
    uint64_t paused_ns;       /* when paused: since when */
    uint64_t delay_before_ns; /* run-queue delay of this thread before the run */
    uint64_t cpu_read_ns;     /* when the CPU clock was last read */
    uint64_t last_done_ns;
    uint64_t users_wanted_seen;
    int error;
    bool is_complete; /* of a number of requests: every one was begun and is over */
    bool draining;    /* no new requests */
    bool paused;      /* none either, for now; users' timers stand still */
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

/* A request begins: counted as scheduled. False when their number is used up. */
static inline bool worker_schedule(struct worker *w)
{
    if (w->requests_left == 0)
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
    if (!MUTANT_IS(10) || as != COUNTER_IN_FLIGHT_AT_END)
        shard_count(w->shard, as, count);
    w->requests_open -= count;
}

/* ---- what a user remembers ---- */

static inline uint32_t *worker_counter(const struct worker *w, const struct user *u,
                                       uint32_t counter)
{
    return &w->memory[(size_t)worker_user_index(w, u) * w->memory_words + counter];
}

/* Where it is in the sequence of the set that lies so deep. */
static inline uint32_t *worker_place(const struct worker *w, const struct user *u, uint32_t depth)
{
    return worker_counter(w, u, w->plan->loop_depth + depth);
}

/* Its row of a feed, as index + 1; 0 = it has taken none. */
static inline uint32_t *worker_row(const struct worker *w, const struct user *u, uint32_t feed)
{
    return worker_counter(w, u, w->plan->loop_depth + w->plan->set_depth + feed);
}

static inline void worker_clear_memory(struct worker *w, const struct user *u)
{
    memset(worker_counter(w, u, 0), 0, w->memory_words * sizeof *w->memory);
}

/* A stamp of the kernel's clock as a moment of ours; 0 when that clock has just been set. */
uint64_t worker_moment_ns(struct worker *w, uint64_t stamp_ns);

/* Nanoseconds since 1970. The clock is read once in a turn at most. */
int64_t worker_wall_ns(struct worker *w);

/* ---- lists ---- */

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
