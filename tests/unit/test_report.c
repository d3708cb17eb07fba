/* test_report.c — goal: the JSON keeps every promise of its schema, whatever a server sends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/hist_codec.h"
#include "stats/report/report.h"
#include "tests/unit/report_run.h"

static json_t *json_of(const struct result *r)
{
    json_error_t error;
    char *text = NULL;

    assert_int_equal(report_json(&text, r), 0);
    assert_int_equal(text[strlen(text) - 1], '\n');
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("line %d: %s", error.line, error.text);
    free(text);
    return root;
}

/* `keys` ends in NULL: they come in this order; others may stand between and after them. */
static void assert_keys(const json_t *object, const char *const keys[])
{
    const char *key;
    json_t *value;

    assert_true(json_is_object(object));
    json_object_foreach((json_t *)object, key, value)
    {
        if (*keys != NULL && strcmp(key, *keys) == 0)
            keys++;
    }
    if (*keys != NULL)
        fail_msg("key '%s' is missing or out of order", *keys);
}

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void assert_latency_keys(const json_t *latency)
{
    assert_keys(latency,
                KEYS("min", "mean", "p50", "p75", "p90", "p95", "p99", "p99_9", "p99_99", "max"));
}

static void assert_row_keys(const json_t *row)
{
    assert_keys(row, KEYS("count", "ok", "failed", "fail_ratio", "rps", "failures_per_s",
                          "bytes_in", "bytes_out", "size_avg", "latency_us", "service_us"));
    assert_latency_keys(json_object_get(row, "latency_us"));
    assert_latency_keys(json_object_get(row, "latency_ok_us"));
    assert_latency_keys(json_object_get(row, "service_us"));
}

/* Everything the schema promises, whatever happened in the run. */
static void assert_schema(const json_t *root)
{
    size_t i;
    json_t *item;

    assert_keys(root, KEYS("schema", "version", "command", "scenario", "host", "seed", "started_at",
                           "duration_s", "load", "total", "requests", "failures", "status_codes",
                           "timeline", "heat", "accounting", "connections", "generator",
                           "expectations", "name", "note"));
    assert_keys(json_object_get(root, "load"), KEYS("kind", "users", "users_peak", "spawn_rate",
                                                    "connections", "rate", "threads", "cpus"));
    assert_row_keys(json_object_get(root, "total"));
    json_array_foreach(json_object_get(root, "requests"), i, item)
    {
        assert_keys(item, KEYS("method", "name", "count", "timeline"));
        assert_row_keys(item);
        assert_keys(json_object_get(item, "timeline"),
                    KEYS("t_s", "count", "failed", "p50_us", "p95_us", "p99_us"));
    }
    json_array_foreach(json_object_get(root, "failures"), i, item)
        assert_keys(item, KEYS("method", "name", "class", "message", "count"));
    json_array_foreach(json_object_get(root, "timeline"), i, item) assert_keys(
        item, KEYS("t_s", "users", "rps", "failures_per_s", "p50_us", "p95_us", "p99_us"));
    assert_keys(
        json_object_get(root, "accounting"),
        KEYS("scheduled", "ok", "failed", "dropped", "in_flight_at_end", "not_sent", "balanced"));
    assert_keys(json_object_get(root, "connections"), KEYS("opened", "reused", "closed"));
    assert_true(json_is_array(json_object_get(root, "addresses")));
    json_array_foreach(json_object_get(root, "addresses"), i, item)
        assert_keys(item, KEYS("address", "opened", "failed"));
    assert_keys(json_object_get(root, "generator"),
                KEYS("verdict", "reasons", "cpu", "lateness_us"));
    assert_keys(json_object_get(json_object_get(root, "generator"), "lateness_us"),
                KEYS("p50", "p99", "max"));
    json_array_foreach(json_object_get(root, "expectations"), i, item)
        assert_keys(item, KEYS("expr", "value_us", "holds"));
}

/* The value at a path such as "total.latency_us.p50" or "requests.0.name". */
static const json_t *at(const json_t *node, const char *path)
{
    char key[64];

    while (*path != '\0') {
        const size_t len = strcspn(path, ".");
        snprintf(key, sizeof(key), "%.*s", (int)len, path);
        node = json_is_array(node) ? json_array_get(node, strtoul(key, NULL, 10))
                                   : json_object_get(node, key);
        if (node == NULL)
            fail_msg("no '%s'", path);
        path += path[len] == '.' ? len + 1 : len;
    }
    return node;
}

static void what_proves_who_one_is_stays_out_of_reports(void **state)
{
    (void)state;
    static const struct {
        const char *word, *shown;
    } rows[] = {
        { "squall", "squall" },
        { "Authorization: Bearer abc", "Authorization: ***" },
        { "-HCOOKIE:id=abc", "-HCOOKIE: ***" },
        { "-qHX-Api-Key: abc", "-qHX-Api-Key: ***" },
        { "--header=proxy-authorization: abc", "--header=proxy-authorization: ***" },
        { "Accept: abc", "Accept: abc" },
        { "http://127.0.0.1/Cookie:", "http://127.0.0.1/Cookie:" },
    };
    struct run *run = run_open(1);
    char *words[ARRAY_LEN(rows)];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        words[i] = (char *)rows[i].word;
    (void)run_result(run);
    run->result.argc = (int)ARRAY_LEN(rows);
    run->result.argv = words;
    json_t *root = json_of(&run->result);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(json_string_value(json_array_get(at(root, "command"), i)),
                            rows[i].shown);
    json_decref(root);
    run_close(run);
}

static void a_full_result_has_every_key_in_order(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    run_fill(run);
    run->result.argc = 3;
    run->result.argv = (char *[]){ (char *)"squall", (char *)"run", (char *)"tweets.yaml" };
    json_t *root = json_of(run_result(run));
    assert_schema(root);
    assert_string_equal(json_string_value(at(root, "schema")), "squall/1");
    assert_string_equal(json_string_value(at(root, "command.2")), "tweets.yaml");
    assert_string_equal(json_string_value(at(root, "started_at")), "2026-01-01T00:00:00Z");
    assert_int_equal(json_array_size(at(root, "requests")), 5);
    assert_string_equal(json_string_value(at(root, "requests.2.method")), "POST");
    assert_int_equal(json_array_size(at(root, "failures")), 2);
    assert_string_equal(json_string_value(at(root, "failures.0.class")), "http_error");
    assert_string_equal(json_string_value(at(root, "failures.0.name")), "/api/tweets/[id]/");
    assert_int_equal(json_integer_value(at(root, "failures.1.count")), 12);
    assert_int_equal(json_object_size(at(root, "status_codes")), 2);
    assert_int_equal(json_integer_value(at(root, "status_codes.404")), 40);
    assert_int_equal(json_object_size(at(root, "connections.closed")), 2);
    assert_int_equal(json_integer_value(at(root, "connections.closed.timeout")), 12);
    /* 5000 ns lies in the bucket 5000..5003. */
    assert_true(json_real_value(at(root, "generator.lateness_us.p50")) == 5.003);
    assert_true(json_real_value(at(root, "generator.cpu.0")) == 0.34);
    assert_true(json_is_null(at(root, "load.cpus.1")));
    assert_true(json_real_value(at(root, "expectations.0.value_us")) == 42123.5);
    assert_true(json_is_null(at(root, "expectations.1.value_us")));
    assert_true(json_real_value(at(root, "expectations.1.value")) == 0.0103);
    assert_false(json_boolean_value(at(root, "interrupted")));
    json_decref(root);
    run_close(run);
}

static void figures_survive_the_way_through_json(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    run_fill(run);
    json_t *root = json_of(run_result(run));
    const struct summary_row *total = &run->summary->total;
    assert_int_equal(json_integer_value(at(root, "total.count")), total->count);
    assert_true(json_number_value(at(root, "total.latency_us.p50")) ==
                total->latency.quantile_us[SUMMARY_P50]);
    assert_true(json_number_value(at(root, "total.latency_us.p99_99")) ==
                total->latency.quantile_us[SUMMARY_P99_99]);
    assert_true(json_number_value(at(root, "total.latency_ok_us.max")) == 1500000.0);
    assert_true(json_number_value(at(root, "total.latency_us.max")) == 30000000.0);
    assert_true(fabs(json_number_value(at(root, "total.rps")) - total->rps) < 1e-6);
    assert_true(
        fabs(json_number_value(at(root, "total.latency_us.mean")) - total->latency.mean_us) < 1e-3);
    assert_true(json_number_value(at(root, "duration_s")) == 60.0);
    json_decref(root);
    run_close(run);
}

static void an_empty_result_has_nulls_and_not_zeroes(void **state)
{
    (void)state;
    static const char *const nulls[] = {
        "scenario",
        "load.users",
        "load.users_peak",
        "load.spawn_rate",
        "load.rate",
        "total.fail_ratio",
        "total.size_avg",
        "total.latency_us.min",
        "total.latency_us.p99_99",
        "total.latency_us.max",
        "total.service_us.mean",
        "requests.0.latency_us.p50",
        "generator.lateness_us.p50",
        "generator.lateness_us.max",
    };
    struct run *run = run_open(1);

    json_t *root = json_of(run_result(run));
    assert_schema(root);
    for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
        if (!json_is_null(at(root, nulls[i])))
            fail_msg("'%s' is not null", nulls[i]);
    assert_int_equal(json_integer_value(at(root, "total.count")), 0);
    assert_int_equal(json_array_size(at(root, "failures")), 0);
    assert_int_equal(json_array_size(at(root, "timeline")), 0);
    assert_int_equal(json_object_size(at(root, "status_codes")), 0);
    assert_true(json_boolean_value(at(root, "accounting.balanced")));
    json_decref(root);
    run_close(run);
}

static void nothing_but_what_must_be_is_needed(void **state)
{
    (void)state;
    struct run *run = run_open(0);

    const struct result *r = run_result(run);
    run->result.series = NULL;
    run->result.host = NULL;
    run->result.generator = (struct result_generator){ 0 };
    run->result.load = (struct result_load){ .spawn_rate = NAN, .rate = NAN };
    json_t *root = json_of(r);
    assert_schema(root);
    assert_true(json_is_null(at(root, "host")));
    json_decref(root);
    run_close(run);
}

static void a_quiet_second_of_the_timeline_has_null_percentiles(void **state)
{
    (void)state;
    struct run *run = run_open(1);

    (void)run_result(run);
    assert_int_equal(series_add(&run->series, run->tally, 1.000158, 1), 0);
    json_t *root = json_of(&run->result);
    assert_schema(root);
    assert_true(json_number_value(at(root, "timeline.0.t_s")) == 1); /* read to the millisecond */
    assert_true(json_number_value(at(root, "timeline.0.rps")) == 0);
    assert_true(json_is_null(at(root, "timeline.0.p99_us")));
    json_decref(root);
    run_close(run);
}

/* Three seconds with one request of the first endpoint in the first, two of the second in the
 * third.
 */
static struct interval_log *three_seconds(struct run *run)
{
    struct interval_log *log = NULL;
    struct tally *difference = NULL;

    assert_int_equal(interval_log_open(&log, 2, 1 << 20), 0);
    assert_int_equal(tally_open(&difference, 2), 0);
    run_finish(run, 0, 2000000, 200, FAILURE_NONE, NULL);
    (void)run_result(run);
    assert_int_equal(interval_log_add(log, run->tally, 1000400000), 0);
    assert_int_equal(interval_log_add(log, difference, 2000000000), 0);
    tally_add(difference, run->tally);
    run_finish(run, 1, 3000000, 200, FAILURE_NONE, NULL);
    run_finish(run, 1, 4000000, 500, FAILURE_HTTP_ERROR, "status 500");
    (void)run_result(run);
    struct tally *last = NULL;
    assert_int_equal(tally_open(&last, 2), 0);
    tally_since(last, run->tally, difference);
    assert_int_equal(interval_log_add(log, last, 3000000000), 0);
    tally_close(last);
    tally_close(difference);
    run->result.intervals = log;
    return log;
}

static void each_endpoint_has_its_columns_and_all_have_one_heat(void **state)
{
    (void)state;
    struct run *run = run_open(2);
    struct interval_log *log = three_seconds(run);

    run->result.name = "before the change";
    json_t *root = json_of(&run->result);
    assert_schema(root);
    assert_string_equal(json_string_value(at(root, "name")), "before the change");
    assert_true(json_is_null(at(root, "note")));
    assert_null(json_object_get(root, "state"));
    assert_int_equal(json_array_size(at(root, "requests.0.timeline.t_s")), 3);
    assert_true(json_number_value(at(root, "requests.0.timeline.t_s.0")) == 1);
    assert_int_equal(json_integer_value(at(root, "requests.0.timeline.count.0")), 1);
    assert_int_equal(json_integer_value(at(root, "requests.0.timeline.count.2")), 0);
    assert_true(json_is_null(at(root, "requests.0.timeline.p95_us.2")));
    assert_int_equal(json_integer_value(at(root, "requests.1.timeline.count.2")), 2);
    assert_int_equal(json_integer_value(at(root, "requests.1.timeline.failed.2")), 1);
    assert_true(json_number_value(at(root, "requests.1.timeline.p99_us.2")) ==
                json_number_value(at(root, "requests.1.latency_us.max")));
    assert_int_equal(json_array_size(at(root, "heat.t_s")), 3);
    assert_int_equal(json_array_size(at(root, "heat.cells")), 3);
    assert_int_equal(json_array_size(at(root, "heat.cells.1")), 0);
    assert_int_equal(json_array_size(at(root, "heat.cells.2")), 2);
    assert_int_equal(json_integer_value(at(root, "heat.cells.0.0.1")), 1);
    json_decref(root);
    interval_log_close(log);
    run_close(run);
}

static void whoever_watches_gets_only_what_is_new(void **state)
{
    (void)state;
    struct run *run = run_open(2);
    struct interval_log *log = three_seconds(run);
    char *text = NULL;

    assert_int_equal(series_add(&run->series, run->tally, 1.0004, 1), 0);
    assert_int_equal(series_add(&run->series, run->tally, 2, 1), 0);
    run->result.is_running = true;
    assert_int_equal(report_json_since(&text, &run->result, 1), 0);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(at(root, "state")), "running");
    assert_null(json_object_get(root, "heat"));
    assert_null(json_object_get(at(root, "requests.0"), "histogram"));
    assert_int_equal(json_array_size(at(root, "timeline")), 1);
    assert_true(json_number_value(at(root, "timeline.0.t_s")) == 2);
    assert_int_equal(json_array_size(at(root, "requests.1.timeline.t_s")), 2);
    assert_true(json_number_value(at(root, "requests.1.timeline.t_s.0")) == 2);
    json_decref(root);
    free(text);
    interval_log_close(log);
    run_close(run);
}

static void an_endless_run_has_at_most_an_hour_of_points(void **state)
{
    (void)state;
    struct run *run = run_open(1);
    struct interval_log *log = NULL;

    assert_int_equal(interval_log_open(&log, 1, 1 << 20), 0);
    run_finish(run, 0, 2000000, 200, FAILURE_NONE, NULL);
    (void)run_result(run);
    run->tally->users_now = 7;
    for (uint64_t s = 1; s <= 5000; s++) {
        assert_int_equal(interval_log_add(log, run->tally, s * 1000000000), 0);
        assert_int_equal(series_add(&run->series, run->tally, (double)s, 1), 0);
    }
    run->result.intervals = log;
    json_t *root = json_of(&run->result);
    assert_int_equal(json_array_size(at(root, "timeline")), 2500);
    assert_true(json_number_value(at(root, "timeline.2499.t_s")) == 5000);
    assert_true(json_number_value(at(root, "timeline.2499.rps")) == 1);
    assert_int_equal(json_integer_value(at(root, "timeline.2499.count")), 2);
    assert_int_equal(json_integer_value(at(root, "timeline.2499.users")), 7);
    json_decref(root);
    interval_log_close(log);
    run_close(run);
}

static void balanced_is_the_count_identity(void **state)
{
    (void)state;
    static const enum counter others[] = { COUNTER_DROPPED, COUNTER_IN_FLIGHT_AT_END,
                                           COUNTER_NOT_SENT };
    struct run *run = run_open(2);

    run_finish(run, 0, 1000, 200, FAILURE_NONE, NULL);
    run_finish(run, 1, 1000, 0, FAILURE_DNS, NULL);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_true(result_account(run_result(run)).balanced);
        shard_count(run->shard, COUNTER_SCHEDULED, 3);
        assert_false(result_account(run_result(run)).balanced);
        shard_count(run->shard, others[i], 3);
    }
    const struct result_accounting a = result_account(run_result(run));
    assert_true(a.balanced);
    assert_int_equal(a.scheduled, 11);
    assert_int_equal(a.ok, 1);
    assert_int_equal(a.failed, 1);
    assert_int_equal(a.dropped + a.in_flight_at_end + a.not_sent, 9);

    shard_count(run->shard, COUNTER_NOT_SENT, 1);
    json_t *root = json_of(run_result(run));
    assert_false(json_boolean_value(at(root, "accounting.balanced")));
    json_decref(root);
    run_close(run);
}

static void hostile_strings_come_out_of_json_as_they_are_and_valid(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        struct run *run = run_open(1);
        run->names[0].name = hostile[i].sent;
        run->result.host = hostile[i].sent;
        run_finish(run, 0, 1000, 500, FAILURE_HTTP_ERROR, hostile[i].sent);
        char *text = NULL;
        assert_int_equal(report_json(&text, run_result(run)), 0);
        for (const char *c = text; *c != '\0'; c++)
            assert_true((unsigned char)*c >= 0x20 || *c == '\n');
        free(text);
        json_t *root = json_of(&run->result);
        assert_string_equal(json_string_value(at(root, "failures.0.message")), hostile[i].in_json);
        assert_string_equal(json_string_value(at(root, "requests.0.name")), hostile[i].in_json);
        assert_string_equal(json_string_value(at(root, "host")), hostile[i].in_json);
        json_decref(root);
        run_close(run);
    }
}

static void failures_past_the_table_are_counted_apart(void **state)
{
    (void)state;
    struct run *run = run_open(1);
    char message[32];

    for (int i = 0; i < 300; i++) {
        snprintf(message, sizeof(message), "kind %d", i);
        run_finish(run, 0, 1000, 200, FAILURE_HTTP_ERROR, message);
    }
    json_t *root = json_of(run_result(run));
    assert_int_equal(json_array_size(at(root, "failures")), FAILURES_MAX);
    assert_int_equal(json_integer_value(at(root, "failures_not_listed")), 300 - FAILURES_MAX);
    json_decref(root);
    run_close(run);
}

/* A success and a failure of one kind, nothing of the other. */
static void run_fill_two(struct run *run)
{
    run_finish(run, 0, 12000000, 200, FAILURE_NONE, NULL);
    run_finish(run, 0, 15000000, 500, FAILURE_HTTP_ERROR, "status 500");
}

static void bounds_and_trends_have_their_keys_and_nulls(void **state)
{
    (void)state;
    struct run *run = run_open(2);
    struct evidence_row rows[2] = { { { { { 0 } } } } };
    struct evidence e = { .batch_count = 20, .row_count = 2, .rows = rows };

    run_fill_two(run);
    rows[0].quantiles[SUMMARY_P99] = (struct evidence_quantile){
        .confidence = { .state = CONFIDENCE_HELD, .worth = 826.5 },
        .low_us = 11900,
        .high_us = NAN,
    };
    rows[0].quantiles[SUMMARY_P50] = (struct evidence_quantile){
        .confidence = { .state = CONFIDENCE_TOO_SHORT, .lengthen = 2.25 },
        .low_us = NAN,
        .high_us = NAN,
    };
    rows[0].median = (struct trend){ .verdict = TREND_DRIFTING,
                                     .slope = 1,
                                     .slope_low = 0.5,
                                     .slope_high = INFINITY,
                                     .level = 6000,
                                     .detectable = 2 };
    rows[0].p99 = (struct trend){ .slope = NAN };
    run_result(run);
    run->result.evidence = &e;
    json_t *root = json_of(&run->result);
    const json_t *row = json_array_get(json_object_get(root, "requests"), 0);
    assert_float_equal(json_number_value(at(row, "confidence.level")), 0.95, 1e-9);
    assert_float_equal(json_number_value(at(row, "confidence.p99.low_us")), 11900, 1e-9);
    assert_true(json_is_null(at(row, "confidence.p99.high_us")));
    assert_float_equal(json_number_value(at(row, "confidence.p99.worth")), 826.5, 1e-9);
    assert_string_equal(json_string_value(at(row, "confidence.p99.state")), "held");
    assert_true(json_is_null(at(row, "confidence.p99.lengthen")));
    assert_string_equal(json_string_value(at(row, "confidence.p50.state")), "too_short");
    assert_true(json_is_null(at(row, "confidence.p50.worth")));
    assert_float_equal(json_number_value(at(row, "confidence.p50.lengthen")), 2.3, 1e-9);
    assert_true(json_is_null(at(row, "confidence.p75.state")));
    assert_string_equal(json_string_value(at(row, "trend.p50.verdict")), "drifting");
    assert_float_equal(json_number_value(at(row, "trend.p50.percent_per_min")), 1, 1e-9);
    assert_true(json_is_null(at(row, "trend.p50.high")));
    assert_true(json_is_null(at(row, "trend.p99.verdict")));
    assert_non_null(at(row, "trend.p50_over_writes.us_per_1000_writes"));
    json_decref(root);
    run_close(run);
}

static void the_histogram_of_a_row_holds_its_requests(void **state)
{
    (void)state;
    struct run *run = run_open(2);
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct hist_view v;

    run_fill_two(run);
    hist_view_init(&v, counts);
    json_t *root = json_of(run_result(run));
    const json_t *row = json_array_get(json_object_get(root, "requests"), 0);
    const char *text = json_string_value(at(row, "histogram.latency"));
    assert_int_equal(hist_codec_decode_text(&v, text, strlen(text)), 0);
    assert_int_equal(v.total, 2);
    assert_int_equal(v.counts[hist_index(12000000)], 1);
    assert_int_equal(v.counts[hist_index(15000000)], 1);
    free(counts);
    json_decref(root);
    run_close(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_proves_who_one_is_stays_out_of_reports),
        cmocka_unit_test(a_full_result_has_every_key_in_order),
        cmocka_unit_test(figures_survive_the_way_through_json),
        cmocka_unit_test(an_empty_result_has_nulls_and_not_zeroes),
        cmocka_unit_test(nothing_but_what_must_be_is_needed),
        cmocka_unit_test(a_quiet_second_of_the_timeline_has_null_percentiles),
        cmocka_unit_test(each_endpoint_has_its_columns_and_all_have_one_heat),
        cmocka_unit_test(whoever_watches_gets_only_what_is_new),
        cmocka_unit_test(an_endless_run_has_at_most_an_hour_of_points),
        cmocka_unit_test(balanced_is_the_count_identity),
        cmocka_unit_test(hostile_strings_come_out_of_json_as_they_are_and_valid),
        cmocka_unit_test(failures_past_the_table_are_counted_apart),
        cmocka_unit_test(bounds_and_trends_have_their_keys_and_nulls),
        cmocka_unit_test(the_histogram_of_a_row_holds_its_requests),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("report", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
