/* test_redirect.c — goal: a redirect leads where its server meant, with the request that it asks
 * for, and no Location makes a request that is two. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/redirect.h"

/* ---- where to ---- */

/* Resolves from a block of exactly the location's size, seen from the URL `base`. */
static int resolve(struct span location, const char *base, struct url *ret_url, char *out,
                   size_t cap)
{
    struct url url;
    assert_null(url_parse(&url, span_of(base)));
    const struct span target = { url.path.bytes, strlen(url.path.bytes) };
    return redirect_resolve(location, &url, target, ret_url, out, cap);
}

static void assert_leads(const char *base, const char *location, const char *host,
                         const char *target)
{
    char out[256], header[64] = "";
    struct url url = { .port = 7 };
    const int len = resolve(span_of(location), base, &url, out, sizeof(out));

    if (len < 0 || !span_equal((struct span){ out, (size_t)len }, span_of(target)))
        fail_msg("'%s' from %s: %d '%.*s'", location, base, len, len < 0 ? 0 : len, out);
    const int scheme_len = snprintf(header, sizeof(header), "%s", url.is_tls ? "https " : "");
    url_host_header(&url, header + scheme_len, sizeof(header) - (size_t)scheme_len - 1);
    assert_string_equal(header, host);
}

static void the_examples_of_rfc_3986_lead_where_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *location, *host, *target;
    } rows[] = {
        /* section 5.4.1 */
        { "g", "a", "/b/c/g" },
        { "./g", "a", "/b/c/g" },
        { "g/", "a", "/b/c/g/" },
        { "/g", "a", "/g" },
        { "//g", "g", "/" },
        { "?y", "a", "/b/c/d;p?y" },
        { "g?y", "a", "/b/c/g?y" },
        { "#s", "a", "/b/c/d;p?q" },
        { "g#s", "a", "/b/c/g" },
        { "g?y#s", "a", "/b/c/g?y" },
        { ";x", "a", "/b/c/;x" },
        { "g;x", "a", "/b/c/g;x" },
        { "g;x?y#s", "a", "/b/c/g;x?y" },
        { "", "a", "/b/c/d;p?q" },
        { ".", "a", "/b/c/" },
        { "./", "a", "/b/c/" },
        { "..", "a", "/b/" },
        { "../", "a", "/b/" },
        { "../g", "a", "/b/g" },
        { "../..", "a", "/" },
        { "../../", "a", "/" },
        { "../../g", "a", "/g" },
        /* section 5.4.2 */
        { "../../../g", "a", "/g" },
        { "../../../../g", "a", "/g" },
        { "/./g", "a", "/g" },
        { "/../g", "a", "/g" },
        { "g.", "a", "/b/c/g." },
        { ".g", "a", "/b/c/.g" },
        { "g..", "a", "/b/c/g.." },
        { "..g", "a", "/b/c/..g" },
        { "./../g", "a", "/b/g" },
        { "./g/.", "a", "/b/c/g/" },
        { "g/./h", "a", "/b/c/g/h" },
        { "g/../h", "a", "/b/c/h" },
        { "g;x=1/./y", "a", "/b/c/g;x=1/y" },
        { "g;x=1/../y", "a", "/b/c/y" },
        { "g?y/./x", "a", "/b/c/g?y/./x" },
        { "g?y/../x", "a", "/b/c/g?y/../x" },
        { "g#s/./x", "a", "/b/c/g" },
        { "g#s/../x", "a", "/b/c/g" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_leads("http://a/b/c/d;p?q", rows[i].location, rows[i].host, rows[i].target);
}

static void a_location_leads_to_its_own_scheme_host_and_port_or_to_those_before(void **state)
{
    (void)state;
    static const struct {
        const char *base, *location, *host, *target;
    } rows[] = {
        { "http://a:8080/x", "/y", "a:8080", "/y" },
        { "https://a/x", "/y", "https a", "/y" },
        { "http://a:8080/x", "http://b/y?z", "b", "/y?z" },
        { "http://a:8080/x", "http://b", "b", "/" },
        { "http://a/x", "http://b?y", "b", "/?y" },
        { "http://a/x?q", "http://b#y", "b", "/" },
        { "http://a/x", "HTTPS://B:443/", "https B", "/" },
        { "http://a/x", "https://b:80/", "https b:80", "/" },
        { "http://a/x", "http://u:p@b:81/y", "b:81", "/y" },
        { "http://a/x", "//b:81/y/../z", "b:81", "/z" },
        { "https://a:8443/x", "//b/y", "https b", "/y" },
        { "https://a/x", "//b:80/y", "https b:80", "/y" },
        { "https://a/x", "//b:443/y", "https b", "/y" },
        { "http://a/x", "//http://b/", "http", "//b/" },
        { "http://a/x", "//[::1]:81/", "[::1]:81", "/" },
        { "http://[::1]:81/x", "//b/", "b", "/" },
        { "http://[::1]:81/x", "y", "[::1]:81", "/y" },
        { "http://a/x?u=http://c/", "?v=//d/", "a", "/x?v=//d/" },
        { "http://a/x/?/y/z", "w", "a", "/x/w" },
        { "http://a/x", "/y?a?b/../c", "a", "/y?a?b/../c" },
        { "http://a/x", "/y?", "a", "/y?" },
        { "http://a/x?q", "?", "a", "/x?" },
        { "http://a/x/./y/../z?q", "", "a", "/x/./y/../z?q" },
        { "http://a/x", "/..//y", "a", "//y" },
        { "http://a/x", "//b/..", "b", "/" },
        { "http://a/x", "/y//../z", "a", "/y/z" },
        { "http://a/x", "/...", "a", "/..." },
        { "http://a/x", "/%2e%2e/\\../y", "a", "/%2e%2e/\\../y" },
        { "http://a/x", " /y\t", "a", "/y" },
        { "http://a/x", "y/z:1", "a", "/y/z:1" },
        { "http://a/x", "./y:1", "a", "/y:1" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_leads(rows[i].base, rows[i].location, rows[i].host, rows[i].target);
}

/* The path and special-query percent-encode sets of the URL standard, as browsers have them. */
static void what_may_not_stand_in_a_target_is_percent_encoded(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "/y z", "/y%20z" },
        { "y  z/../w v", "/w%20v" },
        { "http://a/y z?q r#s t", "/y%20z?q%20r" },
        { "?q r", "/x?q%20r" },
        { "/caf\xc3\xa9?\xc3\xa9", "/caf%C3%A9?%C3%A9" },
        { "/\"<>^`{}?\"<>^`{}", "/%22%3C%3E%5E%60%7B%7D?%22%3C%3E^`{}" },
        { "/'?'", "/'?%27" },
        { "/%20%zz?%20", "/%20%zz?%20" },
        { "/[a]|b\\c!$&()*+,;=:@~", "/[a]|b\\c!$&()*+,;=:@~" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_leads("http://a/x", rows[i][0], "a", rows[i][1]);
}

static void a_target_without_a_path_is_seen_as_the_root(void **state)
{
    (void)state;
    struct url base, url;
    char out[16];

    assert_null(url_parse(&base, span_of("http://a")));
    assert_int_equal(redirect_resolve(span_of("x"), &base, span_of("*"), &url, out, 16), 2);
    assert_memory_equal(out, "/x", 2);
    assert_int_equal(redirect_resolve(span_of(""), &base, span_of("*"), &url, out, 16), 1);
    assert_memory_equal(out, "/", 1);
    assert_int_equal(redirect_resolve(span_of("x"), &base, (struct span){ "/", 0 }, &url, out, 16),
                     2);
    assert_memory_equal(out, "/x", 2);
}

static void a_target_that_could_not_be_sent_leads_nowhere(void **state)
{
    (void)state;
    struct url base, url;
    char out[64];

    assert_null(url_parse(&base, span_of("http://a")));
    assert_int_equal(redirect_resolve(span_of("x"), &base, span_of("/y\r\nX: y/z"), &url, out, 64),
                     -EINVAL);
}

static void what_cannot_be_requested_is_refused(void **state)
{
    (void)state;
    static const struct span bad[] = {
        SPAN_LITERAL("ftp://b/"),
        SPAN_LITERAL("javascript:alert(1)"),
        SPAN_LITERAL("mailto:a@b"),
        SPAN_LITERAL("b:80/y"),
        SPAN_LITERAL("http:g"),
        SPAN_LITERAL("http:/b/"),
        SPAN_LITERAL("a@b://c/"),
        SPAN_LITERAL("http://"),
        SPAN_LITERAL("http:///y"),
        SPAN_LITERAL("//"),
        SPAN_LITERAL("///y"),
        SPAN_LITERAL("//b:0/"),
        SPAN_LITERAL("//b:65536/"),
        SPAN_LITERAL("//b c/"),
        SPAN_LITERAL("//b\\c/"),
        SPAN_LITERAL("//::1/"),
        SPAN_LITERAL("/y\tz"),
        SPAN_LITERAL("http ://b/"),
        SPAN_LITERAL("/y\r\nX: z"),
        SPAN_LITERAL("/y\n"),
        SPAN_LITERAL("/y\r"),
        SPAN_LITERAL("/y\0"),
        SPAN_LITERAL("/y\x7f"),
        SPAN_LITERAL("/y#\r\n"),
        SPAN_LITERAL("http://b/\r\nX: z"),
        SPAN_LITERAL("http://b\r\nX: z"),
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char out[64];
        struct url url = { .port = 7 };
        const int rc = resolve(bad[i], "http://a/x", &url, out, sizeof(out));
        if (rc != -EINVAL)
            fail_msg("'%s': %d", bad[i].bytes, rc);
        assert_int_equal(url.port, 7);
    }
}

static void a_target_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const char *const locations[] = { "/yyyy", "yyyy", "?yyy", "http://b/yyyy", "#" };

    for (size_t i = 0; i < sizeof(locations) / sizeof(locations[0]); i++) {
        for (size_t cap = 0; cap < 6; cap++) {
            char *out = malloc(cap ? cap : 1);
            struct url url = { .port = 7 };
            assert_non_null(out);
            const int rc = resolve(span_of(locations[i]), "http://a/x?qqq", &url, out, cap);
            const int len = i == 4 ? 6 : i == 2 ? 6 : 5;
            assert_int_equal(rc, cap < (size_t)len ? -ENOSPC : len);
            assert_int_equal(url.port, rc < 0 ? 7 : 80);
            free(out);
        }
    }
}

static void no_location_makes_a_target_that_is_none(void **state)
{
    (void)state;
    static const char *const locations[] = { "https://u@bb.c:81/d/../e?f#g", "//[::1]:8/.././b?",
                                             "../c/./d/..?e" };

    for (size_t i = 0; i < sizeof(locations) / sizeof(locations[0]); i++) {
        for (size_t end = 0; end <= strlen(locations[i]); end++) {
            for (unsigned c = 0; c < 256; c++) {
                char *text = malloc(end ? end : 1), *out = malloc(40);
                struct url url;
                assert_true(text != NULL && out != NULL);
                memcpy(text, locations[i], end);
                if (end > 0 && c > 0)
                    text[end - 1] = (char)c;
                const int len =
                    resolve((struct span){ text, end }, "http://a/b/c?d", &url, out, 40);
                assert_true(len == -EINVAL || len > 0);
                if (len > 0)
                    assert_true(out[0] == '/' && memchr(out, '#', (size_t)len) == NULL);
                free(text);
                free(out);
            }
        }
    }
}

/* ---- the next request ---- */

#define HEAD_OF(method, more)                                                                      \
    method " /old?x HTTP/1.1\r\nHost: a.example\r\nUser-Agent: u\r\nAuthorization: Bearer t\r\n"   \
           "Cookie: o=1\r\n" more "Accept: */*\r\n\r\n"
#define WITH_BODY(method)                                                                          \
    HEAD_OF(method, "Content-Type: text/plain\r\ncontent-length: 9\r\n") "a\r\n\r\n\0b\r\n"

static const char new_head[] = " /new HTTP/1.1\r\nHost: b.example:81\r\nUser-Agent: u\r\n";

static struct redirect_next next_of(unsigned status)
{
    return (struct redirect_next){ .status = status,
                                   .target = SPAN_LITERAL("/new"),
                                   .host_header = SPAN_LITERAL("b.example:81") };
}

/* Renders from and into blocks of exactly their sizes. */
static void assert_renders(struct span request, const struct redirect_next *next,
                           struct span expected, bool is_head, bool is_idempotent)
{
    bool says_head = !is_head, says_idempotent = !is_idempotent;
    char *in = malloc(request.len), *out = malloc(expected.len);
    assert_true(in != NULL && out != NULL);
    memcpy(in, request.bytes, request.len);
    request.bytes = in;
    for (size_t cap = 0; cap < expected.len; cap++)
        assert_int_equal(redirect_render(request, next, out, cap, &says_head, &says_idempotent),
                         -ENOSPC);
    assert_int_equal(says_head, !is_head);
    const int len = redirect_render(request, next, out, expected.len, &says_head, &says_idempotent);
    if (len < 0 || !span_equal((struct span){ out, (size_t)len }, expected))
        fail_msg("%u: %d '%.*s'", next->status, len, len < 0 ? 0 : len, out);
    assert_int_equal(says_head, is_head);
    assert_int_equal(says_idempotent, is_idempotent);
    free(in);
    free(out);
}

static void the_status_says_what_becomes_of_the_method(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *method, *becomes;
        bool is_idempotent;
    } rows[] = {
        { 301, "GET", "GET", true },      { 302, "GET", "GET", true },
        { 303, "GET", "GET", true },      { 307, "GET", "GET", true },
        { 308, "GET", "GET", true },      { 301, "POST", "GET", true },
        { 302, "POST", "GET", true },     { 303, "POST", "GET", true },
        { 307, "POST", "POST", false },   { 308, "POST", "POST", false },
        { 301, "PUT", "PUT", true },      { 302, "DELETE", "DELETE", true },
        { 303, "PUT", "GET", true },      { 303, "DELETE", "GET", true },
        { 302, "PATCH", "PATCH", false }, { 308, "PATCH", "PATCH", false },
        { 303, "OPTIONS", "GET", true },  { 301, "OPTIONS", "OPTIONS", true },
        { 301, "HEAD", "HEAD", true },    { 302, "HEAD", "HEAD", true },
        { 303, "HEAD", "HEAD", true },    { 307, "HEAD", "HEAD", true },
        { 302, "post", "post", false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct redirect_next next = next_of(rows[i].status);
        char request[128], expected[128];
        snprintf(request, sizeof(request), "%s /old HTTP/1.1\r\nHost: a.example\r\n\r\n",
                 rows[i].method);
        snprintf(expected, sizeof(expected), "%s /new HTTP/1.1\r\nHost: b.example:81\r\n\r\n",
                 rows[i].becomes);
        assert_renders(span_of(request), &next, span_of(expected),
                       strcmp(rows[i].becomes, "HEAD") == 0, rows[i].is_idempotent);
    }
}

/* requests 2.28, sessions.py: rebuild_method() and resolve_redirects(); the length of no body is
 * added by urllib3 where a body is usual. */
static void locust_is_imitated_in_what_becomes_of_method_and_body(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *method, *becomes, *rest;
    } rows[] = {
        { 301, "GET", "GET", "\r\n" },
        { 301, "POST", "GET", "\r\n" },
        { 301, "PUT", "PUT", "Content-Length: 0\r\n\r\n" },
        { 301, "PATCH", "PATCH", "Content-Length: 0\r\n\r\n" },
        { 301, "DELETE", "DELETE", "\r\n" },
        { 302, "POST", "GET", "\r\n" },
        { 302, "PUT", "GET", "\r\n" },
        { 302, "PATCH", "GET", "\r\n" },
        { 302, "DELETE", "GET", "\r\n" },
        { 302, "OPTIONS", "GET", "\r\n" },
        { 302, "HEAD", "HEAD", "\r\n" },
        { 303, "PUT", "GET", "\r\n" },
        { 303, "HEAD", "HEAD", "\r\n" },
        { 307, "PUT", "PUT", "Content-Length: 1\r\n\r\nx" },
        { 308, "PATCH", "PATCH", "Content-Length: 1\r\n\r\nx" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct redirect_next next = next_of(rows[i].status);
        char request[128], expected[128];
        next.imitates_locust = true;
        snprintf(request, sizeof(request), "%s /old HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",
                 rows[i].method);
        snprintf(expected, sizeof(expected), "%s /new HTTP/1.1\r\nHost: b.example:81\r\n%s",
                 rows[i].becomes, rows[i].rest);
        assert_renders(span_of(request), &next, span_of(expected),
                       strcmp(rows[i].becomes, "HEAD") == 0, strcmp(rows[i].becomes, "PATCH") != 0);
    }
}

static void a_method_that_stays_keeps_its_body(void **state)
{
    (void)state;
    static const unsigned statuses[] = { 307, 308 };

    for (size_t i = 0; i < 2; i++) {
        const struct redirect_next next = next_of(statuses[i]);
        assert_renders(SPAN_LITERAL(WITH_BODY("POST")), &next,
                       SPAN_LITERAL("POST /new HTTP/1.1\r\nHost: b.example:81\r\nUser-Agent: u\r\n"
                                    "Authorization: Bearer t\r\nContent-Type: text/plain\r\n"
                                    "content-length: 9\r\nAccept: */*\r\n\r\na\r\n\r\n\0b\r\n"),
                       false, false);
    }
}

static void what_becomes_a_get_leaves_its_body_and_what_told_of_it(void **state)
{
    (void)state;
    static const unsigned statuses[] = { 301, 302, 303 };
    static const struct span request =
        SPAN_LITERAL(HEAD_OF("POST", "CONTENT-encoding: gzip\r\nContent-Type: a/b\r\n"
                                     "Content-Language: en\r\nContent-Length: 1\r\n"
                                     "Transfer-Encoding: x\r\nExpect: 100-continue\r\n") "x");
    char expected[256];

    for (size_t i = 0; i < 3; i++) {
        const struct redirect_next next = next_of(statuses[i]);
        snprintf(expected, sizeof(expected), "GET%sAuthorization: Bearer t\r\nAccept: */*\r\n\r\n",
                 new_head);
        assert_renders(request, &next, span_of(expected), false, true);
    }
    const struct redirect_next next = next_of(303);
    assert_renders(SPAN_LITERAL(WITH_BODY("GET")), &next, span_of(expected), false, true);
}

static void the_cookies_are_those_of_the_new_place(void **state)
{
    (void)state;
    struct redirect_next next = next_of(302);
    next.cookie = SPAN_LITERAL("n=2; m=3");

    assert_renders(SPAN_LITERAL(HEAD_OF("GET", "")), &next,
                   SPAN_LITERAL("GET /new HTTP/1.1\r\nHost: b.example:81\r\nUser-Agent: u\r\n"
                                "Authorization: Bearer t\r\nAccept: */*\r\n"
                                "Cookie: n=2; m=3\r\n\r\n"),
                   false, true);
}

static void credentials_do_not_go_to_another_host(void **state)
{
    (void)state;
    struct redirect_next next = next_of(302);
    next.is_other_host = true;

    assert_renders(SPAN_LITERAL(HEAD_OF("GET", "AUTHORIZATION: Basic x\r\n")), &next,
                   SPAN_LITERAL("GET /new HTTP/1.1\r\nHost: b.example:81\r\nUser-Agent: u\r\n"
                                "Accept: */*\r\n\r\n"),
                   false, true);
}

static void a_request_has_one_host_wherever_it_stood(void **state)
{
    (void)state;
    const struct redirect_next next = next_of(302);

    assert_renders(SPAN_LITERAL("GET / HTTP/1.1\r\nX: y\r\n\r\n"), &next,
                   SPAN_LITERAL("GET /new HTTP/1.1\r\nHost: b.example:81\r\nX: y\r\n\r\n"), false,
                   true);
    assert_renders(SPAN_LITERAL("GET / HTTP/1.1\r\nhost: c\r\nX:y \r\nHOST: d\r\n\r\n"), &next,
                   SPAN_LITERAL("GET /new HTTP/1.1\r\nHost: b.example:81\r\nX: y\r\n\r\n"), false,
                   true);
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    static const struct span bad[] = {
        SPAN_LITERAL("\r\n\r\n"),
        SPAN_LITERAL("GET\r\n\r\n"),
        SPAN_LITERAL(" / HTTP/1.1\r\n\r\n"),
        SPAN_LITERAL("G\nT / HTTP/1.1\r\n\r\n"),
        SPAN_LITERAL("GET / HTTP/1.1\n\n"),
        SPAN_LITERAL("GET / HTTP/1.1\r\nX\r\n\r\n"),
        SPAN_LITERAL("GET / HTTP/1.1\r\n: y\r\n\r\n"),
        SPAN_LITERAL("GET / HTTP/1.1\r\nX: y\r\n folded\r\n\r\n"),
        SPAN_LITERAL("GET / HTTP/1.1\r\nX: y\nZ: w\r\n\r\n"),
        SPAN_LITERAL("GET / HTTP/1.1\r\nX: \0\r\n\r\n"),
    };
    const struct redirect_next next = next_of(302);
    char out[256];
    bool is_head, is_idempotent;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(redirect_render(bad[i], &next, out, sizeof(out), &is_head, &is_idempotent),
                         -EINVAL);
    static const struct span whole = SPAN_LITERAL(HEAD_OF("GET", ""));
    for (size_t len = 0; len < whole.len; len++) {
        char *block = malloc(len ? len : 1);
        assert_non_null(block);
        memcpy(block, whole.bytes, len);
        assert_int_equal(redirect_render((struct span){ block, len }, &next, out, sizeof(out),
                                         &is_head, &is_idempotent),
                         -EINVAL);
        free(block);
    }
}

static void what_would_break_the_next_request_is_refused(void **state)
{
    (void)state;
    static const struct span request = SPAN_LITERAL(HEAD_OF("GET", ""));
    struct redirect_next bad[] = { next_of(302), next_of(302), next_of(302), next_of(302) };
    char out[256];
    bool is_head, is_idempotent;

    bad[0].target = SPAN_LITERAL("/x HTTP/1.1\r\nX: y");
    bad[1].target = SPAN_LITERAL("");
    bad[2].host_header = SPAN_LITERAL("b\r\nX: y");
    bad[3].cookie = SPAN_LITERAL("n=v\r\nX: y");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            redirect_render(request, &bad[i], out, sizeof(out), &is_head, &is_idempotent), -EINVAL);
}

static void a_proxy_is_asked_for_the_whole_url_of_the_next_place(void **state)
{
    (void)state;
    static const struct span request =
        SPAN_LITERAL("GET http://a/ HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
    static const struct span expected =
        SPAN_LITERAL("GET http://b:8/x HTTP/1.1\r\nHost: b:8\r\nX: y\r\n\r\n");
    const struct redirect_next next = { .status = 302,
                                        .authority = SPAN_LITERAL("http://b:8"),
                                        .target = SPAN_LITERAL("/x"),
                                        .host_header = SPAN_LITERAL("b:8") };
    assert_renders(request, &next, expected, false, true);
}

static void five_statuses_are_redirects(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned status = 0; status < 1000; status++)
        count += redirect_is_status(status);
    assert_int_equal(count, 5);
    assert_true(redirect_is_status(301) && redirect_is_status(302) && redirect_is_status(303));
    assert_true(redirect_is_status(307) && redirect_is_status(308));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_3986_lead_where_it_says),
        cmocka_unit_test(a_location_leads_to_its_own_scheme_host_and_port_or_to_those_before),
        cmocka_unit_test(what_may_not_stand_in_a_target_is_percent_encoded),
        cmocka_unit_test(a_target_without_a_path_is_seen_as_the_root),
        cmocka_unit_test(a_target_that_could_not_be_sent_leads_nowhere),
        cmocka_unit_test(what_cannot_be_requested_is_refused),
        cmocka_unit_test(a_target_that_does_not_fit_is_refused),
        cmocka_unit_test(no_location_makes_a_target_that_is_none),
        cmocka_unit_test(the_status_says_what_becomes_of_the_method),
        cmocka_unit_test(locust_is_imitated_in_what_becomes_of_method_and_body),
        cmocka_unit_test(a_method_that_stays_keeps_its_body),
        cmocka_unit_test(what_becomes_a_get_leaves_its_body_and_what_told_of_it),
        cmocka_unit_test(the_cookies_are_those_of_the_new_place),
        cmocka_unit_test(credentials_do_not_go_to_another_host),
        cmocka_unit_test(a_request_has_one_host_wherever_it_stood),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(what_would_break_the_next_request_is_refused),
        cmocka_unit_test(a_proxy_is_asked_for_the_whole_url_of_the_next_place),
        cmocka_unit_test(five_statuses_are_redirects),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("redirect", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
