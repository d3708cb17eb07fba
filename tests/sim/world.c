#include "tests/sim/world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#define FIBER_STACK_BYTES (256u * 1024u)
#define FNV_BASIS         UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME         UINT64_C(0x100000001B3)

struct fiber {
    ucontext_t context;
    char *stack;
    bool has_begun, is_done;
    struct world *world;
    uint32_t index;
    void (*body)(void *context, uint32_t index);
    void *body_context;
    const void *stack_bottom; /* for the address sanitizer, which must know where a switch leads */
    size_t stack_bytes;
    void *sanitizer_stack;
};

static struct world *current;

const char *fault_name(enum fault f)
{
    static const char *const names[] = {
#define X(id, name) name,
        FAULTS(X)
#undef X
    };
    return names[f];
}

void world_open(struct world *w, uint64_t seed)
{
    *w = (struct world){ .now_ns = WORLD_START_NS,
                         .hash = FNV_BASIS,
                         .fired_max = UINT64_MAX,
                         .faults_end_ns = UINT64_MAX };
    prng_init(&w->prng, seed, 0);
    current = w;
}

void world_close(struct world *w)
{
    for (size_t i = 0; i < w->event_count; i++)
        free(w->heap[i].bytes);
    free(w->heap);
    free(w->links);
    w->heap = NULL;
    w->links = NULL;
    current = NULL;
}

struct world *world_now(void)
{
    return current;
}

static bool event_is_before(const struct event *a, const struct event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void world_schedule(struct world *w, const struct event *wanted)
{
    if (w->event_count == w->event_capacity) {
        w->event_capacity = w->event_capacity ? 2 * w->event_capacity : 256;
        w->heap = realloc(w->heap, w->event_capacity * sizeof *w->heap);
        if (w->heap == NULL)
            abort();
    }
    struct event e = *wanted;
    if (e.at_ns < w->now_ns)
        e.at_ns = w->now_ns;
    e.order = w->order_next++;
    size_t hole = w->event_count++;
    while (hole > 0 && event_is_before(&e, &w->heap[(hole - 1) / 2])) {
        w->heap[hole] = w->heap[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    w->heap[hole] = e;
}

static void nothing_happens(struct world *w, const struct event *e)
{
    (void)w;
    (void)e;
}

void world_forget(struct world *w, const void *subject)
{
    for (size_t i = 0; i < w->event_count; i++)
        if (w->heap[i].subject == subject)
            w->heap[i].fire = nothing_happens;
}

static struct event event_pop(struct world *w)
{
    const struct event top = w->heap[0];
    const struct event last = w->heap[--w->event_count];
    size_t hole = 0;
    for (;;) {
        size_t child = 2 * hole + 1;
        if (child >= w->event_count)
            break;
        if (child + 1 < w->event_count && event_is_before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!event_is_before(&w->heap[child], &last))
            break;
        w->heap[hole] = w->heap[child];
        hole = child;
    }
    if (w->event_count > 0)
        w->heap[hole] = last;
    return top;
}

static void clock_jump(struct world *w, uint64_t to_ns)
{
    if (to_ns <= w->now_ns)
        return;
    if (w->elapsed != NULL)
        w->elapsed(w->elapsed_context, to_ns - w->now_ns);
    w->now_ns = to_ns;
}

static void fire_one(struct world *w)
{
    const struct event e = event_pop(w);
    clock_jump(w, e.at_ns);
    if (++w->fired > w->fired_max)
        world_violate(w, "more than %llu events: the run does not end",
                      (unsigned long long)w->fired_max);
    e.fire(w, &e);
    free(e.bytes);
}

static bool waiters_are_asleep(const struct world *w)
{
    return w->now_ns >= w->asleep_from_ns && w->now_ns < w->asleep_to_ns;
}

/* Advances until somebody who waits may go on; NULL when nobody ever will. What the network does at
 * a moment comes before anybody wakes at that moment. */
static struct waiter *advance(struct world *w)
{
    for (;;) {
        while (w->event_count > 0 && w->heap[0].at_ns <= w->now_ns && !world_is_broken(w))
            fire_one(w);
        uint64_t next_ns = w->event_count > 0 ? w->heap[0].at_ns : UINT64_MAX;
        if (waiters_are_asleep(w) && w->asleep_to_ns < next_ns)
            next_ns = w->asleep_to_ns;
        for (uint32_t i = 0; i < w->waiter_count && !waiters_are_asleep(w); i++) {
            struct waiter *one = w->waiters[i];
            if (!one->is_waiting)
                continue;
            if (one->completions > one->too_few || one->until_ns <= w->now_ns || world_is_broken(w))
                return one;
            if (one->until_ns < next_ns)
                next_ns = one->until_ns;
        }
        if (next_ns == UINT64_MAX)
            return NULL;
        if (w->event_count > 0 && w->heap[0].at_ns == next_ns)
            fire_one(w);
        else
            clock_jump(w, next_ns);
    }
}

static void fiber_switch(struct world *w, uint32_t to)
{
    struct fiber *from = &w->fibers[w->fiber_now];
    struct fiber *target = &w->fibers[to];
    if (from == target)
        return;
    w->fiber_now = to;
    target->has_begun = true;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(from->is_done ? NULL : &from->sanitizer_stack,
                                   target->stack_bottom, target->stack_bytes);
#endif
    swapcontext(&from->context, &target->context);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(from->sanitizer_stack, NULL, NULL);
#endif
}

/* Who runs next: first whoever has not begun, then whoever's wait is over; the caller of
 * world_run_fibers() when all is done or stuck. */
static uint32_t fiber_next(struct world *w)
{
    for (uint32_t i = 1; i < w->fiber_count; i++)
        if (!w->fibers[i].has_begun)
            return i;
    const struct waiter *next = advance(w);
    return next == NULL ? 0 : next->fiber;
}

bool world_wait(struct world *w, struct waiter *me, uint64_t until_ns)
{
    me->until_ns = until_ns;
    me->is_waiting = true;
    me->fiber = w->fiber_now;
    if (w->fiber_count == 0) {
        if (advance(w) == NULL)
            world_violate(w, "deadlock: a wait without end, and nothing will ever happen");
    } else {
        const uint32_t next = fiber_next(w);
        if (next == 0)
            world_violate(w, "deadlock: all cores wait without end");
        else
            fiber_switch(w, next);
    }
    me->is_waiting = false;
    return !world_is_broken(w);
}

void world_drain(struct world *w, uint64_t limit_ns)
{
    const uint64_t end_ns = w->now_ns + limit_ns;
    while (w->event_count > 0 && w->heap[0].at_ns <= end_ns && !world_is_broken(w))
        fire_one(w);
}

static bool fibers_are_done(const struct world *w)
{
    for (uint32_t i = 1; i < w->fiber_count; i++)
        if (!w->fibers[i].is_done)
            return false;
    return true;
}

/* fibers[0] is the caller; body i runs as fibers[i + 1]. */
static void fiber_main(unsigned low, unsigned high)
{
    struct fiber *f = (struct fiber *)(uintptr_t)(((uint64_t)high << 32) | low);
    struct world *w = f->world;
#if defined(__SANITIZE_ADDRESS__)
    const void *bottom = NULL;
    size_t bytes = 0;
    __sanitizer_finish_switch_fiber(NULL, &bottom, &bytes);
    if (w->fibers[0].stack_bottom == NULL) { /* the first switch comes from the caller */
        w->fibers[0].stack_bottom = bottom;
        w->fibers[0].stack_bytes = bytes;
    }
#endif
    f->body(f->body_context, f->index);
    f->is_done = true;
    fiber_switch(w, fibers_are_done(w) ? 0 : fiber_next(w));
    abort(); /* a finished fiber is never run again */
}

static void fiber_prepare(struct world *w, struct fiber *f)
{
    f->stack = malloc(FIBER_STACK_BYTES);
    if (f->stack == NULL)
        abort();
    f->world = w;
    f->stack_bottom = f->stack;
    f->stack_bytes = FIBER_STACK_BYTES;
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack;
    f->context.uc_stack.ss_size = FIBER_STACK_BYTES;
    f->context.uc_link = NULL;
    const uintptr_t self = (uintptr_t)f;
    makecontext(&f->context, (void (*)(void))fiber_main, 2, (unsigned)self,
                (unsigned)((uint64_t)self >> 32));
}

void world_run_fibers(struct world *w, uint32_t count, void (*body)(void *context, uint32_t index),
                      void *context)
{
    struct fiber fibers[WORLD_FIBERS_MAX + 1] = { { .world = w } };
    assert(count >= 1 && count <= WORLD_FIBERS_MAX);
    if (count == 1) {
        body(context, 0);
        return;
    }
    w->fibers = fibers;
    w->fiber_count = count + 1;
    for (uint32_t i = 0; i < count; i++) {
        fibers[i + 1].body = body;
        fibers[i + 1].body_context = context;
        fibers[i + 1].index = i;
        fiber_prepare(w, &fibers[i + 1]);
    }
    fiber_switch(w, 1);
    w->fibers = NULL;
    w->fiber_count = 0;
    w->fiber_now = 0;
    for (uint32_t i = 0; i < count; i++)
        free(fibers[i + 1].stack);
}

bool world_strikes(struct world *w, enum fault f)
{
    if (w->chances == NULL || w->chances[f] == 0 || w->now_ns >= w->faults_end_ns ||
        prng_below(&w->prng, FAULT_CERTAIN) >= w->chances[f])
        return false;
    w->strikes[f]++;
    world_note(w, fault_name(f), 0, 0);
    return true;
}

uint64_t world_pick(struct world *w, uint64_t bound)
{
    return bound == 0 ? 0 : prng_below(&w->prng, bound + 1);
}

void world_note(struct world *w, const char *what, uint64_t a, uint64_t b)
{
    uint64_t hash = w->hash;
    const size_t len = strlen(what);
    for (size_t done = 0; done < len; done += sizeof(uint64_t)) {
        uint64_t part = 0;
        memcpy(&part, what + done, len - done < sizeof part ? len - done : sizeof part);
        hash = (hash ^ part) * FNV_PRIME;
    }
    hash = (hash ^ w->now_ns) * FNV_PRIME;
    hash = (hash ^ a) * FNV_PRIME;
    w->hash = (hash ^ b) * FNV_PRIME;
    if (w->is_traced)
        fprintf(stderr, "%12.6f ms  %-18s %lld %lld\n", (double)(w->now_ns - WORLD_START_NS) / 1e6,
                what, (long long)a, (long long)b);
}

void world_violate(struct world *w, const char *format, ...)
{
    if (world_is_broken(w))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->violation, sizeof w->violation, format, arguments);
    va_end(arguments);
    if (w->is_traced)
        fprintf(stderr, "VIOLATION at %.6f ms: %s\n", (double)(w->now_ns - WORLD_START_NS) / 1e6,
                w->violation);
}
