/* test_url.c — goal: a URL is taken apart as its writer meant it, or refused with a reason. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "http/url.h"

#define HOST_63 "a23456789012345678901234567890123456789012345678901234567890123"

struct row {
    const char *text;
    bool is_tls;
    const char *userinfo, *host;
    unsigned port;
    bool port_is_default;
    const char *path, *query;
    const char *host_header;
};

static const struct row rows[] = {
    { "http://a", false, "", "a", 80, true, "", "", "a" },
    { "http://a/", false, "", "a", 80, true, "/", "", "a" },
    { "https://a/", true, "", "a", 443, true, "/", "", "a" },
    { "HTTPS://A.Example/", true, "", "A.Example", 443, true, "/", "", "A.Example" },
    { "http://a:8080/b/c", false, "", "a", 8080, false, "/b/c", "", "a:8080" },
    { "http://a:80/", false, "", "a", 80, true, "/", "", "a" },
    { "https://a:80/", true, "", "a", 80, false, "/", "", "a:80" },
    { "http://a:/", false, "", "a", 80, true, "/", "", "a" },
    { "http://a:65535", false, "", "a", 65535, false, "", "", "a:65535" },
    { "http://a:0443/", false, "", "a", 443, false, "/", "", "a:443" },
    { "http://a?q", false, "", "a", 80, true, "", "q", "a" },
    { "http://a/b?c=d&e#f", false, "", "a", 80, true, "/b", "c=d&e", "a" },
    { "http://a/b#c?d", false, "", "a", 80, true, "/b", "", "a" },
    { "http://a#c", false, "", "a", 80, true, "", "", "a" },
    { "http://a/?x?y/z", false, "", "a", 80, true, "/", "x?y/z", "a" },
    { "http://a/b//c/../%20;p", false, "", "a", 80, true, "/b//c/../%20;p", "", "a" },
    { "http://a/caf\xc3\xa9", false, "", "a", 80, true, "/caf\xc3\xa9", "", "a" },
    { "http://a/x@y:z", false, "", "a", 80, true, "/x@y:z", "", "a" },
    { "http://u:p@a:1/", false, "u:p", "a", 1, false, "/", "", "a:1" },
    { "http://u@b@a/", false, "u@b", "a", 80, true, "/", "", "a" },
    { "http://@a/", false, "", "a", 80, true, "/", "", "a" },
    { "http://[::1]/", false, "", "::1", 80, true, "/", "", "[::1]" },
    { "http://[::1]:8080/x", false, "", "::1", 8080, false, "/x", "", "[::1]:8080" },
    { "[::1]:8080", false, "", "::1", 8080, false, "", "", "[::1]:8080" },
    { "https://u@[2001:db8::7]", true, "u", "2001:db8::7", 443, true, "", "", "[2001:db8::7]" },
    { "127.0.0.1:8000/a?b", false, "", "127.0.0.1", 8000, false, "/a", "b", "127.0.0.1:8000" },
    { "localhost", false, "", "localhost", 80, true, "", "", "localhost" },
    { "localhost:8080", false, "", "localhost", 8080, false, "", "", "localhost:8080" },
    { "a/http://b/", false, "", "a", 80, true, "/http://b/", "", "a" },
    { "a?u=http://b/", false, "", "a", 80, true, "", "u=http://b/", "a" },
    { "http:8080/x", false, "", "http", 8080, false, "/x", "", "http:8080" },
    { "a_b-c.d.", false, "", "a_b-c.d.", 80, true, "", "", "a_b-c.d." },
};

static void every_part_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *x = &rows[i];
        struct url u;
        char host[300];
        const char *fault = url_parse(&u, span_of(x->text));
        if (fault)
            fail_msg("'%s': %s", x->text, fault);
        assert_int_equal(u.is_tls, x->is_tls);
        assert_true(span_equal(u.userinfo, span_of(x->userinfo)));
        assert_true(span_equal(u.host, span_of(x->host)));
        assert_int_equal(u.port, x->port);
        assert_int_equal(u.port_is_default, x->port_is_default);
        assert_true(span_equal(u.path, span_of(x->path)));
        assert_true(span_equal(u.query, span_of(x->query)));
        const size_t len = url_host_header(&u, host, sizeof(host));
        assert_true(span_equal((struct span){ host, len }, span_of(x->host_header)));
        assert_int_equal(url_host_header(&u, host, len), len);
        assert_int_equal(url_host_header(&u, host, len - 1), 0);
    }
}

static void an_empty_query_is_a_query(void **state)
{
    (void)state;
    struct url u;

    assert_null(url_parse(&u, span_of("http://a/b?")));
    assert_true(u.has_query);
    assert_int_equal(u.query.len, 0);
    assert_null(url_parse(&u, span_of("http://a/b#?")));
    assert_false(u.has_query);
}

static void what_cannot_be_requested_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } bad[] = {
        { "", "found nothing" },
        { "http://", "a host name, found none" },
        { "http:///a", "a host name, found none" },
        { "/a/b", "a host name, found none" },
        { "?a", "a host name, found none" },
        { "//a/b", "a host name, found none" },
        { "http://u@/a", "a host name, found none" },
        { "http://:80/", "a host name, found none" },
        { "ftp://a/", "another scheme" },
        { "ws://a/", "another scheme" },
        { "httpx://a/", "another scheme" },
        { "://a/", "another scheme" },
        { "http:/a/", "found ':/'" },
        { "http://a b/", "without spaces" },
        { "http://a/b c", "without spaces" },
        { " http://a/", "without spaces" },
        { "http://a/\r\nX: y", "a control byte" },
        { "http://a/\t", "a control byte" },
        { "http://a\x7f/", "a control byte" },
        { "http://a:0/", "found 0" },
        { "http://a:65536/", "a larger number" },
        { "http://a:99999999999999999999/", "a larger number" },
        { "http://a:8o/", "no number" },
        { "http://a:-1/", "no number" },
        { "http://a:+1/", "no number" },
        { "http://a:1:2/", "in brackets" },
        { "http://::1/", "in brackets" },
        { "::1", "in brackets" },
        { "http://[::1/", "expected ']'" },
        { "http://[", "expected ']'" },
        { "http://[]/", "something else" },
        { "http://[a]/", "something else" },
        { "http://[1.2.3.4]/", "something else" },
        { "http://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]/", "something longer" },
        { "http://[::1]x/", "another character" },
        { "http://[::1%25lo]/", "something else" },
        { "http://a\\b/", "another character" },
        { "http://b\xc3\xbc"
          "cher/",
          "another character" },
        { "http://a%41/", "another character" },
        { "http://${host}/", "another character" },
        { "http://" HOST_63 "." HOST_63 "." HOST_63 "." HOST_63 "/", "at most 253" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct url u = { .port = 7 };
        const char *fault = url_parse(&u, span_of(bad[i].text));
        if (!fault || !strstr(fault, bad[i].reason))
            fail_msg("'%s': %s", bad[i].text, fault ? fault : "accepted");
        assert_int_equal(u.port, 7);
    }
    struct url u;
    assert_non_null(url_parse(&u, (struct span){ "http://a/\0b", 11 }));
}

/* Every prefix and every one-byte change: no step outside, and parts lie inside the text. */
static void no_text_leads_outside_of_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t len = strlen(rows[i].text);
        for (size_t end = 0; end <= len; end++) {
            for (unsigned c = 0; c < 256; c += 3) {
                char *text = malloc(end ? end : 1);
                assert_non_null(text);
                memcpy(text, rows[i].text, end);
                if (end > 0)
                    text[end - 1] = c == 0 ? text[end - 1] : (char)c;
                struct url u;
                if (!url_parse(&u, (struct span){ text, end })) {
                    assert_true(u.host.bytes >= text && u.host.len > 0);
                    assert_true(u.host.bytes + u.host.len <= text + end);
                    assert_true(u.path.bytes + u.path.len <= text + end);
                    assert_true(u.query.bytes + u.query.len <= text + end);
                    assert_true(u.port > 0);
                }
                free(text);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_found),
        cmocka_unit_test(an_empty_query_is_a_query),
        cmocka_unit_test(what_cannot_be_requested_is_refused_with_a_reason),
        cmocka_unit_test(no_text_leads_outside_of_itself),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("url", tests, NULL, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
