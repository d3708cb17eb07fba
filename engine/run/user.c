#include "engine/run/user.h"

#include "engine/plan/choose.h"
#include "engine/run/exchange.h"
#include "engine/run/worker_state.h"

#define ON_START_AGAIN_NS UINT64_C(1000000000) /* at least so long after a failed on_start */
#define IDLE_TASK_NS      UINT64_C(1000000)    /* a task that sent nothing may not spin */

static void user_go_on(struct worker *w, struct user *u);

static const struct plan_kind *user_kind(const struct worker *w, const struct user *u)
{
    return &w->plan->kinds[u->kind];
}

static void user_wait_until(struct worker *w, struct user *u, uint64_t due_ns)
{
    u->state = USER_WAITING;
    timers_set(w->user_timers, worker_user_index(w, u), due_ns);
}

void user_leave(struct worker *w, struct user *u)
{
    u->state = USER_ABSENT;
    u->leaving = false;
    values_clear(&w->values, worker_user_index(w, u));
    shard_count(w->shard, COUNTER_USERS_STOPPED, 1);
    cell_write(&w->shard->users_now, cell_read(&w->shard->users_now) - 1);

    /* Its connection goes with the last user that it carries. */
    struct conn *c = &w->conns[u->conn];
    if (w->plan->load.pipeline == 1 && (c->state == CONN_OPEN || c->state == CONN_CONNECTING))
        conn_end(w, c, EV_RETIRED,
                 w->draining || w->requests_left == 0 ? CLOSE_RUN_ENDED : CLOSE_USER_STOPPED,
                 FAILURE_NONE, NULL);
}

/* ---- tasks and steps ---- */

static const struct plan_step *user_steps(const struct worker *w, const struct user *u,
                                          uint32_t *ret_count)
{
    const struct plan_kind *kind = user_kind(w, u);
    if (u->task == TASK_ON_START) {
        *ret_count = kind->on_start_count;
        return kind->on_start;
    }
    *ret_count = kind->tasks[u->task].step_count;
    return kind->tasks[u->task].steps;
}

static void user_begin_task(struct worker *w, struct user *u, uint64_t due_ns)
{
    u->task = (uint16_t)alias_choose(&user_kind(w, u)->choice, &u->random);
    u->step = 0;
    u->task_asked = false;
    u->task_began_ns = due_ns;
    u->due_ns = due_ns;
}

static void user_set(struct worker *w, struct user *u, const struct plan_step *step)
{
    size_t len = 0;
    if (exchange_render_value(w, u, step->value, w->rendered, RENDERED_BYTES, &len) == 0)
        values_set(&w->values, worker_user_index(w, u), step->variable,
                   (struct span){ w->rendered, len });
}

/* Hands the request to its connection, unless the run or the request budget is over. */
static void user_ask(struct worker *w, struct user *u, uint32_t request)
{
    if (!u->is_arrival && !worker_schedule(w)) {
        if (w->plan->load.is_open)
            pace_user_rests(w, worker_user_index(w, u),
                            true); /* arrivals that wait are counted already */
        else
            user_leave(w, u);
        return;
    }
    u->is_arrival = false;
    u->request = request;
    u->sent_ns = 0;
    u->is_resend = false;
    u->task_asked = true;
    u->state = USER_QUEUED;
    conn_ask(w, &w->conns[u->conn], u);
}

/* A connection that cannot be had right now is not asked: the pause is ours, not the server's
 * latency. */
static bool user_pauses(struct worker *w, struct user *u)
{
    const struct conn *c = &w->conns[u->conn];
    if (w->plan->load.is_open || c->retry_at_ns <= w->now_ns)
        return false;
    user_wait_until(w, u, c->retry_at_ns);
    return true;
}

static void user_task_over(struct worker *w, struct user *u)
{
    if (w->plan->load.is_open) {
        pace_user_rests(w, worker_user_index(w, u), true);
        return;
    }
    if (u->task == TASK_ON_START) {
        user_begin_task(w, u, w->now_ns);
        user_go_on(w, u);
        return;
    }
    uint64_t wait_ns =
        wait_sample_ns(&user_kind(w, u)->wait, &u->random, u->task_began_ns, w->now_ns);
    if (wait_ns == 0 && !u->task_asked)
        wait_ns = IDLE_TASK_NS;
    if (wait_ns > 0) {
        u->task = TASK_NONE;
        user_wait_until(w, u, w->now_ns + wait_ns);
        return;
    }
    user_begin_task(w, u, w->now_ns);
    user_go_on(w, u);
}

/* Takes steps until one has to be waited for. Depth is bounded: a task without a request waits. */
static void user_go_on(struct worker *w, struct user *u)
{
    if (u->leaving || w->draining) {
        user_leave(w, u);
        return;
    }
    uint32_t count = 0;
    const struct plan_step *steps = user_steps(w, u, &count);
    while (u->step < count) {
        const struct plan_step *step = &steps[u->step];
        if (step->kind == STEP_REQUEST) {
            if (user_pauses(w, u))
                return;
            u->step++;
            user_ask(w, u, step->request);
            return;
        }
        user_set(w, u, step);
        u->step++;
    }
    user_task_over(w, u);
}

/* ---- what happens to a user ---- */

void user_start(struct worker *w, struct user *u, uint64_t due_ns)
{
    hist_record(&w->shard->lateness, w->now_ns - due_ns);
    shard_count(w->shard, COUNTER_USERS_STARTED, 1);
    cell_add(&w->shard->users_now, 1);
    u->due_ns = due_ns;
    u->leaving = false;
    if (user_kind(w, u)->on_start_count > 0) {
        u->task = TASK_ON_START;
        u->step = 0;
    } else if (w->plan->load.is_open) {
        pace_user_rests(w, worker_user_index(w, u), true);
        return;
    } else {
        user_begin_task(w, u, due_ns);
    }
    user_go_on(w, u);
}

void user_stop(struct worker *w, struct user *u)
{
    switch ((enum user_state)u->state) {
    case USER_ABSENT:
        return;
    case USER_WAITING:
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
    const uint64_t due_ns = u->timer.due_ns;
    hist_record(&w->shard->lateness, w->now_ns - due_ns);
    if (u->task == TASK_NONE)
        user_begin_task(w, u, due_ns);
    else
        u->due_ns = due_ns; /* it waited in the middle of a task */
    user_go_on(w, u);
}

void user_take_arrival(struct worker *w, struct user *u, uint64_t due_ns)
{
    u->is_arrival = true;
    user_begin_task(w, u, due_ns);
    user_go_on(w, u);
}

void user_request_over(struct worker *w, struct user *u, bool ok, bool goes_on)
{
    u->due_ns = w->now_ns;
    if (u->task == TASK_ON_START && !ok) {
        /* As in Locust: wait, then begin on_start anew. */
        const uint64_t wait_ns =
            wait_sample_ns(&user_kind(w, u)->wait, &u->random, w->now_ns, w->now_ns);
        u->step = 0;
        if (u->leaving || w->draining)
            user_leave(w, u);
        else
            user_wait_until(
                w, u, w->now_ns + (wait_ns > ON_START_AGAIN_NS ? wait_ns : ON_START_AGAIN_NS));
        return;
    }
    if (!goes_on) {
        uint32_t count = 0;
        user_steps(w, u, &count);
        u->step = (uint16_t)count;
    }
    user_go_on(w, u);
}
