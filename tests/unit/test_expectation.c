/* test_expectation.c — goal: a sentence is read as it is meant or refused at the right word, and
 * holds exactly when the numbers of the run say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "stats/expectation.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct endpoint_name names[] = {
    { "GET", "/json" }, { "POST", "/json" }, { "GET", "/{id}/" }, { "GET", "never sent" }
};

static struct expectation read_well(const char *text)
{
    struct expectation e;
    struct expectation_fault f;
    if (!expectation_read(&e, span_of(text), &f))
        fail_msg("'%s' was refused: expected %s, found '%.*s'", text, f.expected, (int)f.found.len,
                 f.found.bytes);
    return e;
}

static void sentences_are_read_with_any_blanks(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum expectation_metric metric;
        uint64_t num, den;
        const char *row; /* NULL = none */
        enum expectation_relation relation;
        double bound;
    } rows[] = {
        { "p99<50ms", EXPECTATION_PERCENTILE, 99, 100, NULL, EXPECTATION_BELOW, 50e3 },
        { "p(99)<50", EXPECTATION_PERCENTILE, 99, 100, NULL, EXPECTATION_BELOW, 50e3 },
        { " p( 99.9 )  <=\t1.5s ", EXPECTATION_PERCENTILE, 999, 1000, NULL, EXPECTATION_AT_MOST,
          1.5e6 },
        { "p99.99>=10us", EXPECTATION_PERCENTILE, 9999, 10000, NULL, EXPECTATION_AT_LEAST, 10 },
        { "p100<1h", EXPECTATION_PERCENTILE, 100, 100, NULL, EXPECTATION_BELOW, 3.6e9 },
        { "p95{GET /api/tweets/}<80ms", EXPECTATION_PERCENTILE, 95, 100, "GET /api/tweets/",
          EXPECTATION_BELOW, 80e3 },
        { "p50 { /a{b}<c } > 2 m", EXPECTATION_PERCENTILE, 50, 100, "/a{b}<c", EXPECTATION_ABOVE,
          120e6 },
        { "avg<20ms", EXPECTATION_AVG, 0, 0, NULL, EXPECTATION_BELOW, 20e3 },
        { "max<1s", EXPECTATION_MAX, 0, 0, NULL, EXPECTATION_BELOW, 1e6 },
        { "min != 500ns", EXPECTATION_MIN, 0, 0, NULL, EXPECTATION_UNEQUAL, 0.5 },
        { "rps>1000", EXPECTATION_RPS, 0, 0, NULL, EXPECTATION_ABOVE, 1000 },
        { "rps > 2.5k", EXPECTATION_RPS, 0, 0, NULL, EXPECTATION_ABOVE, 2500 },
        { "failures_per_s<0.5", EXPECTATION_FAILURES_PER_S, 0, 0, NULL, EXPECTATION_BELOW, 0.5 },
        { "count>=100", EXPECTATION_COUNT, 0, 0, NULL, EXPECTATION_AT_LEAST, 100 },
        { "count{x}==1M", EXPECTATION_COUNT, 0, 0, "x", EXPECTATION_EQUAL, 1e6 },
        { "failed==0", EXPECTATION_FAILED, 0, 0, NULL, EXPECTATION_EQUAL, 0 },
        { "fail_ratio<1%", EXPECTATION_FAIL_RATIO, 0, 0, NULL, EXPECTATION_BELOW, 0.01 },
        { "fail_ratio<=7 %", EXPECTATION_FAIL_RATIO, 0, 0, NULL, EXPECTATION_AT_MOST, 7.0 / 100 },
        { "fail_ratio<0.7%", EXPECTATION_FAIL_RATIO, 0, 0, NULL, EXPECTATION_BELOW, 7.0 / 1000 },
        { "fail_ratio<0.0000001", EXPECTATION_FAIL_RATIO, 0, 0, NULL, EXPECTATION_BELOW, 1e-7 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct expectation e = read_well(rows[i].text);
        assert_int_equal(e.metric, rows[i].metric);
        if (e.metric == EXPECTATION_PERCENTILE)
            assert_int_equal(e.num * rows[i].den, rows[i].num * e.den);
        assert_int_equal(e.row.bytes == NULL, rows[i].row == NULL);
        if (rows[i].row != NULL)
            assert_true(span_equal(e.row, span_of(rows[i].row)));
        assert_int_equal(e.relation, rows[i].relation);
        assert_true(e.bound == rows[i].bound);
    }
}

static void a_mistake_is_found_at_its_word(void **state)
{
    (void)state;
    static const char metric[] = "a metric such as 'p99' or 'fail_ratio'";
    static const char relation[] = "one of < <= > >= == !=";
    static const char time[] = "a time such as '50ms' or '1.5s'";
    static const char share[] = "a share such as '1%' or '0.01'";
    static const char number[] = "a number such as '100' or '2.5k'";
    static const char row[] = "a row in braces such as '{GET /json}'";
    static const struct {
        const char *text, *expected, *found;
    } rows[] = {
        { "", metric, "" },
        { "  ", metric, "" },
        { "<5ms", metric, "" },
        { "latency<5ms", metric, "latency" },
        { "P99<5ms", metric, "P99" },
        { "p<5ms", metric, "p" },
        { "p0<5ms", metric, "p0" },
        { "p0.0<5ms", metric, "p0.0" },
        { "p101<5ms", metric, "p101" },
        { "p100.1<5ms", metric, "p100.1" },
        { "p99.<5ms", metric, "p99." },
        { "p.5<5ms", metric, "p.5" },
        { "p99x<5ms", metric, "p99x" },
        { "p(99<5ms", metric, "p" },
        { "p(99)x<5ms", relation, "x<5ms" },
        { "p()<5ms", metric, "p()" },
        { "p99.99999999<5ms", metric, "p99.99999999" },
        { "rps(5)>1", metric, "rps(5)" },
        { "p99", relation, "" },
        { "p99 5ms", relation, "5ms" },
        { "p99=5ms", relation, "=5ms" },
        { "p99!5ms", relation, "!5ms" },
        { "p99<", time, "" },
        { "p99<=>5ms", time, ">5ms" },
        { "p99<fast", time, "fast" },
        { "p99<-5ms", time, "-5ms" },
        { "p99<5%", time, "5%" },
        { "p99<5k", time, "5k" },
        { "p99<5.ms", time, "5.ms" },
        { "p99<.5ms", time, ".5ms" },
        { "p99<1e3", time, "1e3" },
        { "p99<inf", time, "inf" },
        { "p99<1m30s", time, "1m30s" },
        { "p99<1234567890123456", time, "1234567890123456" },
        { "fail_ratio<1ms", share, "1ms" },
        { "rps>100ms", number, "100ms" },
        { "count>10%", number, "10%" },
        { "failed==none", number, "none" },
        { "p99{<5ms", row, "{<5ms" },
        { "p99{}<5ms", row, "{}<5ms" },
        { "p99{ }<5ms", row, "{ }<5ms" },
        { "p99{a}", relation, "" },
        { "p99}<5ms", metric, "p99}" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct expectation e;
        struct expectation_fault f;
        if (expectation_read(&e, span_of(rows[i].text), &f))
            fail_msg("'%s' was taken", rows[i].text);
        assert_string_equal(f.expected, rows[i].expected);
        if (!span_equal(f.found, span_of(rows[i].found)))
            fail_msg("'%s': found '%.*s'", rows[i].text, (int)f.found.len, f.found.bytes);
        assert_int_equal(f.is_metric, rows[i].expected == metric);
    }
}

static void every_proposed_metric_is_one(void **state)
{
    (void)state;
    char text[64];
    size_t count = 0;
    for (const char *const *name = expectation_metric_names; *name != NULL; name++, count++) {
        assert_true(snprintf(text, sizeof(text), "%s<1", *name) < (int)sizeof(text));
        (void)read_well(text);
    }
    assert_int_equal(count, 15);
}

static void a_row_goes_by_its_method_and_name_or_by_a_name_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        uint32_t index;
    } rows[] = {
        { "GET /json", 0 },
        { "POST /json", 1 },
        { "GET /{id}/", 2 },
        { "/{id}/", 2 },
        { "never sent", 3 },
        { "/json", EXPECTATION_ROW_AMBIGUOUS },
        { "PUT /json", EXPECTATION_ROW_UNKNOWN },
        { "GET  /json", EXPECTATION_ROW_UNKNOWN },
        { "GET", EXPECTATION_ROW_UNKNOWN },
        { "get /json", EXPECTATION_ROW_UNKNOWN },
        { "/jso", EXPECTATION_ROW_UNKNOWN },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(expectation_row(span_of(rows[i].row), names, COUNT_OF(names)),
                         rows[i].index);
}

/* ---- holding ---- */

static struct shard *shard;
static struct tally *tally;
static struct summary *summary;

static void finish(uint32_t endpoint, enum outcome outcome, uint64_t latency_ns)
{
    const struct shard_result result = { .endpoint = endpoint,
                                         .outcome = outcome,
                                         .latency_ns = latency_ns,
                                         .service_ns = latency_ns / 2 };
    shard_finish(shard, &result);
}

/* In 10 s: 100 of GET /json, of 1 to 100 ms and the last 7 failed; 300 of POST /json, of 1 s. */
static int open_run(void **state)
{
    (void)state;
    if (shard_open(&shard, COUNT_OF(names)) != 0 || tally_open(&tally, COUNT_OF(names)) != 0)
        return -1;
    for (uint64_t i = 1; i <= 100; i++)
        finish(0, i > 93 ? OUTCOME_FAILED : OUTCOME_OK, i * 1000000);
    for (int i = 0; i < 300; i++)
        finish(1, OUTCOME_OK, 1000000000);
    tally_take(tally, shard);
    return summary_make(&summary, tally, names, UINT64_C(10000000000));
}

static int close_run(void **state)
{
    (void)state;
    summary_close(summary);
    tally_close(tally);
    shard_close(shard);
    return 0;
}

static struct expectation_outcome evaluate(const char *text)
{
    struct expectation_outcome outcome;
    const struct expectation e = read_well(text);
    const uint32_t row =
        e.row.bytes == NULL ? SUMMARY_ALL_ROWS : expectation_row(e.row, names, COUNT_OF(names));
    assert_int_equal(expectation_evaluate(&outcome, &e, row, summary, tally), 0);
    return outcome;
}

static void it_holds_when_the_numbers_of_the_run_say_so(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
        bool holds;
    } rows[] = {
        { "count==400", 400, true },
        { "count{GET /json}<100", 100, false },
        { "count{GET /json}<=100", 100, true },
        { "count{GET /json}>=100", 100, true },
        { "count{GET /json}>100", 100, false },
        { "count{GET /json}!=100", 100, false },
        { "count{POST /json}!=100", 300, true },
        { "failed==7", 7, true },
        { "failed{POST /json}==0", 0, true },
        { "failed{never sent}==0", 0, true },
        { "count{never sent}>0", 0, false },
        { "fail_ratio{GET /json}<=7%", 0.07, true },
        { "fail_ratio{GET /json}<7%", 0.07, false },
        { "fail_ratio<1.75%", 0.0175, false },
        { "fail_ratio<1.76%", 0.0175, true },
        { "rps>=40", 40, true },
        { "rps{GET /json}>=11", 10, false },
        { "failures_per_s<0.7", 0.7, false },
        { "failures_per_s<=0.7", 0.7, true },
        { "min<=1ms", 1000, true },
        { "max<1s", 1e6, false },
        { "max{GET /json}<=100ms", 100e3, true },
        { "avg{GET /json}==50.5ms", 50500, true },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct expectation_outcome o = evaluate(rows[i].text);
        if (o.value != rows[i].value || o.holds != rows[i].holds)
            fail_msg("'%s': %.17g %s", rows[i].text, o.value, o.holds ? "holds" : "does not hold");
    }
}

static void any_percentile_is_the_value_at_its_rank(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value_us;
    } rows[] = {
        { "p1{GET /json}<1", 1e3 },   { "p50{GET /json}<1", 50e3 }, { "p50.1{GET /json}<1", 51e3 },
        { "p93{GET /json}<1", 93e3 }, { "p99{GET /json}<1", 99e3 }, { "p100{GET /json}<1", 100e3 },
        { "p24.75<1", 99e3 },         { "p25<1", 100e3 },           { "p25.01<1", 1e6 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct expectation_outcome o = evaluate(rows[i].text);
        /* A bucket is at most 2^-10 of its value wide. */
        if (!(fabs(o.value - rows[i].value_us) <= rows[i].value_us / 1024))
            fail_msg("'%s': %.17g us", rows[i].text, o.value);
        assert_false(o.holds);
    }
    assert_true(evaluate("p95<1s").value == summary->total.latency.quantile_us[SUMMARY_P95]);
    assert_true(evaluate("p95{GET /json}<1s").value ==
                summary->rows[0].latency.quantile_us[SUMMARY_P95]);
}

static void nothing_that_was_not_measured_holds(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "p99{never sent}<1h",   "p99{never sent}>0",           "p99{never sent}!=5",
        "avg{never sent}<1h",   "min{never sent}<1h",          "max{never sent}>=0",
        "max{never sent}!=5ms", "fail_ratio{never sent}<100%", "fail_ratio{never sent}>=0",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const struct expectation_outcome o = evaluate(texts[i]);
        assert_true(isnan(o.value));
        assert_false(o.holds);
    }
}

#define TEST_OF_RUN(test) cmocka_unit_test_setup_teardown(test, open_run, close_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_are_read_with_any_blanks),
        cmocka_unit_test(a_mistake_is_found_at_its_word),
        cmocka_unit_test(every_proposed_metric_is_one),
        cmocka_unit_test(a_row_goes_by_its_method_and_name_or_by_a_name_of_its_own),
        TEST_OF_RUN(it_holds_when_the_numbers_of_the_run_say_so),
        TEST_OF_RUN(any_percentile_is_the_value_at_its_rank),
        TEST_OF_RUN(nothing_that_was_not_measured_holds),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("expectation", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                              : EXIT_FAILURE;
}
