#include "bench/harness.h"
#include "engine/plan/arena.h"
#include "engine/plan/choose.h"
#include "engine/run/values.h"

/* ---- choosing and waiting ---- */

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

/* ---- variables of users ---- */

#define USERS     10000u
#define VARIABLES 3u

static struct values values;
static const struct span token = { "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b", 40 };

static void prepare_values(void)
{
    bench_check(values_open(&values, USERS, VARIABLES) == 0);
    for (uint32_t user = 0; user < USERS; user++)
        bench_check(values_set(&values, user, 1, token, false) == 0);
}

static void finish_values(void)
{
    values_close(&values);
}

/* A long text and a short one in turn, so that blocks of two sizes come and go. */
static void set_values(uint64_t rounds)
{
    const struct span texts[2] = { token, { token.bytes, 2 } };
    uint64_t kept = 0;
    for (uint64_t i = 0; i < rounds; i++)
        kept += values_set(&values, (uint32_t)(i % USERS), 0, texts[i / USERS % 2], false) == 0;
    bench_check(kept == rounds);
    struct span last;
    bench_check(values_get(&values, (uint32_t)((rounds - 1) % USERS), 0, &last) == 0);
    bench_check(span_equal(last, texts[(rounds - 1) / USERS % 2]));
}

static void get_values(uint64_t rounds)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        struct span text = { NULL, 0 };
        if (values_get(&values, (uint32_t)(i % USERS), 1, &text) == 0)
            bytes += text.len + (text.bytes[0] != '9');
    }
    bench_check(bytes == rounds * token.len);
}

int main(int argc, char **argv)
{
    const struct bench benches[] = {
        { "alias_choose_of_3", 20 * 1000 * 1000, prepare_choice, choose, finish_choice },
        { "wait_sample_uniform", 20 * 1000 * 1000, prepare_choice, wait_uniform, finish_choice },
        { "values_set", 5 * 1000 * 1000, prepare_values, set_values, finish_values },
        { "values_get", 20 * 1000 * 1000, prepare_values, get_values, finish_values },
    };
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
