/* test_clock — goal: what is measured is measured with a clock that nobody sets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "engine/io/clock.h"

static uint64_t read_ns(clockid_t id)
{
    struct timespec now;
    assert_int_equal(clock_gettime(id, &now), 0);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void assert_reads(uint64_t (*clock_under_test)(void), clockid_t id)
{
    for (int i = 0; i < 1000; i++) {
        const uint64_t before_ns = read_ns(id);
        const uint64_t now_ns = clock_under_test();
        const uint64_t after_ns = read_ns(id);
        assert_true(before_ns <= now_ns && now_ns <= after_ns);
    }
}

static void latency_is_measured_with_the_monotonic_clock(void **state)
{
    (void)state;
    assert_reads(clock_now_ns, CLOCK_MONOTONIC);
}

static void cpu_time_is_that_of_the_thread(void **state)
{
    (void)state;
    assert_reads(clock_thread_cpu_ns, CLOCK_THREAD_CPUTIME_ID);
}

/* It may be set at this very moment: then once more. */
static void dates_are_those_of_the_wall_clock(void **state)
{
    (void)state;
    uint64_t before_ns, now_ns, after_ns;
    int tries = 0;
    do {
        before_ns = read_ns(CLOCK_REALTIME);
        now_ns = clock_wall_ns();
        after_ns = read_ns(CLOCK_REALTIME);
    } while ((now_ns < before_ns || now_ns > after_ns) && tries++ < 10);
    assert_in_range(now_ns, before_ns, after_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(latency_is_measured_with_the_monotonic_clock),
        cmocka_unit_test(cpu_time_is_that_of_the_thread),
        cmocka_unit_test(dates_are_those_of_the_wall_clock),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
