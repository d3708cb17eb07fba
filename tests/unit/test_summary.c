/* test_summary.c — goal: every figure of a summary is one that can be computed another way, or NaN.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "stats/series.h"
#include "stats/summary.h"

static const struct endpoint_name names[] = { { "GET", "/a" }, { "POST", "/b" } };

static struct shard *open_shard(void)
{
    struct shard *s = NULL;
    assert_int_equal(shard_open(&s, 2), 0);
    return s;
}

static struct tally *open_tally(void)
{
    struct tally *t = NULL;
    assert_int_equal(tally_open(&t, 2), 0);
    return t;
}

static struct summary *make(const struct tally *t, uint64_t duration_ns)
{
    struct summary *s = NULL;
    assert_int_equal(summary_make(&s, t, names, duration_ns), 0);
    return s;
}

static void finish(struct shard *s, uint32_t endpoint, enum outcome outcome, uint64_t latency_ns)
{
    const struct shard_result result = { .endpoint = endpoint,
                                         .outcome = outcome,
                                         .latency_ns = latency_ns,
                                         .service_ns = latency_ns / 2,
                                         .bytes_in = 150,
                                         .bytes_body = 50,
                                         .status = outcome == OUTCOME_OK ? 200 : 500 };
    shard_finish(s, &result);
}

/* 90 fast successes of one kind, then 10 slow ones and 25 failures of the other: 125 in all. */
static void record_mixture(struct shard *s)
{
    for (int i = 0; i < 90; i++)
        finish(s, 0, OUTCOME_OK, 1000);
    for (int i = 0; i < 10; i++)
        finish(s, 1, OUTCOME_OK, 2000);
    for (int i = 0; i < 25; i++)
        finish(s, 1, OUTCOME_FAILED, 500);
}

static void rows_and_total_count_the_same_requests(void **state)
{
    (void)state;
    struct shard *shard = open_shard();
    struct tally *t = open_tally();

    record_mixture(shard);
    tally_take(t, shard);
    struct summary *s = make(t, 10 * UINT64_C(1000000000));
    assert_int_equal(s->row_count, 2);
    assert_string_equal(s->rows[0].name, "/a");
    assert_string_equal(s->rows[1].method, "POST");
    assert_string_equal(s->total.name, "Aggregated");
    assert_int_equal(s->rows[0].count, 90);
    assert_int_equal(s->rows[1].count, 35);
    assert_int_equal(s->rows[1].ok, 10);
    assert_int_equal(s->total.count, 125);
    assert_int_equal(s->total.ok, 100);
    assert_int_equal(s->total.failed, 25);
    assert_int_equal(s->total.bytes_in, 125 * 150);
    assert_true(s->duration_s == 10.0);
    assert_true(s->total.rps == 12.5);
    assert_true(s->total.failures_per_s == 2.5);
    assert_true(s->total.fail_ratio == 0.2);
    assert_true(s->rows[0].fail_ratio == 0.0);
    assert_true(s->total.size_avg == 50.0);
    summary_close(s);
    tally_close(t);
    shard_close(shard);
}

static void percentiles_are_over_all_finished_requests_and_beside_them_over_successes(void **state)
{
    (void)state;
    struct shard *shard = open_shard();
    struct tally *t = open_tally();

    record_mixture(shard);
    tally_take(t, shard);
    struct summary *s = make(t, 1);
    /* In order: 25 at 0.5 us, 90 at 1 us, 10 at 2 us. The 63rd is a 1, the 119th a 2. */
    assert_true(s->total.latency.min_us == 0.5);
    assert_true(s->total.latency.quantile_us[SUMMARY_P50] == 1.0);
    assert_true(s->total.latency.quantile_us[SUMMARY_P90] == 1.0);
    assert_true(s->total.latency.quantile_us[SUMMARY_P95] == 2.0);
    assert_true(s->total.latency.max_us == 2.0);
    assert_true(fabs(s->total.latency.mean_us - (25 * 0.5 + 90 + 10 * 2) / 125) < 1e-12);
    /* Successes alone: the 91st of 100 is a 2, the 90th a 1. */
    assert_true(s->total.latency_ok.min_us == 1.0);
    assert_true(s->total.latency_ok.quantile_us[SUMMARY_P90] == 1.0);
    assert_true(s->total.latency_ok.quantile_us[SUMMARY_P95] == 2.0);
    assert_true(s->rows[1].latency.quantile_us[SUMMARY_P50] == 0.5);
    assert_true(s->rows[1].latency_ok.quantile_us[SUMMARY_P50] == 2.0);
    assert_true(s->total.service.max_us == 1.0);
    assert_true(s->total.service.min_us == 0.25);
    summary_close(s);
    tally_close(t);
    shard_close(shard);
}

/* 1, 2, ... 2000 ns: a percentile tells its own rank. */
static void each_percentile_is_the_one_its_name_says(void **state)
{
    (void)state;
    static const double expected_us[SUMMARY_QUANTILE_COUNT] = {
        [SUMMARY_P50] = 1.0,  [SUMMARY_P75] = 1.5,     [SUMMARY_P90] = 1.8,   [SUMMARY_P95] = 1.9,
        [SUMMARY_P99] = 1.98, [SUMMARY_P99_9] = 1.998, [SUMMARY_P99_99] = 2.0
    };
    struct shard *shard = open_shard();
    struct tally *t = open_tally();

    for (uint64_t ns = 1; ns <= 2000; ns++)
        finish(shard, ns % 2, ns % 5 == 0 ? OUTCOME_FAILED : OUTCOME_OK, ns);
    tally_take(t, shard);
    struct summary *s = make(t, 1);
    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++)
        assert_true(fabs(s->total.latency.quantile_us[q] - expected_us[q]) < 1e-9);
    summary_close(s);
    tally_close(t);
    shard_close(shard);
}

static void assert_latency_is_nan(const struct summary_latency *l)
{
    assert_true(isnan(l->min_us) && isnan(l->mean_us) && isnan(l->max_us));
    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++)
        assert_true(isnan(l->quantile_us[q]));
}

static void what_does_not_exist_is_nan_and_never_zero(void **state)
{
    (void)state;
    struct tally *t = open_tally();

    struct summary *s = make(t, 0);
    assert_int_equal(s->total.count, 0);
    assert_true(isnan(s->total.fail_ratio) && isnan(s->total.size_avg));
    assert_true(isnan(s->total.rps) && isnan(s->total.failures_per_s));
    assert_latency_is_nan(&s->total.latency);
    assert_latency_is_nan(&s->total.latency_ok);
    assert_latency_is_nan(&s->rows[1].service);
    summary_close(s);

    s = make(t, 1000);
    assert_true(s->total.rps == 0.0); /* none in a known time is a rate of none */
    summary_close(s);
    tally_close(t);
    summary_close(NULL);
}

static void a_request_that_was_never_sent_has_no_service_time(void **state)
{
    (void)state;
    struct shard *shard = open_shard();
    struct tally *t = open_tally();
    const struct shard_result refused = { .outcome = OUTCOME_FAILED,
                                          .latency_ns = 1000,
                                          .service_ns = UINT64_MAX };

    shard_finish(shard, &refused);
    tally_take(t, shard);
    struct summary *s = make(t, 1000);
    assert_true(s->rows[0].latency.max_us == 1.0);
    assert_latency_is_nan(&s->rows[0].service);
    assert_latency_is_nan(&s->rows[0].latency_ok);
    summary_close(s);
    tally_close(t);
    shard_close(shard);
}

static void a_point_of_the_series_is_one_interval(void **state)
{
    (void)state;
    struct shard *shard = open_shard();
    struct tally *earlier = open_tally(), *later = open_tally(), *difference = open_tally();
    struct series series;

    series_init(&series);
    record_mixture(shard);
    tally_take(earlier, shard);
    for (int i = 0; i < 100; i++)
        finish(shard, 0, i < 4 ? OUTCOME_FAILED : OUTCOME_OK, 700);
    cell_write(&shard->users_now, 17);
    tally_take(later, shard);
    tally_since(difference, later, earlier);
    assert_int_equal(series_add(&series, difference, 2.0, 0.5), 0);

    const struct series_point *p = &series.points[0];
    assert_true(p->t_s == 2.0);
    assert_int_equal(p->users, 17);
    assert_int_equal(p->count, 100);
    assert_int_equal(p->failed, 4);
    assert_true(p->rps == 200.0 && p->failures_per_s == 8.0);
    assert_true(p->p50_us == 0.7 && p->p95_us == 0.7 && p->p99_us == 0.7);
    series_close(&series);
    tally_close(earlier);
    tally_close(later);
    tally_close(difference);
    shard_close(shard);
}

static void a_series_grows_and_keeps_quiet_seconds(void **state)
{
    (void)state;
    struct tally *quiet = open_tally();
    struct series series;

    series_init(&series);
    for (int i = 0; i < 500; i++)
        assert_int_equal(series_add(&series, quiet, i + 1, 1), 0);
    assert_int_equal(series.count, 500);
    for (int i = 0; i < 500; i++) {
        assert_true(series.points[i].t_s == i + 1);
        assert_true(series.points[i].rps == 0);
        assert_true(isnan(series.points[i].p50_us));
    }
    series_close(&series);
    assert_int_equal(series.count, 0);
    tally_close(quiet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_total_count_the_same_requests),
        cmocka_unit_test(percentiles_are_over_all_finished_requests_and_beside_them_over_successes),
        cmocka_unit_test(each_percentile_is_the_one_its_name_says),
        cmocka_unit_test(what_does_not_exist_is_nan_and_never_zero),
        cmocka_unit_test(a_request_that_was_never_sent_has_no_service_time),
        cmocka_unit_test(a_point_of_the_series_is_one_interval),
        cmocka_unit_test(a_series_grows_and_keeps_quiet_seconds),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
