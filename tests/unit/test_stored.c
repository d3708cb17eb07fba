/* test_stored — goal: a run comes back as it was written, and a file that is none says in one
 * sentence what is wrong with it, whatever it holds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/headline.h"
#include "stats/report/hlog.h"
#include "stats/report/sink.h"
#include "tests/unit/stored_run.h"

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    run_fill(run);
    run->result.name = "before";
    struct stored *s = stored_of(run_result(run));
    const struct summary_row *total = &run->summary->total;
    assert_string_equal(s->version, "0.1.0");
    assert_string_equal(s->scenario, "tweets.yaml");
    assert_string_equal(s->name, "before");
    assert_null(s->note);
    assert_int_equal(s->started_at_s, 1767225600);
    assert_true(s->duration_s == 60);
    assert_true(isnan(s->rate));
    assert_true(s->is_balanced);
    assert_int_equal(s->total.figures.count, total->count);
    assert_true(s->total.figures.latency.quantile_us[SUMMARY_P99] ==
                total->latency.quantile_us[SUMMARY_P99]);
    assert_true(s->total.figures.latency_ok.max_us == 1500000);
    assert_int_equal(s->row_count, 5);
    assert_string_equal(s->rows[2].figures.method, "POST");
    assert_int_equal(s->rows[2].figures.failed, 12);
    assert_int_equal(s->failure_count, 2);
    assert_string_equal(s->failures[0].message, "status 404 is not 200");
    assert_int_equal(s->expectation_count, 2);
    assert_true(s->expectations[0].is_time && s->expectations[0].holds);
    assert_true(s->expectations[1].value == 0.0103 && !s->expectations[1].holds);
    stored_close(s);
    run_close(run);
}

static void a_histogram_gives_every_percentile_again(void **state)
{
    (void)state;
    struct run *run = run_open(5);
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct hist_view v;

    assert_non_null(counts);
    hist_view_init(&v, counts);
    run_fill(run);
    struct stored *s = stored_of(run_result(run));
    for (size_t i = 0; i < s->row_count; i++)
        assert_true(stored_take_histogram(&s->rows[i], &v));
    assert_int_equal(v.total, s->total.figures.count);
    assert_true(fabs((double)hist_view_quantile_ns(&v, 90, 100) / 1e3 -
                     s->total.figures.latency.quantile_us[SUMMARY_P90]) < 1e-3);
    stored_close(s);
    run_close(run);
    free(counts);
}

static void a_run_is_stored_again_with_all_its_keys(void **state)
{
    (void)state;
    struct run *run = run_open(5);
    char *first = NULL, *second = NULL;

    run_fill(run);
    assert_int_equal(report_json(&first, run_result(run)), 0);
    struct stored *s = stored_of(&run->result);
    assert_int_equal(report_json_stored(&second, s), 0);
    json_t *one = json_loads(first, 0, NULL), *other = json_loads(second, 0, NULL);
    assert_true(json_equal(one, other));
    assert_int_equal(second[strlen(second) - 1], '\n');
    json_decref(one);
    json_decref(other);
    free(first);
    free(second);
    stored_close(s);
    run_close(run);
}

static void an_interval_log_of_a_stored_run_has_one_interval(void **state)
{
    (void)state;
    struct run *run = run_open(5);
    char *text = NULL;

    run_fill(run);
    run->result.version = "1\n2";
    struct stored *s = stored_of(run_result(run));
    assert_int_equal(report_hlog_stored(&text, s), 0);
    assert_non_null(strstr(text, "#[Logged by squall 1%0A2: latency"));
    assert_non_null(strstr(text, "\nTag=GET:/api/tweets/,0.000,60.000,"));
    assert_null(strstr(text, "DELETE"));
    free(text);
    stored_close(s);
    run_close(run);
}

/* A minimal result, with one place left to be filled. */
#define ROW  "\"count\": 0, \"ok\": 0, \"failed\": 0, \"bytes_in\": 0, \"bytes_out\": 0"
#define HEAD "{\"schema\": \"squall/1\", \"total\": {" ROW "}"
#define ONE  "\"requests\": [{\"method\": \"GET\", \"name\": \"/\", " ROW

static const struct {
    const char *text, *sentence;
} bad[] = {
    { "", "line 1, column 0: expected JSON" },
    { "{", "line 1, column 1: expected JSON" },
    { "[]", "expected a result of squall, with \"schema\": \"squall/1\"" },
    { "{}", "expected a result of squall, with \"schema\": \"squall/1\"" },
    { "{\"schema\": 1}", "expected a result of squall, with \"schema\": \"squall/1\"" },
    { "{\"schema\": \"squall/2\"}", "expected \"schema\": \"squall/1\", found another schema" },
    { "{\"schema\": \"squall/1\"}", "total: expected an object, found nothing" },
    { "{\"schema\": \"squall/1\", \"total\": []}", "total: expected an object, found an array" },
    { "{\"schema\": \"squall/1\", \"total\": {}}",
      "total.count: expected a whole number, found nothing" },
    { HEAD ", \"requests\": {}}", "requests: expected an array, found an object" },
    { HEAD ", \"requests\": [1]}", "requests[0]: expected an object, found a number" },
    { HEAD ", \"requests\": [{\"count\": \"1\"}]}",
      "requests[0].count: expected a whole number, found a string" },
    { HEAD ", \"requests\": [{\"count\": 1.5}]}",
      "requests[0].count: expected a whole number, found a number" },
    { HEAD ", \"requests\": [{\"count\": -1}]}",
      "requests[0].count: expected a number from 0 to 2^53, found -1" },
    { HEAD ", \"requests\": [{\"count\": 9007199254740993}]}",
      "requests[0].count: expected a number from 0 to 2^53, found 9007199254740993" },
    { HEAD ", \"requests\": [{" ROW "}]}", "requests[0].method: expected a string, found nothing" },
    { HEAD ", " ONE ", \"rps\": -1}]}",
      "requests[0].rps: expected a number from 0 on, found a negative one" },
    { HEAD ", " ONE ", \"latency_us\": {\"p50\": true}}]}",
      "requests[0].p50: expected a number, found true" },
    { HEAD ", " ONE ", \"histogram\": {\"latency\": \"HISTFAAA\"}}]}",
      "requests[0].histogram.latency: expected a histogram of HdrHistogram, version 2" },
    { HEAD ", \"failures\": [{\"count\": null}]}",
      "failures[0].count: expected a whole number, found null" },
    { HEAD ", \"expectations\": [{\"expr\": \"p99<1s\", \"holds\": 1}]}",
      "expectations[0].holds: expected true or false, found a number" },
    { HEAD ", \"generator\": {\"reasons\": [1]}}",
      "generator.reasons: expected strings, found a number" },
    { HEAD ", \"duration_s\": 1e300}", "duration_s: expected at most 1e+09, found more" },
    { HEAD ", \"host\": \"\\u0000\"}", NULL },
    { HEAD ", \"host\": \"\xff\"}", NULL },
    { HEAD ", \"host\": 1e999}", NULL },
    { HEAD ", \"schema\": \"squall/1\"}", NULL },
};

static void a_bad_file_has_its_mistake_named(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct stored_fault fault = { "" };
        struct stored *s = NULL;
        assert_int_equal(stored_read(&s, bad[i].text, strlen(bad[i].text), &fault), -EBADMSG);
        assert_null(s);
        assert_null(strchr(fault.sentence, '\n'));
        if (bad[i].sentence != NULL)
            assert_string_equal(fault.sentence, bad[i].sentence);
        else
            assert_non_null(strstr(fault.sentence, ": expected JSON"));
    }
}

static void depth_without_end_is_no_json(void **state)
{
    (void)state;
    char *text = calloc(1, 100001);
    struct stored_fault fault = { "" };
    struct stored *s = NULL;

    assert_non_null(text);
    memset(text, '[', 100000);
    assert_int_equal(stored_read(&s, text, 100000, &fault), -EBADMSG);
    assert_non_null(strstr(fault.sentence, "expected JSON"));
    free(text);
}

static void a_histogram_of_another_run_is_refused(void **state)
{
    (void)state;
    struct run *run = run_open(1);
    struct stored_fault fault = { "" };
    struct stored *s = NULL;
    char *text = NULL;

    run_finish(run, 0, 1000, 200, FAILURE_NONE, NULL);
    assert_int_equal(report_json(&text, run_result(run)), 0);
    json_t *root = json_loads(text, 0, NULL);
    json_t *row = json_array_get(json_object_get(root, "requests"), 0);
    assert_int_equal(json_integer_set(json_object_get(row, "count"), 2), 0);
    free(text);
    text = json_dumps(root, 0);
    assert_int_equal(stored_read(&s, text, strlen(text), &fault), -EBADMSG);
    assert_string_equal(fault.sentence, "requests[0].histogram.latency: expected as many values as "
                                        "requests, 2, found 1");
    free(text);
    json_decref(root);
    run_close(run);
}

static void every_prefix_of_a_file_is_refused_or_read(void **state)
{
    (void)state;
    struct run *run = run_open(2);
    char *text = NULL;

    run_finish(run, 0, 1000, 200, FAILURE_NONE, NULL);
    assert_int_equal(report_json(&text, run_result(run)), 0);
    const size_t len = strlen(text);
    for (size_t cut = 0; cut < len - 1; cut++) {
        struct stored_fault fault = { "" };
        struct stored *s = NULL;
        assert_int_equal(stored_read(&s, text, cut, &fault), -EBADMSG);
    }
    free(text);
    run_close(run);
}

/* The headline of a run, for free(). */
static char *headline_of(struct run *run)
{
    struct stored *s = stored_of(run_result(run));
    struct sink out;
    char *text = NULL;

    sink_init(&out);
    headline_write(&out, s);
    assert_int_equal(sink_finish(&out, &text), 0);
    stored_close(s);
    return text;
}

static void the_headline_says_what_came_of_it(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    char *text = headline_of(run);
    assert_string_equal(text, "No request finished. Accounting balanced.");
    free(text);
    run_finish(run, 0, 2000000, 200, FAILURE_NONE, NULL);
    text = headline_of(run);
    assert_string_equal(text, "1 request, none failed. 0.017 requests per second; median 2.000 ms, "
                              "99 % within 2.000 ms. Limit: The server limited this run: the "
                              "workers used 34 % of their CPU. Accounting balanced.");
    free(text);
    run->result.load.rate = 100;
    shard_count(run->shard, COUNTER_NOT_SENT, 3);
    books_begin(&run->shard->arrivals, 0);
    books_begin(&run->shard->arrivals, 0);
    run_finish(run, 0, 2000000, 500, FAILURE_HTTP_ERROR, "status 500");
    text = headline_of(run);
    assert_non_null(strstr(text, "1 of 2 requests failed: status 500. 3 of 2 due requests were "
                                 "never sent. "));
    assert_non_null(strstr(text, "ACCOUNTING DOES NOT BALANCE."));
    free(text);
    run_close(run);
}

static void a_range_is_told_as_far_as_it_is_known(void **state)
{
    (void)state;
    static const struct {
        struct stored_range range;
        const char *text;
    } ranges[] = {
        { { NAN, NAN }, "12.00 ms" },
        { { 11000, 13000 }, "12.00 ms (95 % range 11.00 to 13.00)" },
        { { 11000, NAN }, "12.00 ms (95 % range from 11.00)" },
        { { NAN, 13000 }, "12.00 ms (95 % range up to 13.00)" },
    };

    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        struct sink out;
        char *text = NULL;
        sink_init(&out);
        headline_write_range(&out, 12000, &ranges[i].range);
        assert_int_equal(sink_finish(&out, &text), 0);
        assert_string_equal(text, ranges[i].text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(a_histogram_gives_every_percentile_again),
        cmocka_unit_test(a_run_is_stored_again_with_all_its_keys),
        cmocka_unit_test(an_interval_log_of_a_stored_run_has_one_interval),
        cmocka_unit_test(a_bad_file_has_its_mistake_named),
        cmocka_unit_test(depth_without_end_is_no_json),
        cmocka_unit_test(a_histogram_of_another_run_is_refused),
        cmocka_unit_test(every_prefix_of_a_file_is_refused_or_read),
        cmocka_unit_test(the_headline_says_what_came_of_it),
        cmocka_unit_test(a_range_is_told_as_far_as_it_is_known),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("stored", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
