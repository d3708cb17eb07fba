/* test_cookie.c — goal: a cookie goes back to where it came from, as a browser would send it, and
 * nothing a server sends makes a request lie. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "http/header.h"
#include "tests/unit/cookie_jar.h"

#define PAST   "Tue, 14 Nov 2023 22:13:20 GMT"
#define FUTURE "Tue, 14 Nov 2023 22:13:21 GMT"

/* ---- one cookie, one request ---- */

static const struct {
    const char *from, *set_cookie, *to, *sent;
} rows[] = {
    /* names and values */
    { "http://a.b/", "n=v", "http://a.b/", "n=v" },
    { "http://a.b/", "n=", "http://a.b/", "n=" },
    { "http://a.b/", "n=;", "http://a.b/", "n=" },
    { "http://a.b/", " \t n \t = \t v w \t ; Path=/", "http://a.b/", "n=v w" },
    { "http://a.b/", "n=v=w==", "http://a.b/", "n=v=w==" },
    { "http://a.b/", "n=\"v w\"", "http://a.b/", "n=\"v w\"" },
    { "http://a.b/", "n=\"v;w\"", "http://a.b/", "n=\"v" },
    { "http://a.b/", "n=v, m=w", "http://a.b/", "n=v, m=w" },
    { "http://a.b/", "n m[]=v", "http://a.b/", "n m[]=v" },
    { "http://a.b/", "n=caf\xc3\xa9 \xff", "http://a.b/", "n=caf\xc3\xa9 \xff" },
    { "http://a.b/", "n=v;;; ;Path=/;=;x;x=y;HttpOnly;SameSite=Lax", "http://a.b/", "n=v" },
    /* hosts */
    { "http://a.b/", "n=v", "http://A.B:8080/", "n=v" },
    { "http://a.b:1/", "n=v", "http://a.b:2/", "n=v" },
    { "http://a.b/", "n=v", "http://x.a.b/", "" },
    { "http://a.b/", "n=v", "http://b/", "" },
    { "http://x.a.b/", "n=v; Domain=a.b", "http://a.b/", "n=v" },
    { "http://x.a.b/", "n=v; domain=.A.B", "http://y.a.B/", "n=v" },
    { "http://x.a.b/", "n=v; Domain=a.b", "http://w.x.a.b/", "n=v" },
    { "http://x.a.b/", "n=v; Domain=a.b", "http://xa.b/", "" },
    { "http://a.b/", "n=v; Domain=a.b", "http://x.a.b/", "n=v" },
    { "http://x.a.b/", "n=v; Domain=", "http://x.a.b/", "n=v" },
    { "http://x.a.b/", "n=v; Domain=", "http://w.x.a.b/", "" },
    { "http://x.a.b/", "n=v; Domain=.", "http://w.x.a.b/", "" },
    { "http://x.a.b/", "n=v; Domain=c.d; Domain=a.b", "http://a.b/", "n=v" },
    { "http://x.a.b/", "n=v; Domain=a.b; Domain", "http://a.b/", "" },
    { "http://localhost/", "n=v; Domain=localhost", "http://localhost/", "n=v" },
    { "http://localhost/", "n=v; Domain=localhost", "http://x.localhost/", "" },
    { "http://127.0.0.1/", "n=v", "http://127.0.0.1:8000/", "n=v" },
    { "http://127.0.0.1/", "n=v; Domain=127.0.0.1", "http://127.0.0.1/", "n=v" },
    { "http://127.0.0.1/", "n=v; Domain=127.0.0.1", "http://1.127.0.0.1/", "" },
    { "http://[::1]/", "n=v", "http://[::1]/", "n=v" },
    { "http://[::1]/", "n=v; Domain=::1", "http://[::1]:8080/", "n=v" },
    /* paths */
    { "http://a.b", "n=v", "http://a.b/x", "n=v" },
    { "http://a.b?/x/y", "n=v", "http://a.b/", "n=v" },
    { "http://a.b/x", "n=v", "http://a.b/y", "n=v" },
    { "http://a.b/x/", "n=v", "http://a.b/y", "" },
    { "http://a.b/x/y", "n=v", "http://a.b/x", "n=v" },
    { "http://a.b/x/y", "n=v", "http://a.b/x/z?q", "n=v" },
    { "http://a.b/x/y", "n=v", "http://a.b/xy", "" },
    { "http://a.b/x?/y/z", "n=v", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Path=/x", "http://a.b/x", "n=v" },
    { "http://a.b/", "n=v; Path=/x", "http://a.b/x?y", "n=v" },
    { "http://a.b/", "n=v; Path=/x", "http://a.b/x/y", "n=v" },
    { "http://a.b/", "n=v; Path=/x", "http://a.b/xy", "" },
    { "http://a.b/", "n=v; Path=/x/", "http://a.b/x", "" },
    { "http://a.b/", "n=v; Path=/x/", "http://a.b/x/y", "n=v" },
    { "http://a.b/", "n=v; Path=/x", "http://a.b/X", "" },
    { "http://a.b/", "n=v; Path=/x; Path=/y", "http://a.b/y", "n=v" },
    { "http://a.b/x/y", "n=v; Path=/z; Path=w", "http://a.b/x/", "n=v" },
    { "http://a.b/x/y", "n=v; Path=", "http://a.b/x/z", "n=v" },
    { "http://a.b/x/y", "n=v; Path=\"/\"", "http://a.b/z", "" },
    { "http://a.b/", "n=v; path = /x ", "http://a.b/x", "n=v" },
    /* secure */
    { "https://a.b/", "n=v; Secure", "https://a.b/", "n=v" },
    { "https://a.b/", "n=v; secure=no", "http://a.b/", "" },
    { "https://a.b/", "n=v; Secure", "http://a.b/", "" },
    { "http://a.b/", "n=v", "https://a.b/", "n=v" },
    { "https://a.b/", "__Secure-n=v; Secure", "https://a.b/", "__Secure-n=v" },
    { "https://a.b/x/y", "__Host-n=v; Secure; Path=/", "https://a.b/", "__Host-n=v" },
    { "https://localhost/", "__Host-n=v; Secure; Path=/; Domain=localhost", "https://localhost/",
      "__Host-n=v" },
    /* ends */
    { "http://a.b/", "n=v; Max-Age=1", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Max-Age=0", "http://a.b/", "" },
    { "http://a.b/", "n=v; Max-Age=-1", "http://a.b/", "" },
    { "http://a.b/", "n=v; Max-Age=99999999999999999999999", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Max-Age=-99999999999999999999999", "http://a.b/", "" },
    { "http://a.b/", "n=v; Max-Age=", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Max-Age=-", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Max-Age=0x", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Max-Age=\"0\"", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Max-Age=0; Max-Age=9", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Max-Age=0; Max-Age=z", "http://a.b/", "" },
    { "http://a.b/", "n=v; Expires=" FUTURE, "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Expires=" PAST, "http://a.b/", "" },
    { "http://a.b/", "n=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://a.b/", "" },
    { "http://a.b/", "n=v; Expires=Mon, 01 Jan 1601 00:00:00 GMT", "http://a.b/", "" },
    { "http://a.b/", "n=v; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Expires=yesterday", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Expires=" PAST "; Expires=0", "http://a.b/", "" },
    { "http://a.b/", "n=v; Max-Age=9; Expires=" PAST, "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Expires=" PAST "; Max-Age=9", "http://a.b/", "n=v" },
    { "http://a.b/", "n=v; Max-Age=0; Expires=" FUTURE, "http://a.b/", "" },
    { "http://a.b/", "n=v; Max-Age=z; Expires=" PAST, "http://a.b/", "" },
    { "http://a.b/", "n=v; Max-Age=; Expires=" PAST, "http://a.b/", "" },
    { "http://a.b/", "n=v; Max-Age=-; Expires=" PAST, "http://a.b/", "" },
};

static void a_cookie_goes_where_its_attributes_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct jar jar = { .len = 0 };
        const int rc = take(&jar, rows[i].from, rows[i].set_cookie);
        if (rc < 0)
            fail_msg("'%s' from %s: %d", rows[i].set_cookie, rows[i].from, rc);
        assert_sent(&jar, rows[i].to, rows[i].sent);
    }
}

static void what_a_place_may_not_set_is_refused_and_writes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        struct span set_cookie;
    } bad[] = {
        { "http://a.b/", SPAN_LITERAL("") },
        { "http://a.b/", SPAN_LITERAL("n") },
        { "http://a.b/", SPAN_LITERAL("=v") },
        { "http://a.b/", SPAN_LITERAL(" = v") },
        { "http://a.b/", SPAN_LITERAL("n; m=w") },
        { "http://a.b/", SPAN_LITERAL(";n=v") },
        { "http://a.b/", SPAN_LITERAL("n=v\r\nX: y") },
        { "http://a.b/", SPAN_LITERAL("n=v\n") },
        { "http://a.b/", SPAN_LITERAL("n=v\0w") },
        { "http://a.b/", SPAN_LITERAL("n\x01=v") },
        { "http://a.b/", SPAN_LITERAL("n=v; Path=/\r") },
        { "http://a.b/", SPAN_LITERAL("n=v; Domain=a.b\0") },
        { "http://a.b/", SPAN_LITERAL("n=v; x=\x7f") },
        { "http://a.b/", SPAN_LITERAL("n=v; Domain=x.a.b") },
        { "http://a.b/", SPAN_LITERAL("n=v; Domain=b") },
        { "http://a.b/", SPAN_LITERAL("n=v; Domain=c.b") },
        { "http://a.b/", SPAN_LITERAL("n=v; Domain=..b") },
        { "http://a.b/", SPAN_LITERAL("n=v; Domain=a.b:80") },
        { "http://a.b/", SPAN_LITERAL("n=v; Domain=http://a.b/") },
        { "http://xa.b/", SPAN_LITERAL("n=v; Domain=a.b") },
        { "http://127.0.0.1/", SPAN_LITERAL("n=v; Domain=0.0.1") },
        { "http://127.0.0.1/", SPAN_LITERAL("n=v; Domain=1") },
        { "http://10.0.0.9/", SPAN_LITERAL("n=v; Domain=0.0.9") },
        { "http://10.0.0.10/", SPAN_LITERAL("n=v; Domain=0.0.10") },
        { "http://[::1.2.3.4]/", SPAN_LITERAL("n=v; Domain=2.3.4") },
        { "http://x.localhost/", SPAN_LITERAL("n=v; Domain=localhost") },
        { "http://a.b/", SPAN_LITERAL("n=v; Secure") },
        { "http://a.b/", SPAN_LITERAL("__Secure-n=v; Secure") },
        { "https://a.b/", SPAN_LITERAL("__Secure-n=v") },
        { "https://a.b/", SPAN_LITERAL("__SECURE-n=v") },
        { "https://a.b/", SPAN_LITERAL("__Host-n=v; Secure") },
        { "https://a.b/", SPAN_LITERAL("__Host-n=v; Path=/") },
        { "https://a.b/", SPAN_LITERAL("__Host-n=v; Secure; Path=/x") },
        { "https://a.b/", SPAN_LITERAL("__host-n=v; Secure; Path=/; Domain=a.b") },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct cookie_place place = place_of(bad[i].from);
        char out[64];
        memset(out, 'x', sizeof(out));
        const int rc = cookie_jar_take((struct span){ "", 0 }, &place, bad[i].set_cookie, NOW, out,
                                       sizeof(out));
        if (rc != -EINVAL)
            fail_msg("'%s' from %s: %d", bad[i].set_cookie.bytes, bad[i].from, rc);
        for (size_t k = 0; k < sizeof(out); k++)
            assert_int_equal(out[k], 'x');
    }
}

/* The whole of the row, every prefix and every changed byte: what goes back can stand in a
 * request. */
static void no_text_makes_a_header_that_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct cookie_place from = place_of(rows[i].from);
        const size_t whole = strlen(rows[i].set_cookie);
        for (size_t end = 0; end <= whole; end++) {
            for (unsigned c = 0; c < 256; c += 5) {
                char *text = malloc(end ? end : 1), *jar = malloc(512), out[512];
                assert_true(text != NULL && jar != NULL);
                memcpy(text, rows[i].set_cookie, end);
                if (end > 0 && c > 0)
                    text[end - 1] = (char)(c - 5);
                const int len = cookie_jar_take((struct span){ "", 0 }, &from,
                                                (struct span){ text, end }, NOW, jar, 512);
                assert_true(len >= 0 || len == -EINVAL);
                const int sent = cookie_jar_header((struct span){ jar, len > 0 ? (size_t)len : 0 },
                                                   &from, NOW, out, sizeof(out));
                assert_in_range(sent, 0, end);
                assert_true(header_value_is_valid((struct span){ out, (size_t)sent }));
                free(text);
                free(jar);
            }
        }
    }
}

static void a_place_without_a_host_or_with_an_endless_one_sets_nothing(void **state)
{
    (void)state;
    static const char host[256] = "a";
    static char out[COOKIE_JAR_BYTES_MAX];

    for (size_t len = 0; len <= sizeof(host); len++) {
        const struct cookie_place place = { { host, len }, SPAN_LITERAL("/"), false };
        const int rc = cookie_jar_take((struct span){ "", 0 }, &place, SPAN_LITERAL("n=v"), NOW,
                                       out, sizeof(out));
        assert_int_equal(rc > 0 ? 0 : rc, len == 0 || len == 256 ? -EINVAL : 0);
    }
}

/* ---- several cookies ---- */

static void longer_paths_come_first_and_older_cookies_before_younger(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };

    take(&jar, "http://a.b/", "c=1; Path=/");
    take(&jar, "http://a.b/", "b=2; Path=/x");
    take(&jar, "http://a.b/", "a=3; Path=/");
    take(&jar, "http://a.b/", "d=4; Path=/x/y");
    take(&jar, "http://a.b/", "a=5; Path=/x");
    assert_sent(&jar, "http://a.b/x/y", "d=4; b=2; a=5; c=1; a=3");
    assert_sent(&jar, "http://a.b/x", "b=2; a=5; c=1; a=3");
    assert_sent(&jar, "http://a.b/", "c=1; a=3");
}

static void a_cookie_replaces_the_one_of_its_name_domain_and_path_in_its_place(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };

    take(&jar, "http://x.a.b/", "n=1");
    take(&jar, "http://x.a.b/", "m=2");
    take(&jar, "http://x.a.b/", "n=a longer value");
    assert_sent(&jar, "http://x.a.b/", "n=a longer value; m=2");
    take(&jar, "http://X.A.B/", "n=3");
    assert_sent(&jar, "http://x.a.b/", "n=3; m=2");
    take(&jar, "http://x.a.b/", "N=4");
    take(&jar, "http://x.a.b/", "n=5; Domain=x.a.b");
    take(&jar, "http://x.a.b/", "n=6; Domain=a.b");
    take(&jar, "http://x.a.b/", "n=7; Path=/y");
    assert_sent(&jar, "http://x.a.b/y", "n=7; n=3; m=2; N=4; n=5; n=6");
}

static void a_cookie_that_is_over_takes_its_older_self_along(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };

    take(&jar, "http://a.b/", "n=1");
    take(&jar, "http://a.b/", "m=2");
    const size_t len = jar.len;
    assert_int_equal(take(&jar, "http://a.b/", "n=; Expires=" PAST "; Path=/x"), 0);
    assert_int_equal(jar.len, len);
    assert_int_equal(take(&jar, "http://a.b/", "n=; Max-Age=0"), 0);
    assert_sent(&jar, "http://a.b/", "m=2");
    assert_int_equal(jar.len, len / 2);
    assert_int_equal(take(&jar, "http://a.b/", "m=; Expires=" PAST), 0);
    assert_int_equal(jar.len, 0);
}

static void a_cookie_is_sent_until_its_end_and_not_after(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };

    take(&jar, "http://a.b/", "n=1; Max-Age=10");
    take(&jar, "http://a.b/", "m=2; Expires=" FUTURE);
    take(&jar, "http://a.b/", "o=3");
    assert_sent_at(&jar, "http://a.b/", "n=1; m=2; o=3", NOW);
    assert_sent_at(&jar, "http://a.b/", "n=1; o=3", NOW + 1);
    assert_sent_at(&jar, "http://a.b/", "n=1; o=3", NOW + 9);
    assert_sent_at(&jar, "http://a.b/", "o=3", NOW + 10);
    assert_sent_at(&jar, "http://a.b/", "o=3", INT64_MAX);
    struct span value;
    assert_true(cookie_jar_find(jar_span(&jar), span_of("n"), NOW + 9, &value));
    assert_false(cookie_jar_find(jar_span(&jar), span_of("n"), NOW + 10, &value));
    const size_t len = jar.len;
    take_at(&jar, "http://a.b/", span_of("p=4"), NOW + 10);
    assert_int_equal(jar.len, 2 * len / 3);
}

static void a_place_without_tls_cannot_hide_a_secure_cookie(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };

    take(&jar, "https://x.a.b/", "n=1; Secure; Path=/x");
    assert_int_equal(take(&jar, "http://x.a.b/", "n=2; Path=/x"), -EINVAL);
    assert_int_equal(take(&jar, "http://x.a.b/", "n=2; Path=/x/y"), -EINVAL);
    assert_int_equal(take(&jar, "http://x.a.b/", "n=2; Path=/x; Domain=a.b"), -EINVAL);
    assert_int_equal(take(&jar, "http://y.x.a.b/", "n=2; Path=/x"), -EINVAL);
    assert_int_equal(take(&jar, "http://x.a.b/", "n=; Path=/x; Max-Age=0"), -EINVAL);
    assert_sent(&jar, "https://x.a.b/x", "n=1");
    assert_int_equal(take(&jar, "http://x.a.b/", "n=2; Path=/"), 0);
    assert_int_equal(take(&jar, "http://x.a.b/", "m=3; Path=/x"), 0);
    assert_int_equal(take(&jar, "http://y.a.b/", "n=4; Path=/x"), 0);
    assert_int_equal(take(&jar, "https://x.a.b/", "n=5; Path=/x"), 0);
    assert_sent(&jar, "http://x.a.b/x", "n=5; m=3; n=2");
}

static void the_cookie_found_by_name_is_the_one_set_last(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };

    assert_found(&jar, "n", NULL);
    take(&jar, "http://a.b/", "n=1; Path=/x");
    take(&jar, "http://a.b/", "n=2; Path=/");
    assert_found(&jar, "n", "2");
    take(&jar, "http://a.b/", "n=3; Path=/x");
    assert_found(&jar, "n", "3");
    take(&jar, "http://c.d/", "n=4; Path=/y");
    assert_found(&jar, "n", "4");
    assert_found(&jar, "N", NULL);
    assert_found(&jar, "", NULL);
}

static void a_cookie_set_by_hand_is_of_the_whole_host_and_without_end(void **state)
{
    (void)state;
    struct jar jar = { .len = 0 };

    assert_int_equal(set(&jar, "http://a.b/x/y?z", "n", "1"), 0);
    assert_int_equal(set(&jar, "http://a.b/", " m ", " v w\t"), 0);
    assert_int_equal(set(&jar, "http://a.b/", "e", ""), 0);
    assert_sent_at(&jar, "http://a.b/q", "n=1; m=v w; e=", INT64_MAX);
    assert_sent(&jar, "https://a.b/", "n=1; m=v w; e=");
    assert_sent(&jar, "http://x.a.b/", "");
    assert_int_equal(take(&jar, "http://a.b/", "n=2; Path=/"), 0);
    assert_sent(&jar, "http://a.b/", "n=2; m=v w; e=");
    assert_found(&jar, "n", "2");
    assert_int_equal(set(&jar, "https://a.b/", "__Host-n", "3"), 0);
    assert_sent(&jar, "https://a.b/", "n=2; m=v w; e=; __Host-n=3");
    assert_sent(&jar, "http://a.b/", "n=2; m=v w; e=");
}

static void a_cookie_set_by_hand_cannot_become_something_else(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "", "v" },           { " ", "v" },        { "n=m", "v" }, { "n;m", "v" },
        { "n", "v; w=x" },     { "n", "v\r\n" },    { "n\n", "v" }, { "n", "\x7f" },
        { "__Secure-n", "v" }, { "__Host-n", "v" },
    };
    struct jar jar = { .len = 0 };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(set(&jar, "http://a.b/", bad[i][0], bad[i][1]), -EINVAL);
    const struct cookie_place place = place_of("http://a.b/");
    char out[64];
    assert_int_equal(cookie_jar_set(jar_span(&jar), &place, SPAN_LITERAL("n"), SPAN_LITERAL("v\0w"),
                                    out, sizeof(out)),
                     -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_goes_where_its_attributes_say),
        cmocka_unit_test(what_a_place_may_not_set_is_refused_and_writes_nothing),
        cmocka_unit_test(no_text_makes_a_header_that_is_none),
        cmocka_unit_test(a_place_without_a_host_or_with_an_endless_one_sets_nothing),
        cmocka_unit_test(longer_paths_come_first_and_older_cookies_before_younger),
        cmocka_unit_test(a_cookie_replaces_the_one_of_its_name_domain_and_path_in_its_place),
        cmocka_unit_test(a_cookie_that_is_over_takes_its_older_self_along),
        cmocka_unit_test(a_cookie_is_sent_until_its_end_and_not_after),
        cmocka_unit_test(a_place_without_tls_cannot_hide_a_secure_cookie),
        cmocka_unit_test(the_cookie_found_by_name_is_the_one_set_last),
        cmocka_unit_test(a_cookie_set_by_hand_is_of_the_whole_host_and_without_end),
        cmocka_unit_test(a_cookie_set_by_hand_cannot_become_something_else),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("cookie", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
