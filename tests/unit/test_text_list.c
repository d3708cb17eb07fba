/* test_text_list.c — goal: items come back as they went in, the oldest go first, and no bytes lead
 * outside of the list. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "http/text_list.h"

#define EMPTY ((struct span){ "", 0 })

static struct span append(char *out, struct span list, size_t cap, struct span item)
{
    const int len = text_list_append(out, list.len, cap, item, false);
    assert_in_range(len, 2 + item.len, cap);
    return (struct span){ out, (size_t)len };
}

static void assert_item(struct span list, int64_t index, struct span expected)
{
    struct span item;
    assert_true(text_list_at(list, index, &item));
    assert_true(span_equal(item, expected));
}

static void no_bytes_are_the_empty_list(void **state)
{
    (void)state;
    struct span item;
    size_t at = 0;

    assert_int_equal(text_list_count(EMPTY), 0);
    assert_false(text_list_at(EMPTY, 0, &item));
    assert_false(text_list_at(EMPTY, -1, &item));
    assert_false(text_list_next(EMPTY, &at, &item));
    assert_int_equal(at, 0);
}

static void the_longest_item_may_be_json_too(void **state)
{
    (void)state;
    static char longest[TEXT_LIST_ITEM_MAX], out[2 * TEXT_LIST_ITEM_MAX];
    const struct span item = { longest, sizeof(longest) };
    struct span found;
    const int first = text_list_append(out, 0, sizeof(out), item, true);
    const int len = text_list_append(out, (size_t)first, sizeof(out), SPAN_LITERAL("7"), false);
    const struct span list = { out, (size_t)len };
    assert_true(text_list_at(list, 0, &found));
    assert_int_equal(found.len, sizeof(longest));
    assert_true(text_list_is_json(found));
    assert_true(text_list_at(list, 1, &found));
    assert_false(text_list_is_json(found));
}

static void items_come_back_by_number_from_both_ends(void **state)
{
    (void)state;
    static const struct span items[] = { SPAN_LITERAL("one"), SPAN_LITERAL(""),
                                         SPAN_LITERAL("a\0b\r\n"), SPAN_LITERAL("\xc3\xa9") };
    char out[64];
    struct span list = EMPTY, item;

    for (size_t i = 0; i < 4; i++)
        list = append(out, list, sizeof(out), items[i]);
    assert_int_equal(text_list_count(list), 4);
    for (int i = 0; i < 4; i++) {
        assert_item(list, i, items[i]);
        assert_item(list, i - 4, items[i]);
    }
    assert_false(text_list_at(list, 4, &item));
    assert_false(text_list_at(list, -5, &item));
    assert_false(text_list_at(list, INT64_MAX, &item));
    assert_false(text_list_at(list, INT64_MIN, &item));
}

static void stepping_gives_every_item_once(void **state)
{
    (void)state;
    char out[64];
    struct span list = EMPTY, item;
    size_t at = 0;

    list = append(out, list, sizeof(out), span_of("a"));
    list = append(out, list, sizeof(out), span_of("bc"));
    assert_true(text_list_next(list, &at, &item));
    assert_true(span_equal(item, span_of("a")));
    assert_true(text_list_next(list, &at, &item));
    assert_true(span_equal(item, span_of("bc")));
    assert_int_equal(at, list.len);
    assert_false(text_list_next(list, &at, &item));
}

static void the_oldest_items_go_when_there_is_no_room(void **state)
{
    (void)state;
    char out[12];
    struct span list = EMPTY;

    for (const char *c = "abcd"; *c != '\0'; c++)
        list = append(out, list, sizeof(out), (struct span){ c, 1 });
    assert_int_equal(list.len, 12);
    list = append(out, list, sizeof(out), span_of("ef"));
    assert_int_equal(text_list_count(list), 3);
    assert_item(list, 0, span_of("c"));
    assert_item(list, -1, span_of("ef"));
    list = append(out, list, sizeof(out), span_of("0123456789"));
    assert_int_equal(text_list_count(list), 1);
    assert_item(list, 0, span_of("0123456789"));
}

static void an_item_that_never_fits_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static char bytes[TEXT_LIST_ITEM_MAX + 1], room[2 * TEXT_LIST_ITEM_MAX];
    char out[8];
    struct span list = append(out, EMPTY, sizeof(out), span_of("abc"));

    assert_int_equal(text_list_append(out, list.len, sizeof(out), span_of("0123456"), false),
                     -ENOSPC);
    assert_item(list, 0, span_of("abc"));
    const struct span longest = { bytes, TEXT_LIST_ITEM_MAX };
    const struct span longer = { bytes, TEXT_LIST_ITEM_MAX + 1 };
    assert_int_equal(text_list_append(room, 0, sizeof(room), longest, false),
                     2 + TEXT_LIST_ITEM_MAX);
    assert_int_equal(text_list_append(room, 0, sizeof(room), longer, false), -ENOSPC);
}

static void a_list_stays_within_its_limit_however_much_room_there_is(void **state)
{
    (void)state;
    static char out[2 * TEXT_LIST_BYTES_MAX], bytes[1000];
    struct span list = EMPTY;

    for (unsigned i = 0; i < 100; i++) {
        memset(bytes, 'a' + (int)(i % 26), sizeof(bytes));
        list = append(out, list, sizeof(out), (struct span){ bytes, sizeof(bytes) });
        assert_true(list.len <= TEXT_LIST_BYTES_MAX);
        assert_item(list, -1, (struct span){ bytes, sizeof(bytes) });
    }
    assert_int_equal(text_list_count(list), TEXT_LIST_BYTES_MAX / 1002);
}

/* Blocks of exactly the list's size, so that a sanitizer sees every step outside. */
static void a_cut_list_has_its_whole_items_and_no_more(void **state)
{
    (void)state;
    char out[32];
    struct span list = EMPTY, item;

    for (unsigned i = 0; i < 3; i++)
        list = append(out, list, sizeof(out), (struct span){ "abcdef", 3 * i });
    for (size_t len = 0; len < list.len; len++) {
        char *block = malloc(len ? len : 1);
        assert_non_null(block);
        memcpy(block, list.bytes, len);
        const uint32_t count = len < 2 ? 0 : len < 7 ? 1 : 2;
        assert_int_equal(text_list_count((struct span){ block, len }), count);
        assert_int_equal(text_list_at((struct span){ block, len }, count, &item), false);
        free(block);
    }
}

static void what_is_no_list_is_dropped_when_its_room_is_needed(void **state)
{
    (void)state;
    char out[8];

    memset(out, 0xff, sizeof(out));
    assert_int_equal(text_list_count((struct span){ out, sizeof(out) }), 0);
    const struct span list =
        append(out, (struct span){ out, sizeof(out) }, sizeof(out), span_of("a"));
    assert_int_equal(list.len, 3);
    assert_item(list, 0, span_of("a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_item_may_be_json_too),
        cmocka_unit_test(no_bytes_are_the_empty_list),
        cmocka_unit_test(items_come_back_by_number_from_both_ends),
        cmocka_unit_test(stepping_gives_every_item_once),
        cmocka_unit_test(the_oldest_items_go_when_there_is_no_room),
        cmocka_unit_test(an_item_that_never_fits_is_refused_and_changes_nothing),
        cmocka_unit_test(a_list_stays_within_its_limit_however_much_room_there_is),
        cmocka_unit_test(a_cut_list_has_its_whole_items_and_no_more),
        cmocka_unit_test(what_is_no_list_is_dropped_when_its_room_is_needed),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("text_list", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                            : EXIT_FAILURE;
}
