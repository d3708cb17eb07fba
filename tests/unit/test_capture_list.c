/* test_capture_list.c — goal: a pointer with a '*' gives the items that asking for each by its
 * index gives. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/capture.h"
#include "http/json.h"
#include "http/text_list.h"
#include "tests/unit/json_capture.h"

static bool is_json; /* what was captured last */

/* Captures from a block of exactly the text's size. */
static int capture(struct span text, const char *pointer, char *out, size_t cap)
{
    char *block = malloc(text.len ? text.len : 1);
    assert_non_null(block);
    memcpy(block, text.bytes, text.len);
    const int rc =
        json_capture((struct span){ block, text.len }, span_of(pointer), out, cap, &is_json);
    free(block);
    return rc;
}

static void assert_not_captured(const char *text, const char *pointer, int error)
{
    char out[256];
    const int rc = capture(span_of(text), pointer, out, sizeof(out));
    if (rc != error)
        fail_msg("%s at '%s': %d", text, pointer, rc);
}

/* `expected` is the items, each with a '|' behind it. */
static void assert_list(const char *text, const char *pointer, const char *expected)
{
    char out[512], joined[512];
    size_t len = 0;
    struct span item;
    const int rc = capture(span_of(text), pointer, out, sizeof(out));
    assert_true(capture_pointer_is_list(span_of(pointer)));
    if (rc < 0)
        fail_msg("%s at '%s': %d", text, pointer, rc);
    for (size_t at = 0; text_list_next((struct span){ out, (size_t)rc }, &at, &item);)
        len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%.*s|", (int)item.len,
                                item.bytes);
    if (!span_equal((struct span){ joined, len }, span_of(expected)))
        fail_msg("%s at '%s': '%.*s'", text, pointer, (int)len, joined);
}

static void items_know_whether_they_were_strings(void **state)
{
    (void)state;
    static const bool expected[] = { true, false, false, true, true, true, true };
    char out[128];
    struct span item;
    const int rc =
        capture(span_of("[7, \"7\", \"\", true, null, [1], {}]"), "/*", out, sizeof(out));
    assert_true(rc > 0);
    size_t at = 0;
    for (unsigned i = 0; i < 7; i++) {
        assert_true(text_list_next((struct span){ out, (size_t)rc }, &at, &item));
        assert_int_equal(text_list_is_json(item), expected[i]);
    }
}

static void a_star_stands_for_every_item(void **state)
{
    (void)state;
    assert_list("[1, \"b\" ,{\"c\":3}, [4], null ]", "/*", "1|b|{\"c\":3}|[4]|null|");
    assert_list("{\"t\":[\"a\",\"\\u00e9\\n\"]}", "/t/*", "a|\xc3\xa9\n|");
    assert_list("{\"a\":1,\"b\":\"x\",\"*\":true}", "/*", "1|x|true|");
    assert_list("{\"r\":[{\"id\":1},{\"id\":2}],\"id\":3}", "/r/*/id", "1|2|");
    assert_list("{\"r\":{\"x\":{\"id\":1},\"y\":{\"id\":2}}}", "/r/*/id", "1|2|");
    assert_list("[[1,2],[3,4],[5]]", "/*/1", "2|4|");
    assert_list("[[[1,2],[3]],[[4]]]", "/0/*/0", "1|3|");
    assert_list("[{\"a/b\":{\"\":1}}]", "/*/a~1b/", "1|");
    assert_list("[\"\",\"\"]", "/*", "||");
    assert_false(capture_pointer_is_list(SPAN_LITERAL("/a*/*b/**")));
}

static void items_that_lack_the_rest_are_left_out(void **state)
{
    (void)state;
    assert_list("[{\"id\":1},{},7,[8],{\"id\":2,\"x\":{\"id\":9}}]", "/*/id", "1|2|");
    assert_list("[]", "/*", "");
    assert_list("{}", "/*", "");
    assert_list("[{}]", "/*/id", "");
    static const char *const none[] = { "1", "\"*\"", "null", "{\"a\":1}", "{\"b\":[1]}", "[[1]]" };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_not_captured(none[i], "/a/*", -ENOENT);
    assert_not_captured("3", "/*", -ENOENT);
}

static void of_equal_names_on_the_way_to_items_the_last_one_counts(void **state)
{
    (void)state;
    assert_list("{\"a\":[1,2],\"a\":[3]}", "/a/*", "3|");
    assert_list("{\"a\":[1,2],\"a\":[]}", "/a/*", "");
    assert_not_captured("{\"a\":[1,2],\"a\":3}", "/a/*", -ENOENT);
    assert_list("[{\"a\":1,\"a\":2},{\"a\":3,\"\\u0061\":4}]", "/*/a", "2|4|");
    assert_list("[{\"a\":{\"b\":1},\"a\":{}}]", "/*/a/b", "");
    assert_list("{\"x\":1,\"x\":2}", "/*", "1|2|");
}

static void a_list_from_broken_json_is_none(void **state)
{
    (void)state;
    const struct span text = SPAN_LITERAL("{\"a\":[{\"b\":\"x\"},{\"b\":[1,{}]}],\"c\":{}}");
    char out[64];
    for (size_t len = 0; len < text.len; len++)
        assert_int_equal(capture((struct span){ text.bytes, len }, "/a/*/b", out, sizeof(out)),
                         -EBADMSG);
    assert_not_captured("[1]]", "/*", -EBADMSG);
    char deep[2 * JSON_DEPTH_MAX + 2], out_of_deep[2 * JSON_DEPTH_MAX];
    memset(deep, '[', JSON_DEPTH_MAX + 1);
    memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_int_equal(capture((struct span){ deep, sizeof(deep) }, "/*", out_of_deep, 128),
                     -EBADMSG);
    assert_int_equal(
        capture((struct span){ deep + 1, sizeof(deep) - 2 }, "/0/*/0/0", out_of_deep, 128),
        2 + 2 * (JSON_DEPTH_MAX - 4));
}

static void a_list_without_room_is_refused_whole(void **state)
{
    (void)state;
    char out[16];
    const struct span text = SPAN_LITERAL("[\"abcd\",12,\"\"]");
    const int whole = capture(text, "/*", out, sizeof(out));
    assert_true(whole > 6);
    for (int cap = 0; cap < whole; cap++) {
        char *room = malloc(cap ? (size_t)cap : 1);
        assert_non_null(room);
        assert_int_equal(capture(text, "/*", room, (size_t)cap), -ENOSPC);
        free(room);
    }
    assert_int_equal(capture(text, "/*", out, (size_t)whole), whole);
    /* What counts no more needs no room. */
    assert_int_equal(
        capture(SPAN_LITERAL("{\"a\":[1234567890,1234567890],\"a\":[1]}"), "/a/*", out, 10), 3);
}

static void an_item_and_a_list_have_their_bounds(void **state)
{
    (void)state;
    static char text[2 * TEXT_LIST_BYTES_MAX + 8], out[2 * TEXT_LIST_BYTES_MAX];
    text[0] = '[';
    memset(text + 1, '1', TEXT_LIST_ITEM_MAX + 1);
    text[TEXT_LIST_ITEM_MAX + 1] = ']';
    assert_int_equal(capture((struct span){ text, TEXT_LIST_ITEM_MAX + 2 }, "/*", out, sizeof(out)),
                     TEXT_LIST_ITEM_MAX + 2);
    text[TEXT_LIST_ITEM_MAX + 1] = '1';
    text[TEXT_LIST_ITEM_MAX + 2] = ']';
    assert_int_equal(capture((struct span){ text, TEXT_LIST_ITEM_MAX + 3 }, "/*", out, sizeof(out)),
                     -ENOSPC);
    size_t len = 1;
    for (; len < sizeof(text) - 2; len += 2)
        memcpy(text + len, "7,", 2);
    text[len - 1] = ']';
    assert_int_equal(capture((struct span){ text, len }, "/*", out, sizeof(out)), -ENOSPC);
    const size_t fits = TEXT_LIST_BYTES_MAX / 3;
    text[2 * fits] = ']';
    assert_int_equal(capture((struct span){ text, 2 * fits + 1 }, "/*", out, sizeof(out)),
                     3 * fits);
}

/* ---- random documents ---- */

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

static size_t add(char *text, size_t at, const char *more)
{
    const size_t len = strlen(more);
    memcpy(text + at, more, len);
    return at + len;
}

static size_t add_value(char *text, size_t at, unsigned depth)
{
    static const char *const plain[] = { "1",    "-2.5e3",   "null", "\"\"", "\"a\\u00e9\"",
                                         "true", "\"]},[\"", "[]",   "{}" };
    static const char *const names[] = { "\"a\"", "\"b\"", "\"\\u0061\"", "\"0\"", "\"*\"" };
    if (depth == 3 || random_below(3) == 0)
        return add(text, at, plain[random_below(9)]);
    const bool is_object = random_below(2) == 0;
    text[at++] = is_object ? '{' : '[';
    for (unsigned n = random_below(5), i = 0; i < n; i++) {
        if (i > 0)
            text[at++] = ',';
        if (is_object)
            at = add(text, add(text, at, names[random_below(5)]), ":");
        at = add_value(text, at, depth + 1);
    }
    text[at++] = is_object ? '}' : ']';
    return at;
}

/* The same list out of one capture for each index; -ENOENT when `before` leads to no array. */
static int capture_one_by_one(struct span text, const char *before, const char *rest, char *out,
                              size_t cap)
{
    char pointer[64], item[TEXT_LIST_ITEM_MAX];
    int used = 0;
    int rc = capture(text, before, item, sizeof(item));
    if (rc < 1 || item[0] != '[')
        return -ENOENT;
    for (unsigned i = 0; i < 5; i++) {
        snprintf(pointer, sizeof(pointer), "%s/%u%s", before, i, rest);
        rc = capture(text, pointer, item, sizeof(item));
        if (rc >= 0)
            used = text_list_append(out, (size_t)used, cap, (struct span){ item, (size_t)rc },
                                    is_json);
    }
    return used;
}

static void a_star_gives_what_every_index_gives(void **state)
{
    (void)state;
    static const char *const befores[] = { "", "/0", "/a", "/b/1" };
    static const char *const rests[] = { "", "/0", "/a", "/a/b", "/1/0" };
    static char text[16384], listed[16384], single[16384];
    unsigned compared = 0;
    for (unsigned round = 0; round < 20000; round++) {
        const struct span whole = { text, add_value(text, 0, 0) };
        const char *before = befores[random_below(4)], *rest = rests[random_below(5)];
        char pointer[64];
        snprintf(pointer, sizeof(pointer), "%s/*%s", before, rest);
        const int want = capture_one_by_one(whole, before, rest, single, sizeof(single));
        if (want < 0)
            continue;
        const int got = capture(whole, pointer, listed, sizeof(listed));
        if (got != want || memcmp(listed, single, (size_t)want) != 0)
            fail_msg("'%.*s' at '%s': %d, %d", (int)whole.len, text, pointer, got, want);
        compared += want > 0;
    }
    assert_true(compared > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_know_whether_they_were_strings),
        cmocka_unit_test(a_star_stands_for_every_item),
        cmocka_unit_test(items_that_lack_the_rest_are_left_out),
        cmocka_unit_test(of_equal_names_on_the_way_to_items_the_last_one_counts),
        cmocka_unit_test(a_list_from_broken_json_is_none),
        cmocka_unit_test(a_list_without_room_is_refused_whole),
        cmocka_unit_test(an_item_and_a_list_have_their_bounds),
        cmocka_unit_test(a_star_gives_what_every_index_gives),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("capture_list", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                               : EXIT_FAILURE;
}
