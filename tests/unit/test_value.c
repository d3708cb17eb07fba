/* test_value.c — goal: expressions are read as written, their values have the form and spread they
 * promise, and scalars mean in JSON what Python's json.dumps would write. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/expression.h"
#include "engine/plan/scalar.h"
#include "engine/plan/value.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static void random_numbers_reach_both_ends_evenly(void **state)
{
    (void)state;
    const struct expression e = { .kind = EXPRESSION_RANDOM, .low = -2, .high = 2 };
    uint32_t seen[5] = { 0 };
    struct prng p;
    prng_init(&p, 3, 4);
    for (int i = 0; i < 10000; i++) {
        char scratch[VALUE_BYTES_MAX];
        struct span value;
        assert_int_equal(expression_value(&e, &p, scratch, sizeof(scratch), &value), 0);
        scratch[value.len] = '\0';
        const long number = strtol(value.bytes, NULL, 10);
        assert_in_range(number + 2, 0, 4);
        seen[number + 2]++;
    }
    for (int i = 0; i < 5; i++)
        assert_in_range(seen[i], 2000 - 200, 2000 + 200); /* five standard deviations */
}

static void the_widest_range_of_random_numbers_works(void **state)
{
    (void)state;
    const struct expression wide = { .kind = EXPRESSION_RANDOM,
                                     .low = INT64_MIN,
                                     .high = INT64_MAX };
    const struct expression lowest = { .kind = EXPRESSION_RANDOM,
                                       .low = INT64_MIN,
                                       .high = INT64_MIN };
    char scratch[VALUE_BYTES_MAX];
    struct span value;
    struct prng p;
    int negative = 0;
    prng_init(&p, 3, 4);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(expression_value(&wide, &p, scratch, sizeof(scratch), &value), 0);
        negative += value.bytes[0] == '-';
    }
    assert_in_range(negative, 400, 600);
    assert_int_equal(expression_value(&lowest, &p, scratch, sizeof(scratch), &value), 0);
    assert_true(span_equal(value, SPAN_LITERAL("-9223372036854775808")));
    assert_int_equal(expression_value(&lowest, &p, scratch, 20, &value), 0);
    assert_int_equal(expression_value(&lowest, &p, scratch, 19, &value), -ENOSPC);
}

static void a_uuid_is_of_version_4_and_never_the_same(void **state)
{
    (void)state;
    const struct expression e = { .kind = EXPRESSION_UUID };
    char scratch[VALUE_BYTES_MAX], last[VALUE_BYTES_MAX] = { 0 };
    unsigned variants[256] = { 0 };
    struct span value;
    struct prng p;
    prng_init(&p, 5, 6);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(expression_value(&e, &p, scratch, sizeof(scratch), &value), 0);
        assert_int_equal(value.len, 36);
        for (size_t k = 0; k < 36; k++) {
            const bool is_dash = k == 8 || k == 13 || k == 18 || k == 23;
            assert_true(is_dash ? value.bytes[k] == '-'
                                : strchr("0123456789abcdef", value.bytes[k]) != NULL);
        }
        assert_int_equal(value.bytes[14], '4');
        variants[(unsigned char)value.bytes[19]]++;
        assert_memory_not_equal(last, scratch, 36);
        memcpy(last, scratch, 36);
    }
    assert_true(variants['8'] > 150 && variants['9'] > 150 && variants['a'] > 150 &&
                variants['b'] > 150);
    assert_int_equal(variants['8'] + variants['9'] + variants['a'] + variants['b'], 1000);
    assert_int_equal(expression_value(&e, &p, scratch, 35, &value), -ENOSPC);
}

static void a_variable_has_no_value_here(void **state)
{
    (void)state;
    const struct expression e = { .kind = EXPRESSION_VARIABLE };
    struct span value;
    struct prng p;
    char scratch[VALUE_BYTES_MAX];
    prng_init(&p, 1, 1);
    assert_int_equal(expression_value(&e, &p, scratch, sizeof(scratch), &value), -EINVAL);
}

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
    }
}

static const char *read_slot(const char *text, struct expression *ret)
{
    struct span name;
    bool is_function;
    *ret = (struct expression){ .kind = EXPRESSION_VARIABLE };
    return expression_read(ret, span_of(text), &name, &is_function);
}

static void an_expression_is_read_or_refused(void **state)
{
    (void)state;
    static const char *const good[] = { "${a}",
                                        "${ a }",
                                        "${_a-b.c9}",
                                        "${uuid()}",
                                        "${ uuid( ) }",
                                        "${random(1,2)}",
                                        "${random( -5 , 5 )}",
                                        "${random (0, 0)}",
                                        "${random(-9223372036854775808, 9223372036854775807)}" };
    static const char *const bad[] = { "${}",
                                       "${ }",
                                       "${1a}",
                                       "${a b}",
                                       "${a\"}",
                                       "${uuid(1)}",
                                       "${uuid(}",
                                       "${uuid)}",
                                       "${()}",
                                       "${random()}",
                                       "${random(1)}",
                                       "${random(1,)}",
                                       "${random(1,2,3)}",
                                       "${random(a, b)}",
                                       "${random(1, 2}",
                                       "${random(2, 1)}",
                                       "${random(1, 9223372036854775808)}",
                                       "${random(1.5, 2)}",
                                       "${now()}",
                                       "${random(+1, 2)}",
                                       "${(}",
                                       "${)}",
                                       "${\xFF}" };
    struct expression e;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_null(read_slot(good[i], &e));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_non_null(read_slot(bad[i], &e));
    assert_null(read_slot("${random( -5 , 7 )}", &e));
    assert_true(e.kind == EXPRESSION_RANDOM && e.low == -5 && e.high == 7);
}

/* The right column is what Python 3.11 printed for json.dumps() of the value that the core schema
 * gives. */
static const struct {
    const char *text, *json; /* NULL = a string, "" = nothing that JSON has */
} scalars[] = {
    { "", "null" },
    { "~", "null" },
    { "null", "null" },
    { "Null", "null" },
    { "NULL", "null" },
    { "nULL", NULL },
    { "true", "true" },
    { "True", "true" },
    { "FALSE", "false" },
    { "yes", NULL },
    { "on", NULL },
    { "tRUE", NULL },
    { "0", "0" },
    { "-0", "0" },
    { "+0", "0" },
    { "007", "7" },
    { "-007", "-7" },
    { "+12", "12" },
    { "123456789012345678901234567890", "123456789012345678901234567890" },
    { "0x1F", "31" },
    { "0xff", "255" },
    { "0o17", "15" },
    { "0xFFFFFFFFFFFFFFFF", "18446744073709551615" },
    { "0x10000000000000000", "" },
    { "0o18", NULL },
    { "0xG", NULL },
    { "0x", NULL },
    { "-0x1F", NULL },
    { "1.0", "1.0" },
    { "1.", "1.0" },
    { ".5", "0.5" },
    { "-.5", "-0.5" },
    { "1e3", "1000.0" },
    { "-0.0", "-0.0" },
    { "1.50", "1.5" },
    { "0.1", "0.1" },
    { "0.30000000000000004", "0.30000000000000004" },
    { "0.0001", "0.0001" },
    { "0.00001", "1e-05" },
    { "123456789.125", "123456789.125" },
    { "1e15", "1000000000000000.0" },
    { "1e16", "1e+16" },
    { "1.5e16", "1.5e+16" },
    { "9007199254740993.0", "9007199254740992.0" },
    { "1e22", "1e+22" },
    { "1e100", "1e+100" },
    { "5e-324", "5e-324" },
    { "1.7976931348623157e308", "1.7976931348623157e+308" },
    { "2.2250738585072014e-308", "2.2250738585072014e-308" },
    { "1234567890123456.7", "1234567890123456.8" },
    { "1e309", "" },
    { ".inf", "" },
    { "-.INF", "" },
    { ".nan", "" },
    { "inf", NULL },
    { "nan", NULL },
    { "1e", NULL },
    { "1e+", NULL },
    { ".", NULL },
    { "-", NULL },
    { "1.2.3", NULL },
    { "1_000", NULL },
    { "0b1", NULL },
    { "1 2", NULL },
    { "12:30", NULL },
    { "2024-01-01", NULL },
    { "e5", NULL },
    { "+", NULL },
    { "--1", NULL },
};

static void a_scalar_is_written_as_json_dumps_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(scalars); i++) {
        char scratch[SCALAR_JSON_MAX], found[100] = "?";
        struct scalar_json json;
        switch (scalar_resolve(span_of(scalars[i].text), scratch, &json)) {
        case SCALAR_TEXT:
            assert_null(scalars[i].json);
            continue;
        case SCALAR_NO_JSON:
            found[0] = '\0';
            break;
        case SCALAR_VALUE:
            snprintf(found, sizeof(found), "%s%.*s", json.sign, (int)json.rest.len,
                     json.rest.bytes);
            break;
        }
        assert_string_equal(found, scalars[i].json == NULL ? "a string" : scalars[i].json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_numbers_reach_both_ends_evenly),
        cmocka_unit_test(the_widest_range_of_random_numbers_works),
        cmocka_unit_test(a_uuid_is_of_version_4_and_never_the_same),
        cmocka_unit_test(a_variable_has_no_value_here),
        cmocka_unit_test(a_text_is_cut_into_literals_and_slots),
        cmocka_unit_test(an_expression_is_read_or_refused),
        cmocka_unit_test(a_scalar_is_written_as_json_dumps_does),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("value", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
