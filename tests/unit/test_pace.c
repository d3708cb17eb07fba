/* goal: arrivals come exactly when the rate says, however long the run and however many cores share
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "engine/run/pace.h"

static void the_billionth_arrival_has_not_drifted(void **state)
{
    (void)state;
    assert_int_equal(pace_due_ns(5, 1000000000, (struct ratio){ 1000, 1 }),
                     5 + UINT64_C(1000000000000000));
    assert_int_equal(pace_due_ns(0, 1000000000, (struct ratio){ 7919, 1 }),
                     UINT64_C(126278570526581));
    assert_int_equal(pace_due_ns(0, 1000000000, (struct ratio){ 1, 3 }),
                     UINT64_C(3000000000000000000));
    assert_int_equal(pace_due_ns(7, UINT64_MAX, (struct ratio){ 1, 10 }), UINT64_MAX);
}

static void every_arrival_is_the_floor_of_its_exact_time(void **state)
{
    (void)state;
    static const struct ratio rates[] = {
        { 1000, 1 }, { 7919, 1 }, { 1, 3 }, { 1, 10 }, { 333333, 7 }
    };
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        struct arrivals a;
        arrivals_init(&a, rates[r], false, 0, 1, 1, 100);
        for (uint64_t k = 0; k < 10000; k++) {
            const unsigned __int128 exact =
                (unsigned __int128)k * 1000000000u * rates[r].den / rates[r].num;
            assert_int_equal(a.due_ns, 100 + (uint64_t)exact);
            arrivals_next(&a);
        }
    }
}

static void cores_share_one_schedule_and_are_never_in_phase(void **state)
{
    (void)state;
    for (uint32_t cores = 1; cores <= 64; cores *= 4) {
        struct arrivals one;
        struct arrivals shared[64];
        arrivals_init(&one, (struct ratio){ 7919, 1 }, false, 0, 1, 1, 0);
        for (uint32_t c = 0; c < cores; c++)
            arrivals_init(&shared[c], (struct ratio){ 7919, 1 }, false, c, cores, 1, 0);
        for (uint64_t k = 0; k < 10000; k++) {
            assert_int_equal(shared[k % cores].due_ns, one.due_ns);
            arrivals_next(&shared[k % cores]);
            arrivals_next(&one);
        }
    }
}

static void poisson_gaps_have_the_mean_and_spread_of_the_rate(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    struct arrivals a;
    arrivals_init(&a, (struct ratio){ 2000, 1 }, true, 1, 4, 42, 0);
    double sum = 0;
    double squares = 0;
    uint64_t before_ns = 0;
    for (int i = 0; i < COUNT; i++) {
        const double gap_ns = (double)(a.due_ns - before_ns);
        before_ns = a.due_ns;
        sum += gap_ns;
        squares += gap_ns * gap_ns;
        arrivals_next(&a);
    }
    const double mean_ns = sum / COUNT;
    const double deviation_ns = sqrt(squares / COUNT - mean_ns * mean_ns);
    /* 500 per second and core: 2 ms. The standard error is 2 ms / sqrt(200000) = 4.5 us. */
    assert_true(fabs(mean_ns - 2e6) < 4 * 4.5e3);
    assert_true(fabs(deviation_ns / mean_ns - 1) < 0.02);
}

static void two_cursors_of_one_poisson_stream_agree(void **state)
{
    (void)state;
    struct arrivals ahead, behind;
    uint64_t due_ns[1000];
    arrivals_init(&ahead, (struct ratio){ 100, 1 }, true, 0, 1, 9, 77);
    behind = ahead;
    for (int i = 0; i < 1000; i++) {
        due_ns[i] = ahead.due_ns;
        arrivals_next(&ahead);
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(behind.due_ns, due_ns[i]);
        arrivals_next(&behind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_billionth_arrival_has_not_drifted),
        cmocka_unit_test(every_arrival_is_the_floor_of_its_exact_time),
        cmocka_unit_test(cores_share_one_schedule_and_are_never_in_phase),
        cmocka_unit_test(poisson_gaps_have_the_mean_and_spread_of_the_rate),
        cmocka_unit_test(two_cursors_of_one_poisson_stream_agree),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
