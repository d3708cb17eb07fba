#include <stdlib.h>

#include "bench/harness.h"
#include "engine/io/timers.h"
#include "engine/plan/arena.h"
#include "engine/plan/choose.h"

#define TIMERS  10000u
#define WAIT_NS UINT64_C(1000000000)

static struct arena *arena;
static struct alias_table table;
static struct prng prng;

static void prepare_choice(void)
{
    static const uint64_t weights[] = { 5, 2, 1 };
    bench_check(arena_open(&arena) == 0);
    bench_check(alias_build(&table, arena, weights, 3) == 0);
    prng_init(&prng, 1, 0);
}

static void finish_choice(void)
{
    arena_close(arena);
}

static void choose(uint64_t rounds)
{
    uint64_t picked[3] = { 0 };
    for (uint64_t i = 0; i < rounds; i++)
        picked[alias_choose(&table, &prng)]++;
    bench_check(picked[0] + picked[1] + picked[2] == rounds);
    bench_check(picked[0] > picked[1] && picked[1] > picked[2]);
}

static void wait_uniform(uint64_t rounds)
{
    const struct wait_rule rule = { .kind = WAIT_UNIFORM,
                                    .low_ns = 5 * WAIT_NS,
                                    .high_ns = 10 * WAIT_NS };
    uint64_t least_ns = UINT64_MAX, most_ns = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        const uint64_t ns = wait_sample_ns(&rule, &prng, 0, 0);
        least_ns = ns < least_ns ? ns : least_ns;
        most_ns = ns > most_ns ? ns : most_ns;
    }
    bench_check(least_ns >= rule.low_ns && most_ns <= rule.high_ns);
}

/* Users who wait a second each: every timer that fires is set again, time leaps to the next one. */
static struct timer *slots;
static struct timers *timers;
static uint64_t now_ns, fired;

static void fire(void *owner, uint32_t index, uint64_t at_ns)
{
    (void)owner;
    fired++;
    timers_set(timers, index, at_ns + WAIT_NS);
}

static void prepare_timers(void)
{
    now_ns = WAIT_NS;
    slots = calloc(TIMERS, sizeof *slots);
    bench_check(slots != NULL);
    bench_check(timers_open(&timers, slots, sizeof *slots, TIMERS, now_ns) == 0);
    for (uint32_t i = 0; i < TIMERS; i++)
        timers_set(timers, i, now_ns + 1 + i * (WAIT_NS / TIMERS));
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
        const uint32_t index = (uint32_t)(i % TIMERS);
        timers_set(timers, index, now_ns + 30 * WAIT_NS);
        timers_cancel(timers, index);
    }
    bench_check(!timer_is_armed(&slots[(rounds - 1) % TIMERS]));
}

int main(int argc, char **argv)
{
    const struct bench benches[] = {
        { "alias_choose_of_3", 20 * 1000 * 1000, prepare_choice, choose, finish_choice },
        { "wait_sample_uniform", 20 * 1000 * 1000, prepare_choice, wait_uniform, finish_choice },
        { "timer_fired_and_set_again", 1000 * 1000, prepare_timers, turn_timers, finish_timers },
        { "timer_set_and_cancelled", 2 * 1000 * 1000, prepare_timers, set_and_cancel,
          finish_timers },
    };
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
