/* test_evaluate.c — goal: every operator and function gives what the manual says, what cannot be
 * computed is none, no argument makes an evaluation fail and none of them allocates. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/number.h"
#include "tests/unit/allocation_count.h"
#include "tests/unit/expression_fixture.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static bool text_of(const struct expression *x, struct span *ret_text)
{
    const uint64_t before = allocation_count;
    const bool has_text = expression_text(x, evaluator, &user.scope, ret_text);
    assert_int_equal(allocation_count, before);
    return has_text;
}

struct row {
    const char *text, *value; /* NULL = none */
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct expression x = read_expression(rows[i].text);
        struct span value = SPAN_LITERAL("");
        const bool has_value = text_of(&x, &value);
        if (has_value != (rows[i].value != NULL) ||
            (has_value && !span_equal(value, span_of(rows[i].value))))
            fail_msg("%s gave %.*s", rows[i].text, has_value ? (int)value.len : 4,
                     has_value ? value.bytes : "none");
        assert_true(value.len <= x.bytes_max);
        expression_close(&x);
    }
}

static void numbers_are_added_and_texts_joined(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "number + 1", "43" },
        { "number + '1'", "43" },
        { "number + '1.5'", "43.5" },
        { "number + 'a'", "42a" },
        { "text + 1", "Hello, world1" },
        { "text + true", "Hello, worldtrue" },
        { "'ids: ' + list", "ids: [1,\"two\",true]" },
        { "number - text", NULL },
        { "number + unset", NULL },
        { "text + unset", NULL },
        { "number * 2", "84" },
        { "number / 4", "10.5" },
        { "number / 7", "6" },
        { "number / 0", NULL },
        { "number / 0.0", NULL },
        { "number % 0", NULL },
        { "number % 0.0", NULL },
        { "number % 5", "2" },
        { "-number % 5", "3" },
        { "number % -5", "-3" },
        { "-number % -5", "-2" },
        { "number % 2.5", "2" },
        { "-number % 2.5", "0.5" },
        { "true + 1", "true1" },
        { "true * 2", NULL },
        { "list * 2", NULL },
        { "-text", NULL },
        { "-list", NULL },
        { "-'1.5'", "-1.5" },
        { "0 * -1.5", "0" },
        { "0.1 + 0.2", "0.30000000000000004" },
        { "1 - 0.9", "0.09999999999999998" },
        { "number / 1.5 * 3", "84" },
    };
    check_rows(rows, COUNT_OF(rows));
}

static void what_leaves_64_bits_is_none(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "9223372036854775807 + number - 42", NULL },
        { "9223372036854775807 + 0", "9223372036854775807" },
        { "-9223372036854775808 - 1", NULL },
        { "-9223372036854775808 - 0", "-9223372036854775808" },
        { "-(-9223372036854775808)", NULL },
        { "-9223372036854775808 / -1", NULL },
        { "-9223372036854775808 % -1", "0" },
        { "3037000500 * 3037000500", NULL },
        { "3037000499 * 3037000499", "9223372030926249001" },
        { "-9223372036854775808 * -1", NULL },
        { "1e308 * 10", NULL },
        { "1e308 + 1e308", NULL },
        { "1e-300 * 1e-300", "0" },
        { "int('9223372036854775808')", NULL },
        { "int(9223372036854775808.0)", NULL },
        { "int(-9223372036854775808.0)", "-9223372036854775808" },
        { "int(1e300)", NULL },
        { "round(1e300)", "1e+300" },
        { "list[9223372036854775807]", NULL },
        { "list[-9223372036854775808]", NULL },
        { "substring(text, -9223372036854775808, 9223372036854775807)", "Hello, world" },
        { "pad(text, -9223372036854775808)", "Hello, world" },
    };
    check_rows(rows, COUNT_OF(rows));
}

static void comparisons_take_texts_for_the_numbers_they_are(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "number == 42", "true" },
        { "number == '42.0'", "true" },
        { "number == ' 42'", "false" },
        { "'10' == 10", "true" },
        { "'10' == '10.0'", "true" },
        { "'1e1' == 10", "true" },
        { "'9' < '10'", "true" },
        { "'9' < '1x'", "false" },
        { "'abc' < 'abd'", "true" },
        { "'ab' < 'abc'", "true" },
        { "'' < 'a'", "true" },
        { "'abc' < 5", "false" },
        { "'abc' > 5", "false" },
        { "'abc' != 5", "true" },
        { "unset == none", "true" },
        { "unset != 1", "true" },
        { "unset < 1", "false" },
        { "unset >= 1", "false" },
        { "'null' == none", "true" },
        { "'true' == true", "true" },
        { "'false' == false", "true" },
        { "true == 1", "false" },
        { "true == 'yes'", "false" },
        { "true > false", "false" },
        { "list == list", "true" },
        { "list == split('1,two,true', ',')", "true" },
        { "list == '[1,\"two\",true]'", "false" },
        { "9007199254740993 == 9007199254740992.0", "false" },
        { "9007199254740993 > 9007199254740992.0", "true" },
        { "'12345678901234567890' == '12345678901234567891'", "false" },
        { "42 <= number and 42 >= number", "true" },
        { "0.1 + 0.2 == 0.3", "false" },
    };
    check_rows(rows, COUNT_OF(rows));
}

static void an_order_is_an_order(void **state)
{
    (void)state;
    static const char *const values[] = { "1",    "2",    "'1'",    "'a'",  "'b'",    "''",
                                          "none", "true", "'true'", "list", "1.5",    "'1.5'",
                                          "-1",   "'10'", "'9'",    "text", "'null'", "false" };
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        for (size_t k = 0; k < COUNT_OF(values); k++) {
            char text[200];
            snprintf(text, sizeof(text),
                     "(%s == %s) == (%s == %s) and (%s < %s) == (%s > %s) and "
                     "(%s <= %s) == (%s >= %s) and not (%s < %s and %s >= %s)",
                     values[i], values[k], values[k], values[i], values[i], values[k], values[k],
                     values[i], values[i], values[k], values[k], values[i], values[i], values[k],
                     values[i], values[k]);
            struct expression x = read_expression(text);
            if (!expression_holds(&x, evaluator, &user.scope))
                fail_msg("%s", text);
        }
    }
}

static void a_condition_holds_for_all_but_the_empty(void **state)
{
    (void)state;
    static const char *const true_ones[] = { "1",    "-1",        "0.5",  "'a'",    "' '",
                                             "true", "ok",        "list", "'true'", "text",
                                             "'0x'", "not unset", "body" };
    static const char *const false_ones[] = { "0",       "0.0",    "''",    "false",
                                              "none",    "unset",  "'0'",   "'0.0'",
                                              "'false'", "'null'", "not 1", "split('', ',')" };
    for (size_t i = 0; i < COUNT_OF(true_ones); i++) {
        const struct expression x = read_expression(true_ones[i]);
        assert_true(expression_holds(&x, evaluator, &user.scope));
    }
    for (size_t i = 0; i < COUNT_OF(false_ones); i++) {
        const struct expression x = read_expression(false_ones[i]);
        assert_false(expression_holds(&x, evaluator, &user.scope));
    }
}

static void texts_and_lists_are_searched(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "text contains 'o, w'", "true" },
        { "text contains ''", "true" },
        { "text contains 'O'", "false" },
        { "number contains 4", "true" },
        { "list contains 'two'", "true" },
        { "list contains 1", "true" },
        { "list contains '1.0'", "true" },
        { "list contains true", "true" },
        { "list contains 'tw'", "false" },
        { "unset contains 'a'", "false" },
        { "text contains unset", "false" },
        { "body contains ',z'", "true" },
        { "text matches 'w.r'", "true" },
        { "text matches '^w'", "false" },
        { "number matches '^\\d+$'", "true" },
        { "status matches '^2..$'", "true" },
        { "unset matches '.*'", "false" },
        { "body matches 'z$'", "true" },
        { "list[0]", "1" },
        { "list[-1]", "true" },
        { "list['1']", "two" },
        { "list[1.9]", "two" },
        { "list[3]", NULL },
        { "list[-4]", NULL },
        { "list[text]", NULL },
        { "text[0]", NULL },
        { "unset[0]", NULL },
        { "first(list)", "1" },
        { "last(list)", "true" },
        { "first(unset)", NULL },
        { "last(split('', ','))", NULL },
        { "length(list)", "3" },
        { "length(text)", "12" },
        { "length(number)", "2" },
        { "length(unset)", "0" },
        { "length(body)", "262144" },
        { "split(text, ', ')", "[\"Hello\",\"world\"]" },
        { "split('1,,true,', ',')", "[\"1\",\"\",\"true\",\"\"]" },
        { "length(split('', ','))", "0" },
        { "split('a', '')", NULL },
        { "split(unset, ',')", NULL },
        { "split(body, 'y')", NULL }, /* an item of 256 KiB */
        { "split(body, ',')", NULL }, /* 262144 items */
        { "join(list, ', ')", "1, two, true" },
        { "join(split('', ','), ',')", "" },
        { "join(text, ',')", NULL },
        { "join(split(long, 'x'), long)", NULL },
        { "split('\xFF,a', ',')", NULL }, /* a list, but not in JSON */
        { "length(split('\xFF,a', ','))", "2" },
    };
    check_rows(rows, COUNT_OF(rows));
}

static void texts_are_changed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "upper(text)", "HELLO, WORLD" },
        { "lower('\xC3\x84' + text)", "\xC3\x84hello, world" },
        { "trim('\t a b\r\n ')", "a b" },
        { "trim('  ')", "" },
        { "replace(text, 'l', 'L')", "HeLLo, worLd" },
        { "replace(text, 'l', '')", "Heo, word" },
        { "replace('aaa', 'aa', 'b')", "ba" },
        { "replace(text, '', 'x')", "Hello, world" },
        { "replace(text, 'z', 'x')", "Hello, world" },
        { "replace('', 'a', 'x')", "" },
        { "replace('aa', 'a', long)", NULL },
        { "replace(body, ',', 'x')", NULL },
        { "replace(unset, 'a', 'b')", NULL },
        { "substring(text, 0, 5)", "Hello" },
        { "substring(text, -5, 3)", "wor" },
        { "substring(text, 7, 100)", "world" },
        { "substring(text, 12, 1)", "" },
        { "substring(text, 100, 1)", "" },
        { "substring(text, -100, 2)", "He" },
        { "substring(text, 0, -1)", NULL },
        { "substring(body, -1, 1)", "z" },
        { "pad(number, 5, '0')", "00042" },
        { "pad(number, 5)", "   42" },
        { "pad(number, 5, 'ab')", "aba42" },
        { "pad(number, 1)", "42" },
        { "pad(number, 5, '')", NULL },
        { "pad(number, 4097)", NULL },
        { "length(pad(number, 4096))", "4096" },
        { "upper(body)", NULL },
        { "upper(1.5)", "1.5" },
        { "upper(true)", "TRUE" },
        { "upper(unset)", NULL },
    };
    check_rows(rows, COUNT_OF(rows));
}

static void numbers_are_changed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "int('3.9')", "3" },
        { "int(-3.9)", "-3" },
        { "int(true)", "1" },
        { "int('false')", "0" },
        { "int(text)", NULL },
        { "int(unset)", NULL },
        { "int('')", NULL },
        { "round(2.675, 2)", "2.67" }, /* it is 2.67499.. in binary */
        { "round(0.125, 2)", "0.12" },
        { "round(2.5)", "2" },
        { "round(3.5)", "4" },
        { "round(-0.4)", "0" },
        { "round(7, 2)", "7" },
        { "round('1.005', 1)", "1" },
        { "round(1.5, -1)", NULL },
        { "round(1.5, 16)", NULL },
        { "round(text)", NULL },
        { "round(4503599627370496.5, 3)", "4503599627370496" },
        { "min(3, '2', 2.5)", "2" },
        { "max(3, '2', 3.5)", "3.5" },
        { "max(number)", "42" },
        { "min(1, text)", NULL },
        { "max(unset, 1)", NULL },
        { "min(text)", NULL },
        { "default(unset, 'x')", "x" },
        { "default(0, 'x')", "0" },
        { "default('', 'x')", "" },
        { "default('null', 'x')", "x" },
        { "default(unset, unset)", NULL },
    };
    check_rows(rows, COUNT_OF(rows));
}

/* Vectors of RFC 4648 section 10, RFC 4231 test cases 2 and 6, RFC 1321 section A.5, FIPS 180. */
static void texts_are_encoded(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "base64('')", "" },
        { "base64('f')", "Zg==" },
        { "base64('fo')", "Zm8=" },
        { "base64('foobar')", "Zm9vYmFy" },
        { "base64_decode('')", "" },
        { "base64_decode('Zg==')", "f" },
        { "base64_decode('Zm8=')", "fo" },
        { "base64_decode('Zm9vYmFy')", "foobar" },
        { "base64_decode('Zg')", "f" },
        { "base64_decode('PDw_Pz8-Pg')", "<<??"
                                         "?>>" },
        { "base64_decode('PDw/Pz8+Pg==')", "<<??"
                                           "?>>" },
        { "base64_decode('Zg=')", NULL },
        { "base64_decode('Z')", NULL },
        { "base64_decode('Z===')", NULL },
        { "base64_decode('=')", NULL },
        { "base64_decode('Z g=')", NULL },
        { "base64_decode('Zg==Zg==')", NULL },
        { "base64(long)", NULL },
        { "url('a b/\xC3\xBC?&=~')", "a%20b%2F%C3%BC%3F%26%3D~" },
        { "url(replace(long, 'x', '/'))", NULL },
        { "json_text('a\"b\\n')", "\"a\\\"b\\n\"" },
        { "json_text(5)", "\"5\"" },
        { "json_text('\xFF')", NULL },
        { "json_text(long)", NULL },
        { "md5('')", "d41d8cd98f00b204e9800998ecf8427e" },
        { "md5('message digest')", "f96b697d7cb7938d525a2f31aaf161d0" },
        { "sha256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "hmac_sha256('Jefe', 'what do ya want for nothing?')",
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { "hmac_sha256(base64_decode(pad('', 172, 'q') + 'qqo='), 'Test Using Larger Than "
          "Block-Size Key - Hash Key First')",
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { "hmac_sha256('', '')",
          "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
        { "sha256(unset)", NULL },
        { "sha256(text)", "4ae7c3b6ac0beff671efa8cf57386151c06e58ca53a78d83f36107316cec125f" },
        { "md5(text)", "bc6e6f16b8a077ef5fbc8d59d0b931b9" },
        { "hmac_sha256(number, text)",
          "3c35c2fc6a85039dc547df2b8b7e6caf3f4c846d61f0e96ef73db33b7c818ff5" },
        { "base64(text)", "SGVsbG8sIHdvcmxk" },
        { "json_text(url(text))", "\"Hello%2C%20world\"" },
    };
    check_rows(rows, COUNT_OF(rows));
}

static void notes_and_time_come_from_the_run(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "status", "200" },
        { "ok", "true" },
        { "latency", "1.25" },
        { "user + iteration + size", "9" },
        { "body", NULL }, /* too long to be sent */
        { "now()", "1700000000" },
        { "now_ms()", "1700000000123" },
        { "now('%Y-%m-%dT%H:%M:%SZ')", "2023-11-14T22:13:20Z" },
        { "now('%%')", "%" },
        { "now('')", NULL },
        { "now(unset)", NULL },
        { "now(long)", NULL },
        { "now('%9999d')", NULL },
        { "sequence() * 0 + sequence() - sequence()", "-1" },
    };
    check_rows(rows, COUNT_OF(rows));
}

/* Fills all of the scratch again and again: what finds no room is none, and nothing is overrun. */
static void a_text_that_finds_no_room_is_none(void **state)
{
    (void)state;
    static const struct row rows[] = { { "long + 'x'", NULL }, { "'x' + long", NULL } };
    struct span value;
    const struct expression fits = read_expression("long + ''");
    assert_true(text_of(&fits, &value) && value.len == VALUE_TEXT_MAX);
    check_rows(rows, COUNT_OF(rows));
    char text[EXPRESSION_BYTES_MAX] = "length(lower(long))";
    size_t used = strlen(text);
    for (int i = 0; i < 62; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "+length(lower(long))");
    const struct expression all = read_expression(text);
    assert_true(text_of(&all, &value));
    snprintf(text + used, sizeof(text) - used, "+length(lower(long))+lower(long)");
    const struct expression too_much = read_expression(text);
    assert_int_equal(expression_evaluate(&too_much, evaluator, &user.scope).kind, VALUE_NONE);
    assert_true(text_of(&fits, &value)); /* the next evaluation has all of it again */
}

static void a_decimal_reads_back_from_the_shortest_text(void **state)
{
    (void)state;
    struct expression x = read_expression("latency");
    struct operation constant = { .kind = OPERATION_CONSTANT,
                                  .constant = { .kind = VALUE_NUMBER } };
    struct prng p;
    x.operations = &constant;
    prng_init(&p, 8, 9);
    for (int i = 0; i < 20000; i++) {
        char text[40], shorter[40];
        struct span value;
        uint64_t bits = prng_next(&p);
        if (i % 2 == 0) /* a number that has few digits */
            constant.constant.number = (double)(int64_t)(bits >> 40) / 1000;
        else
            memcpy(&constant.constant.number, &bits, sizeof(bits));
        if (!isfinite(constant.constant.number))
            continue;
        assert_true(text_of(&x, &value) && value.len <= 24);
        snprintf(text, sizeof(text), "%.*s", (int)value.len, value.bytes);
        assert_true(strtod(text, NULL) == constant.constant.number);
        int digits = 0;
        for (const char *c = text; *c != '\0' && *c != 'e'; c++)
            digits += *c >= '0' && *c <= '9';
        if (digits > 16) {
            snprintf(shorter, sizeof(shorter), "%.16g", constant.constant.number);
            assert_true(strtod(shorter, NULL) != constant.constant.number ||
                        strcmp(shorter, text) == 0);
        }
    }
}

static void a_whole_number_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_one;
        int64_t integer;
    } rows[] = { { "number", true, 42 }, { "2.9", true, 2 },    { "-2.9", true, -2 },
                 { "'7'", true, 7 },     { "text", false, 0 },  { "unset", false, 0 },
                 { "true", false, 0 },   { "1e300", false, 0 }, { "length(list)", true, 3 } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct expression x = read_expression(rows[i].text);
        int64_t integer = 0;
        assert_int_equal(expression_integer(&x, evaluator, &user.scope, &integer), rows[i].is_one);
        assert_true(integer == rows[i].integer);
    }
}

static void a_value_is_described_for_people(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "none", "none" },        { "1 == 1", "true" },         { "number * 1", "42" },
        { "1.5", "1.5" },          { "text", "'Hello, world'" }, { "''", "''" },
        { "list", "a list of 3" }, { "'a\\nb'", "'a\\x0Ab'" },
    };
    char described[80];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct expression x = read_expression(rows[i].text);
        const struct value value = expression_evaluate(&x, evaluator, &user.scope);
        value_describe(&value, described, sizeof(described));
        assert_string_equal(described, rows[i].value);
    }
    const struct expression x = read_expression("long");
    const struct value value = expression_evaluate(&x, evaluator, &user.scope);
    value_describe(&value, described, sizeof(described));
    assert_true(strlen(described) <= 62 && strstr(described, "...") != NULL);
    value_describe(&value, described, 5);
    assert_string_equal(described, "'xxx");
}

static void assert_written(int64_t number)
{
    char out[NUMBER_TEXT_MAX], expected[NUMBER_TEXT_MAX];
    snprintf(expected, sizeof(expected), "%" PRId64, number);
    assert_true(span_equal(number_write_integer(number, out), span_of(expected)));
}

static void integers_are_written_digit_by_digit(void **state)
{
    (void)state;
    for (int64_t i = -10100; i <= 10100; i++)
        assert_written(i);
    for (int64_t power = 10000; power <= INT64_MAX / 10; power *= 10) {
        for (int64_t i = -1; i <= 1; i++) {
            assert_written(power + i);
            assert_written(-power + i);
            assert_written(power * 9 + power / 100 + i);
        }
    }
    assert_written(INT64_MAX);
    assert_written(INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_written_digit_by_digit),
        cmocka_unit_test(numbers_are_added_and_texts_joined),
        cmocka_unit_test(what_leaves_64_bits_is_none),
        cmocka_unit_test(comparisons_take_texts_for_the_numbers_they_are),
        cmocka_unit_test(an_order_is_an_order),
        cmocka_unit_test(a_condition_holds_for_all_but_the_empty),
        cmocka_unit_test(texts_and_lists_are_searched),
        cmocka_unit_test(texts_are_changed),
        cmocka_unit_test(numbers_are_changed),
        cmocka_unit_test(texts_are_encoded),
        cmocka_unit_test(notes_and_time_come_from_the_run),
        cmocka_unit_test(a_text_that_finds_no_room_is_none),
        cmocka_unit_test(a_decimal_reads_back_from_the_shortest_text),
        cmocka_unit_test(a_whole_number_is_asked_for),
        cmocka_unit_test(a_value_is_described_for_people),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("evaluate", tests, open_all, close_all) == 0 ? EXIT_SUCCESS
                                                                                    : EXIT_FAILURE;
}
