/* test_form — goal: the fields of a body are what was sent, or it is refused; nothing is half read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/web/form.h"

static void values_of_json_become_texts(void **state)
{
    (void)state;
    static const char body[] =
        "{\"users\": 25, \"rate\": 0.1, \"host\": \"http://a\", \"run_time\": \"\","
        " \"tags\": [\"x\", \"y\"], \"name\": null}";
    struct form f;
    assert_int_equal(form_read_json(&f, body, strlen(body)), 0);
    assert_string_equal(form_get(&f, "users"), "25");
    assert_string_equal(form_get(&f, "rate"), "0.1");
    assert_string_equal(form_get(&f, "host"), "http://a");
    assert_null(form_get(&f, "run_time"));
    assert_null(form_get(&f, "name"));
    assert_null(form_get(&f, "nothing"));
    assert_int_equal(f.count, 6);
    assert_string_equal(f.fields[4].value, "x");
    assert_string_equal(f.fields[5].value, "y");
    form_close(&f);
}

static void what_is_no_object_of_texts_and_numbers_is_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "7",
        "\"a\"",
        "null",
        "x",
        "{\"a\":{}}",
        "{\"a\":true}",
        "{\"a\":[[]]}",
        "{\"a\":[1,{}]}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1} b",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":1e999}",
        "{\"a\":\"\xff\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct form f;
        if (form_read_json(&f, bodies[i], strlen(bodies[i])) != -EINVAL)
            fail_msg("was read: %s", bodies[i]);
    }
}

static void escapes_of_a_form_are_decoded(void **state)
{
    (void)state;
    static const char body[] =
        "user_count=10&host=http%3A%2F%2Fa%2f&n=a+b%2Bc&&=&bad=%zz%4&empty=&last";
    struct form f;
    assert_int_equal(form_read_urlencoded(&f, body, strlen(body)), 0);
    assert_string_equal(form_get(&f, "user_count"), "10");
    assert_string_equal(form_get(&f, "host"), "http://a/");
    assert_string_equal(form_get(&f, "n"), "a b+c");
    assert_string_equal(form_get(&f, "bad"), "%zz%4");
    assert_null(form_get(&f, "empty"));
    assert_null(form_get(&f, "last"));
    form_close(&f);
}

static void a_byte_0_and_too_many_fields_are_refused(void **state)
{
    (void)state;
    char body[4 * (FORM_FIELDS_MAX + 1) + 1] = "";
    struct form f;
    assert_int_equal(form_read_urlencoded(&f, "a=%00", 5), -EINVAL);
    assert_int_equal(form_read_urlencoded(&f, "a%00b=1", 7), -EINVAL);
    for (size_t i = 0; i < FORM_FIELDS_MAX; i++)
        strncat(body, "a=1&", 5);
    assert_int_equal(form_read_urlencoded(&f, body, strlen(body)), 0);
    assert_int_equal(f.count, FORM_FIELDS_MAX);
    form_close(&f);
    strncat(body, "a=1&", 5);
    assert_int_equal(form_read_urlencoded(&f, body, strlen(body)), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_json_become_texts),
        cmocka_unit_test(what_is_no_object_of_texts_and_numbers_is_refused),
        cmocka_unit_test(escapes_of_a_form_are_decoded),
        cmocka_unit_test(a_byte_0_and_too_many_fields_are_refused),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("form", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
