/* test_choose.c — goal: tasks come as often as their weights say, waits are as long as their rule
 * says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "engine/plan/arena.h"
#include "engine/plan/choose.h"

#define WEIGHTS_MAX 64u

/* Share of each index that a table stands for, of 2^32 * count: columns add up to their own and
 * their alias. */
static void table_shares(const struct alias_table *t, uint64_t *shares)
{
    for (uint32_t i = 0; i < t->count; i++)
        shares[i] = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        shares[i] += t->threshold[i];
        shares[t->alias[i]] += (UINT64_C(1) << 32) - t->threshold[i];
    }
}

static void assert_shares(const uint64_t *weights, uint32_t count)
{
    struct arena *a;
    struct alias_table t;
    uint64_t shares[WEIGHTS_MAX], sum = 0;
    assert_int_equal(arena_open(&a), 0);
    assert_int_equal(alias_build(&t, a, weights, count), 0);
    assert_int_equal(t.count, count);
    table_shares(&t, shares);
    for (uint32_t i = 0; i < count; i++)
        sum += weights[i];
    for (uint32_t i = 0; i < count; i++) {
        const double wanted = (double)weights[i] / (double)sum * (double)count * 0x1p32;
        /* Each column is rounded by less than one in 2^32. */
        assert_true(fabs((double)shares[i] - wanted) <= (double)count + 1e-6 * wanted * 0x1p-20);
        if (weights[i] == 0)
            assert_int_equal(shares[i], 0);
    }
    arena_close(a);
}

static void a_table_holds_the_weights_to_one_in_2_to_the_32(void **state)
{
    (void)state;
    assert_shares((const uint64_t[]){ 5, 2, 1 }, 3);
    assert_shares((const uint64_t[]){ 1 }, 1);
    assert_shares((const uint64_t[]){ 0, 0, 7, 0 }, 4);
    assert_shares((const uint64_t[]){ 1, 1, 1, 1 }, 4);
    assert_shares((const uint64_t[]){ 1, 1000000 }, 2);
    assert_shares((const uint64_t[]){ 1000000, 999999, 0, 1 }, 4);
    struct prng p;
    prng_init(&p, 1, 2);
    for (int round = 0; round < 2000; round++) {
        uint64_t weights[WEIGHTS_MAX];
        const uint32_t count = 1 + (uint32_t)prng_below(&p, WEIGHTS_MAX);
        for (uint32_t i = 0; i < count; i++)
            weights[i] = prng_below(&p, 3) == 0 ? 0 : prng_below(&p, 1000001);
        weights[prng_below(&p, count)] += 1;
        assert_shares(weights, count);
    }
}

static void choices_come_in_the_proportion_of_the_weights(void **state)
{
    (void)state;
    static const uint64_t weights[] = { 5, 2, 1, 0 };
    static const double shares[] = { 0.625, 0.25, 0.125, 0 };
    struct arena *a;
    struct alias_table t;
    struct prng p;
    uint32_t seen[4] = { 0 };
    const uint32_t rounds = 200000;
    prng_init(&p, 42, 0);
    assert_int_equal(arena_open(&a), 0);
    assert_int_equal(alias_build(&t, a, weights, 4), 0);
    for (uint32_t i = 0; i < rounds; i++)
        seen[alias_choose(&t, &p)]++;
    for (uint32_t i = 0; i < 4; i++) {
        const double sigma = sqrt(rounds * shares[i] * (1 - shares[i]));
        assert_true(fabs(seen[i] - rounds * shares[i]) <= 5 * sigma);
    }
    assert_int_equal(seen[3], 0);
    arena_close(a);
}

static uint64_t sample(const struct wait_rule *rule, struct prng *p)
{
    return wait_sample_ns(rule, p, 1000, 1000);
}

static void waits_have_the_mean_and_range_of_their_rule(void **state)
{
    (void)state;
    const struct wait_rule uniform = { WAIT_UNIFORM, 5000000000, 10000000000 };
    const struct wait_rule exponential = { WAIT_EXPONENTIAL, 3000000000, 0 };
    const int rounds = 100000;
    double sum_uniform = 0, sum_exponential = 0;
    uint32_t above_mean = 0;
    struct prng p;
    prng_init(&p, 7, 7);
    for (int i = 0; i < rounds; i++) {
        const uint64_t u = sample(&uniform, &p), e = sample(&exponential, &p);
        assert_in_range(u, 5000000000, 10000000000);
        sum_uniform += (double)u;
        sum_exponential += (double)e;
        above_mean += e > 3000000000;
    }
    /* Within four standard errors; an exponential is above its mean with probability 1/e. */
    assert_true(fabs(sum_uniform / rounds - 7.5e9) < 4 * 5e9 / sqrt(12.0 * rounds));
    assert_true(fabs(sum_exponential / rounds - 3e9) < 4 * 3e9 / sqrt(rounds));
    assert_true(fabs(above_mean / (double)rounds - exp(-1)) < 4 * sqrt(0.2325 / rounds));
}

static void a_uniform_wait_reaches_both_ends(void **state)
{
    (void)state;
    const struct wait_rule narrow = { WAIT_UNIFORM, 10, 12 }, point = { WAIT_UNIFORM, 10, 10 };
    uint32_t seen[3] = { 0 };
    struct prng p;
    prng_init(&p, 7, 7);
    for (int i = 0; i < 1000; i++)
        seen[sample(&narrow, &p) - 10]++;
    assert_true(seen[0] > 250 && seen[1] > 250 && seen[2] > 250);
    assert_int_equal(sample(&point, &p), 10);
}

static void constant_and_no_wait_draw_nothing(void **state)
{
    (void)state;
    const struct wait_rule none = { WAIT_NONE, 0, 0 }, constant = { WAIT_CONSTANT, 1500, 0 };
    struct prng p, before;
    prng_init(&p, 1, 1);
    before = p;
    assert_int_equal(sample(&none, &p), 0);
    assert_int_equal(sample(&constant, &p), 1500);
    assert_memory_equal(&p, &before, sizeof(p));
}

static void pacing_waits_for_the_rest_and_catches_nothing_up(void **state)
{
    (void)state;
    const struct wait_rule pacing = { WAIT_PACING, 1000, 0 };
    struct prng p;
    prng_init(&p, 1, 1);
    assert_int_equal(wait_sample_ns(&pacing, &p, 5000, 5000), 1000);
    assert_int_equal(wait_sample_ns(&pacing, &p, 5000, 5300), 700);
    assert_int_equal(wait_sample_ns(&pacing, &p, 5000, 6000), 0);
    assert_int_equal(wait_sample_ns(&pacing, &p, 5000, 6500), 0);
    assert_int_equal(wait_sample_ns(&pacing, &p, 5000, 99000), 0);
    assert_int_equal(wait_sample_ns(&pacing, &p, 5000, 4000), 1000);
}

static void a_cycle_spreads_each_as_evenly_as_can_be(void **state)
{
    (void)state;
    static const struct {
        uint64_t weights[4];
        const char *order; /* NULL: too many places */
    } rows[] = {
        { { 5, 1, 1, 0 }, "0010200" }, { { 50, 10, 10, 0 }, "0010200" },
        { { 0, 3, 2, 0 }, "12121" },   { { 0, 0, 0, 7 }, "3" },
        { { 0, 0, 0, 0 }, "" },        { { 1, 1, 1, 1 }, "0123" },
        { { 65536, 1, 0, 0 }, NULL },  { { 131072, 65536, 0, 0 }, "010" },
    };
    struct arena *a;
    assert_int_equal(arena_open(&a), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const uint16_t *cycle = NULL;
        uint32_t count = 9;
        const int rc = cycle_build(&cycle, &count, a, rows[i].weights, 4);
        assert_int_equal(rc, rows[i].order == NULL ? -E2BIG : 0);
        assert_int_equal(count, rows[i].order == NULL ? 0 : strlen(rows[i].order));
        for (uint32_t k = 0; k < count; k++)
            assert_int_equal(cycle[k], rows[i].order[k] - '0');
    }
    arena_close(a);
}

static void an_arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
    (void)state;
    struct arena *a;
    assert_int_equal(arena_open(&a), 0);
    unsigned char *blocks[300];
    for (size_t i = 0; i < 300; i++) {
        const size_t size = i * i * 3 % 20000;
        blocks[i] = arena_alloc(a, size);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(blocks[i][k], 0);
        memset(blocks[i], 0xAA, size);
    }
    assert_true(arena_bytes(a) > 2000000 && arena_bytes(a) < 4000000);
    assert_null(arena_alloc(a, SIZE_MAX - 5));
    assert_string_equal(arena_copy(a, (struct span){ "hello", 4 }), "hell");
    arena_close(a);
    arena_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_holds_the_weights_to_one_in_2_to_the_32),
        cmocka_unit_test(choices_come_in_the_proportion_of_the_weights),
        cmocka_unit_test(waits_have_the_mean_and_range_of_their_rule),
        cmocka_unit_test(a_uniform_wait_reaches_both_ends),
        cmocka_unit_test(constant_and_no_wait_draw_nothing),
        cmocka_unit_test(pacing_waits_for_the_rest_and_catches_nothing_up),
        cmocka_unit_test(a_cycle_spreads_each_as_evenly_as_can_be),
        cmocka_unit_test(an_arena_gives_zeroed_aligned_memory_of_any_size),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("choose", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
