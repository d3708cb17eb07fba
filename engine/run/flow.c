#include "engine/run/flow.h"

#include "engine/io/clock.h"
#include "engine/plan/choose.h"
#include "engine/run/jar.h"
#include "engine/run/scope.h"
#include "engine/run/worker_state.h"

#define STEPS_IN_A_ROW    1000u            /* without a request or a wait … */
#define STEPS_UNTIMED     16u              /* … and between two looks at the clock: a step … */
#define TIME_IN_A_ROW_NS  UINT64_C(250000) /* … takes 0.1 us, but 10 us in a long list */
#define ON_START_AGAIN_NS UINT64_C(1000000000) /* at least so long after a failed on_start */

static const struct plan_set *flow_set(const struct worker *w, const struct user *u)
{
    return &w->plan->sets[u->set];
}

/* Where a sequence goes on. */
static uint32_t *flow_place(const struct worker *w, const struct user *u)
{
    return worker_place(w, u, flow_set(w, u)->depth);
}

static bool flow_is_called_away(const struct worker *w, const struct user *u)
{
    return (u->leaving || u->is_gone || w->draining) && !u->departs;
}

/* Requests may still be sent: steps of on_stop make sense. */
static bool flow_may_stop_in_order(const struct worker *w)
{
    return w->requests_left > 0 && (!w->draining || w->now_ns < w->give_up_ns);
}

/* ---- sets ---- */

static void flow_enter(struct worker *w, struct user *u, uint32_t set)
{
    u->set = (uint16_t)set;
    u->set_asked = false;
    *flow_place(w, u) = 0;
    u->step = flow_set(w, u)->on_start;
    u->phase = u->step == PLAN_NONE ? PHASE_CHOOSING : PHASE_ON_START;
}

/* Between two tasks without a wait. False when an open loop has the user rest. */
static bool flow_choose_next(struct worker *w, struct user *u)
{
    u->phase = PHASE_CHOOSING;
    if (!w->plan->load.is_open || u->is_arrival)
        return true;
    pace_user_rests(w, worker_user_index(w, u), true);
    return false;
}

static bool flow_leave_set(struct worker *w, struct user *u);

/* Its on_stop is over. */
static bool flow_set_left(struct worker *w, struct user *u)
{
    const uint32_t parent = flow_set(w, u)->parent;
    if (parent == PLAN_NONE) {
        user_vanish(w, u);
        return false;
    }
    u->set = (uint16_t)parent;
    if (u->departs)
        return flow_leave_set(w, u);
    if (u->set_asked)
        return flow_choose_next(w, u);
    u->phase = PHASE_CHOOSING; /* a stay in which nothing was sent may not spin */
    user_wait_until(w, u, w->now_ns + IDLE_TASK_NS);
    return false;
}

static bool flow_leave_set(struct worker *w, struct user *u)
{
    const uint32_t on_stop = flow_set(w, u)->on_stop;
    if (on_stop == PLAN_NONE || !flow_may_stop_in_order(w))
        return flow_set_left(w, u);
    u->phase = PHASE_ON_STOP;
    u->step = on_stop;
    return true;
}

bool flow_depart(struct worker *w, struct user *u)
{
    u->departs = true;
    user_drop_arrival(w, u);
    u->due_ns = u->ready_ns = w->now_ns;
    u->generator_ns = 0;
    switch ((enum user_phase)u->phase) {
    case PHASE_SETUP:
        user_vanish(w, u);
        return false;
    case PHASE_ON_STOP:
        return true; /* these steps first, then out of the sets around */
    case PHASE_ON_START:
    case PHASE_CHOOSING:
    case PHASE_TASK:
        break;
    }
    return flow_leave_set(w, u);
}

/* ---- tasks ---- */

static void flow_choose(struct worker *w, struct user *u)
{
    const struct plan_set *set = flow_set(w, u);
    uint32_t chosen;
    if (set->order != NULL) {
        uint32_t *place = flow_place(w, u);
        chosen = set->order[*place];
        *place = *place + 1 < set->order_count ? *place + 1 : 0;
    } else {
        chosen = alias_choose(&set->choice, &u->random);
    }
    const struct plan_task *task = &set->tasks[chosen];
    if (task->set != PLAN_NONE) {
        flow_enter(w, u, task->set);
        return;
    }
    u->phase = PHASE_TASK;
    u->step = task->first_step;
    u->task_asked = false;
    u->task_began_ns = u->due_ns;
    u->iteration++;
}

static uint64_t flow_wait_ns(struct worker *w, struct user *u)
{
    const struct wait_rule *rule = &flow_set(w, u)->wait;
    if (rule->kind == WAIT_NONE)
        return 0;
    if (w->plan->load.imitates_locust && rule->kind == WAIT_PACING && u->iteration == 1)
        return rule->low_ns; /* Locust counts the first period from the end of the first task */
    return wait_sample_ns(rule, &u->random, u->task_began_ns, w->now_ns);
}

static bool flow_task_over(struct worker *w, struct user *u)
{
    uint64_t wait_ns = 0;
    if (!w->plan->load.is_open)
        wait_ns = flow_wait_ns(w, u);
    if (wait_ns == 0 && !u->task_asked)
        wait_ns = IDLE_TASK_NS; /* in an open loop: its arrival is still to be sent */
    if (wait_ns == 0)
        return flow_choose_next(w, u);
    u->phase = PHASE_CHOOSING;
    user_wait_until(w, u, w->now_ns + wait_ns);
    return false;
}

/* What it was taking the steps of is over. False when there is something to wait for now. */
static bool flow_steps_over(struct worker *w, struct user *u)
{
    switch ((enum user_phase)u->phase) {
    case PHASE_SETUP:
        flow_enter(w, u, w->plan->kinds[u->kind].set);
        return u->phase == PHASE_ON_START || flow_choose_next(w, u);
    case PHASE_ON_START:
        return flow_choose_next(w, u);
    case PHASE_ON_STOP:
        return flow_set_left(w, u);
    case PHASE_CHOOSING:
    case PHASE_TASK:
        break;
    }
    return flow_task_over(w, u);
}

/* ---- steps ---- */

static void flow_set_variable(struct worker *w, struct user *u, const struct plan_step *step)
{
    const uint32_t user = worker_user_index(w, u);
    struct slot_value value;
    if (scope_text(w, u, step->value, &value) < 0)
        values_drop(&w->values, user, step->index);
    else
        values_set(&w->values, user, step->index, value.text, value.is_json || step->is_json);
}

static void flow_append(struct worker *w, struct user *u, const struct plan_step *step)
{
    struct slot_value value;
    if (scope_text(w, u, step->value, &value) == 0)
        values_append(&w->values, worker_user_index(w, u), step->index, value.text,
                      value.is_json || step->is_json);
}

/* What could not be set is told by the next request: the first such, as the others may follow from
 * it. */
static void flow_set_cookie(struct worker *w, struct user *u, const struct plan_step *step)
{
    struct slot_value value;
    int rc = scope_text(w, u, step->value, &value);
    if (rc == 0)
        rc = jar_set(w, u, step->name, value.text);
    if (rc == 0 || u->cookie_fault != 0)
        return;
    u->cookie_fault = (uint8_t)-rc;
    u->cookie_step = (uint32_t)(step - w->plan->steps) & 0xFFFFFF;
}

/* False at the end of the list, which is of no use any more then. */
static bool flow_take_item(struct worker *w, struct user *u, const struct plan_step *step)
{
    const uint32_t user = worker_user_index(w, u);
    uint32_t *counter = worker_counter(w, u, step->counter);
    size_t at = *counter;
    struct span list;
    struct span item;
    if (values_kind(&w->values, user, step->index) != VALUES_LIST ||
        values_get(&w->values, user, step->index, &list) < 0 || !text_list_next(list, &at, &item)) {
        values_drop(&w->values, user, step->index);
        return false;
    }
    *counter = (uint32_t)at;
    values_set(&w->values, user, step->into, item, text_list_is_json(item));
    return true;
}

/* Steps that need nobody else: each says where to go on. */
static uint32_t flow_jump(struct worker *w, struct user *u, const struct plan_step *step)
{
    const uint32_t next = u->step + 1;
    switch (step->kind) {
    case STEP_JUMP:
        return step->target;
    case STEP_JUMP_IF:
        return scope_holds(w, u, step->index) ? step->target : next;
    case STEP_JUMP_UNLESS:
        return scope_holds(w, u, step->index) ? next : step->target;
    case STEP_LOOP:
        *worker_counter(w, u, step->counter) = scope_count(w, u, step->index);
        return next;
    case STEP_LOOP_NEXT: {
        uint32_t *counter = worker_counter(w, u, step->counter);
        if (*counter == 0)
            return step->target;
        --*counter;
        return next;
    }
    case STEP_EACH:
        return flow_take_item(w, u, step) ? next : step->target;
    default:
        return next;
    }
}

static void flow_change(struct worker *w, struct user *u, const struct plan_step *step)
{
    const uint32_t user = worker_user_index(w, u);
    switch (step->kind) {
    case STEP_SET:
        flow_set_variable(w, u, step);
        break;
    case STEP_ASSIGN:
        scope_assign(w, u, step->into, step->index);
        break;
    case STEP_CLEAR:
        values_drop(&w->values, user, step->index);
        break;
    case STEP_EMPTY:
        values_set_list(&w->values, user, step->index, (struct span){ NULL, 0 });
        break;
    case STEP_APPEND:
        flow_append(w, u, step);
        break;
    case STEP_COOKIE:
        flow_set_cookie(w, u, step);
        break;
    case STEP_FORGET_COOKIES:
        jar_forget(w, u);
        break;
    case STEP_FEED:
        scope_take_row(w, u, step->index);
        break;
    case STEP_STOP_USER:
        u->is_gone = true;
        break;
    default:
        break;
    }
}

/* A step may have been the last one of a user: a feed is used up, or it says so. */
static bool flow_stays(struct worker *w, struct user *u)
{
    return !u->is_gone || u->departs || flow_depart(w, u);
}

/* Takes one step. False when there is something to wait for now. */
static bool flow_take(struct worker *w, struct user *u)
{
    const struct plan_step *step = &w->plan->steps[u->step];
    switch (step->kind) {
    case STEP_REQUEST:
        if (w->feeds_used != NULL && !scope_has_rows(w, u, step->index)) {
            u->step++; /* in on_stop it is left out, and the rest is taken */
            return flow_stays(w, u);
        }
        user_ask(w, u, step->index);
        return false;
    case STEP_END:
    case STEP_SKIP:
        return flow_steps_over(w, u);
    case STEP_LEAVE:
        if (flow_set(w, u)->parent == PLAN_NONE || u->phase == PHASE_ON_STOP)
            return flow_steps_over(w, u); /* there is nothing around it, or it leaves already */
        return flow_leave_set(w, u);
    case STEP_PAUSE:
        u->step++;
        user_wait_until(w, u,
                        w->now_ns + wait_sample_ns(&step->wait, &u->random, u->due_ns, w->now_ns));
        return false;
    case STEP_JUMP:
    case STEP_JUMP_IF:
    case STEP_JUMP_UNLESS:
    case STEP_LOOP:
    case STEP_LOOP_NEXT:
    case STEP_EACH:
        u->step = flow_jump(w, u, step);
        return flow_stays(w, u);
    default:
        u->step++;
        flow_change(w, u, step);
        return flow_stays(w, u);
    }
}

/* Others have waited long enough. *began_ns is 0 before the first look at the clock. */
static bool flow_took_its_time(uint32_t taken, uint64_t *began_ns)
{
    if (taken % STEPS_UNTIMED != STEPS_UNTIMED - 1)
        return false;
    const uint64_t now_ns = clock_now_ns();
    if (*began_ns == 0)
        *began_ns = now_ns;
    return now_ns - *began_ns > TIME_IN_A_ROW_NS;
}

void flow_go_on(struct worker *w, struct user *u)
{
    uint64_t began_ns = 0;
    if (flow_is_called_away(w, u) && !flow_depart(w, u))
        return;
    for (uint32_t taken = 0; taken < STEPS_IN_A_ROW && !flow_took_its_time(taken, &began_ns);
         taken++) {
        if (u->phase == PHASE_CHOOSING)
            flow_choose(w, u);
        else if (!flow_take(w, u))
            return;
    }
    user_wait_until(w, u, w->now_ns + IDLE_TASK_NS);
}

void flow_skip(struct worker *w, struct user *u)
{
    if (flow_is_called_away(w, u) || flow_steps_over(w, u))
        flow_go_on(w, u);
}

void flow_begin(struct worker *w, struct user *u)
{
    u->phase = PHASE_SETUP;
    u->step = w->plan->kinds[u->kind].setup;
    if (u->step != PLAN_NONE || flow_steps_over(w, u))
        flow_go_on(w, u);
}

void flow_start_again(struct worker *w, struct user *u)
{
    const uint64_t wait_ns =
        wait_sample_ns(&flow_set(w, u)->wait, &u->random, w->now_ns, w->now_ns);
    u->step = flow_set(w, u)->on_start;
    if (flow_is_called_away(w, u))
        flow_go_on(w, u);
    else
        user_wait_until(w, u,
                        w->now_ns + (wait_ns > ON_START_AGAIN_NS ? wait_ns : ON_START_AGAIN_NS));
}
