/* test_diag.c — goal: a mistake is shown with its place, its line and a mark under the right
 * characters. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/diag.h"

static struct diag_list list;

static void begin(const char *path, const char *text)
{
    diag_list_init(&list, path);
    list.text = text;
    list.text_len = text == NULL ? 0 : strlen(text);
}

static void assert_shown(const char *expected)
{
    char *shown = diag_format(&list);
    assert_non_null(shown);
    assert_string_equal(shown, expected);
    free(shown);
}

static void a_mistake_is_shown_with_its_line_marked(void **state)
{
    (void)state;
    begin("shop.yaml", "a\nb\n  wait: fast\nc\n");
    diag_add(&list, (struct place){ 3, 9, 4 }, "expected a %s, found '%s'", "duration", "fast");
    assert_shown("shop.yaml:3:9: expected a duration, found 'fast'\n"
                 "  3 |   wait: fast\n"
                 "    |         ^~~~\n");
}

static void mistakes_are_shown_in_the_order_of_the_file(void **state)
{
    (void)state;
    begin("f", NULL);
    diag_add(&list, (struct place){ 2, 5, 1 }, "third");
    diag_add(&list, (struct place){ 2, 4, 1 }, "second");
    diag_add(&list, (struct place){ 10, 1, 1 }, "fifth");
    diag_add(&list, (struct place){ 2, 5, 1 }, "fourth");
    diag_add(&list, DIAG_NO_PLACE, "first");
    assert_shown("first\nf:2:4: second\nf:2:5: third\nf:2:5: fourth\nf:10:1: fifth\n");
}

static void lines_end_with_lf_cr_lf_or_cr(void **state)
{
    (void)state;
    begin("f", "a\r\nb\rc\nd");
    for (uint32_t line = 1; line <= 5; line++)
        diag_add(&list, (struct place){ line, 1, 1 }, "m");
    assert_shown(
        "f:1:1: m\n  1 | a\n    | ^\nf:2:1: m\n  2 | b\n    | ^\nf:3:1: m\n  3 | c\n    | ^\n"
        "f:4:1: m\n  4 | d\n    | ^\nf:5:1: m\n");
}

static void a_mark_stands_under_its_character_whatever_comes_before(void **state)
{
    (void)state;
    begin("f", "\xC3\xBC\t\x01\xFFxy\xC3\xBCz");
    diag_add(&list, (struct place){ 1, 5, 3 }, "m");
    assert_shown("f:1:5: m\n  1 | \xC3\xBC \\x01\\xFFxy\xC3\xBCz\n    |           ^~~\n");
    begin("f", "ab\x01z");
    diag_add(&list, (struct place){ 1, 3, 1 }, "m");
    assert_shown("f:1:3: m\n  1 | ab\\x01z\n    |   ^~~~\n");
}

static void a_place_after_the_line_is_marked_behind_it(void **state)
{
    (void)state;
    begin("f", "get:\n");
    diag_add(&list, (struct place){ 1, 5, 1 }, "m");
    assert_shown("f:1:5: m\n  1 | get:\n    |     ^\n");
}

static void of_a_long_line_the_part_around_the_place_is_shown(void **state)
{
    (void)state;
    static char text[100001];
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text + 50000, "HERE", 4);
    begin("f", text);
    diag_add(&list, (struct place){ 1, 50001, 4 }, "m");
    char *shown = diag_format(&list);
    const char *here = strstr(shown, "HERE");
    const char *mark = strstr(shown, "^~~~\n");
    assert_non_null(here);
    assert_non_null(mark);
    const char *line = strstr(shown, "  1 | ..."), *below = strstr(shown, "    | ");
    assert_int_equal(here - line, mark - below);
    assert_true(strlen(shown) < 400);
    free(shown);
}

static void control_bytes_of_messages_and_paths_are_made_visible(void **state)
{
    (void)state;
    begin("a\x1b[31mb", NULL);
    diag_add(&list, (struct place){ 1, 1, 1 }, "found '%s'",
             "\x1b]0;owned\x07\xC2\x9B\x7f\n\xC3\xA4");
    assert_shown("a\\x1B[31mb:1:1: found '\\x1B]0;owned\\x07\\xC2\\x9B\\x7F\\x0A\xC3\xA4'\n");
}

static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 0, sizeof(text));
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xC3\xA4", 2);
    begin("f", NULL);
    diag_add(&list, DIAG_NO_PLACE, "%s", text);
    assert_int_equal(strlen(list.entries[0].message), DIAG_MESSAGE_MAX - 2);
}

static void past_the_cap_mistakes_are_counted(void **state)
{
    (void)state;
    begin("f", NULL);
    for (unsigned i = 0; i < DIAGS_MAX + 2; i++)
        diag_add(&list, (struct place){ i + 1, 1, 1 }, "m");
    assert_int_equal(list.count, DIAGS_MAX);
    assert_int_equal(list.more, 2);
    char *shown = diag_format(&list);
    assert_non_null(strstr(shown, "\nand 2 more mistakes\n"));
    free(shown);
}

static void the_nearest_name_is_proposed(void **state)
{
    (void)state;
    static const char *const names[] = { "host",     "users", "wait", "weight",
                                         "on_start", "get",   "post" };
    static const struct {
        const char *wrong, *near;
    } rows[] = {
        { "hots", "host" },  { "wieght", "weight" }, { "onstart", "on_start" },
        { "user", "users" }, { "WAIT", "wait" },     { "gte", "get" },
        { "psot", "post" },  { "waits", "wait" },    { "on-start", "on_start" },
        { "wght", NULL },    { "x", NULL },          { "", NULL },
        { "stages", NULL },  { "gt", NULL },         { "hst", "host" },
        { "host", "host" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *near = diag_nearest(rows[i].wrong, names, 7);
        if (rows[i].near == NULL)
            assert_null(near);
        else
            assert_string_equal(near == NULL ? "none" : near, rows[i].near);
    }
    char long_name[200];
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[199] = '\0';
    assert_null(diag_nearest(long_name, names, 7));
    const char *const long_names[] = { long_name };
    assert_null(diag_nearest("aaaa", long_names, 1));
}

static void a_quote_is_short_whole_and_visible(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'x', sizeof(text));
    assert_string_equal(diag_quote(SPAN_LITERAL("")).text, "nothing");
    assert_string_equal(diag_quote(SPAN_LITERAL("a b")).text, "'a b'");
    assert_string_equal(diag_quote(SPAN_LITERAL("a\0b")).text, "'a\\x00b'");
    assert_int_equal(strlen(diag_quote((struct span){ text, 60 }).text), 62);
    const struct diag_quote cut = diag_quote((struct span){ text, 61 });
    assert_string_equal(cut.text + strlen(cut.text) - 5, "x...'");
    for (size_t i = 0; i + 1 < sizeof(text); i += 2)
        memcpy(text + i, "\xC3\xA4", 2);
    for (size_t len = 2; len < sizeof(text); len += 2) { /* a cut leaves no half of a character */
        diag_list_init(&list, NULL);
        diag_add(&list, DIAG_NO_PLACE, "%s", diag_quote((struct span){ text, len }).text);
        assert_null(strstr(list.entries[0].message, "\\x"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_is_shown_with_its_line_marked),
        cmocka_unit_test(mistakes_are_shown_in_the_order_of_the_file),
        cmocka_unit_test(lines_end_with_lf_cr_lf_or_cr),
        cmocka_unit_test(a_mark_stands_under_its_character_whatever_comes_before),
        cmocka_unit_test(a_place_after_the_line_is_marked_behind_it),
        cmocka_unit_test(of_a_long_line_the_part_around_the_place_is_shown),
        cmocka_unit_test(control_bytes_of_messages_and_paths_are_made_visible),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(past_the_cap_mistakes_are_counted),
        cmocka_unit_test(the_nearest_name_is_proposed),
        cmocka_unit_test(a_quote_is_short_whole_and_visible),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("diag", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
