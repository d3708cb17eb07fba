/* test_timeline — goal: the steps of an endpoint and the columns of the heat map hold every request
 * of the run, in as few steps as were wanted, with percentiles that no averaging made. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "engine/plan/prng.h"
#include "stats/heat.h"
#include "stats/timeline.h"

#define ENDPOINTS 2u
#define SECOND_NS UINT64_C(1000000000)
#define LOG_MAX   ((size_t)64 << 20)

/* One core, read about once a second. */
struct world {
    struct shard *shard;
    struct tally *before, *now, *difference;
    struct interval_log *log;
    struct hist_view scratch;
    struct prng random;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));

    assert_non_null(w);
    assert_non_null(counts);
    assert_int_equal(shard_open(&w->shard, ENDPOINTS), 0);
    assert_int_equal(tally_open(&w->before, ENDPOINTS), 0);
    assert_int_equal(tally_open(&w->now, ENDPOINTS), 0);
    assert_int_equal(tally_open(&w->difference, ENDPOINTS), 0);
    assert_int_equal(interval_log_open(&w->log, ENDPOINTS, LOG_MAX), 0);
    hist_view_init(&w->scratch, counts);
    prng_init(&w->random, 5, 0);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;

    shard_close(w->shard);
    tally_close(w->before);
    tally_close(w->now);
    tally_close(w->difference);
    interval_log_close(w->log);
    free(w->scratch.counts);
    free(w);
    return 0;
}

static void finish(struct world *w, uint32_t endpoint, uint64_t latency_ns, enum outcome outcome)
{
    shard_finish(w->shard, &(struct shard_result){
                               .endpoint = endpoint,
                               .outcome = outcome,
                               .latency_ns = latency_ns,
                               .service_ns = latency_ns,
                           });
}

/* Ends an interval at `to_ns`. */
static void end_interval(struct world *w, uint64_t to_ns)
{
    tally_clear(w->now);
    tally_take(w->now, w->shard);
    tally_since(w->difference, w->now, w->before);
    assert_int_equal(interval_log_add(w->log, w->difference, to_ns), 0);
    tally_clear(w->before);
    tally_add(w->before, w->now);
}

/* `seconds` with up to three requests each, ending a little late as ticks do. */
static void play(struct world *w, uint64_t seconds)
{
    for (uint64_t s = 1; s <= seconds; s++) {
        for (uint64_t left = prng_below(&w->random, 4); left > 0; left--)
            finish(w, (uint32_t)prng_below(&w->random, ENDPOINTS),
                   1000 + prng_below(&w->random, 50000000),
                   prng_below(&w->random, 5) == 0 ? OUTCOME_FAILED : OUTCOME_OK);
        end_interval(w, s * SECOND_NS + prng_below(&w->random, SECOND_NS / 50));
    }
}

static size_t cut(const struct world *w, struct timeline_span *spans, bool is_running)
{
    return timeline_cut(spans, TIMELINE_STEPS_MAX, w->log, is_running);
}

static struct timeline_step step_of(struct world *w, const struct timeline_span *span,
                                    uint32_t endpoint)
{
    return timeline_step_of(w->log, span, endpoint, NAN, &w->scratch);
}

static void assert_steps_are_the_run(struct world *w, size_t steps_min)
{
    struct timeline_span spans[TIMELINE_STEPS_MAX];
    const size_t count = cut(w, spans, false);
    uint64_t all = 0, failed = 0;

    assert_true(count <= TIMELINE_STEPS_MAX && count >= steps_min);
    assert_int_equal(spans[0].first, 0);
    assert_int_equal(spans[count - 1].last, w->log->count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || spans[i].first == spans[i - 1].last);
        const struct timeline_step total = step_of(w, &spans[i], TIMELINE_ALL_ENDPOINTS);
        uint64_t endpoints = 0;
        for (uint32_t e = 0; e < ENDPOINTS; e++)
            endpoints += step_of(w, &spans[i], e).count;
        assert_int_equal(endpoints, total.count);
        all += total.count;
        failed += total.failed;
    }
    uint64_t ok = 0, bad = 0;
    for (uint32_t e = 0; e < ENDPOINTS; e++) {
        ok += w->before->endpoints[e].latency[OUTCOME_OK].total;
        bad += w->before->endpoints[e].latency[OUTCOME_FAILED].total;
    }
    assert_int_equal(all, ok + bad);
    assert_int_equal(failed, bad);
}

static void no_percentile_exceeds_the_slowest_of_the_run(void **state)
{
    struct world *w = *state;
    struct timeline_span spans[TIMELINE_STEPS_MAX];
    const uint64_t slowest_ns = 8778588; /* its bucket ends at 8781823 */

    finish(w, 1, slowest_ns, OUTCOME_OK);
    end_interval(w, SECOND_NS);
    assert_int_equal(cut(w, spans, false), 1);
    assert_true(step_of(w, &spans[0], 1).p99_us > (double)slowest_ns / 1e3);
    const struct timeline_step step =
        timeline_step_of(w->log, &spans[0], 1, (double)slowest_ns / 1e3, &w->scratch);
    assert_true(step.p50_us == (double)slowest_ns / 1e3 && step.p99_us == step.p50_us);
    const struct timeline_step none =
        timeline_step_of(w->log, &spans[0], 0, (double)slowest_ns / 1e3, &w->scratch);
    assert_true(isnan(none.p99_us));
}

static void ten_minutes_have_a_step_for_each_second(void **state)
{
    struct world *w = *state;
    struct timeline_span spans[TIMELINE_STEPS_MAX];

    play(w, 600);
    assert_int_equal(cut(w, spans, false), 600);
    for (size_t i = 0; i < 600; i++)
        assert_int_equal(spans[i].end_ns / SECOND_NS, i + 1);
    assert_steps_are_the_run(*state, 600);
}

static void longer_runs_have_coarser_steps_and_lose_nothing(void **state)
{
    struct world *w = *state;

    play(w, 601);
    assert_steps_are_the_run(w, 301);
    assert_true(w->log->count == 601);
}

static void merged_intervals_still_hold_every_request_and_failure(void **state)
{
    struct world *w = *state;

    interval_log_close(w->log);
    assert_int_equal(interval_log_open(&w->log, ENDPOINTS, 4096), 0);
    play(w, 400);
    assert_true(w->log->count < 200);
    assert_steps_are_the_run(w, 10);
}

static void an_hour_has_steps_of_eight_seconds(void **state)
{
    struct world *w = *state;
    struct timeline_span spans[TIMELINE_STEPS_MAX];

    play(w, 3600);
    assert_int_equal(cut(w, spans, false), 450);
    assert_int_equal(spans[1].end_ns / SECOND_NS, 16);
    assert_steps_are_the_run(w, 450);
}

static void a_percentile_of_a_long_step_is_that_of_its_requests(void **state)
{
    struct world *w = *state;
    struct timeline_span spans[4];

    /* Ninety-nine fast requests in one second, one slow in the next: no average shows its p99. */
    for (int i = 0; i < 99; i++)
        finish(w, 0, 1000000, OUTCOME_OK);
    end_interval(w, SECOND_NS);
    finish(w, 0, 900000000, OUTCOME_OK);
    end_interval(w, 2 * SECOND_NS);
    assert_int_equal(timeline_cut(spans, 1, w->log, false), 1);
    const struct timeline_step step = step_of(w, &spans[0], 0);
    assert_int_equal(step.count, 100);
    assert_true(step.p99_us < 1002 && step.p50_us >= 1000);
    assert_true(isnan(step_of(w, &spans[0], 1).p50_us));
}

static void a_step_that_goes_on_is_not_shown_yet(void **state)
{
    struct world *w = *state;
    struct timeline_span spans[TIMELINE_STEPS_MAX];

    play(w, 10);
    assert_int_equal(cut(w, spans, true), 10);
    assert_int_equal(timeline_cut(spans, 6, w->log, true), 5);
    end_interval(w, 11 * SECOND_NS);
    assert_int_equal(timeline_cut(spans, 6, w->log, true), 5);
    assert_int_equal(timeline_cut(spans, 6, w->log, false), 6);
}

static void a_second_that_came_late_has_no_step_of_its_own(void **state)
{
    struct world *w = *state;
    struct timeline_span spans[TIMELINE_STEPS_MAX];

    end_interval(w, SECOND_NS);
    end_interval(w, 4 * SECOND_NS);
    assert_int_equal(cut(w, spans, false), 2);
    assert_int_equal(spans[1].end_ns, 4 * SECOND_NS);
}

static void heat_counts_every_request_between_its_edges(void **state)
{
    struct world *w = *state;
    struct heat *h = NULL;
    uint64_t all = 0;

    play(w, 700);
    assert_int_equal(heat_make(&h, w->log, false), 0);
    assert_true(h->column_count <= HEAT_COLUMNS_MAX && h->column_count >= HEAT_COLUMNS_MAX / 2);
    for (uint32_t i = 0; i < h->cell_count; i++)
        assert_true(h->edges_us[i] < h->edges_us[i + 1]);
    for (size_t c = 0; c < h->column_count; c++)
        for (uint32_t i = 0; i < h->cell_count; i++)
            all += h->columns[c].counts[i];
    uint64_t total = 0;
    for (uint32_t e = 0; e < ENDPOINTS; e++)
        for (int o = 0; o < OUTCOME_COUNT; o++)
            total += w->before->endpoints[e].latency[o].total;
    assert_int_equal(all, total);
    heat_close(h);
}

static void heat_knows_where_a_latency_belongs(void **state)
{
    struct world *w = *state;
    static const uint64_t latencies_ns[] = { 1, 999, 1000000, 123456789, HIST_MAX_NS };
    const size_t count = sizeof(latencies_ns) / sizeof(latencies_ns[0]);
    struct heat *h = NULL;

    for (size_t i = 0; i < count; i++) {
        finish(w, 0, latencies_ns[i], OUTCOME_OK);
        end_interval(w, (i + 1) * SECOND_NS);
    }
    assert_int_equal(heat_make(&h, w->log, false), 0);
    assert_int_equal(h->column_count, count);
    for (size_t c = 0; c < count; c++) {
        uint32_t found = 0;
        while (h->columns[c].counts[found] == 0)
            found++;
        const double us = (double)latencies_ns[c] / 1e3;
        assert_true(us >= h->edges_us[found] * 0.999 && us <= h->edges_us[found + 1] * 1.001);
    }
    heat_close(h);
}

static void a_run_without_requests_has_no_heat(void **state)
{
    struct world *w = *state;
    struct heat *h = NULL;

    assert_int_equal(heat_make(&h, w->log, false), 0);
    assert_int_equal(h->cell_count, 0);
    heat_close(h);
    end_interval(w, SECOND_NS);
    assert_int_equal(heat_make(&h, w->log, false), 0);
    assert_int_equal(h->cell_count, 0);
    heat_close(h);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(no_percentile_exceeds_the_slowest_of_the_run),
        IN_WORLD(ten_minutes_have_a_step_for_each_second),
        IN_WORLD(longer_runs_have_coarser_steps_and_lose_nothing),
        IN_WORLD(merged_intervals_still_hold_every_request_and_failure),
        IN_WORLD(an_hour_has_steps_of_eight_seconds),
        IN_WORLD(a_percentile_of_a_long_step_is_that_of_its_requests),
        IN_WORLD(a_step_that_goes_on_is_not_shown_yet),
        IN_WORLD(a_second_that_came_late_has_no_step_of_its_own),
        IN_WORLD(heat_counts_every_request_between_its_edges),
        IN_WORLD(heat_knows_where_a_latency_belongs),
        IN_WORLD(a_run_without_requests_has_no_heat),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
