/* test_cookie_limits.c — goal: a jar never grows beyond its limit, keeps what was set last, and no
 * bytes lead outside of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/cookie_jar.h"

#define SMALL_MAX 100u /* a record of short texts takes less */

static void a_flood_keeps_the_jar_at_its_limit_and_the_last_cookies_in_it(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };
    char text[64], expected[64];

    for (unsigned i = 0; i < 10000; i++) {
        snprintf(text, sizeof(text), "n%u=%u; Path=/%u", i, i, i % 7);
        assert_int_equal(take(&jar, "http://a.b/", text), 0);
        if (i % 100 == 0) {
            snprintf(text, sizeof(text), "http://a.b/%u", i % 7);
            const struct cookie_place place = place_of(text);
            char out[COOKIE_JAR_BYTES_MAX];
            const int len = cookie_jar_header(jar_span(&jar), &place, NOW, out, sizeof(out));
            const int tail = snprintf(expected, sizeof(expected), "n%u=%u", i, i);
            assert_true(len >= tail && memcmp(out + len - tail, expected, (size_t)tail) == 0);
        }
    }
    assert_true(jar.len > COOKIE_JAR_BYTES_MAX - SMALL_MAX);
}

static void those_set_longest_ago_go_first_and_setting_again_makes_young(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };
    char text[1200] = "?=";

    memset(text + 2, 'v', 1000);
    for (const char *name = "abc"; *name != '\0'; name++) {
        text[0] = *name;
        assert_int_equal(take(&jar, "http://a.b/", text), 0);
    }
    assert_int_equal(take(&jar, "http://a.b/", "a=1"), 0);
    text[0] = 'd';
    assert_int_equal(take(&jar, "http://a.b/", text), 0);
    assert_found(&jar, "a", "1");
    text[0] = 'e';
    assert_int_equal(take(&jar, "http://a.b/", text), 0);
    assert_found(&jar, "b", NULL);
    assert_found(&jar, "a", "1");
    assert_found(&jar, "c", text + 2);
}

static void a_cookie_that_alone_is_too_large_is_refused_and_the_jar_stays(void **state)
{
    (void)state;
    static char text[2 * COOKIE_JAR_BYTES_MAX] = "n=";
    struct jar jar = { .len = 0 };
    size_t len = COOKIE_JAR_BYTES_MAX - SMALL_MAX;

    assert_int_equal(take(&jar, "http://a.b/", "n=1"), 0);
    memset(text + 2, 'v', sizeof(text) - 3);
    assert_int_equal(take(&jar, "http://a.b/", text), -ENOSPC);
    assert_int_equal(set(&jar, "http://a.b/", "n", text), -ENOSPC);
    assert_sent(&jar, "http://a.b/", "n=1");
    while (take_at(&jar, "http://a.b/", (struct span){ text, len }, NOW) == 0)
        len++;
    assert_int_equal(jar.len, COOKIE_JAR_BYTES_MAX);
    assert_int_equal(take_at(&jar, "http://a.b/", (struct span){ text, len }, NOW), -ENOSPC);
    assert_int_equal(take(&jar, "http://a.b/", "m=2"), 0);
    assert_found(&jar, "n", NULL);
    assert_found(&jar, "m", "2");
}

static void a_smaller_buffer_is_a_smaller_limit(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };
    const struct cookie_place place = place_of("http://a.b/");

    take(&jar, "http://a.b/", "n=1");
    const size_t one = jar.len;
    take(&jar, "http://a.b/", "m=2");
    for (size_t cap = 0; cap <= 3 * one; cap++) {
        char *block = malloc(cap ? cap : 1);
        assert_non_null(block);
        const int rc = cookie_jar_take(jar_span(&jar), &place, span_of("o=3"), NOW, block, cap);
        assert_int_equal(rc, cap < one ? -ENOSPC : (int)(cap / one * one));
        free(block);
    }
}

static void an_attribute_beyond_its_limit_is_not_looked_at(void **state)
{
    (void)state;
    static char text[2000];
    struct jar jar = { .len = 0 };

    snprintf(text, sizeof(text), "n=1; Path=/%01023d", 0);
    assert_int_equal(take(&jar, "http://a.b/", text), 0);
    assert_sent(&jar, "http://a.b/", "");
    snprintf(text, sizeof(text), "n=2; Path=/%01024d", 0);
    assert_int_equal(take(&jar, "http://a.b/", text), 0);
    assert_sent(&jar, "http://a.b/", "n=2");
    snprintf(text, sizeof(text), "n=3; Domain=%01025d", 0);
    assert_int_equal(take(&jar, "http://a.b/", text), 0);
    assert_sent(&jar, "http://a.b/", "n=3");
}

static void a_jar_cut_or_of_any_bytes_is_read_without_a_step_outside(void **state)
{
    (void)state;
    static char out[COOKIE_JAR_BYTES_MAX];
    const struct cookie_place place = place_of("http://a.b/");
    uint64_t random_state = 1;
    struct jar jar = { .len = 0 };
    struct span value;

    take(&jar, "http://a.b/", "n=1; Path=/");
    take(&jar, "http://a.b/", "m=2; Path=/");
    for (unsigned round = 0; round < 20000; round++) {
        const size_t len = round % (jar.len + 1);
        char *block = malloc(len ? len : 1);
        assert_non_null(block);
        memcpy(block, jar.bytes, len);
        for (size_t i = 0; i < len && round > jar.len; i++) {
            random_state = random_state * 6364136223846793005u + 1442695040888963407u;
            if (random_state >> 61 == 0)
                block[i] = (char)(random_state >> 33);
        }
        const struct span any = { block, len };
        cookie_jar_header(any, &place, NOW, out, sizeof(out));
        cookie_jar_find(any, span_of("n"), NOW, &value);
        assert_in_range(cookie_jar_take(any, &place, span_of("o=3"), NOW, out, sizeof(out)), 1,
                        COOKIE_JAR_BYTES_MAX);
        free(block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_keeps_the_jar_at_its_limit_and_the_last_cookies_in_it),
        cmocka_unit_test(those_set_longest_ago_go_first_and_setting_again_makes_young),
        cmocka_unit_test(a_cookie_that_alone_is_too_large_is_refused_and_the_jar_stays),
        cmocka_unit_test(a_smaller_buffer_is_a_smaller_limit),
        cmocka_unit_test(an_attribute_beyond_its_limit_is_not_looked_at),
        cmocka_unit_test(a_jar_cut_or_of_any_bytes_is_read_without_a_step_outside),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("cookie_limits", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                                : EXIT_FAILURE;
}
