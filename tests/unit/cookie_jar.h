/* cookie_jar — a jar as its user keeps it, filled from URLs, and what it sends to them.
 *
 * For tests that include cmocka.h before it.
 */
#ifndef SQUALL_TESTS_UNIT_COOKIE_JAR_H
#define SQUALL_TESTS_UNIT_COOKIE_JAR_H

#include <errno.h>
#include <stdlib.h>

#include "http/cookie.h"
#include "http/url.h"

#define NOW 1700000000 /* Tue, 14 Nov 2023 22:13:20 GMT */

struct jar {
    char bytes[COOKIE_JAR_BYTES_MAX];
    size_t len;
};

static inline struct span jar_span(const struct jar *jar)
{
    return (struct span){ jar->bytes, jar->len };
}

static inline struct cookie_place place_of(const char *text)
{
    struct url url;
    assert_null(url_parse(&url, span_of(text)));
    const size_t path_len = (size_t)(text + strlen(text) - url.path.bytes);
    return (struct cookie_place){ url.host, { url.path.bytes, path_len }, url.is_tls };
}

/* Puts what take or set wrote in the place of the jar; `rc` is what they returned. */
static inline int jar_become(struct jar *jar, int rc, char *block)
{
    if (rc >= 0) {
        assert_true((size_t)rc <= COOKIE_JAR_BYTES_MAX);
        memcpy(jar->bytes, block, (size_t)rc);
        jar->len = (size_t)rc;
    }
    free(block);
    return rc < 0 ? rc : 0;
}

static inline int take_at(struct jar *jar, const char *from, struct span set_cookie, int64_t now_s)
{
    const struct cookie_place place = place_of(from);
    char *block = malloc(COOKIE_JAR_BYTES_MAX);
    assert_non_null(block);
    return jar_become(
        jar, cookie_jar_take(jar_span(jar), &place, set_cookie, now_s, block, COOKIE_JAR_BYTES_MAX),
        block);
}

static inline int take(struct jar *jar, const char *from, const char *set_cookie)
{
    return take_at(jar, from, span_of(set_cookie), NOW);
}

static inline int set(struct jar *jar, const char *at, const char *name, const char *value)
{
    const struct cookie_place place = place_of(at);
    char *block = malloc(COOKIE_JAR_BYTES_MAX);
    assert_non_null(block);
    return jar_become(jar,
                      cookie_jar_set(jar_span(jar), &place, span_of(name), span_of(value), block,
                                     COOKIE_JAR_BYTES_MAX),
                      block);
}

static inline void assert_sent_at(const struct jar *jar, const char *to, const char *expected,
                                  int64_t now_s)
{
    char out[COOKIE_JAR_BYTES_MAX];
    const struct cookie_place place = place_of(to);
    const size_t expected_len = strlen(expected);
    const int len = cookie_jar_header(jar_span(jar), &place, now_s, out, sizeof(out));

    if (len < 0 || !span_equal((struct span){ out, (size_t)len }, span_of(expected)))
        fail_msg("to %s: '%.*s', expected '%s'", to, len < 0 ? 0 : len, out, expected);
    assert_int_equal(cookie_jar_header(jar_span(jar), &place, now_s, out, expected_len), len);
    if (len > 0)
        assert_int_equal(cookie_jar_header(jar_span(jar), &place, now_s, out, expected_len - 1),
                         -ENOSPC);
}

static inline void assert_sent(const struct jar *jar, const char *to, const char *expected)
{
    assert_sent_at(jar, to, expected, NOW);
}

static inline void assert_found(const struct jar *jar, const char *name, const char *expected)
{
    struct span value = SPAN_LITERAL("(none)");
    const bool is_found = cookie_jar_find(jar_span(jar), span_of(name), NOW, &value);
    assert_int_equal(is_found, expected != NULL);
    if (expected != NULL && !span_equal(value, span_of(expected)))
        fail_msg("'%s' is '%.*s'", name, (int)value.len, value.bytes);
}

#endif
