#include "engine/run/user.h"

#include "engine/run/exchange.h"
#include "engine/run/flow.h"
#include "engine/run/worker_state.h"
#include "stats/mutant.h"

void user_wait_until(struct worker *w, struct user *u, uint64_t due_ns)
{
    u->state = USER_WAITING;
    /* Never in this turn: others have theirs between. */
    timers_set(w->user_timers, worker_user_index(w, u),
               due_ns > w->now_ns ? due_ns : w->now_ns + 1);
}

/* ---- stopping ---- */

/* Its connections go with the last user that they carry. */
static void user_retire_conns(struct worker *w, const struct user *u)
{
    const uint32_t home = u->conn % w->conns_per_origin;
    const bool is_end = w->draining || w->requests_left == 0;
    for (uint32_t i = home; i < w->conn_count; i += w->conns_per_origin) {
        struct conn *c = &w->conns[i];
        if (c->state == CONN_OPEN || c->state == CONN_CONNECTING)
            conn_end(w, c, EV_RETIRED, is_end ? CLOSE_RUN_ENDED : CLOSE_USER_STOPPED, FAILURE_NONE,
                     NULL);
    }
}

void user_drop_arrival(struct worker *w, struct user *u)
{
    if (u->is_arrival) {
        worker_unscheduled(w, w->draining ? COUNTER_NOT_SENT : COUNTER_DROPPED, 1);
        books_give_up(&w->shard->arrivals, 1, u->due_ns, w->now_ns);
    }
    u->is_arrival = false;
}

void user_vanish(struct worker *w, struct user *u)
{
    const bool comes_back = u->departs && !u->leaving && !u->is_gone && !w->draining;
    u->state = USER_ABSENT;
    u->leaving = false;
    u->departs = false;
    user_drop_arrival(w, u);
    values_clear(&w->values, worker_user_index(w, u));
    shard_count(w->shard, COUNTER_USERS_STOPPED, 1);
    cell_write(&w->shard->users_now, cell_read(&w->shard->users_now) - 1);
    if (u->is_gone)
        atomic_fetch_add_explicit(w->setup.users_gone, 1, memory_order_relaxed);
    if (w->plan->load.pipeline == 1 && w->pools == NULL)
        user_retire_conns(w, u);
    if (comes_back) /* it is wanted again since it was asked to stop */
        user_start(w, u, w->now_ns);
}

void user_leave(struct worker *w, struct user *u)
{
    if (u->departs || flow_depart(w, u))
        flow_go_on(w, u);
}

/* ---- asking ---- */

static struct conn *user_own_conn(struct worker *w, struct user *u, uint32_t origin)
{
    if (w->conns_per_origin < w->conn_count)
        u->conn = origin * w->conns_per_origin + u->conn % w->conns_per_origin;
    return &w->conns[u->conn];
}

/* The request begins, and is counted as that. */
static bool user_schedules(struct worker *w, struct user *u, const struct plan_request *request)
{
    if (!request->is_recorded) {
        if (w->requests_left == 0 && !u->is_arrival)
            return false;
        w->unrecorded_open++;
        return true;
    }
    if (u->is_arrival)
        books_end(&w->shard->arrivals, u->due_ns, u->due_ns);
    else if (!worker_schedule(w))
        return false;
    u->is_arrival = false;
    books_begin(&w->shard->endpoints[request->endpoint].books, u->due_ns);
    return true;
}

/* A connection of its own that cannot be had right now is not asked: the pause is ours, not the
 * server's latency. */
static bool user_pauses(struct worker *w, struct user *u, const struct conn *c)
{
    if (c->retry_at_ns <= w->now_ns || w->plan->load.is_open)
        return false;
    user_wait_until(w, u, c->retry_at_ns);
    return true;
}

void user_ask(struct worker *w, struct user *u, uint32_t request)
{
    const struct plan_request *r = &w->plan->requests[request];
    if (w->paused) {
        user_wait_until(w, u, w->now_ns); /* the timers stand still: it asks when they go on */
        return;
    }
    struct conn *own = w->pools == NULL ? user_own_conn(w, u, r->origin) : NULL;
    if (own != NULL && user_pauses(w, u, own))
        return;
    u->step++;
    if (!user_schedules(w, u, r)) {
        if (w->plan->load.is_open && !u->departs)
            pace_user_rests(w, worker_user_index(w, u),
                            true); /* arrivals that wait are counted already */
        else
            user_vanish(w, u);
        return;
    }
    u->request = request;
    u->sent_ns = 0;
    u->is_resend = false;
    u->task_asked = true;
    u->set_asked = true;
    u->state = USER_QUEUED;
    if (own != NULL)
        conn_ask(w, own, u);
    else
        pool_ask(w, r->origin, u);
}

void user_ask_on(struct worker *w, struct user *u, uint32_t origin)
{
    u->ready_ns = w->now_ns;
    u->is_resend = false;
    u->state = USER_QUEUED;
    if (w->pools == NULL)
        conn_ask(w, user_own_conn(w, u, origin), u);
    else
        pool_ask(w, origin, u);
}

/* What it does next is due now, or was when the arrival came that it has not sent yet. */
static void user_is_due(struct worker *w, struct user *u, uint64_t due_ns)
{
    if (!u->is_arrival) {
        u->due_ns = due_ns;
        u->generator_ns = 0;
    }
    u->ready_ns = w->now_ns;
    u->generator_ns += w->now_ns - due_ns;
}

void user_request_over(struct worker *w, struct user *u, bool ok, bool goes_on)
{
    user_is_due(w, u, w->now_ns);
    if (u->phase == PHASE_ON_START && !ok)
        flow_start_again(w, u); /* as in Locust */
    else if (!goes_on)
        flow_skip(w, u);
    else if (!u->task_asked)
        user_wait_until(w, u, w->now_ns + IDLE_TASK_NS); /* nothing was sent, so no time passed */
    else
        flow_go_on(w, u);
}

/* ---- what happens to a user ---- */

void user_start(struct worker *w, struct user *u, uint64_t due_ns)
{
    if (u->is_gone)
        return;
    hist_record(&w->shard->lateness, w->now_ns - due_ns);
    shard_count(w->shard, COUNTER_USERS_STARTED, 1);
    cell_add(&w->shard->users_now, 1);
    user_is_due(w, u, due_ns);
    u->leaving = false;
    u->iteration = 0;
    u->status = 0;
    u->ok = false;
    u->cookie_fault = 0;
    worker_clear_memory(w, u);
    flow_begin(w, u);
}

void user_stop(struct worker *w, struct user *u)
{
    switch ((enum user_state)u->state) {
    case USER_ABSENT:
        return;
    case USER_WAITING:
        u->leaving = true;
        if (u->departs)
            return; /* it does already */
        timers_cancel(w->user_timers, worker_user_index(w, u));
        user_leave(w, u);
        return;
    case USER_RESTING:
    case USER_QUEUED:
    case USER_IN_FLIGHT:
        u->leaving = true; /* when its request is over, or its turn to rest comes */
        return;
    }
}

void user_timer_fired(struct worker *w, struct user *u)
{
    hist_record(&w->shard->lateness, w->now_ns - u->timer.due_ns);
    user_is_due(w, u, u->timer.due_ns);
    flow_go_on(w, u);
}

void user_take_arrival(struct worker *w, struct user *u, uint64_t due_ns, uint64_t noticed_ns)
{
    u->is_arrival = true;
    u->due_ns = due_ns;
    u->ready_ns = noticed_ns;
    u->generator_ns = noticed_ns > due_ns ? noticed_ns - due_ns : 0;
    if (MUTANT_IS(4))
        u->conn = (uint32_t)(w->pace.begun.index % w->conn_count);
    flow_go_on(w, u);
}
