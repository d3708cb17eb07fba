/* test_evidence — goal: a steady run is called steady with bounds that hold, a run that gets slower
 * is told by how much, and a short one is told that it is short. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "engine/plan/prng.h"
#include "stats/evidence.h"

#define ENDPOINTS                3u
#define EMPTY                    2u
#define SECOND_NS                UINT64_C(1000000000)
#define assert_near(a, b, error) assert_true(fabs((a) - (b)) <= (error))

static const struct endpoint_name names[ENDPOINTS] = { { "GET", "/read" },
                                                       { "POST", "/write" },
                                                       { "GET", "/never" } };

struct world {
    struct shard *shard;
    struct tally *before, *now, *difference;
    struct interval_log *log;
    struct evidence *evidence;
    struct prng random;
    uint64_t now_ns;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    assert_int_equal(shard_open(&w->shard, ENDPOINTS), 0);
    assert_int_equal(tally_open(&w->before, ENDPOINTS), 0);
    assert_int_equal(tally_open(&w->now, ENDPOINTS), 0);
    assert_int_equal(tally_open(&w->difference, ENDPOINTS), 0);
    assert_int_equal(interval_log_open(&w->log, ENDPOINTS, SIZE_MAX), 0);
    prng_init(&w->random, 4, 0);
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
    evidence_close(w->evidence);
    free(w);
    return 0;
}

static void record(struct world *w, uint32_t endpoint, double latency_us)
{
    const struct shard_result r = { .endpoint = endpoint,
                                    .outcome = OUTCOME_OK,
                                    .latency_ns = (uint64_t)(latency_us * 1e3) };
    shard_finish(w->shard, &r);
}

static void end_interval(struct world *w, uint64_t length_ns)
{
    tally_clear(w->now);
    tally_take(w->now, w->shard);
    tally_since(w->difference, w->now, w->before);
    w->now_ns += length_ns;
    assert_int_equal(interval_log_add(w->log, w->difference, w->now_ns), 0);
    tally_clear(w->before);
    tally_add(w->before, w->now);
}

static const struct evidence *judge(struct world *w)
{
    evidence_close(w->evidence);
    assert_int_equal(evidence_make(&w->evidence, w->log, w->now, names), 0);
    return w->evidence;
}

/* 1000 requests a second whose time is exponential, independent of each other. */
static void play_steady(struct world *w, uint64_t seconds)
{
    for (uint64_t s = 0; s < seconds; s++) {
        for (int i = 0; i < 1000; i++)
            record(w, (uint32_t)i % 2u, -log1p(-prng_unit(&w->random)) * 10000);
        end_interval(w, SECOND_NS);
    }
}

static void bounds_of_a_steady_run_hold_its_truth(void **state)
{
    struct world *w = *state;
    play_steady(w, 60);
    const struct evidence *e = judge(w);

    assert_int_equal(e->batch_count, 20);
    const struct evidence_quantile *p99 = &e->total.quantiles[SUMMARY_P99];
    assert_int_equal(p99->confidence.state, CONFIDENCE_HELD);
    assert_true(p99->low_us < 46051.7 && p99->high_us > 46051.7); /* 10 ms times ln 100 */
    assert_true(p99->high_us - p99->low_us < 3000);
    assert_true(p99->confidence.worth > 20000);
    const struct evidence_quantile *p50 = &e->rows[0].quantiles[SUMMARY_P50];
    assert_true(p50->low_us < 6931.5 && p50->high_us > 6931.5);
    /* 30000 requests of one endpoint have no p99.99 with an upper bound. */
    const struct evidence_quantile *last = &e->rows[1].quantiles[SUMMARY_P99_99];
    assert_false(isnan(last->low_us));
    assert_true(isnan(last->high_us));
    assert_int_equal(e->total.median.verdict, TREND_STATIONARY);
}

/* Every other second twice as many requests take the longer of two times. */
static void seconds_that_differ_make_requests_worth_less(void **state)
{
    struct world *w = *state;

    for (int s = 0; s < 20; s++) {
        for (int i = 0; i < 100; i++)
            record(w, 0, i < (s % 2 == 0 ? 40 : 80) ? 1000 : 2000);
        end_interval(w, SECOND_NS);
    }
    const struct evidence_quantile *p50 = &judge(w)->rows[0].quantiles[SUMMARY_P50];
    assert_int_equal(p50->confidence.state, CONFIDENCE_HELD);
    /* 20 away from 60 within, over 60 of 100: 400 * 20 / 19 over 24 */
    assert_near(p50->confidence.design_effect, 17.5439, 1e-3);
    assert_near(p50->confidence.worth, 114, 1e-9);
    assert_near(p50->low_us, 1000, 1); /* both ranks are within the 1200 short ones */
    assert_near(p50->high_us, 1000, 1);
}

static void an_endpoint_without_requests_has_nothing(void **state)
{
    struct world *w = *state;
    play_steady(w, 20);
    const struct evidence_row *row = &judge(w)->rows[EMPTY];

    for (int i = 0; i < SUMMARY_QUANTILE_COUNT; i++) {
        assert_int_equal(row->quantiles[i].confidence.state, CONFIDENCE_NOTHING);
        assert_true(isnan(row->quantiles[i].low_us) && isnan(row->quantiles[i].high_us));
    }
    assert_true(isnan(row->median.slope));
}

static void a_short_run_is_told_how_much_longer_it_should_be(void **state)
{
    struct world *w = *state;
    play_steady(w, 5);
    const struct evidence *e = judge(w);

    const struct evidence_quantile *p50 = &e->total.quantiles[SUMMARY_P50];
    assert_int_equal(e->batch_count, 5);
    assert_int_equal(p50->confidence.state, CONFIDENCE_TOO_SHORT);
    assert_true(isnan(p50->low_us) && isnan(p50->high_us));
    assert_near(p50->confidence.lengthen, 4, 1e-9);
    assert_int_equal(e->total.median.verdict, TREND_UNDECIDED);
    assert_true(isnan(e->total.median.slope));
}

static void a_run_without_an_interval_says_nothing(void **state)
{
    struct world *w = *state;
    const struct evidence *e = judge(w);

    assert_int_equal(e->batch_count, 0);
    assert_int_equal(e->total.quantiles[SUMMARY_P50].confidence.state, CONFIDENCE_NOTHING);
}

/* 5 ms, and a microsecond more for each row written before; fifty are written a second. */
static void latency_that_grows_with_the_rows_is_told_by_the_row(void **state)
{
    struct world *w = *state;
    double rows = 0;

    for (int s = 0; s < 60; s++) {
        for (int i = 0; i < 250; i++) {
            record(w, i % 5 == 0, 5000 + rows + prng_unit(&w->random) * 200);
            rows += i % 5 == 0;
        }
        end_interval(w, SECOND_NS);
    }
    const struct trend *over_time = &judge(w)->rows[0].median;
    assert_int_equal(over_time->verdict, TREND_DRIFTING);
    assert_near(over_time->slope, 50, 2);
    const struct trend *over_writes = &w->evidence->rows[0].median_writes;
    assert_int_equal(over_writes->verdict, TREND_DRIFTING);
    assert_near(over_writes->slope, 1, 0.04);
    assert_true(over_writes->slope_low <= 1.01 && over_writes->slope_high >= 0.99);
}

static void reads_alone_have_no_trend_over_writes(void **state)
{
    struct world *w = *state;

    for (int s = 0; s < 20; s++) {
        for (int i = 0; i < 100; i++)
            record(w, 0, 1000);
        end_interval(w, SECOND_NS);
    }
    assert_true(isnan(judge(w)->rows[0].median_writes.slope));
    assert_int_equal(w->evidence->rows[0].median.verdict, TREND_STATIONARY);
}

static void seconds_of_any_length_are_cut_evenly(void **state)
{
    struct world *w = *state;
    static const struct {
        int whole;
        uint64_t tail_ns;
        uint32_t batches;
    } rows[] = {
        { 10, 0, 10 }, { 10, 200000000, 10 }, { 9, 600000000, 10 }, { 13, 0, 13 }, { 45, 0, 20 }
    };

    for (size_t at = 0; at < sizeof(rows) / sizeof(rows[0]); at++) {
        while (w->log->count > 0)
            interval_log_drop_last(w->log);
        w->now_ns = 0;
        for (int s = 0; s < rows[at].whole; s++) {
            record(w, 0, 1000);
            end_interval(w, SECOND_NS + (uint64_t)(s % 3) * 1000000u - 1000000u);
        }
        if (rows[at].tail_ns > 0) {
            record(w, 0, 1000);
            end_interval(w, rows[at].tail_ns);
        }
        assert_int_equal(judge(w)->batch_count, rows[at].batches);
        assert_false(isnan(w->evidence->total.median.slope)); /* no batch is empty */
    }
}

int main(void)
{
#define CLAIM(claim) cmocka_unit_test_setup_teardown(claim, open_world, close_world)
    const struct CMUnitTest tests[] = {
        CLAIM(bounds_of_a_steady_run_hold_its_truth),
        CLAIM(seconds_that_differ_make_requests_worth_less),
        CLAIM(an_endpoint_without_requests_has_nothing),
        CLAIM(a_short_run_is_told_how_much_longer_it_should_be),
        CLAIM(a_run_without_an_interval_says_nothing),
        CLAIM(latency_that_grows_with_the_rows_is_told_by_the_row),
        CLAIM(reads_alone_have_no_trend_over_writes),
        CLAIM(seconds_of_any_length_are_cut_evenly),
    };
#undef CLAIM
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("evidence", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
