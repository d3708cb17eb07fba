#include "engine/run/pace.h"

#include <math.h>

#include "engine/run/provision.h"
#include "engine/run/worker_state.h"
#include "stats/mutant.h"

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

uint64_t pace_spawn_ns(const struct plan_load *load, struct ratio rate, uint64_t base_ns,
                       uint64_t count)
{
    if (load->imitates_locust && rate.num > rate.den)
        count -= count % (rate.num / rate.den);
    return pace_due_ns(base_ns, count, rate);
}

/* ---- arrivals ---- */

/* Exponential of mean 1; 1 - u is never 0. */
static double exponential_draw(struct prng *random)
{
    return -log(1.0 - prng_unit(random));
}

static void arrivals_draw_gap(struct arrivals *a)
{
    const double mean_ns = 1e9 * (double)a->rate.den / (double)a->rate.num;
    const double gap_ns = exponential_draw(&a->random) * mean_ns + a->gap_rest_ns;
    const double whole_ns = floor(gap_ns);
    a->gap_rest_ns = gap_ns - whole_ns;
    a->due_ns += whole_ns > 9e18 ? UINT64_MAX / 2 : (uint64_t)whole_ns;
}

/* A Poisson stream through stages: one of rate 1 runs along the area under their line instead of
 * along time, and so has their rate wherever it is. Nothing is drawn in vain, as it would be when
 * thinning a stream of the highest rate. */
static void arrivals_draw_stride(struct arrivals *a)
{
    const uint64_t parts = (uint64_t)(exponential_draw(&a->random) * a->step * 0x1p32);
    const uint64_t sum = parts + a->fraction;
    a->index += sum >> 32;
    a->fraction = (uint32_t)sum;
}

static void arrivals_find_due(struct arrivals *a)
{
    if (!a->has_stages) {
        const uint64_t batch = MUTANT_IS(5) ? 50 : 1;
        a->due_ns = pace_due_ns(a->start_ns, a->index - a->index % batch, a->rate);
        return;
    }
    const uint64_t at_ns = shape_arrival_ns(&a->shape, a->index, a->fraction);
    a->due_ns = at_ns > UINT64_MAX - a->start_ns ? UINT64_MAX : a->start_ns + at_ns;
}

void arrivals_next(struct arrivals *a)
{
    if (a->is_poisson && !a->has_stages) {
        arrivals_draw_gap(a);
        return;
    }
    if (a->is_poisson)
        arrivals_draw_stride(a);
    else
        a->index += a->step;
    arrivals_find_due(a);
}

void arrivals_init(struct arrivals *a, const struct plan_load *load, uint32_t core, uint32_t cores,
                   uint64_t start_ns)
{
    *a = (struct arrivals){
        .rate = load->rate,
        .start_ns = start_ns,
        .due_ns = start_ns,
        .step = cores,
        .is_poisson = load->is_poisson,
        .has_stages = load->stage_count > 0,
    };
    if (a->has_stages)
        shape_cursor_init(&a->shape, load);
    if (!a->is_poisson) {
        a->index = core;
        arrivals_find_due(a);
        return;
    }
    /* The sum of `cores` independent Poisson streams of rate / cores is a Poisson stream of the
     * rate. */
    a->rate.den *= cores;
    prng_init(&a->random, load->seed, UINT64_C(0xA221) << 32 | core);
    arrivals_next(a);
}

void notices_add(struct notices *n, uint64_t at_ns)
{
    struct notice *last = &n->ring[(n->first + n->count - 1) % NOTICES_MAX];
    if (n->count > 0 && (last->at_ns == at_ns || n->count == NOTICES_MAX)) {
        last->count++;
        return;
    }
    n->ring[(n->first + n->count) % NOTICES_MAX] = (struct notice){ at_ns, 1 };
    n->count++;
}

uint64_t notices_take(struct notices *n)
{
    struct notice *oldest = &n->ring[n->first];
    const uint64_t at_ns = oldest->at_ns;
    if (--oldest->count == 0) {
        n->first = (n->first + 1) % NOTICES_MAX;
        n->count--;
    }
    return at_ns;
}

/* The oldest waiting arrival becomes the work of `u`. */
static void arrival_begin(struct worker *w, struct user *u)
{
    const uint64_t due_ns = w->pace.begun.due_ns;
    arrivals_next(&w->pace.begun);
    w->pace.backlog--;
    w->pace.backlog_due_ns -= due_ns;
    user_take_arrival(w, u, MUTANT_IS(3) ? w->now_ns : due_ns, notices_take(&w->pace.notices));
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
        hist_record(&w->shard->lateness, MUTANT_IS(22) ? 0 : w->now_ns - p->noticed.due_ns);
        books_begin(&w->shard->arrivals, p->noticed.due_ns);
        p->backlog_due_ns += p->noticed.due_ns;
        arrivals_next(&p->noticed);
        p->backlog++;
        notices_add(&p->notices, w->now_ns);
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
    books_give_up(&w->shard->arrivals, w->pace.backlog, w->pace.backlog_due_ns, w->now_ns);
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

static bool has_user_stages(const struct worker *w)
{
    return w->plan->load.stage_count > 0 && !w->plan->load.is_open;
}

static void target_set(struct worker *w, uint64_t word)
{
    const struct users_wanted wanted = users_wanted_unpack(word);
    struct pace *p = &w->pace;
    w->users_wanted_seen = word;
    p->users_wanted = wanted.users;
    p->users_target = users_share(w, wanted.users);
    p->spawn_rate = wanted.spawn_rate == 0 ? w->plan->load.spawn_rate
                                           : (struct ratio){ wanted.spawn_rate, 1000 };
}

/* How many users of all cores together the schedule wants by now: every core comes to the same
 * number, without asking the others. */
static uint32_t users_scheduled(const struct worker *w)
{
    const struct pace *p = &w->pace;
    const bool is_up = p->users_wanted >= p->spawn_base;
    uint32_t low = 0;
    uint32_t high = is_up ? p->users_wanted - p->spawn_base : p->spawn_base - p->users_wanted;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (pace_spawn_ns(&w->plan->load, p->spawn_rate, p->spawn_base_ns, middle) <= w->now_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return is_up ? p->spawn_base + low : p->spawn_base - low;
}

static void target_follow(struct worker *w)
{
    const uint64_t word = atomic_load_explicit(w->setup.users_wanted, memory_order_relaxed);
    if (word == w->users_wanted_seen)
        return;
    w->pace.spawn_base = users_scheduled(w);
    w->pace.spawn_base_ns = w->now_ns;
    target_set(w, word);
}

/* When the next user starts or stops. */
static uint64_t spawn_next_ns(const struct worker *w)
{
    const struct pace *p = &w->pace;
    if (w->draining)
        return UINT64_MAX;
    if (has_user_stages(w))
        return p->stage_ns;
    if (w->users_alive == p->users_target)
        return UINT64_MAX;
    const bool is_up = w->users_alive < p->users_target;
    const uint64_t from = is_up ? p->spawn_base : worker_user_number(w, w->users_alive - 1) + 1;
    const uint64_t to = is_up ? worker_user_number(w, w->users_alive) : p->spawn_base;
    return pace_spawn_ns(&w->plan->load, p->spawn_rate, p->spawn_base_ns,
                         to > from ? to - from : 0);
}

/* One user more or less, as the target wants it. */
static void users_step(struct worker *w, uint64_t due_ns)
{
    if (w->users_alive < w->pace.users_target) {
        if (w->users_alive == w->users_made)
            provision_make_user(w);
        struct user *u = &w->users[w->users_alive++];
        if (u->state == USER_ABSENT)
            user_start(w, u, due_ns);
        else
            u->leaving = false; /* it was asked to leave and has not yet: it stays */
    } else {
        user_stop(w, &w->users[--w->users_alive]);
    }
}

static void users_follow_target(struct worker *w)
{
    target_follow(w);
    for (uint64_t due_ns = spawn_next_ns(w); due_ns <= w->now_ns; due_ns = spawn_next_ns(w))
        users_step(w, due_ns);
}

/* Each change of the line in its turn, so that every user starts at its own moment however late we
 * are. */
static void users_follow_stages(struct worker *w)
{
    const struct plan_load *load = &w->plan->load;
    struct pace *p = &w->pace;
    while (p->stage_ns <= w->now_ns) {
        const uint64_t at_ns = p->stage_ns - w->start_ns;
        p->users_target = users_share(w, shape_users(load, at_ns));
        while (w->users_alive != p->users_target)
            users_step(w, p->stage_ns);
        const uint64_t next_ns = shape_users_change_ns(load, at_ns);
        p->stage_ns = next_ns == UINT64_MAX ? UINT64_MAX : w->start_ns + next_ns;
    }
}

/* ---- both ---- */

void pace_begin(struct worker *w)
{
    struct pace *p = &w->pace;
    const struct plan_load *load = &w->plan->load;
    target_set(w, atomic_load_explicit(w->setup.users_wanted, memory_order_relaxed));
    p->spawn_base_ns = w->start_ns;
    p->spawn_base = 0;
    p->stage_ns = w->start_ns;
    if (load->is_open) {
        arrivals_init(&p->noticed, load, w->setup.core, w->setup.cores, w->start_ns);
        p->begun = p->noticed;
    }
}

static uint64_t later(uint64_t at_ns, uint64_t by_ns)
{
    return at_ns == UINT64_MAX ? UINT64_MAX : at_ns + by_ns;
}

static void arrivals_postpone(struct arrivals *a, uint64_t by_ns)
{
    a->start_ns += by_ns;
    a->due_ns = later(a->due_ns, by_ns);
}

void pace_postpone(struct worker *w, uint64_t by_ns)
{
    struct pace *p = &w->pace;
    p->spawn_base_ns += by_ns;
    p->stage_ns = later(p->stage_ns, by_ns);
    arrivals_postpone(&p->noticed, by_ns);
    arrivals_postpone(&p->begun, by_ns);
    p->backlog_due_ns += p->backlog * by_ns;
    for (uint32_t i = 0; i < p->notices.count; i++)
        p->notices.ring[(p->notices.first + i) % NOTICES_MAX].at_ns += by_ns;
    books_postpone(&w->shard->arrivals, p->backlog, by_ns);
}

void pace_run(struct worker *w)
{
    if (w->draining || w->paused)
        return;
    if (has_user_stages(w))
        users_follow_stages(w);
    else
        users_follow_target(w);
    if (w->plan->load.is_open)
        arrivals_notice(w);
}

uint64_t pace_next_ns(const struct worker *w)
{
    if (w->draining || w->paused)
        return UINT64_MAX;
    uint64_t next_ns = spawn_next_ns(w);
    if (w->plan->load.is_open && w->requests_left > 0 && w->pace.noticed.due_ns < w->end_ns &&
        w->pace.noticed.due_ns < next_ns)
        next_ns = w->pace.noticed.due_ns;
    return next_ns;
}
