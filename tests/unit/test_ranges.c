/* test_ranges — goal: the kernel's lists of numbers are read as it writes them, and nothing else is
 * taken for one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tools/doctor/ranges.h"

static void assert_cpus(const char *list, const char *expected)
{
    char text[4096];
    const cpu_set_t cpus = ranges_cpus(list);
    ranges_write_cpus(&cpus, text, sizeof text);
    assert_string_equal(text, expected);
}

static void a_list_is_read_and_written_again(void **state)
{
    (void)state;
    assert_cpus("0", "0");
    assert_cpus("0-3,8", "0-3,8");
    assert_cpus("8,0-1,2", "0-2,8");
    assert_cpus("1000-1023", "1000-1023");
    assert_cpus("", "none");
}

static void what_is_no_list_ends_it(void **state)
{
    (void)state;
    assert_cpus("x", "none");
    assert_cpus("1,x", "1");
    assert_cpus("1,2x", "1");
    assert_cpus("3-1", "none");
    assert_cpus("1-", "none");
    assert_cpus("-1", "none");
    assert_cpus(",1", "none");
    assert_cpus("99999999999999999999", "none");
    assert_cpus("1,4294967296", "1");
}

static void a_range_has_its_ends_in_order(void **state)
{
    static const char *const wrong[] = { "3-1", "1-", "-1", "1-x", "1;2", " 1" };
    uint32_t first = 7, last = 7;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *at = wrong[i];
        assert_false(ranges_next(&at, &first, &last));
        assert_ptr_equal(at, wrong[i]);
    }
    assert_int_equal(first, 7);
    assert_int_equal(last, 7);
}

static void cpus_beyond_the_set_are_left_out(void **state)
{
    (void)state;
    assert_cpus("1022-999999999", "1022-1023");
    assert_cpus("1024,7", "7");
}

static void every_prefix_is_read_in_bounds(void **state)
{
    static const char list[] = "0-3,8,16-31,1000-1023";
    (void)state;
    for (size_t len = 0; len < sizeof list; len++) {
        char *prefix = strndup(list, len);
        assert_non_null(prefix);
        const cpu_set_t cpus = ranges_cpus(prefix);
        assert_true(CPU_COUNT(&cpus) <= 45);
        free(prefix);
    }
}

static void a_list_without_room_is_cut_at_a_comma(void **state)
{
    char text[8];
    const cpu_set_t cpus = ranges_cpus("0,2,4,6,8");
    (void)state;
    ranges_write_cpus(&cpus, text, sizeof text);
    assert_string_equal(text, "0,2,4,6");
    ranges_write_cpus(&cpus, text, 4);
    assert_string_equal(text, "0,2");
}

static void a_mask_has_groups_of_32_bits(void **state)
{
    static const struct {
        const char *list, *mask;
    } rows[] = {
        { "", "0" },
        { "0-1", "3" },
        { "31", "80000000" },
        { "32", "1,00000000" },
        { "0,32-39", "ff,00000001" },
        { "64", "1,00000000,00000000" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char mask[512];
        const cpu_set_t cpus = ranges_cpus(rows[i].list);
        ranges_write_mask(&cpus, mask, sizeof mask);
        assert_string_equal(mask, rows[i].mask);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read_and_written_again),
        cmocka_unit_test(what_is_no_list_ends_it),
        cmocka_unit_test(a_range_has_its_ends_in_order),
        cmocka_unit_test(cpus_beyond_the_set_are_left_out),
        cmocka_unit_test(every_prefix_is_read_in_bounds),
        cmocka_unit_test(a_list_without_room_is_cut_at_a_comma),
        cmocka_unit_test(a_mask_has_groups_of_32_bits),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("ranges", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
