/* test_expression.c — goal: what a scenario writes is read as the manual's grammar says or refused
 * with one exact sentence at its place, whatever the bytes are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/expression_fixture.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

/* ---- '${...}' in a text ---- */

static void a_text_is_cut_into_literals_and_slots(void **state)
{
    (void)state;
    static const struct {
        const char *text, *parts; /* kind, then text, separated by '|' */
    } rows[] = {
        { "", "" },
        { "abc", "L:abc|" },
        { "a${b}c", "L:a|S:${b}|L:c|" },
        { "${a}${b}", "S:${a}|S:${b}|" },
        { "$", "L:$|" },
        { "$$", "L:$$|" },
        { "a$${b}", "L:a|L:${|L:b}|" },
        { "$$${b}", "L:$|L:${|L:b}|" },
        { "${a", "U:${a|" },
        { "x${", "L:x|U:${|" },
        { "$a{b}", "L:$a{b}|" },
        { "${a}}", "S:${a}|L:}|" },
        { "${choice(\"}\", 1)}x", "S:${choice(\"}\", 1)}|L:x|" },
        { "${'}'}${\"'\"}", "S:${'}'}|S:${\"'\"}|" },
        { "${'\\'}'}b", "S:${'\\'}'}|L:b|" },
        { "${'it}s}", "U:${'it}s}|" },
        { "${ {a} }}", "S:${ {a} }|L:}|" },
        { "${'\\", "U:${'\\|" },
        { "${'$${'}", "S:${'$${'}|" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char found[200] = "";
        size_t at = 0, used = 0;
        for (;;) {
            const struct part part = expression_next(span_of(rows[i].text), &at);
            if (part.kind == PART_END)
                break;
            used += (size_t)snprintf(found + used, sizeof(found) - used, "%c:%.*s|",
                                     " LSU"[part.kind], (int)part.text.len, part.text.bytes);
        }
        assert_string_equal(found, rows[i].parts);
        const bool has_slot = strstr(found, "S:") != NULL || strstr(found, "U:") != NULL;
        assert_int_equal(expression_is_present(span_of(rows[i].text)), has_slot);
    }
}

static void a_name_is_letters_digits_dashes_and_dots(void **state)
{
    (void)state;
    static const char *const good[] = { "a", "_", "_a-b.c9", "A1", "nothing", "android" };
    static const char *const bad[] = { "",     "1a",   "a b", "-a", ".a",  "a\"",      "\xC3\xA4",
                                       "true", "none", "and", "or", "not", "contains", "matches" };
    char longest[66];
    memset(longest, 'a', sizeof(longest));
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(expression_name_is_valid(span_of(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(expression_name_is_valid(span_of(bad[i])));
    assert_true(expression_name_is_valid((struct span){ longest, 64 }));
    assert_false(expression_name_is_valid((struct span){ longest, 65 }));
}

/* ---- reading ---- */

static int read_text(const char *text, struct expression *ret, struct expression_fault *ret_fault)
{
    return expression_read(ret, arena, span_of(text), &names_of_user, ret_fault);
}

/* Reads and evaluates into out as text; "none" for none. */
static const char *value_of(const char *text, char out[VALUE_TEXT_MAX + 1])
{
    struct expression x = read_expression(text);
    struct span value = SPAN_LITERAL("none");
    expression_text(&x, evaluator, &user.scope, &value);
    snprintf(out, VALUE_TEXT_MAX + 1, "%.*s", (int)value.len, value.bytes);
    expression_close(&x);
    return out;
}

static void operators_bind_as_the_manual_says(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } rows[] = {
        { "1 + 2 * 3", "7" },
        { "(1 + 2) * 3", "9" },
        { "10 - 4 - 3", "3" },
        { "100 / 10 / 5", "2" },
        { "7 % 4 * 2", "6" },
        { "-2 * 3", "-6" },
        { "2 - -3", "5" },
        { "- - 5", "5" },
        { "-number", "-42" },
        { "-list[0]", "-1" },
        { "1 + 1 == 2", "true" },
        { "1 < 2 and 2 < 3", "true" },
        { "not 1 == 2", "true" },
        { "not true or true", "true" },
        { "not (true or true)", "false" },
        { "true or false and false", "true" },
        { "(true or false) and false", "false" },
        { "not not true", "true" },
        { "list[0 + 1]", "two" },
        { "split('a b', ' ')[1]", "b" },
        { "number - 1", "41" },
        { "length(text)-1", "11" },
        { "text contains 'ell' and number > 41", "true" },
        { "text matches '^H' and true", "true" },
        { "'a' + 1 + 2", "a12" },
        { "1 + 2 + 'a'", "3a" },
        { "\t1\n+\r2 ", "3" },
        { "random (0, 0)", "0" },
    };
    char value[VALUE_TEXT_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(value_of(rows[i].text, value), rows[i].value);
}

static void strings_know_six_escapes_and_leave_other_backslashes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } rows[] = {
        { "'it\\'s'", "it's" }, { "\"a\\\"b\"", "a\"b" },
        { "'a\"b'", "a\"b" },   { "'\\n\\t\\r'", "\n\t\r" },
        { "'\\\\d'", "\\d" },   { "'\\d+\\.x'", "\\d+\\.x" },
        { "''", "" },           { "'}'", "}" },
        { "'\\x41'", "\\x41" }, { "'\xC3\xA4'", "\xC3\xA4" },
    };
    char value[VALUE_TEXT_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(value_of(rows[i].text, value), rows[i].value);
}

static void numbers_are_read_to_the_last_bit(void **state)
{
    (void)state;
    static const char *const same[] = {
        "9223372036854775807",    "-9223372036854775808", "0", "1.5", "-0.001", "1e+22", "5e-324",
        "1.7976931348623157e+308"
    };
    char value[VALUE_TEXT_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(same); i++)
        assert_string_equal(value_of(same[i], value), same[i]);
    assert_string_equal(value_of("1E3", value), "1000");
    assert_string_equal(value_of("007", value), "7");
    assert_string_equal(value_of("-0", value), "0");
}

static const struct {
    const char *text;
    size_t offset;
    const char *message;
} mistakes[] = {
    { "", 0, "expected an expression such as 'token' or 'random(1, 9)', found nothing" },
    { " \t ", 0, "expected an expression such as 'token' or 'random(1, 9)', found nothing" },
    { "1 +", 3, "expected a value, found the end" },
    { "not", 3, "expected a value, found the end" },
    { "1 + * 2", 4, "expected a value, found '*'" },
    { "and", 0, "expected a value, found 'and'" },
    { "# 1", 0, "expected a value, found '#'" },
    { "\xC3\xA4", 0, "expected a value, found '\xC3\xA4'" },
    { "\xFF", 0, "expected a value, found '\\xFF'" },
    { "text number", 5, "expected an operator or the end, found 'number'" },
    { "text 'x'", 5, "expected an operator or the end, found 'x'" },
    { "text ''", 5, "expected an operator or the end, found ''" },
    { "1)", 1, "expected an operator or the end, found ')'" },
    { "(1", 2, "expected an operator or ')', found the end" },
    { "list[0", 6, "expected an operator or ']', found the end" },
    { "list[]", 5, "expected a value, found ']'" },
    { "1 < 2 < 3", 6, "expected 'and' or 'or' between two comparisons, found '<'" },
    { "status = 200", 7, "expected '==', found '='" },
    { "ok && ok", 3, "expected 'and', found '&&'" },
    { "ok || ok", 3, "expected 'or', found '||'" },
    { "!ok", 0, "expected 'not', found '!'" },
    { "'abc", 0, "expected ' to close the text, found the end" },
    { "1 + \"abc'", 4, "expected \" to close the text, found the end" },
    { "'abc\\'", 0, "expected ' to close the text, found the end" },
    { "12abc", 0, "expected a number of at most 64 bits, found '12abc'" },
    { "1.2.3", 0, "expected a number of at most 64 bits, found '1.2.3'" },
    { "1.", 0, "expected a number of at most 64 bits, found '1.'" },
    { "1e", 0, "expected a number of at most 64 bits, found '1e'" },
    { "0x1F", 0, "expected a number of at most 64 bits, found '0x1F'" },
    { "9223372036854775808", 0,
      "expected a number of at most 64 bits, found '9223372036854775808'" },
    { "1e999", 0, "expected a number of at most 64 bits, found '1e999'" },
    { "txt", 0, "unknown variable 'txt'; did you mean 'text'?" },
    { "statsu", 0, "unknown variable 'statsu'; did you mean 'status'?" },
    { "zebra", 0, "unknown variable 'zebra': nothing gives it a value" },
    { "uuid", 0, "unknown variable 'uuid'; did you mean 'uuid()'?" },
    { "1 + number-1", 4, "unknown variable 'number-1'; did you mean 'number - 1'?" },
    { "status-list", 0, "unknown variable 'status-list'; did you mean 'status - list'?" },
    { "randm(1, 2)", 0, "unknown function 'randm'; did you mean 'random'?" },
    { "zebra(1)", 0, "expected a function such as 'random(1, 9)', found 'zebra'" },
    { "random(1", 8, "expected ',' or ')' in 'random', found the end" },
    { "random(1 2)", 9, "expected ',' or ')' in 'random', found '2'" },
    { "random(1, )", 10, "expected a value, found ')'" },
    { "random(1)", 0, "expected 2 values in 'random', found 1" },
    { "uuid(1)", 0, "expected nothing between the brackets of 'uuid', found 1 value" },
    { "hex()", 0, "expected 1 value in 'hex', found 0" },
    { "now('a', 'b')", 0, "expected 0 to 1 values in 'now', found 2" },
    { "random(2, 1)", 0, "expected the smaller number first in 'random'" },
    { "random('a', 1)", 0, "expected two whole numbers as in 'random(1, 100)'" },
    { "random(1.5, 2)", 0, "expected two whole numbers as in 'random(1, 100)'" },
    { "weighted(1, 'a', 2)", 0,
      "expected pairs of a weight and a value in 'weighted', found 3 values" },
    { "text matches number", 13, "expected a pattern in quotes after 'matches', found 'number'" },
    { "text matches 1", 13, "expected a pattern in quotes after 'matches', found '1'" },
    { "json(text)", 0, "expected a JSON pointer in quotes in 'json'" },
    { "json('id')", 0, "expected a JSON pointer such as '/id'" },
    { "header(1)", 0, "expected the name of a header in quotes in 'header'" },
    { "env(text)", 0, "expected a name in quotes in 'env'" },
    { "env('A', text)", 0,
      "expected a name in quotes in 'env' and a default that is the same for all" },
    { "env('SQUALL_NOT_SET')", 0,
      "expected 'SQUALL_NOT_SET' in the environment, or a default as in 'env('NAME', 'x')', found "
      "neither" },
};

static void a_mistake_is_told_in_one_sentence_at_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        struct expression x;
        struct expression_fault fault = { .message = "none" };
        assert_int_equal(read_text(mistakes[i].text, &x, &fault), -EINVAL);
        assert_string_equal(fault.message, mistakes[i].message);
        assert_int_equal(fault.offset, mistakes[i].offset);
    }
}

static void a_broken_pattern_is_a_mistake_at_its_place(void **state)
{
    (void)state;
    struct expression x;
    struct expression_fault fault;
    assert_int_equal(read_text("text matches '(a'", &x, &fault), -EINVAL);
    assert_int_equal(fault.offset, 13);
    assert_memory_equal(fault.message, "expected a pattern after 'matches': ", 36);
}

static void every_prefix_is_read_or_refused(void **state)
{
    (void)state;
    static const char whole[] = "not (status == 200 and length(list) >= 1 or text matches '^a\\d') "
                                "and -number % 7 != list[-1] + env('A', \"b\\\"c\") contains 1.5e3";
    for (size_t len = 0; len < sizeof(whole); len++) {
        char *block = malloc(len > 0 ? len : 1); /* exact, so that a sanitizer sees an over-read */
        struct expression x;
        struct expression_fault fault = { 0 };
        assert_non_null(block);
        memcpy(block, whole, len);
        const int rc =
            expression_read(&x, arena, (struct span){ block, len }, &names_of_user, &fault);
        assert_true(rc == 0 || (rc == -EINVAL && fault.message[0] != '\0' && fault.offset <= len));
        free(block);
        if (rc == 0)
            expression_close(&x);
    }
}

/* ---- what is known when it is read ---- */

static void constant_parts_are_computed_once(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t operations;
    } rows[] = {
        { "1 + 2 * 3", 1 },
        { "upper('a') + lower('B')", 1 },
        { "'abc' matches 'b'", 2 },
        { "text matches 'b'", 2 },
        { "number + 2 * 3", 3 },
        { "random(0 + 1, 2 * 3)", 1 },
        { "split('a,b', ',')[1]", 1 },
        { "uuid()", 1 },
        { "not -1 == 1", 1 },
        { "pick(split('a,b', ','))", 2 },
        { "now() - 1", 3 },
        { "default(none, 3)", 1 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct expression x;
        struct expression_fault fault;
        assert_int_equal(read_text(rows[i].text, &x, &fault), 0);
        assert_int_equal(x.count, rows[i].operations);
        assert_string_equal(x.text.bytes, rows[i].text);
        expression_close(&x);
    }
}

static void the_environment_is_read_when_the_expression_is(void **state)
{
    (void)state;
    char value[VALUE_TEXT_MAX + 1], *huge = malloc(VALUE_TEXT_MAX + 2);
    struct expression x;
    struct expression_fault fault;
    assert_non_null(huge);
    setenv("SQUALL_TEST", "from outside", 1);
    assert_string_equal(value_of("env('SQUALL_TEST')", value), "from outside");
    assert_string_equal(value_of("env('SQUALL_TEST', 'x')", value), "from outside");
    assert_int_equal(read_text("env('SQUALL_TEST')", &x, &fault), 0);
    unsetenv("SQUALL_TEST");
    assert_string_equal(x.operations[0].constant.text.bytes, "from outside");
    assert_string_equal(value_of("env('SQUALL_TEST', 'x' + 1)", value), "x1");
    memset(huge, 'a', VALUE_TEXT_MAX + 1);
    huge[VALUE_TEXT_MAX + 1] = '\0';
    setenv("SQUALL_TEST", huge, 1);
    assert_int_equal(read_text("env('SQUALL_TEST')", &x, &fault), -EINVAL);
    assert_string_equal(fault.message, "expected at most 4096 bytes in 'SQUALL_TEST', found 4097");
    unsetenv("SQUALL_TEST");
    free(huge);
}

static void the_longest_text_is_known_where_it_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t bytes_max;
    } rows[] = {
        { "uuid()", 36 },           { "random(1, 2)", 24 }, { "'abc'", 3 },
        { "text", VALUE_TEXT_MAX }, { "ok", 24 },           { "status == 200", 5 },
        { "number * 2", 24 },       { "sha256(text)", 64 }, { "body", VALUE_TEXT_MAX },
        { "text matches 'a'", 5 },  { "1.5", 24 },          { "list[0]", VALUE_TEXT_MAX },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct expression x;
        struct expression_fault fault;
        assert_int_equal(read_text(rows[i].text, &x, &fault), 0);
        assert_int_equal(x.bytes_max, rows[i].bytes_max);
        expression_close(&x);
    }
}

/* ---- names ---- */

static bool status_is_a_variable(void *context, struct span name, struct operation *ret)
{
    *ret = (struct operation){ .kind = OPERATION_VARIABLE, .index = USER_TEXT };
    return span_equal(name, SPAN_LITERAL("status"));
}

static void a_variable_goes_before_a_note_of_its_name(void **state)
{
    (void)state;
    static const struct expression_names names = { .name = status_is_a_variable };
    struct expression x;
    struct expression_fault fault;
    assert_int_equal(expression_read(&x, arena, SPAN_LITERAL("status"), &names, &fault), 0);
    assert_int_equal(x.operations[0].kind, OPERATION_VARIABLE);
    assert_int_equal(expression_read(&x, arena, SPAN_LITERAL("ok"), &names, &fault), 0);
    assert_int_equal(x.operations[0].kind, OPERATION_NOTE);
    assert_int_equal(x.operations[0].index, NOTE_OK);
}

static void only_checks_see_the_answer_they_check(void **state)
{
    (void)state;
    static const char *const checked[] = { "body", "size", "latency" };
    static const struct expression_names names = { .name = user_name };
    struct expression x;
    struct expression_fault fault;
    for (size_t i = 0; i < COUNT_OF(checked); i++) {
        char message[60];
        snprintf(message, sizeof(message), "'%s' is known in 'expect' only", checked[i]);
        assert_int_equal(expression_read(&x, arena, span_of(checked[i]), &names, &fault), -EINVAL);
        assert_string_equal(fault.message, message);
        assert_int_equal(read_text(checked[i], &x, &fault), 0);
    }
    assert_int_equal(expression_read(&x, arena, SPAN_LITERAL("1 + json('/x')"), &names, &fault),
                     -EINVAL);
    assert_string_equal(fault.message, "there is no answer here to take it from");
    assert_int_equal(fault.offset, 4);
}

static void what_an_answer_holds_is_a_variable_of_the_user(void **state)
{
    (void)state;
    char value[VALUE_TEXT_MAX + 1];
    assert_string_equal(value_of("json('/id') + 1", value), "43");
    assert_string_equal(value_of("header('X-' + 'Name')", value), "Hello, world");
    assert_string_equal(value_of("people.email", value), "ada@example.com");
    assert_string_equal(value_of("cookie('th' + 'eme')", value), "light");
    assert_string_equal(value_of("cookie('other')", value), "none");
    assert_string_equal(value_of("cookie(unset)", value), "none");
}

/* ---- limits ---- */

/* `before`, `count` times `middle`, `after`. */
static char *repeated(const char *before, const char *middle, size_t count, const char *after)
{
    const size_t size = strlen(before) + count * strlen(middle) + strlen(after) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    size_t used = (size_t)snprintf(text, size, "%s", before);
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s", middle);
    snprintf(text + used, size - used, "%s", after);
    return text;
}

static void what_is_too_deep_or_too_long_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *before, *middle;
        size_t good, bad; /* how often */
        const char *after, *message;
    } rows[] = {
        { "", "(", 31, 32, "1", "expected at most 32 levels of brackets, found more" },
        { "", "not ", 31, 32, "ok", "expected at most 32 levels of brackets, found more" },
        { "", "-", 31, 32, "number", "expected at most 32 levels of brackets, found more" },
        { "", "upper(", 31, 32, "text", "expected at most 32 levels of brackets, found more" },
        { "choice(1", ",1", 254, 255, ")", "expected 1 to 255 values in 'choice', found 256" },
        { "ok", "+ok", 511, 512, "", "expected at most 1024 operations, found more" },
        { "1", " ", 4095, 4096, "", "expected an expression of at most 4096 bytes, found 4097" },
        { "choice(ok, ok, choice(1", ",1", 253, 254, "))",
          "expected at most 256 values at once, found more" },
        { "pad('', 4096)", "+''", 15, 16, "",
          "expected at most 65536 bytes of constants, found more" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *good = repeated(rows[i].before, rows[i].middle, rows[i].good, rows[i].after);
        char *bad = repeated(rows[i].before, rows[i].middle, rows[i].bad, rows[i].after);
        struct expression x;
        struct expression_fault fault = { .message = "none" };
        const bool is_open = strchr(rows[i].middle, '(') != NULL;
        char *closed = is_open ? repeated(good, ")", rows[i].good, "") : repeated(good, "", 0, "");
        if (read_text(closed, &x, &fault) != 0)
            fail_msg("%.40s: %s", closed, fault.message);
        expression_close(&x);
        assert_int_equal(read_text(bad, &x, &fault), -EINVAL);
        assert_string_equal(fault.message, rows[i].message);
        free(good);
        free(bad);
        free(closed);
    }
}

static void what_stands_side_by_side_is_not_deep(void **state)
{
    (void)state;
    static const char *const middles[] = { "+(1)", "+-number", " or not ok", "+upper(text)",
                                           "+list[0]" };
    for (size_t i = 0; i < COUNT_OF(middles); i++) {
        char *text = repeated("1", middles[i], 100, "");
        struct expression x;
        struct expression_fault fault;
        if (read_text(text, &x, &fault) != 0)
            fail_msg("%.40s: %s", text, fault.message);
        expression_close(&x);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_cut_into_literals_and_slots),
        cmocka_unit_test(a_name_is_letters_digits_dashes_and_dots),
        cmocka_unit_test(operators_bind_as_the_manual_says),
        cmocka_unit_test(strings_know_six_escapes_and_leave_other_backslashes),
        cmocka_unit_test(numbers_are_read_to_the_last_bit),
        cmocka_unit_test(a_mistake_is_told_in_one_sentence_at_its_place),
        cmocka_unit_test(a_broken_pattern_is_a_mistake_at_its_place),
        cmocka_unit_test(every_prefix_is_read_or_refused),
        cmocka_unit_test(constant_parts_are_computed_once),
        cmocka_unit_test(the_environment_is_read_when_the_expression_is),
        cmocka_unit_test(the_longest_text_is_known_where_it_can_be),
        cmocka_unit_test(a_variable_goes_before_a_note_of_its_name),
        cmocka_unit_test(only_checks_see_the_answer_they_check),
        cmocka_unit_test(what_an_answer_holds_is_a_variable_of_the_user),
        cmocka_unit_test(what_is_too_deep_or_too_long_is_refused),
        cmocka_unit_test(what_stands_side_by_side_is_not_deep),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("expression", tests, open_all, close_all) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
