/* test_header.c — goal: nothing that is valid here can end a header or a request line early. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "http/header.h"

static void a_name_is_a_token(void **state)
{
    (void)state;
    static const char *const valid[] = { "Host", "x", "X-Request-Id", "a!#$%&'*+-.^_`|~9" };
    static const char *const invalid[] = { "",      " Host", "Host ", "Ho st", "Ho:st", "Ho\tst",
                                           "a\r",   "a\n",   "a(b)",  "\"a\"", "a/b",   "a\x7f",
                                           "a\xe9", "a@b",   "[a]",   "{a}",   "a,b",   "a=b" };
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        assert_true(header_name_is_valid(span_of(valid[i])));
        assert_true(method_is_valid(span_of(valid[i])));
    }
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        assert_false(header_name_is_valid(span_of(invalid[i])));
        assert_false(method_is_valid(span_of(invalid[i])));
    }
}

static void of_all_bytes_77_may_stand_in_a_token(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned c = 0; c < 256; c++) {
        const char byte = (char)c;
        count += header_name_is_valid((struct span){ &byte, 1 });
    }
    assert_int_equal(count, 26 + 26 + 10 + 15);
}

static void six_methods_may_be_sent_again_whatever_became_of_them(void **state)
{
    (void)state;
    static const char *const again[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };
    static const char *const once[] = { "POST", "PATCH", "CONNECT", "get", "GETS", "" };
    for (size_t i = 0; i < 6; i++) {
        assert_true(method_is_idempotent(span_of(again[i])));
        assert_false(method_is_idempotent(span_of(once[i])));
    }
}

static void a_value_holds_no_control_byte_but_tab(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const char text[3] = { 'a', (char)c, 'b' };
        const bool is_control = (c < 32 && c != '\t') || c == 127;
        assert_int_equal(header_value_is_valid((struct span){ text, 3 }), !is_control);
    }
    assert_true(header_value_is_valid(span_of("")));
}

static void a_target_holds_no_space_either(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const char text[3] = { '/', (char)c, 'b' };
        const bool is_refused = c <= 32 || c == 127;
        assert_int_equal(target_is_valid((struct span){ text, 3 }), !is_refused);
    }
    assert_false(target_is_valid(span_of("")));
}

static void a_header_is_split_at_its_first_colon(void **state)
{
    (void)state;
    static const struct {
        const char *line, *name, *value;
    } rows[] = {
        { "Accept: text/html", "Accept", "text/html" },
        { "Accept:text/html", "Accept", "text/html" },
        { "A: \t b c \t", "A", "b c" },
        { "A: b: c", "A", "b: c" },
        { "A:", "A", "" },
        { "A:  ", "A", "" },
        { "A: caf\xc3\xa9", "A", "caf\xc3\xa9" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct span name, value;
        assert_true(header_split(span_of(rows[i].line), &name, &value));
        assert_true(span_equal(name, span_of(rows[i].name)));
        assert_true(span_equal(value, span_of(rows[i].value)));
    }
}

static void what_is_no_header_is_refused_and_writes_nothing(void **state)
{
    (void)state;
    static const char *const lines[] = { "",        "Accept", ":",        ": a",
                                         "A : b",   " A: b",  "A b: c",   "A: b\r\nC: d",
                                         "A: b\nC", "A: b\r", "A\r\n: b", "A: \x01",
                                         "A;" };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct span name = SPAN_LITERAL("old"), value = SPAN_LITERAL("older");
        assert_false(header_split(span_of(lines[i]), &name, &value));
        assert_true(span_equal(name, span_of("old")));
        assert_true(span_equal(value, span_of("older")));
    }
    struct span name, value;
    assert_false(header_split((struct span){ "A: b\0c", 6 }, &name, &value));
}

static void a_header_is_found_in_a_head_and_nowhere_else(void **state)
{
    (void)state;
    static const char head[] = "GET /Host:x HTTP/1.1\r\nHost: a\r\nX-Cookie: a\r\nCookies: a\r\n"
                               "Accept: Expect: a\r\nETAG:\r\n\r\nCookie: a\r\n";
    const struct span whole = span_of(head);
    assert_true(header_is_in(whole, span_of("host")));
    assert_true(header_is_in(whole, span_of("ETag")));
    assert_false(header_is_in(whole, span_of("Cookie")));
    assert_false(header_is_in(whole, span_of("Expect")));
    assert_false(header_is_in(whole, span_of("GET /Host")));
    for (size_t len = 0; len < sizeof(head) - 1; len++) {
        const size_t end = (size_t)(strstr(head, "Host: a\r\n") - head) + strlen("Host: a\r\n");
        char *prefix = malloc(len > 0 ? len : 1); /* of its size: reading beyond it is seen */
        assert_non_null(prefix);
        memcpy(prefix, head, len);
        assert_int_equal(header_is_in((struct span){ prefix, len }, span_of("Host")), len >= end);
        free(prefix);
    }
}

static void case_is_ignored_in_ascii_only(void **state)
{
    (void)state;
    assert_true(span_equal_ignoring_case(span_of("Content-LENGTH"), span_of("cONTENT-length")));
    assert_false(span_equal_ignoring_case(span_of("Host"), span_of("Hos")));
    assert_false(span_equal_ignoring_case(span_of("\xc9"), span_of("\xe9")));
    assert_false(span_equal_ignoring_case(span_of("@["), span_of("`{")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_a_token),
        cmocka_unit_test(of_all_bytes_77_may_stand_in_a_token),
        cmocka_unit_test(six_methods_may_be_sent_again_whatever_became_of_them),
        cmocka_unit_test(a_value_holds_no_control_byte_but_tab),
        cmocka_unit_test(a_target_holds_no_space_either),
        cmocka_unit_test(a_header_is_split_at_its_first_colon),
        cmocka_unit_test(what_is_no_header_is_refused_and_writes_nothing),
        cmocka_unit_test(a_header_is_found_in_a_head_and_nowhere_else),
        cmocka_unit_test(case_is_ignored_in_ascii_only),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("header", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
