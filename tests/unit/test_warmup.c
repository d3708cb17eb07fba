/* test_warmup — goal: the beginning is cut where it ends, a steady run is hardly cut, and a run
 * that never settles is told apart. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "engine/plan/prng.h"
#include "stats/warmup.h"

#define COUNT 5000u

static double values[COUNT];

/* Box and Muller. */
static double draw_normal(struct prng *p)
{
    return sqrt(-2 * log1p(-prng_unit(p))) * cos(2 * M_PI * prng_unit(p));
}

static double mean_from(size_t first)
{
    double sum = 0;
    for (size_t i = first; i < COUNT; i++)
        sum += values[i];
    return sum / (double)(COUNT - first);
}

/* 6 exp(-t / 200) above a level of 0 with noise whose neighbours correlate by 0.5. The mean of all
 * values is 0.24 too high. Computed with another generator in another language, the mean cut is 401
 * within 280 to 650, and the rest is 0.03 off. */
static void a_fading_start_is_cut_where_it_is_lost_in_the_noise(void **state)
{
    (void)state;
    const int seeds = 100;
    double cut_sum = 0, whole = 0, rest = 0;

    for (int seed = 0; seed < seeds; seed++) {
        struct prng p;
        double noise = 0;
        prng_init(&p, (uint64_t)seed, 0);
        for (size_t i = 0; i < COUNT; i++) {
            noise = 0.5 * noise + draw_normal(&p);
            values[i] = 6 * exp(-(double)i / 200) + noise;
        }
        const struct warmup w = warmup_find(values, COUNT);
        assert_true(w.is_settled);
        assert_int_equal(w.cut % WARMUP_GROUP, 0);
        assert_in_range(w.cut, 200, 900);
        cut_sum += (double)w.cut;
        whole += mean_from(0) / seeds;
        rest += mean_from(w.cut) / seeds;
    }
    assert_true(cut_sum / seeds > 280 && cut_sum / seeds < 650);
    assert_true(whole > 0.2 && whole < 0.28);
    assert_true(fabs(rest) < 0.05);
}

/* By hand: means 9, 3, 1, 1, 1, 1. The squared errors from each d = 0..3 on are 156/36 - 256/36/6
 * …, and from d = 2 on nothing is left. */
static void a_step_is_cut_at_its_edge(void **state)
{
    (void)state;
    static const double means[] = { 9, 3, 1, 1, 1, 1 };

    for (size_t i = 0; i < 30; i++)
        values[i] = means[i / WARMUP_GROUP];
    const struct warmup w = warmup_find(values, 30);
    assert_int_equal(w.cut, 10);
    assert_true(w.is_settled);
}

static void a_level_without_noise_is_not_cut(void **state)
{
    (void)state;

    for (size_t i = 0; i < COUNT; i++)
        values[i] = 12.5;
    const struct warmup w = warmup_find(values, COUNT);
    assert_int_equal(w.cut, 0);
    assert_true(w.is_settled);
}

static void a_climb_to_the_end_never_settles(void **state)
{
    (void)state;

    for (size_t i = 0; i < COUNT; i++)
        values[i] = (double)i;
    const struct warmup w = warmup_find(values, COUNT);
    assert_int_equal(w.cut, COUNT / 2);
    assert_false(w.is_settled);
}

/* Nanoseconds of a long run: 1e12 with deviations of a few. */
static void large_values_lose_no_digits(void **state)
{
    (void)state;
    struct prng p;

    prng_init(&p, 5, 0);
    for (size_t i = 0; i < 1000; i++)
        values[i] = (i < 100 ? 50 : 0) + draw_normal(&p);
    const size_t small = warmup_find(values, 1000).cut;
    for (size_t i = 0; i < 1000; i++)
        values[i] += 1e12;
    assert_int_equal(small, 100);
    assert_int_equal(warmup_find(values, 1000).cut, small);
}

static void seconds_in_which_nothing_finished_are_passed_over(void **state)
{
    (void)state;

    for (size_t i = 0; i < 100; i++)
        values[i] = i % 7 == 3 || (i >= 40 && i < 45) ? NAN : i < 20 ? 90 : 10;
    const struct warmup w = warmup_find(values, 100);
    assert_int_equal(w.cut, 20);
    assert_true(w.is_settled);
}

static void too_little_to_judge_is_left_as_it_is(void **state)
{
    (void)state;

    for (size_t i = 0; i < 30; i++)
        values[i] = NAN;
    assert_int_equal(warmup_find(values, 30).cut, 0);
    values[0] = 5;
    for (size_t count = 0; count < 2u * WARMUP_GROUP; count++)
        assert_int_equal(warmup_find(values, count).cut, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fading_start_is_cut_where_it_is_lost_in_the_noise),
        cmocka_unit_test(a_step_is_cut_at_its_edge),
        cmocka_unit_test(a_level_without_noise_is_not_cut),
        cmocka_unit_test(a_climb_to_the_end_never_settles),
        cmocka_unit_test(large_values_lose_no_digits),
        cmocka_unit_test(seconds_in_which_nothing_finished_are_passed_over),
        cmocka_unit_test(too_little_to_judge_is_left_as_it_is),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("warmup", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
