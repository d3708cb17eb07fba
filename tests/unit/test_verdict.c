/* test_verdict — goal: the sentence about who limited a run follows from its numbers, and never
 * claims more than they tell. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/verdict.h"

static const double idle[] = { 0.10, 0.35 };
static const double busy[] = { 0.10, 0.97 };
static const double undisturbed[] = { 0.001, 0.0002 };

/* Ten seconds of 64 users without think time, answered in 6.4 ms: 10,000/s. */
static struct verdict_facts facts_of_a_plain_run(void)
{
    return (struct verdict_facts){
        .workers = 2,
        .cpu = idle,
        .run_delay = undisturbed,
        .blame = { .share_us = { [SUMMARY_P99] = 12 }, .generator_p99_us = 40 },
        .p99_us = 9000,
        .count = 100000,
        .ok = 100000,
        .duration_s = 10,
        .user_s = 640,
        .latency_mean_s = 0.0064,
        .rate_asked = NAN,
    };
}

/* Of this reason only squall is to blame, and everything says so. */
static void assert_generator(const struct verdict_facts *f, const char *reason)
{
    const struct verdict v = verdict_of(f);
    char sentence[320];
    snprintf(sentence, sizeof sentence, "generator: %s", reason);
    assert_string_equal(v.word, "generator");
    assert_string_equal(v.limited_by, "generator");
    assert_int_equal(v.reason_count, 1);
    assert_string_equal(v.reasons[0], reason);
    assert_string_equal(v.bottleneck, sentence);
}

static void assert_innocent(const struct verdict_facts *f)
{
    const struct verdict v = verdict_of(f);
    assert_string_equal(v.word, "ok");
    assert_string_equal(v.limited_by, "server");
    assert_int_equal(v.reason_count, 0);
}

static void a_busy_worker_is_the_bottleneck(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.cpu = busy;
    assert_generator(&f, "worker 1 used 97 % of its CPU: these latencies include waiting in "
                         "squall; use more --threads or CPUs");
}

static void a_second_without_time_to_spare_is_enough(void **state)
{
    (void)state;
    struct result_strain points[200] = { 0 };
    struct verdict_facts f = facts_of_a_plain_run();
    f.points = points;
    f.point_count = 200;
    points[0].cpu = points[7].cpu = 0.95;
    assert_innocent(&f); /* 1 in 100 is tolerated */
    points[9].cpu = 0.95;
    assert_generator(&f, "in 3 of 200 seconds of all workers one used 90 % of its CPU or more");
}

static void a_worker_that_waited_for_a_cpu_is_the_bottleneck(void **state)
{
    (void)state;
    static const double at_the_edge[] = { 0.01, 0.0099 };
    static const double disturbed[] = { 0.12, 0.001 };
    struct verdict_facts f = facts_of_a_plain_run();
    f.run_delay = at_the_edge;
    assert_innocent(&f);
    f.run_delay = disturbed;
    assert_generator(&f, "worker 0 waited for a CPU 12 % of the time: others run there too; free "
                         "the CPU, or name another with --cpus");
}

static void what_the_host_keeps_from_squall_is_not_the_servers(void **state)
{
    (void)state;
    const struct result_strain points[] = {
        { .t_s = 1, .core = 0, .steal = 0.001 },
        { .t_s = 1, .core = 1, .steal = NAN },
        { .t_s = 2, .core = 0, .steal = 0.001 },
        { .t_s = 2, .core = 1, .steal = 0.05 },
    };
    struct verdict_facts f = facts_of_a_plain_run();
    f.points = points;
    f.point_count = 2;
    assert_innocent(&f);
    f.point_count = 4;
    assert_generator(&f, "the hypervisor took 5 % of a worker's CPU away (steal)");
    f.point_count = 0;
    f.throttled = 3;
    assert_generator(&f, "the control group's CPU quota stopped squall in 3 periods: raise it, or "
                         "ask for less");
}

static void a_completion_queue_that_ran_over_is_the_bottleneck(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.overflows = 17;
    assert_generator(&f, "the completion queue ran over in 17 turns of the event loop");
}

static void an_event_loop_that_stood_still_is_the_bottleneck(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.blame.turn_max_us = 300000;
    f.blame.standstill_s = 0.2; /* of 10 s of two workers */
    assert_innocent(&f);
    f.blame.standstill_s = 0.6;
    assert_generator(&f, "the event loop stood still for 3 % of the time, once for 300 ms: squall "
                         "was stopped, or had no CPU");
}

static void time_in_squall_counts_as_much_as_it_weighs(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.p99_us = 150;
    f.blame.generator_p99_us = 100;
    assert_innocent(&f); /* nobody measures finer than that */
    f.blame.generator_p99_us = 120;
    assert_generator(&f, "for 1 request in 100 squall itself took 120 us or more, and the p99 of "
                         "all latencies is 150 us");
    f.p99_us = 2400;
    assert_innocent(&f); /* 5 % of it */
    f.blame.generator_p99_us = NAN;
    assert_innocent(&f);
}

static void several_reasons_are_all_given(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.cpu = busy;
    f.overflows = 1;
    f.throttled = 1;
    const struct verdict v = verdict_of(&f);
    assert_int_equal(v.reason_count, 3);
    assert_int_equal(strncmp(v.bottleneck, "generator: the completion queue", 31), 0);
}

static void idle_workers_point_to_the_server(void **state)
{
    (void)state;
    const struct verdict_facts f = facts_of_a_plain_run();
    assert_innocent(&f);
    assert_string_equal(verdict_of(&f).bottleneck,
                        "server: of a p99 of 9 ms squall took 12 us, and it used at most 35 % of a "
                        "CPU");
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
    assert_string_equal(v.limited_by, "think time");
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
    assert_innocent(&f);
}

static void a_rate_that_was_reached_is_said_to_be(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.rate_asked = 10000;
    f.count = 99950;
    f.count_due = 100000;
    f.scheduled = 100000;
    assert_innocent(&f);
    assert_string_equal(verdict_of(&f).bottleneck,
                        "server: the rate asked for, 10000/s, was reached; of a p99 of 9 ms squall "
                        "took 12 us");
    f.count = 80000;
    assert_innocent(&f);
    assert_null(strstr(verdict_of(&f).bottleneck, "was reached"));
}

/* Three requests in a task: 100,000 of them were due, 40,000 of these were sent and answered, and
 * 80,000 others followed. */
static void what_follows_in_a_task_is_no_part_of_the_rate(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.rate_asked = 10000;
    f.count_due = 100000;
    f.count = f.ok = 120000;
    f.scheduled = 180000;
    assert_null(strstr(verdict_of(&f).bottleneck, "was reached"));
    f.count = f.ok = f.scheduled = 300000;
    assert_non_null(strstr(verdict_of(&f).bottleneck, "the rate asked for, 10000/s, was reached"));
}

static void nothing_is_claimed_without_an_answer(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.ok = 0;
    assert_string_equal(verdict_of(&f).bottleneck, "unproven: no request succeeded");
    assert_string_equal(verdict_of(&f).limited_by, "unproven");
    f.ok = f.count;
    f.duration_s = 0.017;
    f.cpu = busy;
    assert_string_equal(verdict_of(&f).bottleneck, "unproven: a run of 17 ms is too short to tell");
    f.count = 0;
    f.latency_mean_s = NAN;
    f.has_waits = true;
    assert_string_equal(verdict_of(&f).bottleneck, "unproven: no request finished");
}

static void a_share_that_is_not_known_counts_as_nothing(void **state)
{
    (void)state;
    static const double unknown[] = { NAN, NAN };
    static const double partly[] = { NAN, 0.95 };
    struct verdict_facts f = facts_of_a_plain_run();
    f.cpu = f.run_delay = unknown;
    assert_innocent(&f);
    f.cpu = partly;
    assert_string_equal(verdict_of(&f).word, "generator");
    f.workers = 0;
    assert_innocent(&f);
}

static void an_interruption_and_a_bug_are_reasons(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.signal = SIGINT;
    f.bugs = 3;
    struct verdict v = verdict_of(&f);
    assert_string_equal(v.word, "interrupted");
    assert_string_equal(v.limited_by, "server");
    assert_int_equal(v.reason_count, 2);
    assert_string_equal(
        v.reasons[0], "3 events that cannot happen did: a bug in squall, do not trust this result");
    assert_string_equal(v.reasons[1], "stopped by SIGINT after 10 s");
    f.cpu = busy;
    v = verdict_of(&f);
    assert_string_equal(v.word, "generator");
    assert_int_equal(v.reason_count, 3);
}

static void what_somebody_changed_is_told_and_is_no_fault(void **state)
{
    (void)state;
    struct verdict_facts f = facts_of_a_plain_run();
    f.changes = (struct verdict_changes){ .pauses = 2,
                                          .paused_s = 3.2,
                                          .resets = 1,
                                          .reset_at_s = 12,
                                          .users_changes = 1,
                                          .users_last = 260 };
    const struct verdict v = verdict_of(&f);
    assert_string_equal(v.word, "ok");
    assert_int_equal(v.reason_count, 3);
    assert_string_equal(v.reasons[0],
                        "the numbers were reset 12 s after the start: nothing here is from "
                        "before");
    assert_string_equal(v.reasons[1], "paused 2 times, 3.2 s in all: in no duration and no rate, "
                                      "but in the timeline");
    assert_string_equal(v.reasons[2], "the number of users was changed once while it ran, in the "
                                      "end to 260");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_worker_is_the_bottleneck),
        cmocka_unit_test(a_second_without_time_to_spare_is_enough),
        cmocka_unit_test(a_worker_that_waited_for_a_cpu_is_the_bottleneck),
        cmocka_unit_test(what_the_host_keeps_from_squall_is_not_the_servers),
        cmocka_unit_test(a_completion_queue_that_ran_over_is_the_bottleneck),
        cmocka_unit_test(an_event_loop_that_stood_still_is_the_bottleneck),
        cmocka_unit_test(time_in_squall_counts_as_much_as_it_weighs),
        cmocka_unit_test(several_reasons_are_all_given),
        cmocka_unit_test(idle_workers_point_to_the_server),
        cmocka_unit_test(think_time_is_found_by_littles_law),
        cmocka_unit_test(waits_shorter_than_the_answers_leave_it_with_the_server),
        cmocka_unit_test(a_rate_that_was_reached_is_said_to_be),
        cmocka_unit_test(what_follows_in_a_task_is_no_part_of_the_rate),
        cmocka_unit_test(nothing_is_claimed_without_an_answer),
        cmocka_unit_test(a_share_that_is_not_known_counts_as_nothing),
        cmocka_unit_test(an_interruption_and_a_bug_are_reasons),
        cmocka_unit_test(what_somebody_changed_is_told_and_is_no_fault),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
