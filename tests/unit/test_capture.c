/* test_capture.c — goal: the JSON scanner says what jansson says, of valid texts and of broken
 * ones. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/capture.h"
#include "http/json.h"
#include "tests/unit/json_capture.h"

#define OUT_MAX 20000u

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

/* Captures from a block of exactly the text's size. */
static int capture(struct span text, const char *pointer, char *out, size_t cap)
{
    char *block = malloc(text.len ? text.len : 1);
    assert_non_null(block);
    if (text.len)
        memcpy(block, text.bytes, text.len);
    bool is_json;
    const int rc =
        json_capture((struct span){ block, text.len }, span_of(pointer), out, cap, &is_json);
    free(block);
    return rc;
}

static void assert_captured(const char *text, const char *pointer, const char *expected)
{
    char out[256];
    const int len = capture(span_of(text), pointer, out, sizeof(out));
    if (len < 0 || !span_equal((struct span){ out, (size_t)len }, span_of(expected)))
        fail_msg("%s at '%s': %d '%.*s'", text, pointer, len, len < 0 ? 0 : len, out);
}

static void all_but_strings_are_json_as_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_json;
    } rows[] = { { "7", true },   { "\"7\"", false }, { "null", true }, { "false", true },
                 { "[1]", true }, { "{}", true },     { "\"\"", false } };
    char out[16];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool is_json = !rows[i].is_json;
        assert_true(
            json_capture(span_of(rows[i].text), SPAN_LITERAL(""), out, sizeof(out), &is_json) >= 0);
        assert_int_equal(is_json, rows[i].is_json);
    }
}

static void assert_not_captured(const char *text, const char *pointer, int error)
{
    char out[256];
    const int rc = capture(span_of(text), pointer, out, sizeof(out));
    if (rc != error)
        fail_msg("%s at '%s': %d", text, pointer, rc);
}

static void values_are_found_where_the_pointer_leads(void **state)
{
    (void)state;
    assert_captured("{\"token\": \"abc\"}", "/token", "abc");
    assert_captured("{\"a\":{\"b\":[10,{\"c\":true}]}}", "/a/b/1/c", "true");
    assert_captured("{\"a\":[ 1 , 2 ]}", "/a", "[ 1 , 2 ]");
    assert_captured(" {\"a\" : null } ", "/a", "null");
    assert_captured(" [-0.5e+3] ", "", "[-0.5e+3]");
    assert_captured(" \"x\" ", "", "x");
    assert_captured("7", "", "7");
    assert_captured("{\"\":{\"\":1}}", "//", "1");
    assert_captured("{\"a/b\":1,\"m~n\":2}", "/a~1b", "1");
    assert_captured("{\"a/b\":1,\"m~n\":2}", "/m~0n", "2");
    assert_captured("{\"~1\":1}", "/~01", "1");
    assert_captured("{\"0\":\"object\"}", "/0", "object");
    assert_captured("[0,1,2,3,4,5,6,7,8,9,10]", "/10", "10");
    assert_captured("{\"\\u0061\\/\":1}", "/a~1", "1");
    assert_captured("{\"\xc3\xa9\":1}", "/\xc3\xa9", "1");
    assert_captured("{\"\\u00e9\":1}", "/\xc3\xa9", "1");
    assert_captured("{\"a*\":{\"**\":1}}", "/a*/**", "1");
}

static void of_equal_names_the_last_one_counts(void **state)
{
    (void)state;
    assert_captured("{\"a\":1,\"a\":2}", "/a", "2");
    assert_captured("{\"a\":1,\"\\u0061\":2}", "/a", "2");
    assert_captured("{\"a\":{\"b\":1},\"a\":{\"b\":2}}", "/a/b", "2");
    assert_not_captured("{\"a\":{\"b\":1},\"a\":{}}", "/a/b", -ENOENT);
    assert_not_captured("{\"a\":{\"b\":1},\"a\":3}", "/a/b", -ENOENT);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    static const char *const pointers[] = { "/b", "/a/b", "/a/0", "/", "/a/", "a", "/~", "/~2" };
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
        assert_not_captured("{\"a\":1}", pointers[i], -ENOENT);
    static const char *const indices[] = {
        "/2", "/-", "/00", "/01", "/-1", "/+1", "/ 1", "/1e0", "/18446744073709551616", "/a"
    };
    for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++)
        assert_not_captured("[0,1]", indices[i], -ENOENT);
    assert_not_captured("{\"ab\":1}", "/a", -ENOENT);
    assert_not_captured("{\"a\":1}", "/ab", -ENOENT);
}

static void strings_are_unescaped_to_utf8(void **state)
{
    (void)state;
    assert_captured("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "", "\"\\/\b\f\n\r\t");
    assert_captured("\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\"", "",
                    "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    /* The first and the last character of each length, and those around the surrogates. */
    assert_captured("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\"", "",
                    "\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80");
    assert_captured("\"\xf0\x9f\x98\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"", "",
                    "\xf0\x9f\x98\x80\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf");
    char out[4];
    assert_int_equal(capture(span_of("\"a\\u0000b\""), "", out, sizeof(out)), 3);
    assert_memory_equal(out, "a\0b", 3);
}

/* 'a's, the middle, 'a's. */
static size_t text_between(char *out, size_t before, const char *middle, size_t after)
{
    const size_t len = strlen(middle);
    memset(out, 'a', before + len + after);
    memcpy(out + before, middle, len);
    return before + len + after;
}

/* Strings are read in blocks of sixteen bytes. */
static void a_character_means_the_same_wherever_it_stands_in_its_string(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "\\\"", "\"" },
        { "\\\\", "\\" },
        { "\\\\\\\"", "\\\"" },
        { "\\\"\\\"\\\"", "\"\"\"" },
        { "\\n", "\n" },
        { "\\\\n", "\\n" },
        { "\\u00e9", "\xc3\xa9" },
        { "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
        { "\xc3\xa9", "\xc3\xa9" },
        { "\x7f", "\x7f" },
        { "\\\"\\n\xc3\xa9\\\"", "\"\n\xc3\xa9\"" },
        { "\\", NULL },
        { "\\\\\\", NULL },
        { "\"", NULL },
        { "\\\\\"", NULL },
        { "\\\"\"", NULL },
        { "\\a", NULL },
        { "\\\"\n", NULL },
        { "\\\x1f", NULL },
        { "\x01", NULL },
        { "\xff", NULL },
        { "\\u00g0", NULL },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t place = 0; place < 36 * 36; place++) {
            const size_t before = place % 36, after = place / 36;
            char inside[100], text[104], expected[100], out[100];
            const size_t len = text_between(inside, before, rows[i][0], after);
            const int text_len = snprintf(text, sizeof(text), "[\"%.*s\"]", (int)len, inside);
            const int rc = capture((struct span){ text, (size_t)text_len }, "/0", out, sizeof(out));
            if (rows[i][1] == NULL) {
                assert_int_equal(rc, -EBADMSG);
                continue;
            }
            assert_int_equal(rc, text_between(expected, before, rows[i][1], after));
            assert_memory_equal(out, expected, (size_t)rc);
        }
    }
}

static const char *const no_json[] = {
    "",
    " ",
    "x",
    "tru",
    "truex",
    "True",
    "nul",
    "{",
    "}",
    "[",
    "]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "{'a':1}",
    "{\"a\" 1}",
    "{1:2}",
    "{,}",
    "01",
    "-",
    "-a",
    "+1",
    ".5",
    "1.",
    "1.e1",
    "1e",
    "1e+",
    "0x10",
    "1 2",
    "--1",
    "NaN",
    "Infinity",
    "\"",
    "\"a",
    "\"\\",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\ud800\"",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"",
    "\"\\ud800\\ud800\"",
    "\"\\ud800x\"",
    "\"a\nb\"",
    "\"\t\"",
    "\"\x80\"",
    "\"\xc0\x80\"",
    "\"\xc1\xbf\"",
    "\"\xe0\x9f\xbf\"",
    "\"\xed\xa0\x80\"",
    "\"\xf0\x8f\xbf\xbf\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xf5\x80\x80\x80\"",
    "\"\xe2\x82\"",
    "\"\xff\"",
    "\xef\xbb\xbf{}",
    "[1]x",
    "[]]",
    "/**/1",
    "\"a\"\"b\"",
    "\v1",
    "\"\\U0041\"",
};

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(no_json) / sizeof(no_json[0]); i++)
        assert_not_captured(no_json[i], "", -EBADMSG);
    char out[8];
    assert_int_equal(capture((struct span){ "1\0", 2 }, "", out, sizeof(out)), -EBADMSG);
}

static void a_broken_end_spoils_what_was_found_before_it(void **state)
{
    (void)state;
    assert_not_captured("{\"a\":1,\"b\":", "/a", -EBADMSG);
    assert_not_captured("{\"a\":1}}", "/a", -EBADMSG);
}

static void depth_is_bounded_by_64(void **state)
{
    (void)state;
    for (unsigned depth = 60; depth < 70; depth++) {
        char text[200], out[200];
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        const int rc = capture((struct span){ text, 2 * depth }, "", out, sizeof(out));
        assert_int_equal(rc, depth <= JSON_DEPTH_MAX ? (int)(2 * depth) : -EBADMSG);
    }
    char *deep = malloc(1000000);
    assert_non_null(deep);
    memset(deep, '[', 1000000);
    char out[8];
    assert_int_equal(capture((struct span){ deep, 1000000 }, "/0/0", out, sizeof(out)), -EBADMSG);
    free(deep);
}

static void a_value_longer_than_its_room_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = { "\"abcd\"", "1234", "[12]", "\"\\u00e9\\u00e9\"" };
    for (size_t i = 0; i < 4; i++) {
        for (size_t cap = 0; cap < 4; cap++) {
            char *room = malloc(cap ? cap : 1);
            assert_non_null(room);
            assert_int_equal(capture(span_of(texts[i]), "", room, cap), -ENOSPC);
            free(room);
        }
        char out[4];
        assert_int_equal(capture(span_of(texts[i]), "", out, 4), 4);
    }
    char out[1];
    assert_int_equal(capture(span_of("\"\""), "", out, 0), 0);
}

static void a_pointer_at_fault_is_explained(void **state)
{
    (void)state;
    static const char *const good[] = { "",   "/",  "/a",     "/a/0", "/~0~1",
                                        "//", "/*", "/a/*/b", "/**/*" };
    static const char *const bad[] = { "a",   "a/b",  "~0",  "/~",   "/~2",
                                       "/a~", "/~~0", "#/a", "/*/*", "/a/*/b/*" };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(capture_pointer_fault(span_of(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(capture_pointer_fault(span_of(bad[i])));
}

/* A text under construction; past its room nothing is added. */
struct text {
    size_t len;
    char bytes[OUT_MAX];
};

static void text_add(struct text *t, const char *s)
{
    const size_t len = strlen(s);
    if (len <= sizeof(t->bytes) - t->len) {
        memcpy(t->bytes + t->len, s, len);
        t->len += len;
    }
}

static const char *pick(const char *const *from, uint32_t count)
{
    return from[random_below(count)];
}

static void text_add_string(struct text *t)
{
    static const char *const parts[] = {
        "a",    "b",    "/",   "~",       "0",       "1",        "\\n",
        "\\\"", "\\\\", "\\/", "\\u0061", "\\u00e9", "\xc3\xa9", "\\ud83d\\ude00",
        " "
    };
    text_add(t, "\"");
    for (unsigned n = random_below(random_below(8) == 0 ? 40 : 3); n > 0; n--)
        text_add(t, pick(parts, sizeof(parts) / sizeof(parts[0])));
    text_add(t, "\"");
}

static void text_add_value(struct text *t, unsigned depth)
{
    static const char *const plain[] = { "0",    "-1",   "12",    "1.5", "-0.25e2",
                                         "1E+3", "true", "false", "null" };
    static const char *const blanks[] = { "", "", "", " ", "\n", "\t ", "\r\n" };
    const uint32_t kind = depth < 5 ? random_below(6) : random_below(3);

    text_add(t, pick(blanks, 7));
    if (kind == 0) {
        text_add_string(t);
    } else if (kind <= 2) {
        text_add(t, pick(plain, 9));
    } else {
        const bool is_object = kind != 3;
        text_add(t, is_object ? "{" : "[");
        for (unsigned n = random_below(4), i = 0; i < n; i++) {
            text_add(t, i ? "," : "");
            if (is_object) {
                text_add_string(t);
                text_add(t, pick(blanks, 7));
                text_add(t, ":");
            }
            text_add_value(t, depth + 1);
        }
        text_add(t, is_object ? "}" : "]");
    }
    text_add(t, pick(blanks, 7));
}

/* Whether jansson would have read the text but for a bound of its own: then it is no judge. */
static bool is_beyond_jansson(const json_error_t *e)
{
    const enum json_error_code code = json_error_code(e);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           code == json_error_stack_overflow || code == json_error_null_character;
}

static json_t *judge(struct span text, json_error_t *e)
{
    return json_loadb(text.bytes, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, e);
}

/* Captured text of a value equals what jansson holds there. */
static void assert_same_value(json_t *want, const char *out, int len)
{
    if (json_is_string(want)) {
        assert_int_equal(json_string_length(want), len);
        assert_memory_equal(json_string_value(want), out, (size_t)len);
        return;
    }
    json_error_t e;
    json_t *got = judge((struct span){ out, (size_t)len }, &e);
    assert_non_null(got);
    assert_true(json_equal(got, want));
    json_decref(got);
}

/* Goes through all of a document as jansson read it and asks for each value by its pointer. */
static unsigned compare_all(struct span text, json_t *at, struct text *pointer)
{
    static char out[OUT_MAX];
    unsigned count = 1;
    const size_t len = pointer->len;

    pointer->bytes[len] = '\0';
    assert_same_value(at, out, capture(text, pointer->bytes, out, sizeof(out)));
    const char *name;
    json_t *inner;
    json_object_foreach(at, name, inner)
    {
        text_add(pointer, "/");
        for (const char *c = name; *c; c++) {
            const char same[2] = { *c, '\0' };
            text_add(pointer, *c == '~' ? "~0" : *c == '/' ? "~1" : same);
        }
        count += compare_all(text, inner, pointer);
        pointer->len = len;
    }
    size_t i;
    json_array_foreach(at, i, inner)
    {
        char index[24];
        snprintf(index, sizeof(index), "/%zu", i);
        text_add(pointer, index);
        count += compare_all(text, inner, pointer);
        pointer->len = len;
    }
    return count;
}

/* Whether both take the text, and then that they find the same in it. */
static bool compare_with_jansson(struct span text)
{
    static char out[OUT_MAX];
    static struct text pointer;
    json_error_t e;
    json_t *root = judge(text, &e);
    const int rc = capture(text, "", out, sizeof(out));

    if (!root && is_beyond_jansson(&e))
        return false;
    if ((root != NULL) != (rc != -EBADMSG))
        fail_msg("'%.*s': %d, but jansson says %s", (int)text.len, text.bytes, rc,
                 root ? "yes" : e.text);
    if (!root)
        return false;
    pointer.len = 0;
    compare_all(text, root, &pointer);
    json_decref(root);
    return true;
}

static void random_documents_mean_what_jansson_makes_of_them(void **state)
{
    (void)state;
    static struct text t;
    random_state = 1;

    for (unsigned round = 0; round < 3000; round++) {
        t.len = 0;
        text_add_value(&t, 0);
        assert_true(compare_with_jansson((struct span){ t.bytes, t.len }));
    }
}

static void every_prefix_of_a_document_is_judged_as_jansson_judges_it(void **state)
{
    (void)state;
    static struct text t;
    random_state = 2;

    for (unsigned round = 0; round < 300; round++) {
        t.len = 0;
        text_add_value(&t, 0);
        for (size_t len = 1; len <= t.len && len < 300; len++)
            compare_with_jansson((struct span){ t.bytes, len });
    }
}

static void mutants_are_judged_as_jansson_judges_them(void **state)
{
    (void)state;
    static const char bytes[] = "{}[],:\"\\/u0dD8e.+-19 \n\x01\x80\xc3\xa9\xed\xf0tfn";
    static struct text t;
    unsigned accepted = 0;
    random_state = 3;

    for (unsigned round = 0; round < 20000; round++) {
        t.len = 0;
        text_add_value(&t, 2);
        for (unsigned n = 1 + random_below(2); n > 0; n--) {
            const size_t at = random_below((uint32_t)t.len);
            if (random_below(3) == 0 && t.len > 1) {
                memmove(t.bytes + at, t.bytes + at + 1, t.len - at - 1);
                t.len--;
            } else {
                t.bytes[at] = bytes[random_below(sizeof(bytes) - 1)];
            }
        }
        accepted += compare_with_jansson((struct span){ t.bytes, t.len });
    }
    assert_true(accepted > 1000 && accepted < 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_but_strings_are_json_as_they_stand),
        cmocka_unit_test(values_are_found_where_the_pointer_leads),
        cmocka_unit_test(of_equal_names_the_last_one_counts),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(strings_are_unescaped_to_utf8),
        cmocka_unit_test(a_character_means_the_same_wherever_it_stands_in_its_string),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(a_broken_end_spoils_what_was_found_before_it),
        cmocka_unit_test(depth_is_bounded_by_64),
        cmocka_unit_test(a_value_longer_than_its_room_is_refused),
        cmocka_unit_test(a_pointer_at_fault_is_explained),
        cmocka_unit_test(random_documents_mean_what_jansson_makes_of_them),
        cmocka_unit_test(every_prefix_of_a_document_is_judged_as_jansson_judges_it),
        cmocka_unit_test(mutants_are_judged_as_jansson_judges_them),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("capture", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
