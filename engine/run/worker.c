#include "engine/run/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/clock.h"
#include "engine/run/worker_state.h"

#define STOP_LOOK_NS   UINT64_C(20000000)   /* the stop word is looked at so often at least */
#define CPU_LOOK_NS    UINT64_C(100000000)  /* and the CPU clock read so often at most */
#define CLOSE_GRACE_NS UINT64_C(1000000000) /* for closing connections in order */
#define RESTING_NS     UINT64_C(5000000000) /* connections used so seldom: memory counts */
#define SPIN_NS                                                                                    \
    UINT64_C(60000) /* open loop: the last stretch before a due request is not slept               \
                     */
#define TX_BYTES_WANTED (64u * 1024u) /* of requests rendered for one send, when pipelining */

/* ---- opening ---- */

/* Connections are dealt out round robin; the last one may carry fewer users. */
static void worker_share(struct worker *w)
{
    const struct plan_load *load = &w->plan->load;
    const uint32_t all = (load->users + load->pipeline - 1) / load->pipeline;
    const uint32_t core = w->setup.core;
    const uint32_t cores = w->setup.cores;
    w->conn_count = all > core ? (all - core - 1) / cores + 1 : 0;
    w->user_count = w->conn_count * load->pipeline;
    const uint32_t missing = all * load->pipeline - load->users;
    if (w->conn_count > 0 && (all - 1) % cores == core)
        w->user_count -= missing;

    w->requests_left = UINT64_MAX;
    if (load->requests_max > 0)
        w->requests_left = load->requests_max / cores + (core < load->requests_max % cores);
}

static uint16_t kind_of_user(const struct plan *plan, uint64_t number)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < plan->kind_count; k++)
        sum += plan->kinds[k].weight;
    uint64_t at = number % sum;
    uint16_t kind = 0;
    while (at >= plan->kinds[kind].weight)
        at -= plan->kinds[kind++].weight;
    return kind;
}

static void worker_init_users(struct worker *w)
{
    const uint32_t pipeline = w->plan->load.pipeline;
    for (uint32_t i = 0; i < w->user_count; i++) {
        const uint64_t number = worker_user_number(w, i);
        struct user *u = &w->users[i];
        prng_init(&u->random, w->plan->load.seed, number);
        u->conn = i / pipeline;
        u->kind = kind_of_user(w->plan, number);
    }
}

static int worker_open_buffers(struct worker *w)
{
    const struct plan *plan = w->plan;
    const uint32_t pipeline = plan->load.pipeline;
    bool wants_body = false;
    bool wants_headers = false;
    bool all_fixed = true;
    for (uint32_t i = 0; i < plan->request_count; i++) {
        wants_body |= plan->requests[i].wants_body;
        wants_headers |= plan->requests[i].wants_headers;
        all_fixed &= template_is_fixed(&plan->requests[i].template);
    }
    if (plan->request_count == 1 && all_fixed && pipeline > 1) {
        const struct span whole = plan->requests[0].template.whole;
        w->repeated = malloc(whole.len * pipeline);
        if (w->repeated == NULL)
            return -ENOMEM;
        for (uint32_t i = 0; i < pipeline; i++)
            memcpy(w->repeated + i * whole.len, whole.bytes, whole.len);
    }

    size_t tx_bytes = (size_t)plan->request_bytes_max * pipeline;
    if (tx_bytes > TX_BYTES_WANTED)
        tx_bytes =
            plan->request_bytes_max > TX_BYTES_WANTED ? plan->request_bytes_max : TX_BYTES_WANTED;
    const bool needs_tx = !all_fixed || (pipeline > 1 && w->repeated == NULL);
    const uint32_t watched = w->conn_count < WATCHED_MAX ? w->conn_count : WATCHED_MAX;
    int rc = chunks_open(&w->tx, needs_tx ? w->conn_count * (pipeline > 1 ? CONN_TX_MAX : 1) : 0,
                         tx_bytes);
    if (rc == 0)
        rc = chunks_open(&w->bodies, wants_body ? watched : 0, WATCHED_BODY_MAX);
    if (rc == 0)
        rc = chunks_open(&w->lines, wants_headers ? watched : 0, RESPONSE_LINE_MAX);
    if (rc == 0)
        rc = values_open(&w->values, w->user_count, plan->variable_count);
    return rc;
}

static int worker_open_arrays(struct worker *w)
{
    const size_t users = w->user_count > 0 ? w->user_count : 1;
    const size_t conns = w->conn_count > 0 ? w->conn_count : 1;
    w->users = calloc(users, sizeof *w->users);
    w->conns = calloc(conns, sizeof *w->conns);
    w->body_expected = calloc(w->plan->request_count, sizeof *w->body_expected);
    w->scratch = malloc(VALUES_TEXT_MAX);
    w->rendered = malloc(RENDERED_BYTES);
    if (w->users == NULL || w->conns == NULL || w->body_expected == NULL || w->scratch == NULL ||
        w->rendered == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < w->conn_count; i++)
        w->conns[i].state = CONN_IDLE;
    worker_init_users(w);
    int rc = timers_open(&w->user_timers, &w->users[0].timer, sizeof *w->users, w->user_count, 0);
    if (rc == 0)
        rc = timers_open(&w->conn_timers, &w->conns[0].timer, sizeof *w->conns, w->conn_count, 0);
    return rc < 0 ? rc : worker_open_buffers(w);
}

/* Do connections only rarely have something to do? */
static bool connections_rest(const struct plan *plan)
{
    for (uint32_t k = 0; k < plan->kind_count; k++) {
        const struct wait_rule *wait = &plan->kinds[k].wait;
        if (wait->kind == WAIT_NONE || wait->low_ns / plan->load.pipeline < RESTING_NS)
            return false;
    }
    return plan->kind_count > 0;
}

int worker_open(struct worker **ret_worker, const struct worker_setup *setup)
{
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL)
        return -ENOMEM;
    w->setup = *setup;
    w->plan = setup->plan;
    w->shard = setup->shard;
    w->memo.enabled = !setup->no_memo;
    worker_share(w);

    int rc = worker_open_arrays(w);
    if (rc == 0)
        rc = ring_open(&w->ring, &(struct ring_setup){
                                     .files = w->conn_count > 0 ? w->conn_count : 1,
                                     .rests = connections_rest(w->plan),
                                     .mask = setup->ring_mask,
                                     .spin_ns = setup->busy_poll        ? UINT64_MAX
                                                : w->plan->load.is_open ? SPIN_NS
                                                                        : 0,
                                 });
    if (rc < 0) {
        worker_close(w);
        return rc;
    }
    *ret_worker = w;
    return 0;
}

void worker_close(struct worker *w)
{
    if (w == NULL)
        return;
    ring_close(w->ring);
    timers_close(w->user_timers);
    timers_close(w->conn_timers);
    chunks_close(&w->tx);
    chunks_close(&w->bodies);
    chunks_close(&w->lines);
    values_close(&w->values);
    free(w->users);
    free(w->conns);
    free(w->body_expected);
    free(w->scratch);
    free(w->rendered);
    free(w->repeated);
    free(w);
}

int worker_error(const struct worker *w)
{
    return w->error;
}

const char *worker_ring_features(const struct worker *w)
{
    return ring_features_used(w->ring);
}

/* ---- ending ---- */

static void worker_begin_drain(struct worker *w, uint64_t grace_ns)
{
    w->draining = true;
    w->give_up_ns = w->now_ns + grace_ns;
    cell_write(&w->shard->ended_ns, w->now_ns);
    pace_end(w);
    w->resting = (struct user_list){ 0 };
    for (uint32_t i = 0; i < w->conn_count; i++)
        w->conns[i].queue = (struct user_list){ 0 };
    for (uint32_t i = 0; i < w->user_count; i++) {
        struct user *u = &w->users[i];
        switch ((enum user_state)u->state) {
        case USER_ABSENT:
            break;
        case USER_WAITING:
            timers_cancel(w->user_timers, i);
            user_leave(w, u);
            break;
        case USER_QUEUED:
            worker_unscheduled(w, COUNTER_NOT_SENT, 1);
            user_leave(w, u);
            break;
        case USER_RESTING:
            user_leave(w, u);
            break;
        case USER_IN_FLIGHT:
            u->leaving = true;
            break;
        }
    }
}

/* The grace is over: what is still in flight is counted as that. */
static void worker_give_up(struct worker *w)
{
    for (uint32_t i = 0; i < w->conn_count; i++) {
        struct conn *c = &w->conns[i];
        for (struct user *u = user_list_pop(w, &c->flight); u != NULL;
             u = user_list_pop(w, &c->flight)) {
            worker_unscheduled(w, COUNTER_IN_FLIGHT_AT_END, 1);
            w->in_flight--;
            u->state = USER_ABSENT;
            user_leave(w, u);
        }
        for (struct user *u = user_list_pop(w, &c->queue); u != NULL;
             u = user_list_pop(w, &c->queue)) {
            worker_unscheduled(w, COUNTER_NOT_SENT, 1);
            user_leave(w, u);
        }
    }
}

static void worker_begin_close(struct worker *w)
{
    if (w->requests_open != 0) {
        shard_count(w->shard, COUNTER_BAD_EVENTS, 1);
        assert(!"a request was lost on its way");
    }
    w->closing = true;
    w->give_up_ns = w->now_ns + CLOSE_GRACE_NS;
    const uint64_t last_ns = w->last_done_ns > w->start_ns ? w->last_done_ns : w->start_ns;
    if (last_ns > cell_read(&w->shard->ended_ns) || w->is_complete)
        cell_write(&w->shard->ended_ns, last_ns);
    for (uint32_t i = 0; i < w->conn_count; i++) {
        struct conn *c = &w->conns[i];
        if (c->state != CONN_IDLE && c->state != CONN_DRAINING)
            conn_end(w, c, EV_RETIRED, CLOSE_RUN_ENDED, FAILURE_NONE, NULL);
    }
}

static uint32_t worker_stop_word(const struct worker *w)
{
    return atomic_load_explicit(w->setup.stop, memory_order_relaxed);
}

/* Takes the run through its end: draining, closing, over. False when it is over. */
static bool worker_follow_end(struct worker *w)
{
    const bool stop_now = worker_stop_word(w) == STOP_NOW || w->error != 0;
    if (!w->draining) {
        const bool all_done = w->requests_left == 0 && w->requests_open == 0;
        if (w->now_ns < w->end_ns && worker_stop_word(w) == STOP_NO && !all_done && !stop_now)
            return true;
        worker_begin_drain(w, w->plan->load.grace_ns);
        w->is_complete = all_done;
    }
    if (!w->closing && w->requests_open > 0) {
        if (!stop_now && w->now_ns < w->give_up_ns)
            return true;
        worker_give_up(w);
    }
    if (!w->closing)
        worker_begin_close(w);
    return w->conns_in_use > 0 && !stop_now && w->now_ns < w->give_up_ns;
}

/* ---- running ---- */

static void user_timer_due(void *owner, uint32_t index, uint64_t now_ns)
{
    struct worker *w = owner;
    user_timer_fired(w, &w->users[index]);
}

static void conn_timer_due(void *owner, uint32_t index, uint64_t now_ns)
{
    struct worker *w = owner;
    conn_timer_fired(w, &w->conns[index]);
}

int worker_start(struct worker *w, uint64_t start_ns)
{
    const int rc = ring_start(w->ring);
    if (rc < 0)
        return rc;
    const uint64_t duration_ns = w->plan->load.duration_ns;
    w->start_ns = start_ns;
    w->now_ns = start_ns;
    w->end_ns = duration_ns == 0 ? UINT64_MAX : start_ns + duration_ns;
    cell_write(&w->shard->started_ns, start_ns);
    pace_begin(w);
    return 0;
}

static void worker_flush(struct worker *w)
{
    w->flush_ns = clock_now_ns();
    while (w->flush_first != 0) {
        struct conn *c = &w->conns[w->flush_first - 1];
        w->flush_first = c->flush_next;
        c->in_flush = false;
        conn_flush(w, c);
    }
    cell_write(&w->shard->in_flight_now, w->in_flight);
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

static uint64_t worker_wake_ns(const struct worker *w)
{
    uint64_t wake_ns = w->flush_ns + STOP_LOOK_NS;
    wake_ns = earlier(wake_ns, timers_next_ns(w->user_timers));
    wake_ns = earlier(wake_ns, timers_next_ns(w->conn_timers));
    wake_ns = earlier(wake_ns, pace_next_ns(w));
    return earlier(wake_ns, w->draining ? w->give_up_ns : w->end_ns);
}

static void worker_show_load(struct worker *w)
{
    shard_count(w->shard, COUNTER_TURNS, 1);
    if (w->now_ns - w->cpu_read_ns >= CPU_LOOK_NS) {
        w->cpu_read_ns = w->now_ns;
        cell_write(&w->shard->cpu_ns, clock_thread_cpu_ns());
    }
}

bool worker_turn(struct worker *w)
{
    worker_flush(w);
    const int rc = ring_submit_and_wait(w->ring, w->flush_ns,
                                        worker_wake_ns(w)); /* the only call that may sleep */
    if (rc < 0)
        w->error = rc;
    w->now_ns = clock_now_ns(); /* one reading per turn, before parsing: our parsing is not charged
                                   to the server */
    shard_count(w->shard, COUNTER_COMPLETIONS, ring_reap(w->ring, conn_deliver, w));
    timers_run(w->conn_timers, w->now_ns, UINT32_MAX, conn_timer_due, w);
    timers_run(w->user_timers, w->now_ns, UINT32_MAX, user_timer_due, w);
    pace_run(w);
    worker_show_load(w);
    if (worker_follow_end(w))
        return true;
    cell_write(&w->shard->in_flight_now, w->in_flight);
    cell_write(&w->shard->cpu_ns, clock_thread_cpu_ns());
    return false;
}
