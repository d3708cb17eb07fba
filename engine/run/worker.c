#include "engine/run/worker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/clock.h"
#include "engine/run/exchange.h"
#include "engine/run/provision.h"
#include "stats/audit.h"
#include "stats/mutant.h"

#define STOP_LOOK_NS   UINT64_C(20000000)   /* the stop word is looked at so often at least */
#define CPU_LOOK_NS    UINT64_C(100000000)  /* and the CPU clock read so often at most */
#define CLOSE_GRACE_NS UINT64_C(1000000000) /* for closing connections in order */
#define RESTING_NS     UINT64_C(5000000000) /* connections used so seldom: memory counts */
#define STAMPED_EVERY  16u                  /* connection, when stamps are wanted */
#define SPIN_NS                                                                                    \
    UINT64_C(60000) /* open loop: the last stretch before a due request is not slept               \
                     */

/* ---- opening ---- */

/* Do connections only rarely have something to do? */
static bool connections_rest(const struct plan *plan)
{
    if (plan->load.is_open || plan->load.is_shared)
        return false;
    for (uint32_t i = 0; i < plan->set_count; i++) {
        const struct wait_rule *wait = &plan->sets[i].wait;
        if (wait->kind == WAIT_NONE || wait->low_ns / plan->load.pipeline < RESTING_NS)
            return false;
    }
    return plan->set_count > 0;
}

/* A stamped receive brings bytes once, so not all have it where speed counts. At a rate few
 * connections may be in use, and any of them. */
static uint32_t stamped_every(const struct worker_setup *setup)
{
    if (!setup->kernel_stamps)
        return 0;
    return setup->plan->load.is_open ? 1 : STAMPED_EVERY;
}

int worker_open(struct worker **ret_worker, const struct worker_setup *setup)
{
    struct worker *w = calloc(1, sizeof *w);
    if (w == NULL)
        return -ENOMEM;
    w->setup = *setup;
    w->plan = setup->plan;
    w->shard = setup->shard;
    w->source_turn = setup->core;
    w->memo.enabled = !setup->no_memo;

    int rc = provision_take(w);
    if (rc == 0)
        rc = ring_open(&w->ring, &(struct ring_setup){
                                     .files = w->conn_count > 0 ? w->conn_count : 1,
                                     .rests = connections_rest(w->plan),
                                     .entries = setup->ring_entries,
                                     .stamped = stamped_every(setup),
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
    provision_give_back(w);
    free(w);
}

int worker_error(const struct worker *w)
{
    return w->error;
}

const struct routes_view *worker_routes(const struct worker *w, uint32_t origin)
{
    return &w->routes[origin];
}

const char *worker_ring_features(const struct worker *w)
{
    return ring_features_used(w->ring);
}

/* ---- ending ---- */

/* Of those who wait for a connection only chains stay: their requests were sent before. */
static void keep_chains(struct worker *w, struct user_list *waiting)
{
    struct user_list all = *waiting;
    if (all.first == 0)
        return; /* memory that was only reserved stays untouched */
    *waiting = (struct user_list){ 0 };
    for (struct user *u = user_list_pop(w, &all); u != NULL; u = user_list_pop(w, &all))
        if (u->chain != 0)
            user_list_push(w, waiting, u);
}

static void forget_waiting(struct worker *w)
{
    for (uint32_t i = 0; i < w->conn_count; i++)
        keep_chains(w, &w->conns[i].queue);
    for (uint32_t i = 0; w->pools != NULL && i < w->plan->origin_count; i++)
        keep_chains(w, &w->pools[i].waiting);
    w->resting = (struct user_list){ 0 };
}

/* No new requests but those of on_stop. */
static void worker_begin_drain(struct worker *w, uint64_t grace_ns)
{
    w->draining = true;
    w->give_up_ns = w->now_ns + grace_ns;
    cell_write(&w->shard->ended_ns, w->now_ns);
    pace_end(w);
    forget_waiting(w);
    for (uint32_t i = 0; i < w->users_made; i++) {
        struct user *u = &w->users[i];
        u->leaving = u->state != USER_ABSENT;
        switch ((enum user_state)u->state) {
        case USER_WAITING:
            if (u->departs)
                break; /* between two steps of its on_stop */
            timers_cancel(w->user_timers, i);
            user_leave(w, u);
            break;
        case USER_QUEUED:
            if (u->chain != 0)
                break;
            exchange_abandon(w, u);
            user_leave(w, u);
            break;
        case USER_RESTING:
            user_leave(w, u);
            break;
        case USER_ABSENT:
        case USER_IN_FLIGHT:
            break;
        }
    }
}

/* The grace is over: what is still in flight is counted as that. */
static void worker_give_up(struct worker *w)
{
    for (uint32_t i = 0; i < w->conn_count; i++)
        if (w->conns[i].state != CONN_BAD) /* made, and not only reserved */
            w->conns[i].queue = w->conns[i].flight = (struct user_list){ 0 };
    for (uint32_t i = 0; w->pools != NULL && i < w->plan->origin_count; i++)
        w->pools[i].waiting = (struct user_list){ 0 };
    for (uint32_t i = 0; i < w->users_made; i++) {
        struct user *u = &w->users[i];
        if (u->state == USER_QUEUED || u->state == USER_IN_FLIGHT)
            exchange_abandon(w, u);
        if (u->state == USER_WAITING)
            timers_cancel(w->user_timers, i);
        if (u->state != USER_ABSENT)
            user_vanish(w, u);
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
        if (c->state != CONN_BAD && c->state != CONN_IDLE && c->state != CONN_DRAINING)
            conn_end(w, c, EV_RETIRED, CLOSE_RUN_ENDED, FAILURE_NONE, NULL);
    }
}

static uint32_t worker_stop_word(const struct worker *w)
{
    return atomic_load_explicit(w->setup.stop, memory_order_relaxed);
}

/* As many users as are wanted, or ever will be, have stopped for good, and none is here. */
static bool everybody_is_gone(const struct worker *w)
{
    const struct plan_load *load = &w->plan->load;
    const uint32_t gone = atomic_load_explicit(w->setup.users_gone, memory_order_relaxed);
    return gone > 0 && gone >= (load->stage_count > 0 ? load->users : w->pace.users_wanted) &&
           cell_read(&w->shard->users_now) == 0;
}

/* All requests that were asked for are over, or nobody is left to send any. */
static bool worker_is_done(const struct worker *w)
{
    return w->requests_open == 0 && w->unrecorded_open == 0 &&
           (w->requests_left == 0 || everybody_is_gone(w));
}

/* ---- pausing ---- */

/* The run stood still: users that wait do so as much longer, and what was due is due as much
 * later. */
static void worker_go_on(struct worker *w)
{
    const uint64_t stood_ns = w->now_ns - w->paused_ns;
    w->start_ns += stood_ns;
    if (w->end_ns != UINT64_MAX)
        w->end_ns += stood_ns;
    pace_postpone(w, stood_ns);
    for (uint32_t i = 0; i < w->users_made; i++) {
        struct user *u = &w->users[i];
        if (u->state != USER_WAITING)
            continue;
        timers_set(w->user_timers, i, u->timer.due_ns + stood_ns);
        if (!u->is_arrival)
            continue;
        u->due_ns += stood_ns;
        books_postpone(&w->shard->arrivals, 1, stood_ns);
    }
}

static void worker_follow_pause(struct worker *w)
{
    const bool is_wanted = worker_stop_word(w) == STOP_PAUSE && !w->draining;
    if (is_wanted == w->paused)
        return;
    w->paused = is_wanted;
    if (is_wanted)
        w->paused_ns = w->now_ns;
    else
        worker_go_on(w);
}

/* Takes the run through its end: draining, closing, over. False when it is over. */
static bool worker_follow_end(struct worker *w)
{
    const bool stop_now = worker_stop_word(w) == STOP_NOW || w->error != 0;
    if (!w->draining) {
        const bool all_done = worker_is_done(w);
        const bool has_time = w->now_ns < w->end_ns || w->paused;
        if (has_time && worker_stop_word(w) < STOP_DRAIN && !all_done && !stop_now)
            return true;
        worker_begin_drain(w, stop_now ? 0 : w->plan->load.grace_ns);
        w->is_complete = all_done;
    }
    if (!w->closing && cell_read(&w->shard->users_now) > 0) {
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
    w->delay_before_ns = clock_thread_delay_ns();
    w->wall_offset_ns = (int64_t)(clock_wall_ns() - clock_now_ns());
    w->now_ns = start_ns;
    w->end_ns = duration_ns == 0 ? UINT64_MAX : start_ns + duration_ns;
    cell_write(&w->shard->started_ns, start_ns);
    for (uint32_t i = 0; i < w->plan->origin_count; i++)
        routes_view_init(&w->routes[i], &w->setup.routes[i], w->setup.core, start_ns);
    pace_begin(w);
    return 0;
}

static void worker_flush(struct worker *w)
{
    w->flush_ns = clock_now_ns();
    if (w->pools != NULL)
        pool_serve(w);
    while (w->flush_first != 0) {
        struct conn *c = &w->conns[w->flush_first - 1];
        w->flush_first = c->flush_next;
        c->in_flush = false;
        conn_flush(w, c);
        if (w->pools != NULL) {
            pool_offer(w, c); /* a request that cannot be built leaves it free */
            pool_serve(w);
        }
    }
    cell_write(&w->shard->in_flight_now, w->in_flight);
}

int64_t worker_wall_ns(struct worker *w)
{
    if (w->wall_read_ns != w->now_ns) {
        w->wall_read_ns = w->now_ns;
        w->wall_ns = (int64_t)clock_wall_ns();
    }
    return w->wall_ns;
}

/* Between two readings the clock for time of day is slewed by much less than this. */
#define OFFSET_MOVES_NS 1000000

uint64_t worker_moment_ns(struct worker *w, uint64_t stamp_ns)
{
    const int64_t offset_ns = (int64_t)(clock_wall_ns() - clock_now_ns());
    const int64_t moved_ns = offset_ns - w->wall_offset_ns;
    w->wall_offset_ns = offset_ns;
    if (moved_ns > OFFSET_MOVES_NS || moved_ns < -OFFSET_MOVES_NS)
        return 0;
    const uint64_t at_ns = stamp_ns - (uint64_t)offset_ns;
    return at_ns < w->now_ns ? at_ns : w->now_ns;
}

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

static uint64_t worker_wake_ns(const struct worker *w)
{
    uint64_t wake_ns = w->flush_ns + STOP_LOOK_NS;
    wake_ns = earlier(wake_ns, timers_next_ns(w->conn_timers));
    if (w->paused)
        return wake_ns;
    wake_ns = earlier(wake_ns, timers_next_ns(w->user_timers));
    wake_ns = earlier(wake_ns, pace_next_ns(w));
    wake_ns = earlier(wake_ns, w->draining ? w->give_up_ns : w->end_ns);
    return MUTANT_IS(6) ? (wake_ns / 1000000 + 1) * 1000000 : wake_ns;
}

static void worker_look_at_books(struct worker *w)
{
    if (!SQUALL_AUDIT)
        return;
    shard_count(w->shard, COUNTER_BOOKS_LOOKS, 1);
    shard_count(w->shard, COUNTER_BOOKS_BROKEN, !audit_look(w->shard, w->requests_open));
}

static void worker_read_strain(struct worker *w)
{
    cell_write(&w->shard->cpu_ns, clock_thread_cpu_ns());
    if (!SQUALL_AUDIT)
        return;
    cell_write(&w->shard->run_delay_ns, clock_thread_delay_ns() - w->delay_before_ns);
    cell_write(&w->shard->preempted, clock_thread_preempted());
    cell_write(&w->shard->strain_ns, w->now_ns);
}

static void worker_show_load(struct worker *w)
{
    shard_count(w->shard, COUNTER_TURNS, 1);
    if (w->now_ns - w->cpu_read_ns >= CPU_LOOK_NS) {
        w->cpu_read_ns = w->now_ns;
        worker_read_strain(w);
        worker_look_at_books(w);
    }
}

/* What the last turn had to do, and how late this one begins: a wait never lasts longer than
 * STOP_LOOK_NS, so nothing can stop us unseen. */
static void worker_note_turn(struct worker *w, uint64_t began_ns, uint64_t wake_ns)
{
    if (!SQUALL_AUDIT)
        return;
    const uint64_t busy_ns = w->flush_ns > began_ns ? w->flush_ns - began_ns : 0;
    w->overslept_ns = w->now_ns > wake_ns ? w->now_ns - wake_ns : 0;
    hist_record(&w->shard->phases[PHASE_TURN], busy_ns + w->overslept_ns);
    shard_count(w->shard, COUNTER_OVERFLOWS, ring_has_overflowed(w->ring));
}

/* Of what is owed, half may have come while the other half is still served: nobody is starved. */
#define GATHERED_OF_OWED 2

/* The only place that may sleep. */
static void worker_wait(struct worker *w, uint64_t wake_ns)
{
    if (w->setup.gather_ns > 0)
        ring_gather(w->ring, w->in_flight / GATHERED_OF_OWED, w->setup.gather_ns);
    const int rc = ring_submit_and_wait(w->ring, w->flush_ns, wake_ns);
    if (rc < 0)
        w->error = rc;
}

bool worker_turn(struct worker *w)
{
    worker_flush(w);
    const uint64_t began_ns = w->now_ns;
    const uint64_t wake_ns = worker_wake_ns(w);
    worker_wait(w, wake_ns);
    w->now_ns = clock_now_ns(); /* one reading per turn, before parsing: our parsing is not charged
                                   to the server */
    worker_note_turn(w, began_ns, wake_ns);
    shard_count(w->shard, COUNTER_COMPLETIONS, ring_reap(w->ring, conn_deliver, w));
    timers_run(w->conn_timers, w->now_ns, UINT32_MAX, conn_timer_due, w);
    worker_follow_pause(w);
    if (!w->paused)
        timers_run(w->user_timers, w->now_ns, UINT32_MAX, user_timer_due, w);
    pace_run(w);
    worker_show_load(w);
    if (worker_follow_end(w))
        return true;
    cell_write(&w->shard->in_flight_now, w->in_flight);
    worker_read_strain(w);
    return false;
}
