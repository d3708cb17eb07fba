/* test_confidence — goal: no interval is narrower than the values can bear, and where they bear
 * none there is none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "engine/plan/prng.h"
#include "stats/confidence.h"

#define ARRAY_LEN(array)         (sizeof(array) / sizeof((array)[0]))
#define assert_near(a, b, error) assert_true(fabs((a) - (b)) < (error))

/* Computed with scipy.stats.binom. */
static void ranks_of_independent_values_are_those_of_the_binomial(void **state)
{
    (void)state;
    static const struct {
        uint64_t count, num, den, low, high;
        double coverage;
    } golden[] = {
        { 100, 50, 100, 40, 61, .9648 },
        { 1000, 90, 100, 881, 919, .9549 },
        { 1000, 99, 100, 983, 997, .9761 },
        { 10000, 99, 100, 9880, 9920, .9558 },
        { 10000, 999, 1000, 9983, 9997, .9755 },
        { 60000, 99, 100, 59352, 59448, .9511 },
        { 1000000, 999, 1000, 998938, 999062, .9502 },
    };

    for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
        const struct confidence_ranks r =
            confidence_independent(golden[i].count, golden[i].num, golden[i].den);
        assert_int_equal(r.low, golden[i].low);
        assert_int_equal(r.high, golden[i].high);
        assert_near(r.coverage, golden[i].coverage, 0.00005);
    }
}

static void a_bound_needs_its_number_of_values(void **state)
{
    (void)state;
    static const struct {
        uint64_t num, den, least;
    } golden[] = {
        { 90, 100, 36 },     { 95, 100, 72 },        { 99, 100, 368 },
        { 999, 1000, 3688 }, { 9999, 10000, 36887 }, { 99999, 100000, 368887 },
    };

    for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
        const uint64_t least = confidence_count_min(golden[i].num, golden[i].den);
        assert_int_equal(least, golden[i].least);
        assert_int_equal(confidence_independent(least - 1, golden[i].num, golden[i].den).high, 0);
        assert_int_equal(confidence_independent(least, golden[i].num, golden[i].den).high, least);
    }
    assert_int_equal(confidence_independent(5, 50, 100).low, 0); /* 1 in 32 are all above */
    assert_int_equal(confidence_independent(5, 50, 100).high, 0);
    assert_int_equal(confidence_independent(6, 50, 100).low, 1);
    assert_int_equal(confidence_independent(6, 50, 100).high, 6);
    assert_int_equal(confidence_independent(1, 99, 100).low, 1); /* 1 in 100 is above */
    assert_int_equal(confidence_independent(1, 99, 100).high, 0);
}

static void billions_of_values_are_no_matter(void **state)
{
    (void)state;
    const uint64_t count = UINT64_C(10000000000);
    const struct confidence_ranks r = confidence_independent(count, 999, 1000);
    const double reach = 1.959964 * sqrt((double)count * 0.999 * 0.001);

    assert_near((double)r.low, (double)count * 0.999 - reach, 3);
    assert_near((double)r.high, (double)count * 0.999 + reach, 3);
    assert_near(r.coverage, 0.95, 0.0001);
}

/* The table that every book has. */
static void students_t_is_that_of_the_tables(void **state)
{
    (void)state;
    static const struct {
        uint32_t freedom;
        double t, error;
    } golden[] = {
        { 5, 2.570582, 1e-3 },   { 9, 2.262157, 2e-5 },       { 10, 2.228139, 1e-5 },
        { 14, 2.144787, 1e-5 },  { 19, 2.093024, 1e-5 },      { 29, 2.045230, 1e-5 },
        { 120, 1.979930, 1e-5 }, { 1000000, 1.959966, 1e-5 },
    };

    for (size_t i = 0; i < ARRAY_LEN(golden); i++)
        assert_near(confidence_student(golden[i].freedom), golden[i].t, golden[i].error);
}

static uint64_t draw_within(struct prng *p, uint64_t count, double share)
{
    uint64_t within = 0;
    for (uint64_t i = 0; i < count; i++)
        within += prng_unit(p) < share;
    return within;
}

/* Twenty batches of 1000, each with a share within of its own, drawn around 0.9. */
static struct confidence of_varying_batches(struct prng *p, double variation)
{
    struct confidence_batch batches[20];

    for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
        const double share = 0.9 + variation * (i % 2 == 0 ? 1 : -1);
        batches[i] = (struct confidence_batch){ 1000, draw_within(p, 1000, share) };
    }
    return confidence_of(batches, ARRAY_LEN(batches), 90, 100, 1);
}

static void independent_values_are_worth_their_number(void **state)
{
    (void)state;
    struct prng p;

    prng_init(&p, 1, 0);
    const struct confidence c = of_varying_batches(&p, 0);
    assert_int_equal(c.state, CONFIDENCE_HELD);
    assert_int_equal(c.batches, 20);
    assert_true(c.design_effect >= 1 && c.design_effect < 2);
    assert_near(c.worth * c.design_effect, 20000, 1e-6);
    assert_true(c.ranks.low <= confidence_independent(20000, 90, 100).low);
    assert_true(c.ranks.high >= confidence_independent(20000, 90, 100).high);
}

/* The shares alternate by 0.05 about 0.9: variance 2500 + 90 of the count within, over 90. */
static void batches_that_differ_make_values_worth_less(void **state)
{
    (void)state;
    struct prng p;

    prng_init(&p, 1, 0);
    const struct confidence c = of_varying_batches(&p, 0.05);
    assert_int_equal(c.state, CONFIDENCE_HELD);
    assert_near(c.design_effect, 20.0 / 19.0 * 2500 / 90 + 1, 4);
    const double reach = 2.093 * sqrt(20000 * 0.09 * c.design_effect);
    assert_near((double)c.ranks.low, 18000 - reach, 2);
    assert_near((double)c.ranks.high, 18000 + reach, 3);
}

static void neighbours_that_go_together_are_merged(void **state)
{
    (void)state;
    struct confidence_batch batches[40];

    for (size_t i = 0; i < ARRAY_LEN(batches); i++) /* eight low, eight high */
        batches[i] = (struct confidence_batch){ 100, i / 8 % 2 == 0 ? 80 : 100 };
    const struct confidence merged = confidence_of(batches, 40, 90, 100, 1);
    assert_int_equal(merged.state, CONFIDENCE_HELD);
    assert_int_equal(merged.batches, 10);
    uint64_t count = 0;
    for (size_t i = 0; i < merged.batches; i++)
        count += batches[i].count;
    assert_int_equal(count, 4000);
}

static void an_odd_last_batch_is_not_lost(void **state)
{
    (void)state;
    struct confidence_batch batches[23];
    uint64_t count = 0, within = 0;

    for (size_t i = 0; i < ARRAY_LEN(batches); i++)
        batches[i] = (struct confidence_batch){ 100 + i, i < 12 ? 80 : 100 };
    const struct confidence c = confidence_of(batches, 23, 90, 100, 1);
    assert_int_equal(c.state, CONFIDENCE_TOO_SHORT);
    assert_int_equal(c.batches, 11);
    for (size_t i = 0; i < c.batches; i++) {
        count += batches[i].count;
        within += batches[i].within;
    }
    assert_int_equal(count, 23u * 100u + 23u * 22u / 2u);
    assert_int_equal(within, 12u * 80u + 11u * 100u);
}

static void a_run_with_one_long_swing_is_refused(void **state)
{
    (void)state;
    struct confidence_batch batches[20];

    for (size_t i = 0; i < ARRAY_LEN(batches); i++)
        batches[i] = (struct confidence_batch){ 1000, 850 + 5 * i };
    const struct confidence c = confidence_of(batches, 20, 90, 100, 1);
    assert_int_equal(c.state, CONFIDENCE_TOO_SHORT);
    assert_int_equal(c.ranks.high, 0);
    assert_true(c.neighbour_correlation > 0.2);
    assert_true(c.lengthen > 2);
}

static void too_few_batches_are_refused_and_told_how_many_are_missing(void **state)
{
    (void)state;
    struct confidence_batch batches[5];

    for (size_t i = 0; i < ARRAY_LEN(batches); i++)
        batches[i] = (struct confidence_batch){ 1000, 900 };
    const struct confidence c = confidence_of(batches, 5, 90, 100, 1);
    assert_int_equal(c.state, CONFIDENCE_TOO_SHORT);
    assert_near(c.lengthen, 4, 1e-9);
    assert_int_equal(confidence_of(batches, 0, 90, 100, 1).state, CONFIDENCE_NOTHING);
    batches[0].count = batches[0].within = 0;
    assert_int_equal(confidence_of(batches, 1, 90, 100, 1).state, CONFIDENCE_NOTHING);
}

/* All values are the same, so all are within any quantile. */
static void equal_values_deviate_by_nothing(void **state)
{
    (void)state;
    struct confidence_batch batches[20];

    for (size_t i = 0; i < ARRAY_LEN(batches); i++)
        batches[i] = (struct confidence_batch){ 900 + i * 10, 900 + i * 10 };
    const struct confidence c = confidence_of(batches, 20, 99, 100, 1);
    assert_int_equal(c.state, CONFIDENCE_HELD);
    assert_near(c.design_effect, 1, 1e-12);
    assert_true(c.ranks.low > 0 && c.ranks.high > 0);
}

static void a_quantile_is_worth_no_more_than_the_one_below(void **state)
{
    (void)state;
    struct confidence_batch batches[20];

    for (size_t i = 0; i < ARRAY_LEN(batches); i++)
        batches[i] = (struct confidence_batch){ 1000, 999 };
    const struct confidence alone = confidence_of(batches, 20, 999, 1000, 1);
    assert_near(alone.worth, 20000, 1e-9);
    assert_true(alone.ranks.high != 0);
    const struct confidence after = confidence_of(batches, 20, 999, 1000, 40);
    assert_near(after.worth, 500, 1e-9);
    assert_int_equal(after.ranks.high, 0); /* 500 values have no p99.9 */
    assert_true(after.ranks.low < alone.ranks.low);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_of_independent_values_are_those_of_the_binomial),
        cmocka_unit_test(a_bound_needs_its_number_of_values),
        cmocka_unit_test(billions_of_values_are_no_matter),
        cmocka_unit_test(students_t_is_that_of_the_tables),
        cmocka_unit_test(independent_values_are_worth_their_number),
        cmocka_unit_test(batches_that_differ_make_values_worth_less),
        cmocka_unit_test(neighbours_that_go_together_are_merged),
        cmocka_unit_test(an_odd_last_batch_is_not_lost),
        cmocka_unit_test(a_run_with_one_long_swing_is_refused),
        cmocka_unit_test(too_few_batches_are_refused_and_told_how_many_are_missing),
        cmocka_unit_test(equal_values_deviate_by_nothing),
        cmocka_unit_test(a_quantile_is_worth_no_more_than_the_one_below),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("confidence", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                             : EXIT_FAILURE;
}
