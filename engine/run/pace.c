#include "engine/run/pace.h"

#include <math.h>

#include "engine/run/worker_state.h"

#define ARRIVALS_PER_TURN                                                                          \
    65536u /* a rate beyond all means must not keep us from the rest of a turn */
#define NS_PER_S UINT64_C(1000000000)

uint64_t pace_due_ns(uint64_t base_ns, uint64_t count, struct ratio rate)
{
    if (rate.num == 0)
        return base_ns;
    const unsigned __int128 span = (unsigned __int128)count * NS_PER_S * rate.den / rate.num;
    return span > UINT64_MAX - base_ns ? UINT64_MAX : base_ns + (uint64_t)span;
}

/* ---- arrivals ---- */

static void arrivals_draw_gap(struct arrivals *a)
{
    /* Exponential gap of this core's own stream; 1 - u is never 0. */
    const double mean_ns = 1e9 * (double)a->rate.den / (double)a->rate.num;
    const double gap_ns = -log(1.0 - prng_unit(&a->random)) * mean_ns + a->gap_rest_ns;
    const double whole_ns = floor(gap_ns);
    a->gap_rest_ns = gap_ns - whole_ns;
    a->due_ns += whole_ns > 9e18 ? UINT64_MAX / 2 : (uint64_t)whole_ns;
}

void arrivals_init(struct arrivals *a, struct ratio rate, bool is_poisson, uint32_t core,
                   uint32_t cores, uint64_t seed, uint64_t start_ns)
{
    *a = (struct arrivals){
        .rate = rate, .start_ns = start_ns, .index = core, .step = cores, .is_poisson = is_poisson
    };
    if (!is_poisson) {
        a->due_ns = pace_due_ns(start_ns, core, rate);
        return;
    }
    /* The sum of `cores` independent Poisson streams of rate / cores is a Poisson stream of the
     * rate. */
    a->rate.den *= cores;
    a->due_ns = start_ns;
    prng_init(&a->random, seed, UINT64_C(0xA221) << 32 | core);
    arrivals_draw_gap(a);
}

void arrivals_next(struct arrivals *a)
{
    a->index += a->step;
    if (a->is_poisson)
        arrivals_draw_gap(a);
    else
        a->due_ns = pace_due_ns(a->start_ns, a->index, a->rate);
}

/* The oldest waiting arrival becomes the work of `u`. */
static void arrival_begin(struct worker *w, struct user *u)
{
    const uint64_t due_ns = w->pace.begun.due_ns;
    arrivals_next(&w->pace.begun);
    w->pace.backlog--;
    user_take_arrival(w, u, due_ns);
}

/* NULL when nobody rests. Those that should stop do so now. */
static struct user *resting_pop(struct worker *w)
{
    struct user *u = user_list_pop(w, &w->resting);
    while (u != NULL && u->leaving) {
        user_leave(w, u);
        u = user_list_pop(w, &w->resting);
    }
    return u;
}

static void arrivals_notice(struct worker *w)
{
    struct pace *p = &w->pace;
    for (unsigned n = 0; n < ARRIVALS_PER_TURN && p->noticed.due_ns <= w->now_ns &&
                         p->noticed.due_ns < w->end_ns && worker_schedule(w);
         n++) {
        hist_record(&w->shard->lateness, w->now_ns - p->noticed.due_ns);
        arrivals_next(&p->noticed);
        p->backlog++;
        struct user *u = resting_pop(w);
        if (u != NULL)
            arrival_begin(w, u);
    }
}

void pace_user_rests(struct worker *w, uint32_t user, bool worked)
{
    struct user *u = &w->users[user];
    if (u->leaving || w->draining) {
        user_leave(w, u);
        return;
    }
    u->state = USER_RESTING;
    if (w->pace.backlog > 0)
        arrival_begin(w, u);
    else if (worked)
        user_list_push_front(w, &w->resting, u); /* its connection is warm */
    else
        user_list_push(w, &w->resting, u);
}

void pace_end(struct worker *w)
{
    worker_unscheduled(w, COUNTER_NOT_SENT, w->pace.backlog);
    w->pace.backlog = 0;
}

/* ---- users ---- */

/* How many of this core's users are among the first `target` of the run. */
static uint32_t users_share(const struct worker *w, uint32_t target)
{
    uint32_t low = 0;
    uint32_t high = w->user_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (worker_user_number(w, middle) < target)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void target_follow(struct worker *w)
{
    const uint32_t target = atomic_load_explicit(w->setup.users_target, memory_order_relaxed);
    if (target == w->users_target_seen)
        return;
    w->users_target_seen = target;
    w->pace.users_target = users_share(w, target);
    w->pace.spawn_base_ns = w->now_ns;
    w->pace.spawn_base = (uint32_t)worker_user_number(w, w->users_alive);
}

static uint64_t spawn_next_ns(const struct worker *w)
{
    const struct pace *p = &w->pace;
    if (w->draining || w->users_alive == p->users_target)
        return UINT64_MAX;
    const uint64_t number = worker_user_number(w, w->users_alive);
    const uint64_t done = number > p->spawn_base ? number - p->spawn_base : p->spawn_base - number;
    return pace_due_ns(p->spawn_base_ns, done, w->plan->load.spawn_rate);
}

static void users_follow_target(struct worker *w)
{
    for (uint64_t due_ns = spawn_next_ns(w); due_ns <= w->now_ns; due_ns = spawn_next_ns(w)) {
        if (w->users_alive < w->pace.users_target) {
            struct user *u = &w->users[w->users_alive++];
            if (u->state == USER_ABSENT)
                user_start(w, u, due_ns);
            else
                u->leaving = false; /* it was asked to leave and has not yet: it stays */
        } else {
            user_stop(w, &w->users[--w->users_alive]);
        }
    }
}

/* ---- both ---- */

void pace_begin(struct worker *w)
{
    struct pace *p = &w->pace;
    const struct plan_load *load = &w->plan->load;
    w->users_target_seen = atomic_load_explicit(w->setup.users_target, memory_order_relaxed);
    p->users_target = users_share(w, w->users_target_seen);
    p->spawn_base_ns = w->start_ns;
    p->spawn_base = 0;
    if (load->is_open) {
        arrivals_init(&p->noticed, load->rate, load->is_poisson, w->setup.core, w->setup.cores,
                      load->seed, w->start_ns);
        p->begun = p->noticed;
    }
}

void pace_run(struct worker *w)
{
    if (w->draining)
        return;
    target_follow(w);
    users_follow_target(w);
    if (w->plan->load.is_open)
        arrivals_notice(w);
}

uint64_t pace_next_ns(const struct worker *w)
{
    if (w->draining)
        return UINT64_MAX;
    uint64_t next_ns = spawn_next_ns(w);
    if (w->plan->load.is_open && w->requests_left > 0 && w->pace.noticed.due_ns < w->end_ns &&
        w->pace.noticed.due_ns < next_ns)
        next_ns = w->pace.noticed.due_ns;
    return next_ns;
}
