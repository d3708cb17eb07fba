/* test_threshold.c — goal: an expectation is bound to a row of the plan, or refused with what may
 * have been meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "engine/plan/threshold.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct endpoint_name endpoints[] = { { "GET", "/api/tweets/" },
                                                  { "POST", "/api/tweets/" },
                                                  { "GET", "checkout" },
                                                  { "GET", "few bytes" } };

static void a_sentence_is_bound_to_its_row(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t row;
    } rows[] = {
        { "p99<50ms", SUMMARY_ALL_ROWS },
        { "p99{POST /api/tweets/}<50ms", 1 },
        { "p99{checkout}<50ms", 2 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct threshold t;
        char fault[256];
        assert_true(threshold_read(&t, span_of(rows[i].text), endpoints, COUNT_OF(endpoints), fault,
                                   sizeof(fault)));
        assert_int_equal(t.row, rows[i].row);
        assert_true(t.expectation.bound == 50e3);
    }
}

static void a_mistake_proposes_what_may_have_been_meant(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        { "", "expected a metric such as 'p99' or 'fail_ratio', found nothing" },
        { "p99<fast", "expected a time such as '50ms' or '1.5s', found 'fast'" },
        { "p99 50ms", "expected one of < <= > >= == !=, found '50ms'" },
        { "fail_ration<1%", "unknown metric 'fail_ration'; did you mean 'fail_ratio'?" },
        { "P99<5", "unknown metric 'P99'; did you mean 'p99'?" },
        { "latency<5",
          "unknown metric 'latency'; known are p50, p99.9 and the like, min, avg, max, "
          "rps, failures_per_s, count, failed and fail_ratio" },
        { "p99{GET /api/tweet/}<5",
          "no row is called 'GET /api/tweet/'; did you mean 'GET /api/tweets/'?" },
        { "p99{POST /api/tweet/}<5",
          "no row is called 'POST /api/tweet/'; did you mean 'POST /api/tweets/'?" },
        { "p99{PUT /api/tweets/}<5",
          "no row is called 'PUT /api/tweets/'; did you mean 'GET /api/tweets/'?" },
        { "p99{Checkout}<5", "no row is called 'Checkout'; did you mean 'GET checkout'?" },
        { "p99{few byte}<5", "no row is called 'few byte'; did you mean 'GET few bytes'?" },
        { "p99{GET few byte}<5", "no row is called 'GET few byte'; did you mean 'GET few bytes'?" },
        { "p99{nowhere}<5", "no row is called 'nowhere'" },
        { "p99{/api/tweets/}<5",
          "several rows are called '/api/tweets/'; put the method before it" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct threshold t;
        char fault[256] = "";
        assert_false(threshold_read(&t, span_of(rows[i].text), endpoints, COUNT_OF(endpoints),
                                    fault, sizeof(fault)));
        assert_string_equal(fault, rows[i].sentence);
    }
}

static void a_long_sentence_is_cut_in_words(void **state)
{
    (void)state;
    char text[5000] = "p99{";
    struct threshold t;
    char fault[256];
    memset(text + 4, 'x', 4000);
    memcpy(text + 4004, "}<5", 4);
    assert_false(
        threshold_read(&t, span_of(text), endpoints, COUNT_OF(endpoints), fault, sizeof(fault)));
    assert_true(strlen(fault) < 120);
    memset(text, 'x', 4999);
    assert_false(
        threshold_read(&t, span_of(text), endpoints, COUNT_OF(endpoints), fault, sizeof(fault)));
    assert_true(strlen(fault) < 240);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sentence_is_bound_to_its_row),
        cmocka_unit_test(a_mistake_proposes_what_may_have_been_meant),
        cmocka_unit_test(a_long_sentence_is_cut_in_words),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("threshold", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                            : EXIT_FAILURE;
}
