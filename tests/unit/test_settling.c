/* test_settling — goal: a warm-up that was asked for is in no figure but the accounts, and one that
 * is looked for is found where the run becomes steady. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "tools/live/settling.h"

#define MS     UINT64_C(1000000)
#define SECOND COLLECTOR_PERIOD_NS
#define START  (UINT64_C(77) * SECOND)

static const struct endpoint_name names[] = { { "GET", "/a" } };

/* One core, watched every 20 ms. */
struct world {
    struct shard *shard;
    struct collector *collector;
    struct settling *settling;
    struct tally *counted;
    struct result_warmup warmup;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    assert_int_equal(shard_open(&w->shard, 1), 0);
    assert_int_equal(tally_open(&w->counted, 1), 0);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    settling_close(w->settling);
    collector_close(w->collector);
    shard_close(w->shard);
    tally_close(w->counted);
    free(w);
    return 0;
}

static void watch(struct world *w, bool is_found, uint64_t asked_ns)
{
    const struct collector_setup setup = {
        .shards = (const struct shard *const *)&w->shard,
        .shard_count = 1,
        .endpoint_count = 1,
        .names = names,
        .started_ns = START,
    };
    assert_int_equal(collector_open(&w->collector, &setup), 0);
    assert_int_equal(settling_open(&w->settling, w->collector, is_found, asked_ns), 0);
}

static void finish_one(struct world *w, uint64_t latency_ns)
{
    const struct shard_result r = { .latency_ns = latency_ns, .service_ns = latency_ns };
    shard_count(w->shard, COUNTER_SCHEDULED, 1);
    books_begin(&w->shard->endpoints[0].books, 0);
    books_end(&w->shard->endpoints[0].books, 0, latency_ns);
    shard_finish(w->shard, &r);
}

/* 10 requests each 20 ms: of 50 ms in the first `slow_ns`, then of 5 ms and a little noise. */
static void play(struct world *w, uint64_t slow_ns, uint64_t seconds)
{
    for (uint64_t at_ns = 0; at_ns <= seconds * SECOND; at_ns += 20 * MS) {
        const uint64_t now_ns = START + at_ns;
        assert_int_equal(settling_watch(w->settling, now_ns), 0);
        if (now_ns >= collector_due_ns(w->collector))
            assert_int_equal(collector_tick(w->collector, now_ns), 0);
        for (uint64_t i = 0; i < 10 && at_ns < seconds * SECOND; i++)
            finish_one(w, at_ns < slow_ns ? 50 * MS : 5 * MS + (at_ns / MS * 7919 + i) % 97 * 1000);
    }
    assert_int_equal(collector_finish(w->collector, START + seconds * SECOND), 0);
    assert_int_equal(settling_finish(w->settling, w->counted, &w->warmup), 0);
}

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 0.03 * (b))

static void a_warmup_that_was_asked_for_is_not_counted(void **state)
{
    struct world *w = *state;
    watch(w, false, 1500 * MS);
    play(w, 1500 * MS, 4);
    assert_true(w->warmup.is_asked && w->warmup.settled && !w->warmup.is_found);
    assert_true(w->warmup.cut_s == 1.5);
    assert_int_equal(w->counted->counters[COUNTER_SCHEDULED], 1250);
    assert_int_equal(w->counted->endpoints[0].latency[OUTCOME_OK].total, 1250);
    assert_true(w->counted->endpoints[0].latency[OUTCOME_OK].max_ns < 6 * MS);
    assert_near(w->warmup.p99_us, 5095.0);
    assert_near(w->warmup.whole_p99_us, 50000.0);
    assert_int_equal(w->collector->now->counters[COUNTER_SCHEDULED], 2000);
}

static void the_series_has_a_point_at_the_cut(void **state)
{
    struct world *w = *state;
    watch(w, false, 1500 * MS);
    play(w, 0, 4);
    static const double ends_s[] = { 1, 1.5, 2, 3, 4 };
    assert_int_equal(w->collector->series.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_near(w->collector->series.points[i].t_s, ends_s[i]);
}

static void the_end_of_a_slow_beginning_is_found(void **state)
{
    struct world *w = *state;
    watch(w, true, 0);
    play(w, 2 * SECOND, 10);
    assert_true(w->warmup.is_asked && w->warmup.is_found && w->warmup.settled);
    assert_true(w->warmup.cut_s >= 2.0 && w->warmup.cut_s <= 3.5);
    assert_near(w->warmup.p99_us, 5095.0);
    assert_near(w->warmup.whole_p99_us, 50000.0);
    assert_int_equal(w->counted->counters[COUNTER_SCHEDULED],
                     5000); /* nothing is left out unasked */
}

static void a_run_that_never_settles_is_said_not_to(void **state)
{
    struct world *w = *state;
    watch(w, true, 0);
    play(w, 4 * SECOND, 8); /* half of a run is the most that may be cut */
    assert_false(w->warmup.settled);
}

static void a_steady_run_loses_little(void **state)
{
    struct world *w = *state;
    watch(w, true, 0);
    play(w, 0, 10);
    assert_true(w->warmup.settled);
    assert_near(w->warmup.p50_us, w->warmup.whole_p50_us);
}

static void without_a_warmup_all_counts(void **state)
{
    struct world *w = *state;
    watch(w, false, 0);
    assert_true(settling_due_ns(w->settling) == UINT64_MAX);
    play(w, 0, 2);
    assert_false(w->warmup.is_asked);
    assert_int_equal(w->counted->counters[COUNTER_SCHEDULED], 1000);
}

static void a_run_that_ends_in_its_warmup_counts_as_it_is(void **state)
{
    struct world *w = *state;
    watch(w, false, 3 * SECOND);
    play(w, 0, 2);
    assert_true(w->warmup.cut_s == 0);
    assert_int_equal(w->counted->counters[COUNTER_SCHEDULED], 1000);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_warmup_that_was_asked_for_is_not_counted),
        T(the_series_has_a_point_at_the_cut),
        T(the_end_of_a_slow_beginning_is_found),
        T(a_run_that_never_settles_is_said_not_to),
        T(a_steady_run_loses_little),
        T(without_a_warmup_all_counts),
        T(a_run_that_ends_in_its_warmup_counts_as_it_is),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("settling", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
