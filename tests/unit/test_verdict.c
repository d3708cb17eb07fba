/* test_verdict — goal: the sentence about who limited a run follows from its numbers, and never
 * claims more than they tell. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/verdict.h"

static const double idle[] = { 0.10, 0.35 };
static const double busy[] = { 0.10, 0.97 };

/* Ten seconds of 64 users without think time, answered in 6.4 ms: 10,000/s. */
static struct verdict_facts facts_of_a_plain_run(void)
{
    return (struct verdict_facts){
        .workers = 2,
        .cpu = idle,
        .count = 100000,
        .ok = 100000,
        .duration_s = 10,
        .user_s = 640,
        .latency_mean_s = 0.0064,
        .rate_asked = NAN,
    };
}

static void a_busy_worker_is_named_as_the_limit(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.cpu = busy;
    const struct verdict v = verdict_of(&f);
    assert_string_equal(v.word, "generator");
    assert_string_equal(v.bottleneck, "squall itself: worker 1 used 97 % of its CPU");
    assert_int_equal(v.reason_count, 1);
    assert_string_equal(
        v.reasons[0],
        "worker 1 used 97 % of its CPU: these latencies include waiting in squall; use more "
        "--threads or CPUs");
}

static void idle_workers_point_to_the_server(void **state)
{
    (void)state;
    const struct verdict_facts f = facts_of_a_plain_run();
    const struct verdict v = verdict_of(&f);
    assert_string_equal(v.word, "ok");
    assert_string_equal(
        v.bottleneck,
        "the server or the network, as far as CPU share tells: squall used at most 35 % of "
        "a CPU");
    assert_int_equal(v.reason_count, 0);
}

/* 250 users, 10 s, mean wait 1 s, answers in 20 ms: Little's law gives 250 * 10 / 1.02 = 2451
 * requests. */
static void think_time_is_found_by_littles_law(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.count = f.ok = 2451;
    f.user_s = 2500;
    f.latency_mean_s = 0.020;
    f.has_waits = true;
    const struct verdict v = verdict_of(&f);
    assert_string_equal(v.word, "ok");
    assert_string_equal(v.bottleneck, "think time: users waited for answers only 2 % of their "
                                      "time; more users would send more requests");
}

static void waits_shorter_than_the_answers_leave_it_with_the_server(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.count = f.ok = 1000;
    f.user_s = 2500;
    f.latency_mean_s = 2.0;
    f.has_waits = true;
    assert_int_equal(strncmp(verdict_of(&f).bottleneck, "the server", 10), 0);
}

static void a_rate_that_was_reached_is_no_limit_of_the_server(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.rate_asked = 10000;
    f.count = 99950;
    assert_string_equal(verdict_of(&f).bottleneck, "the rate asked for, 10000/s, was reached");
    f.count = 80000;
    assert_int_equal(strncmp(verdict_of(&f).bottleneck, "the server", 10), 0);
}

static void nothing_is_claimed_without_an_answer(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.ok = 0;
    assert_string_equal(verdict_of(&f).bottleneck, "unknown: no request succeeded");
    f.ok = f.count;
    f.duration_s = 0.017;
    f.cpu = busy;
    assert_string_equal(verdict_of(&f).bottleneck, "unknown: a run of 17 ms is too short to tell");
    f.count = 0;
    f.latency_mean_s = NAN;
    f.has_waits = true;
    assert_string_equal(verdict_of(&f).bottleneck, "unknown: no request finished");
}

static void a_share_that_is_not_known_counts_as_nothing(void **state)
{
    (void)state;
    static const double unknown[] = { NAN, NAN };
    static const double partly[] = { NAN, 0.95 };
    struct verdict_facts f = facts_of_a_plain_run();
    f.cpu = unknown;
    assert_string_equal(verdict_of(&f).word, "ok");
    f.cpu = partly;
    assert_string_equal(verdict_of(&f).word, "generator");
    f.workers = 0;
    assert_string_equal(verdict_of(&f).word, "ok");
}

static void an_interruption_and_a_bug_are_reasons(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.signal = SIGINT;
    f.bugs = 3;
    struct verdict v = verdict_of(&f);
    assert_string_equal(v.word, "interrupted");
    assert_int_equal(v.reason_count, 2);
    assert_string_equal(
        v.reasons[0], "3 events that cannot happen did: a bug in squall, do not trust this result");
    assert_string_equal(v.reasons[1], "stopped by SIGINT after 10 s");
    f.cpu = busy;
    v = verdict_of(&f);
    assert_string_equal(v.word, "generator");
    assert_int_equal(v.reason_count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_worker_is_named_as_the_limit),
        cmocka_unit_test(idle_workers_point_to_the_server),
        cmocka_unit_test(think_time_is_found_by_littles_law),
        cmocka_unit_test(waits_shorter_than_the_answers_leave_it_with_the_server),
        cmocka_unit_test(a_rate_that_was_reached_is_no_limit_of_the_server),
        cmocka_unit_test(nothing_is_claimed_without_an_answer),
        cmocka_unit_test(a_share_that_is_not_known_counts_as_nothing),
        cmocka_unit_test(an_interruption_and_a_bug_are_reasons),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
