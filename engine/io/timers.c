#include "engine/io/timers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Time is cut into ticks of 2^20 ns. Near slots hold one tick each, far slots one period of
 * NEAR_SLOTS ticks. What is due in the current tick lies in a binary heap, ordered to the
 * nanosecond. Horizon: 73 minutes; later timers wait in the last far slot and are dealt out again
 * when it comes. */
#define TICK_BITS  20
#define NEAR_BITS  12
#define NEAR_SLOTS (1u << NEAR_BITS)
#define FAR_SLOTS  1024u
#define SLOT_COUNT (NEAR_SLOTS + FAR_SLOTS)
#define WORD_COUNT (SLOT_COUNT / 64u)
#define NEAR_WORDS (NEAR_SLOTS / 64u)

/* timer.place: 0 = not armed, 1..SLOT_COUNT = in slot place - 1, from PLACE_HEAP on = in the heap.
 */
#define PLACE_HEAP (SLOT_COUNT + 1u)

struct heap_entry {
    uint64_t due_ns;
    uint32_t index;
};
_Static_assert(sizeof(struct heap_entry) == TIMERS_BYTES_EACH, "what is told of it");

struct timers {
    char *base;
    uint32_t stride;
    uint64_t tick;      /* current: everything due in it or before is in the heap */
    uint64_t next_tick; /* at which the next used slot is to be dealt out, UINT64_MAX = none … */
    bool knows_next;    /* … if that is known: looking for it takes all words of `used` */
    uint32_t heap_count;
    struct heap_entry *heap;
    uint64_t used[WORD_COUNT];  /* bit per slot: not empty */
    uint32_t first[SLOT_COUNT]; /* first timer of a slot as index + 1, 0 = empty */
};

static struct timer *timer_at(const struct timers *ts, uint32_t index)
{
    return (struct timer *)(void *)(ts->base + (size_t)index * ts->stride);
}

int timers_open(struct timers **ret_timers, void *base, uint32_t stride, uint32_t count,
                uint64_t now_ns)
{
    struct timers *ts = calloc(1, sizeof *ts);
    if (ts == NULL)
        return -ENOMEM;
    ts->heap = calloc(count > 0 ? count : 1, sizeof *ts->heap);
    if (ts->heap == NULL) {
        free(ts);
        return -ENOMEM;
    }
    ts->base = base;
    ts->stride = stride;
    ts->tick = now_ns >> TICK_BITS;
    ts->next_tick = UINT64_MAX;
    ts->knows_next = true;
    *ret_timers = ts;
    return 0;
}

void timers_close(struct timers *ts)
{
    if (ts == NULL)
        return;
    free(ts->heap);
    free(ts);
}

bool timer_is_armed(const struct timer *t)
{
    return t->place != 0;
}

/* ---- the heap of what is due soon ---- */

static void heap_put(struct timers *ts, uint32_t at, struct heap_entry e)
{
    ts->heap[at] = e;
    timer_at(ts, e.index)->place = PLACE_HEAP + at;
}

static void heap_sift_up(struct timers *ts, uint32_t at, struct heap_entry e)
{
    while (at > 0) {
        const uint32_t parent = (at - 1) / 2;
        if (ts->heap[parent].due_ns <= e.due_ns)
            break;
        heap_put(ts, at, ts->heap[parent]);
        at = parent;
    }
    heap_put(ts, at, e);
}

static void heap_sift_down(struct timers *ts, uint32_t at, struct heap_entry e)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= ts->heap_count)
            break;
        if (child + 1 < ts->heap_count && ts->heap[child + 1].due_ns < ts->heap[child].due_ns)
            child++;
        if (e.due_ns <= ts->heap[child].due_ns)
            break;
        heap_put(ts, at, ts->heap[child]);
        at = child;
    }
    heap_put(ts, at, e);
}

static void heap_remove(struct timers *ts, uint32_t at)
{
    const struct heap_entry last = ts->heap[--ts->heap_count];
    if (at == ts->heap_count)
        return;
    if (at > 0 && last.due_ns < ts->heap[(at - 1) / 2].due_ns)
        heap_sift_up(ts, at, last);
    else
        heap_sift_down(ts, at, last);
}

/* ---- the slots of what is later ---- */

/* `tick`: when the slot is to be dealt out. */
static void slot_add(struct timers *ts, uint32_t slot, uint32_t index, uint64_t tick)
{
    struct timer *t = timer_at(ts, index);
    t->prev = 0;
    t->next = ts->first[slot];
    if (t->next != 0)
        timer_at(ts, t->next - 1)->prev = index + 1;
    ts->first[slot] = index + 1;
    ts->used[slot / 64] |= UINT64_C(1) << (slot % 64);
    t->place = slot + 1;
    if (tick < ts->next_tick)
        ts->next_tick = tick;
}

static void slot_remove(struct timers *ts, struct timer *t)
{
    const uint32_t slot = t->place - 1;
    if (t->next != 0)
        timer_at(ts, t->next - 1)->prev = t->prev;
    if (t->prev != 0)
        timer_at(ts, t->prev - 1)->next = t->next;
    else
        ts->first[slot] = t->next;
    if (ts->first[slot] == 0) {
        ts->used[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
        ts->knows_next = false;
    }
}

static void timers_place(struct timers *ts, uint32_t index)
{
    const uint64_t due_ns = timer_at(ts, index)->due_ns;
    const uint64_t tick = due_ns >> TICK_BITS;
    if (tick <= ts->tick) {
        heap_sift_up(ts, ts->heap_count++, (struct heap_entry){ due_ns, index });
        return;
    }
    if (tick - ts->tick < NEAR_SLOTS) {
        slot_add(ts, (uint32_t)tick % NEAR_SLOTS, index, tick);
        return;
    }
    const uint64_t period_now = ts->tick >> NEAR_BITS;
    uint64_t period = tick >> NEAR_BITS;
    if (period - period_now >= FAR_SLOTS)
        period = period_now + FAR_SLOTS - 1;
    slot_add(ts, NEAR_SLOTS + (uint32_t)(period % FAR_SLOTS), index, period << NEAR_BITS);
}

void timers_set(struct timers *ts, uint32_t index, uint64_t due_ns)
{
    timers_cancel(ts, index);
    timer_at(ts, index)->due_ns = due_ns;
    timers_place(ts, index);
}

void timers_cancel(struct timers *ts, uint32_t index)
{
    struct timer *t = timer_at(ts, index);
    if (t->place >= PLACE_HEAP)
        heap_remove(ts, t->place - PLACE_HEAP);
    else if (t->place != 0)
        slot_remove(ts, t);
    t->place = 0;
}

/* ---- time going on ---- */

/* How many places after `from` (1..limit) the next used slot lies, going round `slots` slots that
 * begin at word `word0`; 0 = none within limit. */
static uint32_t slots_next(const struct timers *ts, uint32_t word0, uint32_t slots, uint32_t from,
                           uint32_t limit)
{
    uint32_t distance = 1;
    while (distance <= limit) {
        const uint32_t slot = (from + distance) % slots;
        const uint64_t word = ts->used[word0 + slot / 64] >> (slot % 64);
        if (word != 0) {
            const uint32_t found = distance + (uint32_t)__builtin_ctzll(word);
            return found <= limit ? found : 0;
        }
        distance += 64 - slot % 64;
    }
    return 0;
}

static uint32_t near_next(const struct timers *ts)
{
    return slots_next(ts, 0, NEAR_SLOTS, (uint32_t)ts->tick % NEAR_SLOTS, NEAR_SLOTS - 1);
}

static uint32_t far_next(const struct timers *ts)
{
    const uint32_t period = (uint32_t)((ts->tick >> NEAR_BITS) % FAR_SLOTS);
    return slots_next(ts, NEAR_WORDS, FAR_SLOTS, period, FAR_SLOTS - 1);
}

/* Takes every timer out of a slot and places it anew, now that the tick has moved. */
static void slot_deal_out(struct timers *ts, uint32_t slot)
{
    uint32_t at = ts->first[slot];
    ts->first[slot] = 0;
    ts->used[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
    while (at != 0) {
        const uint32_t index = at - 1;
        at = timer_at(ts, index)->next;
        timers_place(ts, index);
    }
}

static uint64_t timers_find_next_tick(const struct timers *ts)
{
    const uint32_t near = near_next(ts), far = far_next(ts);
    const uint64_t near_tick = near == 0 ? UINT64_MAX : ts->tick + near;
    const uint64_t far_tick = far == 0 ? UINT64_MAX : ((ts->tick >> NEAR_BITS) + far) << NEAR_BITS;
    return near_tick < far_tick ? near_tick : far_tick;
}

static uint64_t timers_next_tick(struct timers *ts)
{
    if (!ts->knows_next) {
        ts->next_tick = timers_find_next_tick(ts);
        ts->knows_next = true;
    }
    return ts->next_tick;
}

static void timers_advance(struct timers *ts, uint64_t now_ns)
{
    const uint64_t until = now_ns >> TICK_BITS;
    while (ts->tick < until) {
        const uint64_t due = timers_next_tick(ts), next = due < until ? due : until;
        const bool new_period = next >> NEAR_BITS != ts->tick >> NEAR_BITS;
        ts->tick = next;
        ts->knows_next = next < due;
        if (new_period)
            slot_deal_out(ts, NEAR_SLOTS + (uint32_t)((next >> NEAR_BITS) % FAR_SLOTS));
        slot_deal_out(ts, (uint32_t)next % NEAR_SLOTS);
    }
}

uint64_t timers_next_ns(struct timers *ts)
{
    if (ts->heap_count > 0)
        return ts->heap[0].due_ns;
    const uint64_t tick = timers_next_tick(ts);
    return tick == UINT64_MAX ? UINT64_MAX : tick << TICK_BITS;
}

unsigned timers_run(struct timers *ts, uint64_t now_ns, unsigned limit, timer_fn *fire, void *owner)
{
    timers_advance(ts, now_ns);
    unsigned fired = 0;
    while (fired < limit && ts->heap_count > 0 && ts->heap[0].due_ns <= now_ns) {
        const uint32_t index = ts->heap[0].index;
        timers_cancel(ts, index);
        fire(owner, index, now_ns);
        fired++;
    }
    return fired;
}
