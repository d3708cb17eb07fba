/* test_collector — goal: the seconds of a run add up to the run, whatever the moments they were
 * taken at. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "engine/plan/prng.h"
#include "tools/live/collector.h"

#define SHARDS    3u
#define ENDPOINTS 2u
#define SECOND    COLLECTOR_PERIOD_NS
#define START     (UINT64_C(1000) * SECOND + 123)

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-6)

static const struct endpoint_name names[ENDPOINTS] = { { "GET", "/a" }, { "POST", "/b" } };

/* Three cores that record what a test tells them, and a collector that began at START. */
struct world {
    struct shard *shards[SHARDS];
    struct collector *collector;
    struct prng random;
    uint64_t finished, failed;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    for (uint32_t i = 0; i < SHARDS; i++)
        assert_int_equal(shard_open(&w->shards[i], ENDPOINTS), 0);
    const struct collector_setup setup = {
        .shards = (const struct shard *const *)w->shards,
        .shard_count = SHARDS,
        .endpoint_count = ENDPOINTS,
        .names = names,
        .started_ns = START,
        .users_max = 8,
    };
    assert_int_equal(collector_open(&w->collector, &setup), 0);
    prng_init(&w->random, 7, 0);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    collector_close(w->collector);
    for (uint32_t i = 0; i < SHARDS; i++)
        shard_close(w->shards[i]);
    free(w);
    return 0;
}

static void finish_requests(struct world *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct shard *s = w->shards[prng_below(&w->random, SHARDS)];
        const bool has_failed = prng_below(&w->random, 10) == 0;
        const struct shard_result r = {
            .endpoint = (uint32_t)prng_below(&w->random, ENDPOINTS),
            .outcome = has_failed ? OUTCOME_FAILED : OUTCOME_OK,
            .latency_ns = 1000 + prng_below(&w->random, 5000000),
            .service_ns = 1000,
            .status = has_failed ? 500 : 200,
        };
        shard_count(s, COUNTER_SCHEDULED, 1);
        shard_finish(s, &r);
        w->finished++;
        w->failed += has_failed;
    }
}

static void assert_intervals_are_total(const struct collector *c)
{
    uint64_t *counts = calloc(HIST_SLOTS, sizeof *counts);
    struct hist_view v;
    assert_non_null(counts);
    hist_view_init(&v, counts);
    assert_int_equal(c->intervals->count, c->series.count);
    for (uint32_t e = 0; e < ENDPOINTS; e++) {
        const struct hist_view *latency = c->now->endpoints[e].latency;
        hist_view_clear(&v);
        for (size_t i = 0; i < c->intervals->count; i++)
            interval_log_take(c->intervals, i, e, &v);
        for (uint32_t b = 0; b < HIST_SLOTS; b++)
            assert_int_equal(v.counts[b],
                             latency[OUTCOME_OK].counts[b] + latency[OUTCOME_FAILED].counts[b]);
    }
    free(counts);
}

static void assert_series_is_total(const struct world *w)
{
    const struct series *s = &w->collector->series;
    uint64_t count = 0, failed = 0;
    for (size_t i = 0; i < s->count; i++) {
        count += s->points[i].count;
        failed += s->points[i].failed;
    }
    assert_int_equal(count, w->finished);
    assert_int_equal(failed, w->failed);

    assert_intervals_are_total(w->collector);
    struct summary *total = NULL;
    assert_int_equal(summary_make(&total, w->collector->now, names, SECOND), 0);
    assert_int_equal(total->total.count, w->finished);
    assert_int_equal(total->total.failed, w->failed);
    summary_close(total);
}

static void the_points_add_up_to_the_total(void **state)
{
    struct world *w = *state;
    finish_requests(w, 100);
    assert_int_equal(collector_tick(w->collector, START + SECOND), 0);
    finish_requests(w, 250);
    assert_int_equal(collector_tick(w->collector, START + 2 * SECOND + 1000000), 0);
    assert_int_equal(collector_tick(w->collector, START + 3 * SECOND), 0);
    finish_requests(w, 40);
    assert_int_equal(collector_finish(w->collector, START + 3 * SECOND + SECOND / 2), 0);

    const struct series *s = &w->collector->series;
    assert_int_equal(s->count, 4);
    assert_int_equal(s->points[0].count, 100);
    assert_int_equal(s->points[1].count, 250);
    assert_int_equal(s->points[2].count, 0);
    assert_true(isnan(s->points[2].p50_us));
    assert_int_equal(s->points[3].count, 40);
    assert_near(s->points[0].t_s, 1.0);
    assert_near(s->points[3].rps, 80.0);
    assert_series_is_total(w);
}

static void a_short_tail_belongs_to_the_last_second(void **state)
{
    struct world *w = *state;
    finish_requests(w, 100);
    assert_int_equal(collector_tick(w->collector, START + SECOND), 0);
    finish_requests(w, 200);
    assert_int_equal(collector_tick(w->collector, START + 2 * SECOND), 0);
    finish_requests(w, 3);
    assert_int_equal(collector_finish(w->collector, START + 2 * SECOND + 400000), 0);

    const struct series *s = &w->collector->series;
    assert_int_equal(s->count, 2);
    assert_int_equal(s->points[0].count, 100);
    assert_int_equal(s->points[1].count, 203);
    assert_near(s->points[1].t_s, 2.0004);
    assert_near(s->points[1].rps, 203 / 1.0004);
    assert_series_is_total(w);
}

static void an_end_before_the_last_tick_is_no_negative_time(void **state)
{
    struct world *w = *state;
    finish_requests(w, 10);
    assert_int_equal(collector_tick(w->collector, START + SECOND), 0);
    assert_int_equal(collector_finish(w->collector, START + SECOND - 300000), 0);

    assert_int_equal(w->collector->series.count, 1);
    assert_near(w->collector->series.points[0].t_s, 0.9997);
    assert_near(w->collector->series.points[0].rps, 10 / 0.9997);
    assert_series_is_total(w);
}

static void a_run_shorter_than_a_second_has_one_point(void **state)
{
    struct world *w = *state;
    cell_write(&w->shards[0]->users_now, 5);
    collector_watch(w->collector);
    finish_requests(w, 1000);
    cell_write(&w->shards[0]->users_now, 0);
    assert_int_equal(collector_finish(w->collector, START + SECOND / 20), 0);

    assert_int_equal(w->collector->series.count, 1);
    assert_near(w->collector->series.points[0].rps, 20000.0);
    assert_int_equal(w->collector->series.points[0].users, 5);
    assert_series_is_total(w);
}

static void users_that_nobody_saw_are_counted(void **state)
{
    struct world *w = *state;
    shard_count(w->shards[0], COUNTER_USERS_STARTED, 20); /* 8 at once, and some began anew */
    finish_requests(w, 20);
    assert_int_equal(collector_finish(w->collector, START + SECOND / 100), 0);
    assert_int_equal(w->collector->users_peak, 8);
    assert_int_equal(w->collector->series.points[0].users, 8);
}

static void users_leaving_at_the_end_do_not_empty_the_last_second(void **state)
{
    struct world *w = *state;
    cell_write(&w->shards[0]->users_now, 7);
    collector_watch(w->collector);
    cell_write(&w->shards[0]->users_now, 2);
    assert_int_equal(collector_tick(w->collector, START + SECOND), 0);
    cell_write(&w->shards[0]->users_now, 0);
    assert_int_equal(collector_finish(w->collector, START + SECOND + 1000), 0);
    assert_int_equal(w->collector->series.count, 1);
    assert_int_equal(w->collector->series.points[0].users, 7);
}

static void many_seconds_at_any_moment_lose_nothing(void **state)
{
    struct world *w = *state;
    uint64_t now_ns = START;
    for (int i = 0; i < 40; i++) {
        finish_requests(w, (uint32_t)prng_below(&w->random, 50));
        now_ns += 1 + prng_below(&w->random, 3 * SECOND);
        assert_int_equal(collector_tick(w->collector, now_ns), 0);
    }
    assert_int_equal(collector_finish(w->collector, now_ns + prng_below(&w->random, SECOND)), 0);
    assert_series_is_total(w);
}

static void ticks_are_due_at_whole_seconds_and_never_caught_up(void **state)
{
    struct world *w = *state;
    assert_int_equal(collector_due_ns(w->collector), START + SECOND);
    assert_int_equal(collector_tick(w->collector, START + SECOND + 20000000), 0);
    assert_int_equal(collector_due_ns(w->collector), START + 2 * SECOND);
    assert_int_equal(collector_tick(w->collector, START + 5 * SECOND + 1), 0);
    assert_int_equal(collector_due_ns(w->collector), START + 6 * SECOND);
}

static void the_last_second_is_told_apart_from_the_whole(void **state)
{
    struct world *w = *state;
    assert_null(w->collector->second);
    finish_requests(w, 100);
    assert_int_equal(collector_tick(w->collector, START + SECOND), 0);
    finish_requests(w, 50);
    assert_int_equal(collector_tick(w->collector, START + 2 * SECOND), 0);

    assert_int_equal(w->collector->second->total.count, 50);
    assert_near(w->collector->second->total.rps, 50.0);
    assert_int_equal(w->collector->total->total.count, 150);
    assert_near(w->collector->total->total.rps, 75.0);
}

static void cpu_shares_are_those_of_the_last_second(void **state)
{
    struct world *w = *state;
    assert_true(isnan(w->collector->cpu_share[0]));
    cell_write(&w->shards[0]->cpu_ns, SECOND / 2);
    cell_write(&w->shards[1]->cpu_ns,
               2 * SECOND); /* refreshed late: cannot be, so shown as all of it */
    assert_int_equal(collector_tick(w->collector, START + SECOND), 0);
    assert_near(w->collector->cpu_share[0], 0.5);
    assert_near(w->collector->cpu_share[1], 1.0);
    assert_near(w->collector->cpu_share[2], 0.0);

    cell_write(&w->shards[0]->cpu_ns, SECOND / 2 + SECOND / 4);
    assert_int_equal(collector_tick(w->collector, START + 2 * SECOND), 0);
    assert_near(w->collector->cpu_share[0], 0.25);
}

static void the_peak_of_users_is_that_of_all_cores_together(void **state)
{
    struct world *w = *state;
    cell_write(&w->shards[0]->users_now, 5);
    cell_write(&w->shards[1]->users_now, 6);
    collector_watch(w->collector);
    cell_write(&w->shards[0]->users_now, 1);
    collector_watch(w->collector);
    assert_int_equal(w->collector->users_peak, 11);
    assert_int_equal(w->collector->users_now, 7);
}

static void requests_in_flight_are_not_done(void **state)
{
    struct world *w = *state;
    finish_requests(w, 10);
    shard_count(w->shards[0], COUNTER_SCHEDULED, 2);
    cell_write(&w->shards[0]->in_flight_now, 2);
    assert_int_equal(collector_requests_done(w->collector), 10);
}

static void figures_that_begin_anew_leave_out_all_that_was_before(void **state)
{
    struct world *w = *state;
    struct collector *anew = NULL;
    struct tally *zero = NULL;
    finish_requests(w, 5000);
    shard_count(w->shards[0], COUNTER_SCHEDULED, 7); /* under way */
    assert_int_equal(collector_tick(w->collector, START + SECOND), 0);

    assert_int_equal(collector_take_zero(w->collector, &zero), 0);
    struct collector_setup setup = w->collector->setup;
    setup.started_ns = START + SECOND + 5;
    setup.zero = zero;
    assert_int_equal(collector_open(&anew, &setup), 0);
    shard_count(w->shards[0], COUNTER_SCHEDULED,
                (uint64_t)-7); /* those that end are counted below */
    collector_close(w->collector);
    w->collector = anew;
    w->finished = w->failed = 0;
    finish_requests(w, 1234);
    assert_int_equal(collector_tick(anew, START + 2 * SECOND + 5), 0);
    assert_int_equal(anew->total->total.count, 1234);
    finish_requests(w, 100);
    for (uint32_t i = 0; i < SHARDS; i++)
        cell_write(&w->shards[i]->ended_ns, START + 3 * SECOND);
    assert_int_equal(collector_finish(anew, START + 3 * SECOND), 0);
    assert_series_is_total(w);
    assert_intervals_are_total(anew);
    assert_int_equal(collector_latest(anew)->counters[COUNTER_SCHEDULED], 1334);
    assert_int_equal(collector_latest(anew)->started_ns, START + SECOND + 5);
    tally_close(zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_points_add_up_to_the_total, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_short_tail_belongs_to_the_last_second, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(an_end_before_the_last_tick_is_no_negative_time, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_run_shorter_than_a_second_has_one_point, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(users_that_nobody_saw_are_counted, open_world, close_world),
        cmocka_unit_test_setup_teardown(users_leaving_at_the_end_do_not_empty_the_last_second,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(many_seconds_at_any_moment_lose_nothing, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(ticks_are_due_at_whole_seconds_and_never_caught_up,
                                        open_world, close_world),
        cmocka_unit_test_setup_teardown(the_last_second_is_told_apart_from_the_whole, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(cpu_shares_are_those_of_the_last_second, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(the_peak_of_users_is_that_of_all_cores_together, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(requests_in_flight_are_not_done, open_world, close_world),
        cmocka_unit_test_setup_teardown(figures_that_begin_anew_leave_out_all_that_was_before,
                                        open_world, close_world),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("collector", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                            : EXIT_FAILURE;
}
