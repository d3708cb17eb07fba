/* test_figure — goal: a number is as short as its reader needs, and the same in every country. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "stats/report/figure.h"

static void figures_are_short_and_know_no_locale(void **state)
{
    (void)state;
    /* Where the machine has none of these, the test still holds, only for less. */
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        (void)setlocale(LC_ALL, "C.UTF-8");

    assert_string_equal(figure_ms(42).text, "0.042");
    assert_string_equal(figure_ms(1234).text, "1.234");
    assert_string_equal(figure_ms(9999.6).text, "10.00");
    assert_string_equal(figure_ms(99996).text, "100.0");
    assert_string_equal(figure_ms(999960).text, "1000");
    assert_string_equal(figure_ms(NAN).text, "-");
    assert_string_equal(figure_rate(0).text, "0");
    assert_string_equal(figure_rate(0.5).text, "0.50");
    assert_string_equal(figure_rate(1234567.8).text, "1234568");
    assert_string_equal(figure_percent(0).text, "0%");
    assert_string_equal(figure_percent(1e-9).text, "<0.001%");
    assert_string_equal(figure_percent(0.99999999).text, ">99.99%");
    assert_string_equal(figure_percent(1).text, "100%");
    assert_string_equal(figure_bytes(512).text, "512 B");
    assert_string_equal(figure_bytes(999999).text, "1.0 MB");
    assert_string_equal(figure_json(12.5, 3).text, "12.5");
    assert_string_equal(figure_json(3, 3).text, "3.0");
    assert_string_equal(figure_json(-0.25, 3).text, "-0.25");
    assert_string_equal(figure_json(-1e-9, 3).text, "0.0");
    assert_string_equal(figure_json(INFINITY, 3).text, "null");
    assert_string_equal(figure_json(1e300, 0).text, figure_decimal(1e300, 9).text);
    assert_string_equal(figure_decimal(3600000000.001, 3).text, "3600000000.001");
    (void)setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_short_and_know_no_locale),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("figure", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
