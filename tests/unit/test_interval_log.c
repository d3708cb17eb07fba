/* test_interval_log — goal: the intervals add up to the run, bit for bit, however little memory
 * they may have. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/prng.h"
#include "stats/interval_log.h"

#define ENDPOINTS 3u
#define SECOND_NS UINT64_C(1000000000)

/* One core, read once a second. */
struct world {
    struct shard *shard;
    struct tally *before, *now, *difference;
    struct interval_log *log;
    struct hist_view whole, sum;
    struct prng random;
    uint64_t seconds;
};

static struct world *open_world(size_t size_max)
{
    struct world *w = calloc(1, sizeof(*w));
    uint64_t *counts = calloc(2u * HIST_SLOTS, sizeof(*counts));

    assert_non_null(w);
    assert_non_null(counts);
    assert_int_equal(shard_open(&w->shard, ENDPOINTS), 0);
    assert_int_equal(tally_open(&w->before, ENDPOINTS), 0);
    assert_int_equal(tally_open(&w->now, ENDPOINTS), 0);
    assert_int_equal(tally_open(&w->difference, ENDPOINTS), 0);
    assert_int_equal(interval_log_open(&w->log, ENDPOINTS, size_max), 0);
    hist_view_init(&w->whole, counts);
    hist_view_init(&w->sum, counts + HIST_SLOTS);
    prng_init(&w->random, 9, 0);
    return w;
}

static void close_world(struct world *w)
{
    shard_close(w->shard);
    tally_close(w->before);
    tally_close(w->now);
    tally_close(w->difference);
    interval_log_close(w->log);
    free(w->whole.counts);
    free(w);
}

static void record(struct world *w, uint32_t endpoint, uint64_t latency_ns)
{
    const struct shard_result r = {
        .endpoint = endpoint,
        .outcome = prng_below(&w->random, 4) == 0 ? OUTCOME_FAILED : OUTCOME_OK,
        .latency_ns = latency_ns,
        .service_ns = latency_ns,
    };
    shard_finish(w->shard, &r);
}

static void take_difference(struct world *w)
{
    tally_clear(w->now);
    tally_take(w->now, w->shard);
    tally_since(w->difference, w->now, w->before);
}

/* Ends a second, in which some requests of some endpoints were done. */
static void play_second(struct world *w)
{
    for (uint64_t left = prng_below(&w->random, 300); left > 0; left--)
        record(w, (uint32_t)prng_below(&w->random, ENDPOINTS - 1u),
               prng_next(&w->random) >> (42u + prng_below(&w->random, 22)));
    take_difference(w);
    assert_int_equal(interval_log_add(w->log, w->difference, ++w->seconds * SECOND_NS), 0);
    tally_clear(w->before);
    tally_add(w->before, w->now);
}

static void assert_adds_up(struct world *w)
{
    uint64_t at_ns = 0;
    size_t size = 0;

    tally_clear(w->now);
    tally_take(w->now, w->shard);
    for (uint32_t e = 0; e < ENDPOINTS; e++) {
        hist_view_clear(&w->whole);
        hist_view_clear(&w->sum);
        hist_view_add(&w->whole, &w->now->endpoints[e].latency[OUTCOME_OK]);
        hist_view_add(&w->whole, &w->now->endpoints[e].latency[OUTCOME_FAILED]);
        for (size_t i = 0; i < w->log->count; i++)
            interval_log_take(w->log, i, e, &w->sum);
        assert_int_equal(w->sum.total, w->whole.total);
        assert_memory_equal(w->sum.counts, w->whole.counts, HIST_SLOTS * sizeof(uint64_t));
    }
    for (size_t i = 0; i < w->log->count; i++) {
        assert_int_equal(w->log->intervals[i].from_ns, at_ns);
        at_ns = w->log->intervals[i].to_ns;
        size += w->log->intervals[i].size;
    }
    assert_int_equal(at_ns, w->seconds * SECOND_NS);
    assert_int_equal(size, w->log->size);
}

static void intervals_add_up_to_the_run(void **state)
{
    (void)state;
    struct world *w = open_world(SIZE_MAX);

    for (int i = 0; i < 200; i++)
        play_second(w);
    assert_int_equal(w->log->count, 200);
    assert_adds_up(w);
    close_world(w);
}

static void an_interval_has_what_was_done_in_it_and_no_more(void **state)
{
    (void)state;
    struct world *w = open_world(SIZE_MAX);

    play_second(w);
    record(w, 1, 1234567);
    record(w, 1, 1234567);
    record(w, 1, UINT64_C(7200000000000)); /* two hours, over the range */
    take_difference(w);
    assert_int_equal(interval_log_add(w->log, w->difference, 2 * SECOND_NS), 0);

    interval_log_take(w->log, 1, 0, &w->sum);
    assert_int_equal(w->sum.total, 0);
    interval_log_take(w->log, 1, 1, &w->sum);
    assert_int_equal(w->sum.total, 3);
    assert_int_equal(w->sum.counts[hist_index(1234567)], 2);
    assert_int_equal(w->sum.counts[hist_index(HIST_MAX_NS)], 1);
    close_world(w);
}

static void a_full_log_is_coarser_and_still_adds_up(void **state)
{
    (void)state;
    const size_t size_max = 60000;
    struct world *w = open_world(size_max);

    for (int i = 0; i < 500; i++) {
        play_second(w);
        assert_true(w->log->size <= size_max);
    }
    assert_true(w->log->count < 250);
    assert_adds_up(w);
    const struct interval *intervals = w->log->intervals;
    for (size_t i = 1; i < w->log->count; i++) /* older ones are at least as long */
        assert_true(intervals[i].to_ns - intervals[i].from_ns <=
                    intervals[i - 1].to_ns - intervals[i - 1].from_ns + SECOND_NS);
    assert_int_equal(intervals[w->log->count - 1u].to_ns - intervals[w->log->count - 1u].from_ns,
                     SECOND_NS);
    close_world(w);
}

static void no_room_at_all_leaves_two_intervals(void **state)
{
    (void)state;
    struct world *w = open_world(0);

    for (int i = 0; i < 20; i++)
        play_second(w);
    assert_int_equal(w->log->count, 2);
    assert_adds_up(w);
    close_world(w);
}

static void the_last_interval_can_be_replaced(void **state)
{
    (void)state;
    struct world *w = open_world(30000);

    for (int i = 0; i < 100; i++) {
        play_second(w);
        if (prng_below(&w->random, 2) == 0)
            continue;
        const size_t count = w->log->count;
        interval_log_drop_last(w->log);
        assert_int_equal(w->log->count, count - 1u);
        assert_int_equal(interval_log_add(w->log, w->difference, w->seconds * SECOND_NS), 0);
    }
    assert_adds_up(w);
    close_world(w);
}

static void an_empty_log_has_nothing_to_drop(void **state)
{
    (void)state;
    struct world *w = open_world(SIZE_MAX);

    interval_log_drop_last(w->log);
    assert_int_equal(w->log->count, 0);
    close_world(w);
    interval_log_close(NULL);
}

static void a_run_in_which_nothing_is_recorded_has_intervals_without_rows(void **state)
{
    (void)state;
    struct interval_log *log;
    struct tally *nothing;

    assert_int_equal(tally_open(&nothing, 0), 0);
    assert_int_equal(interval_log_open(&log, 0, SIZE_MAX), 0);
    assert_int_equal(interval_log_add(log, nothing, SECOND_NS), 0);
    assert_int_equal(log->count, 1);
    interval_log_close(log);
    tally_close(nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_add_up_to_the_run),
        cmocka_unit_test(an_interval_has_what_was_done_in_it_and_no_more),
        cmocka_unit_test(a_full_log_is_coarser_and_still_adds_up),
        cmocka_unit_test(no_room_at_all_leaves_two_intervals),
        cmocka_unit_test(the_last_interval_can_be_replaced),
        cmocka_unit_test(an_empty_log_has_nothing_to_drop),
        cmocka_unit_test(a_run_in_which_nothing_is_recorded_has_intervals_without_rows),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("interval_log", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                               : EXIT_FAILURE;
}
