/* test_controls — goal: a key changes the users by what one would expect of a key. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tools/cli/controls.h"
#include "tools/live/keys.h"

static void the_step_is_a_tenth_of_the_order_of_magnitude(void **state)
{
    (void)state;
    static const uint64_t cases[][2] = {
        { 0, 1 },      { 1, 1 },      { 9, 1 },        { 10, 1 },
        { 99, 1 },     { 100, 10 },   { 250, 10 },     { 999, 10 },
        { 1000, 100 }, { 9999, 100 }, { 10000, 1000 }, { 1000000, 100000 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(controls_step(cases[i][0]), cases[i][1]);
}

static void every_key_is_found_and_no_two_are_the_same(void **state)
{
    (void)state;
    unsigned known = 0;
    for (int byte = 0; byte < 128; byte++)
        known += key_of((char)byte) != KEY_NONE;
    assert_int_equal(known, 2 * key_row_count);
    for (size_t i = 0; i < key_row_count; i++)
        assert_int_equal(key_of(key_rows[i].letter), key_rows[i].key);
    assert_int_equal(key_of('\n'), KEY_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_step_is_a_tenth_of_the_order_of_magnitude),
        cmocka_unit_test(every_key_is_found_and_no_two_are_the_same),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("controls", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
