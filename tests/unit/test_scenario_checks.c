/* test_scenario_checks.c — goal: what a scenario expects of an answer holds for the right answers
 * only, and what it takes out of them goes where it says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "http/content_coding.h"
#include "tests/unit/scenario_reader.h"

static struct plan *plan_of_expect(const char *expect)
{
    char text[600];
    snprintf(text, sizeof(text),
             HOST "constants: { c: 1 }\ntasks:\n  - get: /\n    capture: { v: json /v }\n"
                  "    expect: { %s }\n",
             expect);
    return plan_of(text, NULL);
}

static struct value text_value(const char *text)
{
    return (struct value){ .kind = VALUE_TEXT, .text = span_of(text) };
}

/* Whether the only check holds where what is looked for is `answer`, NULL = not there. */
static bool holds(const struct plan *plan, const char *answer)
{
    struct known_value known[] = {
        { "answer 1", answer == NULL ? (struct value){ .kind = VALUE_NONE } : text_value(answer) },
        { "v", text_value("12") },
        { NULL },
    };
    struct reader r;
    reader_open(&r, plan, known);
    assert_int_equal(plan->requests[0].check_count, 1);
    const struct plan_check *check = &plan->requests[0].checks[0];
    const bool result =
        expression_holds(&plan->expressions[check->expression], r.evaluator, &r.scope);
    reader_close(&r);
    return result;
}

static void a_value_is_a_text_a_comparison_or_exists(void **state)
{
    (void)state;
    static const struct {
        const char *expect, *good[3], *bad[3];
    } rows[] = {
        { "json: { /a: POST }", { "POST" }, { "POS", "post", NULL } },
        { "json: { /a: 5 }", { "5", "5.0" }, { "6", "x", NULL } },
        { "json: { /a: 1.50 }", { "1.5" }, { "1.51" } },
        { "json: { /a: true }", { "true" }, { "false", "1" } },
        { "json: { /a: \"> 5\" }", { "6", "5.5", "1e3" }, { "5", "-6", NULL } },
        { "json: { /a: \">= 5\" }", { "5" }, { "4" } },
        { "json: { /a: \"!= 5\" }", { "6", "x", "" }, { "5", "5.0", "05" } },
        { "json: { /a: exists }", { "x", "", "false" }, { NULL } },
        { "json: { /a: \"contains 'bc'\" }", { "abcd" }, { "ab", NULL } },
        { "json: { /a: \"matches '^a+$'\" }", { "aaa" }, { "b", NULL } },
        { "json: { /a: \"it's \\\\ \\\"fine\\\"\" }", { "it's \\ \"fine\"" }, { "its" } },
        { "json: { /a: \"${v}\" }", { "12" }, { "1", NULL } },
        { "json: { /a: \"${v + 1}\" }", { "13" }, { "121", NULL } },
        { "json: { /a: \"${v}${v}\" }", { "1212" }, { "24", NULL } },
        { "json: { /a: \"1${v}\" }", { "112" }, { "13", NULL } },
        { "json: { /a: \"/x/${v}/${c}\" }", { "/x/12/1" }, { "/x/12/", NULL } },
        { "header: { A: \"text/html\" }", { "text/html" }, { "text", NULL } },
        { "header: { A: \"< 5\" }", { "4" }, { "5", NULL } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plan *plan = plan_of_expect(rows[i].expect);
        for (size_t k = 0; k < 3 && rows[i].good[k] != NULL; k++) {
            if (!holds(plan, rows[i].good[k]))
                fail_msg("%s does not hold for '%s'", rows[i].expect, rows[i].good[k]);
        }
        for (size_t k = 0; k < 3; k++) {
            if (holds(plan, rows[i].bad[k]))
                fail_msg("%s holds for '%s'", rows[i].expect,
                         rows[i].bad[k] == NULL ? "nothing" : rows[i].bad[k]);
            if (rows[i].bad[k] == NULL)
                break;
        }
        plan_close(plan);
    }
}

static void a_check_knows_what_to_show_and_what_to_look_at(void **state)
{
    (void)state;
    struct plan *plan = plan_of(
        HOST "tasks:\n  - get: /\n    expect:\n      header: { A: b }\n      json: { /x: exists }\n"
             "      size: 10\n      latency: 1.5s\n      that: length(body) > 2\n"
             "  - get: /\n    expect: { body: { contains: \"a'${user}\", matches: b+ } }\n"
             "  - get: /\n    expect: { status: 404, that: status + 1 == size + 400 }\n",
        NULL);
    static const char *const texts[] = { "header A == b", "json /x exists", "size == 10",
                                         "latency at most 1.5s", "length(body) > 2" };
    const struct plan_request *r = plan->requests;
    assert_int_equal(r[0].check_count, 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_string_equal(r[0].checks[i].text, texts[i]);
    assert_true(r[0].checks[0].left != PLAN_NONE && r[0].checks[2].left != PLAN_NONE);
    assert_true(r[0].checks[3].left == PLAN_NONE && r[0].checks[4].left == PLAN_NONE);
    assert_int_equal(r[0].capture_count, 2);
    assert_string_equal(plan->variables[r[0].captures[0].variable], "answer 1");
    assert_int_equal(r[0].captures[1].absence, ABSENCE_FORGETS);
    assert_true(r[0].wants_body && r[0].wants_headers && !r[0].expects_status);
    assert_string_equal(r[1].checks[0].text, "body contains 'a'${user}'");
    assert_true(r[1].wants_body && !r[1].wants_headers);
    assert_true(r[2].expects_status && !r[2].wants_body && !r[2].wants_headers);
    const struct expression *left = &plan->expressions[r[2].checks[0].left];
    struct reader reader;
    assert_int_equal(left->count, 3);
    reader_open(&reader, plan, NULL);
    reader.notes[NOTE_STATUS] = (struct value){ .kind = VALUE_INTEGER, .integer = 404 };
    const struct value shown = expression_evaluate(left, reader.evaluator, &reader.scope);
    assert_true(shown.kind == VALUE_INTEGER && shown.integer == 405);
    reader_close(&reader);
    plan_close(plan);
}

static void notes_of_the_answer_are_checked(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "tasks:\n  - get: /\n    expect:\n      size: \"> 10\"\n"
                                     "      latency: 250ms\n      body: { contains: \"x'\" }\n",
                                NULL);
    static const struct {
        int64_t size;
        double latency;
        const char *body;
        bool holds[3]; /* body, size, latency: as the keys of 'expect' are looked at */
    } rows[] = {
        { 11, 250, "wx'y", { true, true, true } },
        { 10, 250.001, "x", { false, false, false } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reader r;
        reader_open(&r, plan, NULL);
        r.notes[NOTE_SIZE] = (struct value){ .kind = VALUE_INTEGER, .integer = rows[i].size };
        r.notes[NOTE_LATENCY] = (struct value){ .kind = VALUE_NUMBER, .number = rows[i].latency };
        r.notes[NOTE_BODY] = text_value(rows[i].body);
        for (uint32_t k = 0; k < 3; k++)
            assert_int_equal(
                expression_holds(&plan->expressions[plan->requests[0].checks[k].expression],
                                 r.evaluator, &r.scope),
                rows[i].holds[k]);
        reader_close(&r);
    }
    plan_close(plan);
}

static void captures_say_where_to_look_and_what_if_there_is_nothing(void **state)
{
    (void)state;
    struct plan *plan =
        plan_of(HOST "tasks:\n  - get: /\n    capture:\n      a: json /x/*/id\n"
                     "      b: header X-B\n      c: { cookie: sid, default: none }\n"
                     "      d: 'regex  a=(\\d+)'\n      e: body\n"
                     "      f: { json: \"/f\", optional: true }\n"
                     "      g: { body: true, optional: true, default: '' }\n",
                NULL);
    static const struct {
        enum capture_kind kind;
        enum capture_absence absence;
        const char *what, *fallback;
    } rows[] = {
        { CAPTURE_JSON, ABSENCE_FAILS, "/x/*/id", "" },
        { CAPTURE_HEADER, ABSENCE_FAILS, "X-B", "" },
        { CAPTURE_COOKIE, ABSENCE_DEFAULTS, "sid", "none" },
        { CAPTURE_REGEX, ABSENCE_FAILS, "a=(\\d+)", "" },
        { CAPTURE_BODY, ABSENCE_FAILS, "", "" },
        { CAPTURE_JSON, ABSENCE_FORGETS, "/f", "" },
        { CAPTURE_BODY, ABSENCE_DEFAULTS, "", "" },
    };
    const struct plan_request *r = &plan->requests[0];
    assert_int_equal(r->capture_count, 7);
    for (uint32_t i = 0; i < 7; i++) {
        const struct capture *c = &r->captures[i];
        assert_int_equal(c->kind, rows[i].kind);
        assert_int_equal(c->absence, rows[i].absence);
        assert_true(span_equal(c->what, span_of(rows[i].what)));
        assert_true(span_equal(c->fallback, span_of(rows[i].fallback)));
        assert_int_equal(c->regex != NULL, c->kind == CAPTURE_REGEX);
        assert_int_equal(plan->variables[c->variable][0], 'a' + (int)i);
    }
    plan_close(plan);
}

static void too_many_values_of_one_answer_are_refused(void **state)
{
    (void)state;
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof(text), HOST "tasks:\n  - get: /\n    capture: {");
    for (unsigned i = 0; i < 40; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "v%u: json /v, ", i);
    used += (size_t)snprintf(text + used, sizeof(text) - used, "}\n    expect: { json: {");
    for (unsigned i = 0; i < 25; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "/v%u: exists, ", i);
    snprintf(text + used, sizeof(text) - used, "} }\n");
    assert_mistake(text, NULL,
                   "expected at most 64 values to be looked for in one answer, found more");
}

static void a_compressed_body_is_the_body_that_was_written(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "constants: { c: word }\ntasks:\n  - post: /\n"
                                     "    json: { a: \"a ${c}\", b: [1, 2] }\n    compress: gzip\n",
                                NULL);
    static const char expected[] = "{\"a\": \"a word\", \"b\": [1, 2]}";
    const struct span whole = plan->requests[0].template.whole;
    struct content_decoder *decoder;
    char out[100], length[40];
    const char *head_end = memmem(whole.bytes, whole.len, "\r\n\r\n", 4);
    assert_non_null(head_end);
    const struct span body = { head_end + 4, (size_t)(whole.bytes + whole.len - head_end - 4) };
    snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n\r\n", body.len);
    assert_non_null(memmem(whole.bytes, whole.len, length, strlen(length)));
    assert_non_null(memmem(whole.bytes, whole.len, "\r\nContent-Encoding: gzip\r\n", 26));
    assert_int_equal(content_decoder_open(&decoder), 0);
    const int len = content_decode(decoder, CODING_GZIP, body, out, sizeof(out));
    assert_true(span_equal((struct span){ out, (size_t)len }, span_of(expected)));
    content_decoder_close(decoder);
    plan_close(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_a_text_a_comparison_or_exists),
        cmocka_unit_test(a_check_knows_what_to_show_and_what_to_look_at),
        cmocka_unit_test(notes_of_the_answer_are_checked),
        cmocka_unit_test(captures_say_where_to_look_and_what_if_there_is_nothing),
        cmocka_unit_test(too_many_values_of_one_answer_are_refused),
        cmocka_unit_test(a_compressed_body_is_the_body_that_was_written),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("scenario_checks", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                                  : EXIT_FAILURE;
}
