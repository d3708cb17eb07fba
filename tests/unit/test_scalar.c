/* test_scalar.c — goal: scalars mean in JSON what Python's json.dumps would write. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/scalar.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

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
        cmocka_unit_test(a_scalar_is_written_as_json_dumps_does),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("scalar", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
