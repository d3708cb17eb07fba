#include <stdlib.h>

#include "bench/harness.h"
#include "engine/io/timers.h"
#include "engine/plan/prng.h"

/* Users who wait half a second to one and a half: every timer that fires is set again, time leaps
 * to the next one. The waits are drawn before timing. */
#define WAIT_NS    UINT64_C(1000000000)
#define WAITS      (1u << 16)
#define WAITS_MASK (WAITS - 1u)
#define TIMERS_MAX (1000u * 1000u)

static uint64_t waits_ns[WAITS];
static uint32_t waits_used, timer_count;
static struct timer *slots;
static uint64_t now_ns, fired, last_due_ns;

static uint64_t next_wait_ns(void)
{
    return waits_ns[waits_used++ & WAITS_MASK];
}

static void prepare_slots(uint32_t count)
{
    struct prng p;
    prng_init(&p, 1, 0);
    for (uint32_t i = 0; i < WAITS; i++)
        waits_ns[i] = WAIT_NS / 2 + prng_below(&p, WAIT_NS);
    now_ns = last_due_ns = WAIT_NS;
    waits_used = 0;
    timer_count = count;
    slots = calloc(count, sizeof *slots);
    bench_check(slots != NULL);
}

/* ---- the wheel ---- */

static struct timers *timers;

static void fire(void *owner, uint32_t index, uint64_t at_ns)
{
    (void)owner;
    bench_check(slots[index].due_ns >= last_due_ns && slots[index].due_ns <= at_ns);
    last_due_ns = slots[index].due_ns;
    fired++;
    timers_set(timers, index, at_ns + next_wait_ns());
}

static void prepare_timers(uint32_t count)
{
    prepare_slots(count);
    bench_check(timers_open(&timers, slots, sizeof *slots, count, now_ns) == 0);
    for (uint32_t i = 0; i < count; i++)
        timers_set(timers, i, now_ns + next_wait_ns());
}

static void prepare_thousand(void)
{
    prepare_timers(1000);
}

static void prepare_hundred_thousand(void)
{
    prepare_timers(100 * 1000);
}

static void prepare_million(void)
{
    prepare_timers(TIMERS_MAX);
}

static void finish_timers(void)
{
    timers_close(timers);
    free(slots);
}

static void turn_timers(uint64_t rounds)
{
    fired = 0;
    while (fired < rounds) {
        const uint64_t next_ns = timers_next_ns(timers);
        bench_check(next_ns != UINT64_MAX);
        now_ns = next_ns > now_ns ? next_ns : now_ns;
        timers_run(timers, now_ns, (unsigned)(rounds - fired), fire, NULL);
    }
    bench_check(fired == rounds);
}

static void set_and_cancel(uint64_t rounds)
{
    for (uint64_t i = 0; i < rounds; i++) {
        const uint32_t index = (uint32_t)(i % timer_count);
        timers_set(timers, index, now_ns + 30 * WAIT_NS);
        timers_cancel(timers, index);
    }
    bench_check(!timer_is_armed(&slots[(rounds - 1) % timer_count]));
}

/* What fetching one timer of so many from memory takes, with no order kept: the part of the cost
 * that grows whatever the structure is. */
static void touch(uint64_t rounds)
{
    uint64_t sum = 0, at = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        at = (at + next_wait_ns() + (sum & 1)) % timer_count;
        slots[at].due_ns += 2;
        sum += slots[at].due_ns;
    }
    bench_check(sum > rounds);
}

/* ---- the alternative: a binary heap alone, with places so that a timer could be cancelled ---- */

struct heap_entry {
    uint64_t due_ns;
    uint32_t index;
};

static struct heap_entry *heap;
static uint32_t heap_count;

static void heap_put(uint32_t at, struct heap_entry e)
{
    heap[at] = e;
    slots[e.index].place = at + 1;
}

static void heap_push(uint32_t index, uint64_t due_ns)
{
    uint32_t at = heap_count++;
    slots[index].due_ns = due_ns;
    while (at > 0 && heap[(at - 1) / 2].due_ns > due_ns) {
        heap_put(at, heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(at, (struct heap_entry){ due_ns, index });
}

static struct heap_entry heap_pop(void)
{
    const struct heap_entry top = heap[0], moved = heap[--heap_count];
    uint32_t at = 0;
    for (uint32_t child = 1; child < heap_count; child = 2 * at + 1) {
        if (child + 1 < heap_count && heap[child + 1].due_ns < heap[child].due_ns)
            child++;
        if (heap[child].due_ns >= moved.due_ns)
            break;
        heap_put(at, heap[child]);
        at = child;
    }
    if (heap_count > 0)
        heap_put(at, moved);
    return top;
}

static void prepare_heap(uint32_t count)
{
    prepare_slots(count);
    heap_count = 0;
    heap = calloc(count, sizeof *heap);
    bench_check(heap != NULL);
    for (uint32_t i = 0; i < count; i++)
        heap_push(i, now_ns + next_wait_ns());
}

static void prepare_heap_of_thousand(void)
{
    prepare_heap(1000);
}

static void prepare_heap_of_hundred_thousand(void)
{
    prepare_heap(100 * 1000);
}

static void prepare_heap_of_million(void)
{
    prepare_heap(TIMERS_MAX);
}

static void finish_heap(void)
{
    free(heap);
    free(slots);
}

static void turn_heap(uint64_t rounds)
{
    for (uint64_t i = 0; i < rounds; i++) {
        const struct heap_entry due = heap_pop();
        bench_check(due.due_ns >= now_ns && slots[due.index].due_ns == due.due_ns);
        now_ns = due.due_ns;
        heap_push(due.index, now_ns + next_wait_ns());
    }
    bench_check(heap_count == timer_count);
}

int main(int argc, char **argv)
{
    const struct bench benches[] = {
        { "timer_of_1000", 2 * 1000 * 1000, prepare_thousand, turn_timers, finish_timers },
        { "timer_of_100000", 2 * 1000 * 1000, prepare_hundred_thousand, turn_timers, finish_timers,
          "timer_of_1000" },
        { "timer_of_1000000", 2 * 1000 * 1000, prepare_million, turn_timers, finish_timers,
          "timer_of_1000" },
        { "heap_of_1000", 2 * 1000 * 1000, prepare_heap_of_thousand, turn_heap, finish_heap,
          "timer_of_1000" },
        { "heap_of_100000", 2 * 1000 * 1000, prepare_heap_of_hundred_thousand, turn_heap,
          finish_heap, "timer_of_100000" },
        { "heap_of_1000000", 2 * 1000 * 1000, prepare_heap_of_million, turn_heap, finish_heap,
          "timer_of_1000000" },
        { "timer_of_1000_touched", 5 * 1000 * 1000, prepare_thousand, touch, finish_timers },
        { "timer_of_1000000_touched", 5 * 1000 * 1000, prepare_million, touch, finish_timers,
          "timer_of_1000_touched" },
        { "timer_set_and_cancelled", 2 * 1000 * 1000, prepare_hundred_thousand, set_and_cancel,
          finish_timers },
    };
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
