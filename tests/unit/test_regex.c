/* test_regex.c — goal: a match lies in its text, its price is bounded, and it allocates nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/regex.h"
#include "tests/unit/allocation_count.h"

#define BODY_MAX (256u * 1024u)

static struct regex_matcher *matcher;

static int open_matcher(void **state)
{
    (void)state;
    return regex_matcher_open(&matcher);
}

static int close_matcher(void **state)
{
    (void)state;
    regex_matcher_close(matcher);
    return 0;
}

static struct regex *compile(struct span pattern)
{
    struct regex *r;
    char message[128];
    size_t offset;
    const int rc = regex_open(&r, pattern, message, sizeof(message), &offset);
    if (rc != 0)
        fail_msg("'%.*s': %d %s", (int)pattern.len, pattern.bytes, rc, message);
    return r;
}

/* Looks in a block of exactly the text's size; *ret_offset is where the match begins. */
static int find(const char *pattern, struct span text, size_t *ret_offset, size_t *ret_len)
{
    struct regex *r = compile(span_of(pattern));
    struct span match;
    char *block = malloc(text.len ? text.len : 1);
    assert_non_null(block);
    if (text.len > 0)
        memcpy(block, text.bytes, text.len);
    const int rc = regex_find(r, matcher, (struct span){ block, text.len }, &match);
    if (rc == 0) {
        assert_true(match.bytes >= block && match.bytes + match.len <= block + text.len);
        *ret_offset = (size_t)(match.bytes - block);
        *ret_len = match.len;
    }
    free(block);
    regex_close(r);
    return rc;
}

static void assert_found(const char *pattern, struct span text, const char *expected)
{
    size_t offset, len;
    const int rc = find(pattern, text, &offset, &len);
    if (rc != 0 || !span_equal((struct span){ text.bytes + offset, len }, span_of(expected)))
        fail_msg("%s in '%.*s': %d", pattern, (int)text.len, text.bytes, rc);
}

static void assert_not_found(const char *pattern, struct span text, int error)
{
    size_t offset, len;
    assert_int_equal(find(pattern, text, &offset, &len), error);
}

static char *filled(char byte, size_t len)
{
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, byte, len);
    return text;
}

static void the_first_group_is_found_or_else_the_whole_match(void **state)
{
    (void)state;
    assert_found("\"id\": ?(\\d+)", SPAN_LITERAL("{\"id\": 17, \"id\":18}"), "17");
    assert_found("\\d+", SPAN_LITERAL("a 17 b 18"), "17");
    assert_found("(b)(c)(d)", SPAN_LITERAL("abcd"), "b");
    assert_found("(?:a)(?<second>b)", SPAN_LITERAL("ab"), "b");
    assert_found("(?:ab)", SPAN_LITERAL("ab"), "ab");
    assert_found("(?i)LOCATION: (.*)$", SPAN_LITERAL("location: /x"), "/x");
    assert_found("(?|a=(\\d)|b=(\\d))", SPAN_LITERAL("b=7"), "7");
    assert_found("", SPAN_LITERAL("abc"), "");
    assert_found("^$", SPAN_LITERAL(""), "");
    assert_found("^$", (struct span){ NULL, 0 }, "");
    assert_found("a\\0(b)", SPAN_LITERAL("xa\0bx"), "b");
}

static void a_group_that_took_no_part_is_empty(void **state)
{
    (void)state;
    assert_found("(a)|b", SPAN_LITERAL("b"), "");
    assert_found("x(a)?(b)", SPAN_LITERAL("xb"), "");
}

static void what_does_not_match_is_not_found(void **state)
{
    (void)state;
    assert_not_found("b", SPAN_LITERAL("aaa"), -ENOENT);
    assert_not_found("^a$", SPAN_LITERAL("ab"), -ENOENT);
    assert_not_found(".", SPAN_LITERAL(""), -ENOENT);
    assert_not_found("(*NO_START_OPT)(*COMMIT)b", SPAN_LITERAL("ab"), -ENOENT);
}

static void patterns_with_many_groups_are_matched(void **state)
{
    (void)state;
    static const char group[] = "(x)?";
    static const char *const modes[] = { "", "(*NO_JIT)" };
    for (unsigned mode = 0; mode < 2; mode++) {
        char pattern[3000] = "";
        size_t len = (size_t)snprintf(pattern, sizeof(pattern), "%s(b)", modes[mode]);
        for (unsigned i = 0; i < 600; i++, len += sizeof(group) - 1)
            memcpy(pattern + len, group, sizeof(group));
        assert_found(pattern, SPAN_LITERAL("abx"), "b");
    }
}

static void a_text_that_is_not_utf8_has_no_match_where_characters_were_asked_for(void **state)
{
    (void)state;
    assert_found("(*UTF)^(.)$", SPAN_LITERAL("\xc3\xa9"), "\xc3\xa9");
    assert_found("^(.)", SPAN_LITERAL("\xc3\xa9"), "\xc3");
    assert_found("\xff(.)", SPAN_LITERAL("\xff\xfe"), "\xfe");
    static const char *const wrong[] = { "a\x80",
                                         "a\xc0\x80",
                                         "a\xc3",
                                         "a\xed\xa0\x80",
                                         "a\xf4\x90\x80\x80",
                                         "a\xff",
                                         "a\xe2\x82",
                                         "a\xf8\x88\x80\x80\x80" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_not_found("(*UTF)a", span_of(wrong[i]), -ENOENT);
        assert_not_found("(*NO_JIT)(*UTF)a", span_of(wrong[i]), -ENOENT);
    }
}

static void a_match_that_begins_behind_its_end_is_empty(void **state)
{
    (void)state;
    assert_found("bc\\K|a(?=(?R))", SPAN_LITERAL("abc"), "");
    assert_found("(*NO_JIT)bc\\K|a(?=(?R))", SPAN_LITERAL("abc"), "");
}

static void a_pattern_that_explodes_ends_at_the_bounds(void **state)
{
    (void)state;
    static const char *const patterns[] = { "(a+)+$",       "(a|aa)+$",     "^(a?){40}a{40}b?$",
                                            "(?:a*)*b?$",   "(.*)*(.*)*=x", "(a|a|a)*$",
                                            "((a*)*)*(c|$)" };
    const struct span text = SPAN_LITERAL("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!=");
    char interpreted[64];
    for (size_t i = 0; i < 2; i++) {
        assert_not_found(patterns[i], text, -E2BIG);
        snprintf(interpreted, sizeof(interpreted), "(*NO_JIT)%s", patterns[i]);
        assert_not_found(interpreted, text, -E2BIG);
        assert_found("a(!)=", text, "!");
    }
    for (size_t i = 2; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        size_t offset, len;
        const int rc = find(patterns[i], text, &offset, &len);
        assert_true(rc == 0 || rc == -E2BIG || rc == -ENOENT);
        assert_found("a(!)=", text, "!");
    }
}

/* Each 'a' doubles the steps of (a+)+$. */
static void a_million_steps_are_the_bound(void **state)
{
    (void)state;
    assert_not_found("(a+)+$", SPAN_LITERAL("aaaaaaaaaaaaaa!"), -ENOENT);
    assert_not_found("(*NO_JIT)(a+)+$", SPAN_LITERAL("aaaaaaaaaaaaaa!"), -ENOENT);
    assert_not_found("(a+)+$", SPAN_LITERAL("aaaaaaaaaaaaaaaaaaaaaa!"), -E2BIG);
    assert_not_found("(*NO_JIT)(a+)+$", SPAN_LITERAL("aaaaaaaaaaaaaaaaaaaaaa!"), -E2BIG);
}

static void a_pattern_that_takes_too_much_memory_ends_at_the_bounds(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "(*NO_JIT)(?:.|\\n)*?END", /* a frame for each byte */
        "(*NO_JIT)(a(?:x|(?1)))",  /* and for each level of a recursion */
        "(a(?:x|(?1)))",
        "(?:(.)|(\\n)|(x)|(y))*END", /* machine code keeps four groups for each byte */
    };
    char *text = filled('a', BODY_MAX);
    memcpy(text + BODY_MAX - 4, "xEND", 4);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        assert_not_found(patterns[i], (struct span){ text, BODY_MAX }, -E2BIG);
        assert_found("a(?:.|\\n)*?(END)", (struct span){ text, BODY_MAX }, "END");
    }
    free(text);
}

static void a_pattern_at_fault_is_explained(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        size_t offset;
    } bad[] = { { "(", 1 },      { "a)", 1 },  { "[a", 2 },         { "a**+", 2 },
                { "(?<n>x", 6 }, { "\\", 1 },  { "(?z)", 2 },       { "x{2,1}", 5 },
                { "(?1)", 3 },   { "\\2", 1 }, { "(*UTF)a\xff", 7 } };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct regex *r;
        char message[128] = "";
        size_t offset = SIZE_MAX;
        assert_int_equal(regex_open(&r, span_of(bad[i].pattern), message, sizeof(message), &offset),
                         -EINVAL);
        if (offset != bad[i].offset)
            fail_msg("'%s': %zu %s", bad[i].pattern, offset, message);
        assert_true(strlen(message) > 10);
    }
    struct regex *r;
    char message[4];
    size_t offset;
    assert_int_equal(regex_open(&r, SPAN_LITERAL("("), message, sizeof(message), &offset), -EINVAL);
    assert_int_equal(strlen(message), 3);
}

static void a_pattern_is_matched_by_any_matcher(void **state)
{
    (void)state;
    struct regex_matcher *other;
    struct regex *r = compile(SPAN_LITERAL("b(.)"));
    struct span first, second;
    assert_int_equal(regex_matcher_open(&other), 0);
    assert_int_equal(regex_find(r, matcher, SPAN_LITERAL("abc"), &first), 0);
    assert_int_equal(regex_find(r, other, SPAN_LITERAL("bdb"), &second), 0);
    assert_true(span_equal(first, SPAN_LITERAL("c")) && span_equal(second, SPAN_LITERAL("d")));
    regex_matcher_close(other);
    regex_close(r);
    regex_close(NULL);
    regex_matcher_close(NULL);
}

static void matching_allocates_nothing(void **state)
{
    (void)state;
    static const char *const patterns[] = { "a",
                                            "(*NO_JIT)a",
                                            "(a+)+$",
                                            "(*NO_JIT)(a+)+$",
                                            "(?:.|\\n)*?END",
                                            "(*NO_JIT)(?:.|\\n)*?END",
                                            "(*NO_JIT)(a(?:x|(?1)))",
                                            "(?:(.)|(\\n)|(x)|(y))*END",
                                            "(*UTF)(a)",
                                            "b" };
    struct regex_matcher *fresh;
    assert_int_equal(regex_matcher_open(&fresh), 0);
    char *text = filled('a', BODY_MAX);
    memcpy(text + BODY_MAX - 4, "xEND", 4);
    const uint64_t before_any = allocation_count;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        struct regex *r = compile(span_of(patterns[i]));
        struct span match;
        const uint64_t before = allocation_count;
        regex_find(r, fresh, (struct span){ text, 1000 }, &match);
        regex_find(r, fresh, (struct span){ text, BODY_MAX }, &match);
        assert_int_equal(allocation_count, before);
        regex_close(r);
    }
    assert_true(allocation_count > before_any);
    regex_matcher_close(fresh);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_group_is_found_or_else_the_whole_match),
        cmocka_unit_test(a_group_that_took_no_part_is_empty),
        cmocka_unit_test(what_does_not_match_is_not_found),
        cmocka_unit_test(patterns_with_many_groups_are_matched),
        cmocka_unit_test(a_text_that_is_not_utf8_has_no_match_where_characters_were_asked_for),
        cmocka_unit_test(a_match_that_begins_behind_its_end_is_empty),
        cmocka_unit_test(a_pattern_that_explodes_ends_at_the_bounds),
        cmocka_unit_test(a_million_steps_are_the_bound),
        cmocka_unit_test(a_pattern_that_takes_too_much_memory_ends_at_the_bounds),
        cmocka_unit_test(a_pattern_at_fault_is_explained),
        cmocka_unit_test(a_pattern_is_matched_by_any_matcher),
        cmocka_unit_test(matching_allocates_nothing),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("regex", tests, open_matcher, close_matcher) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
