/* test_plan_url.c — goal: a URL and its options become one request, byte for byte, or one line that
 * says what is wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "engine/plan/choose.h"
#include "engine/plan/diag.h"
#include "engine/plan/plan.h"

#define AGENT "User-Agent: squall/" SQUALL_VERSION "\r\n"

static struct diag_list diags;

static struct plan *plan_of(const struct plan_url_options *o)
{
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    if (plan_from_url(&plan, o, &diags) != 0)
        fail_msg("%s: %s", o->url, diags.entries[0].message);
    assert_int_equal(diags.count, 0);
    return plan;
}

static void assert_sent_bytes(const struct plan_url_options *o, struct span expected)
{
    struct plan *plan = plan_of(o);
    const struct template *t = &plan->requests[0].template;
    assert_true(template_is_fixed(t));
    assert_int_equal(t->whole.len, expected.len);
    assert_memory_equal(t->whole.bytes, expected.bytes, t->whole.len);
    assert_true(plan->request_bytes_max >= t->whole.len);
    plan_close(plan);
}

static void assert_sent(const struct plan_url_options *o, const char *expected)
{
    assert_sent_bytes(o, span_of(expected));
}

static void assert_refused(const struct plan_url_options *o, const char *message)
{
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    assert_int_equal(plan_from_url(&plan, o, &diags), -EINVAL);
    assert_null(plan);
    assert_int_equal(diags.count, 1);
    assert_int_equal(diags.entries[0].place.line, 0);
    assert_string_equal(diags.entries[0].message, message);
}

static void a_bare_url_is_a_get(void **state)
{
    (void)state;
    assert_sent(&(struct plan_url_options){ .url = "http://127.0.0.1:8000/a/b?c=d&e" },
                "GET /a/b?c=d&e HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n" AGENT "Accept: */*\r\n\r\n");
    assert_sent(&(struct plan_url_options){ .url = "localhost:80" },
                "GET / HTTP/1.1\r\nHost: localhost\r\n" AGENT "Accept: */*\r\n\r\n");
    assert_sent(&(struct plan_url_options){ .url = "http://[::1]:8080?q#x" },
                "GET /?q HTTP/1.1\r\nHost: [::1]:8080\r\n" AGENT "Accept: */*\r\n\r\n");
    assert_sent(&(struct plan_url_options){ .url = "http://a/\xC3\xA4?" },
                "GET /%C3%A4? HTTP/1.1\r\nHost: a\r\n" AGENT "Accept: */*\r\n\r\n");
}

static void headers_replace_defaults_of_their_name(void **state)
{
    (void)state;
    const char *const headers[] = { "host: other",    "X-A: 1",   "accept:",
                                    "USER-AGENT: me", "X-B:  2 ", "x-a: 3" };
    assert_sent(
        &(struct plan_url_options){ .url = "http://a/", .headers = headers, .header_count = 6 },
        "GET / HTTP/1.1\r\nhost: other\r\nUSER-AGENT: me\r\nx-a: 3\r\nX-B: 2\r\n\r\n");
}

static void a_request_that_says_close_is_the_only_one_of_its_connection(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint64_t limit;
    } rows[] = { { "connection: Close", 1 }, { "Connection: keep-alive", 7 } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plan *plan =
            plan_of(&(struct plan_url_options){ .url = "http://a/",
                                                .headers = &rows[i].header,
                                                .header_count = 1,
                                                .load = { .requests_per_connection = 7 } });
        assert_int_equal(plan->load.requests_per_connection, rows[i].limit);
        assert_int_equal(plan->requests[0].says_close, rows[i].limit == 1);
        plan_close(plan);
    }
}

static void a_body_makes_a_post_with_its_length(void **state)
{
    (void)state;
    assert_sent_bytes(
        &(struct plan_url_options){ .url = "http://a/", .body = "x=1\0y", .body_bytes = 5 },
        SPAN_LITERAL("POST / HTTP/1.1\r\nHost: a\r\n" AGENT
                     "Accept: */*\r\nContent-Length: 5\r\n\r\nx=1\0y"));
}

static void a_method_that_expects_a_body_says_when_there_is_none(void **state)
{
    (void)state;
    assert_sent(&(struct plan_url_options){ .url = "http://a/", .method = "POST" },
                "POST / HTTP/1.1\r\nHost: a\r\n" AGENT "Accept: */*\r\nContent-Length: 0\r\n\r\n");
    assert_sent(
        &(struct plan_url_options){
            .url = "http://a/", .method = "PUT", .body = "", .body_bytes = 0 },
        "PUT / HTTP/1.1\r\nHost: a\r\n" AGENT "Accept: */*\r\nContent-Length: 0\r\n\r\n");
    assert_sent(&(struct plan_url_options){ .url = "http://a/", .method = "DELETE" },
                "DELETE / HTTP/1.1\r\nHost: a\r\n" AGENT "Accept: */*\r\n\r\n");
    assert_sent(
        &(struct plan_url_options){
            .url = "http://a/", .method = "get", .body = "1", .body_bytes = 1 },
        "get / HTTP/1.1\r\nHost: a\r\n" AGENT "Accept: */*\r\nContent-Length: 1\r\n\r\n1");
}

static void a_plan_of_a_url_is_one_kind_one_task_one_request(void **state)
{
    (void)state;
    struct prng p;
    prng_init(&p, 1, 1);
    struct plan *plan = plan_of(&(struct plan_url_options){
        .url = "https://b.example/x?y",
        .method = "HEAD",
        .connections = 64,
        .pipeline = 16,
        .load = { .duration_ns = 10, .requests_max = 11, .timeout_ns = 12, .seed = 13 },
    });
    const struct plan_set *set = &plan->sets[plan->kinds[0].set];
    const struct plan_step *step = &plan->steps[set->tasks[0].first_step];
    assert_int_equal(plan->kind_count, 1);
    assert_int_equal(plan->kind_cycle_count, 1);
    assert_int_equal(plan->kind_cycle[0], 0);
    assert_int_equal(plan->kinds[0].setup, PLAN_NONE);
    assert_int_equal(set->task_count, 1);
    assert_int_equal(set->parent, PLAN_NONE);
    assert_int_equal(step[0].kind, STEP_REQUEST);
    assert_int_equal(step[1].kind, STEP_END);
    assert_int_equal(set->wait.kind, WAIT_NONE);
    assert_int_equal(alias_choose(&set->choice, &p), 0);
    assert_int_equal(plan->jar, PLAN_NONE);
    assert_true(plan->requests[0].is_recorded);
    assert_int_equal(plan->requests[0].redirects_max, 0);
    assert_int_equal(plan->load.users, 1024);
    assert_int_equal(plan->load.connections, 64);
    assert_int_equal(plan->load.pipeline, 16);
    assert_int_equal(plan->load.spawn_rate.num, 0);
    assert_int_equal(plan->load.duration_ns, 10);
    assert_int_equal(plan->load.requests_max, 11);
    assert_int_equal(plan->requests[0].timeout_ns, 12);
    assert_int_equal(plan->load.grace_ns, 2000000000);
    assert_int_equal(plan->load.seed, 13);
    assert_true(plan->requests[0].is_head && plan->requests[0].is_idempotent);
    assert_false(plan->requests[0].expects_status);
    assert_string_equal(plan->endpoints[0].method, "HEAD");
    assert_string_equal(plan->endpoints[0].name, "/x?y");
    assert_string_equal(plan->host, "https://b.example");
    assert_string_equal(plan->origins[0].connect_host, "b.example");
    assert_int_equal(plan->origins[0].connect_port, 443);
    assert_true(plan->origins[0].is_tls);
    assert_null(plan->file);
    plan_close(plan);
}

static void a_proxy_is_asked_for_whole_urls(void **state)
{
    (void)state;
    assert_sent(&(struct plan_url_options){ .url = "http://a:8000/b?c", .is_proxied = true },
                "GET http://a:8000/b?c HTTP/1.1\r\nHost: a:8000\r\n" AGENT "Accept: */*\r\n\r\n");
    assert_sent(&(struct plan_url_options){ .url = "[::1]:80", .is_proxied = true },
                "GET http://[::1]/ HTTP/1.1\r\nHost: [::1]\r\n" AGENT "Accept: */*\r\n\r\n");
}

static void a_proxy_is_asked_for_a_tunnel_before_tls(void **state)
{
    (void)state;
    const struct plan_url_options o = { .url = "https://a/b", .is_proxied = true };
    assert_sent(&o, "GET /b HTTP/1.1\r\nHost: a\r\n" AGENT "Accept: */*\r\n\r\n");
    struct plan *plan = plan_of(&o);
    assert_true(span_equal(plan->origins[0].tunnel_request,
                           SPAN_LITERAL("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")));
    plan_close(plan);
    plan = plan_of(&(struct plan_url_options){ .url = "https://[::1]:8443/", .is_proxied = true });
    assert_true(
        span_equal(plan->origins[0].tunnel_request,
                   SPAN_LITERAL("CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n")));
    plan_close(plan);
    plan = plan_of(&(struct plan_url_options){ .url = "https://a/b" });
    assert_int_equal(plan->origins[0].tunnel_request.len, 0);
    plan_close(plan);
}

static void a_plan_outlives_the_words_it_was_made_of(void **state)
{
    (void)state;
    char url[] = "http://a:1/b?c", method[] = "PATCH", header[] = "X-Y: z", body[] = "data";
    const char *const headers[] = { header };
    struct plan *plan = plan_of(&(struct plan_url_options){ .url = url,
                                                            .method = method,
                                                            .headers = headers,
                                                            .header_count = 1,
                                                            .body = body,
                                                            .body_bytes = 4 });
    memset(url, '!', sizeof(url) - 1);
    memset(method, '!', sizeof(method) - 1);
    memset(header, '!', sizeof(header) - 1);
    memset(body, '!', sizeof(body) - 1);
    const struct span sent = plan->requests[0].template.whole;
    assert_null(memchr(sent.bytes, '!', sent.len));
    assert_string_equal(plan->endpoints[0].method, "PATCH");
    assert_string_equal(plan->endpoints[0].name, "/b?c");
    char *words = plan_describe(plan);
    assert_null(strchr(words, '!'));
    assert_non_null(strstr(words, "100.0%  PATCH /b?c\n"));
    free(words);
    plan_close(plan);
}

static void what_cannot_be_sent_is_refused_in_one_line(void **state)
{
    (void)state;
    const char *const broken[] = { "no header" }, *const split[] = { "A: b\r\nC: d" };
    const char *const length[] = { "content-length: 5" }, *const host[] = { "Host:" };
    assert_refused(&(struct plan_url_options){ .url = "ftp://a/" },
                   "expected an http URL such as 'http://127.0.0.1:8000/', found 'ftp://a/': "
                   "expected 'http://' or 'https://', found another scheme");
    assert_refused(&(struct plan_url_options){ .url = "" },
                   "expected an http URL such as 'http://127.0.0.1:8000/', found nothing: "
                   "expected a URL such as 'http://127.0.0.1:8080/', found nothing");
    assert_refused(
        &(struct plan_url_options){ .url = "http://a:b@c/" },
        "expected a URL without a user's name, found 'http://a:b@c/': use -H 'Authorization: ..'");
    assert_refused(&(struct plan_url_options){ .url = "http://a/", .method = "G T" },
                   "expected a method such as 'GET', found 'G T'");
    assert_refused(&(struct plan_url_options){ .url = "http://a/", .method = "GET\r\nX" },
                   "expected a method such as 'GET', found 'GET\\x0D\\x0AX'");
    assert_refused(&(struct plan_url_options){ .url = "http://a/", .method = "" },
                   "expected a method such as 'GET', found nothing");
    assert_refused(
        &(struct plan_url_options){ .url = "http://a/", .headers = broken, .header_count = 1 },
        "expected a header such as 'Accept: text/html', found 'no header'");
    assert_refused(
        &(struct plan_url_options){ .url = "http://a/", .headers = split, .header_count = 1 },
        "expected a header such as 'Accept: text/html', found 'A: b\\x0D\\x0AC: d'");
    assert_refused(
        &(struct plan_url_options){ .url = "http://a/", .headers = length, .header_count = 1 },
        "expected no header 'content-length': the length is written from the body sent");
    assert_refused(
        &(struct plan_url_options){ .url = "http://a/", .headers = host, .header_count = 1 },
        "expected a host after 'Host:', found nothing");
    assert_refused(
        &(struct plan_url_options){ .url = "http://a/", .body = "", .body_bytes = (size_t)1 << 30 },
        "expected a body of at most 16 MiB, found 1073741824 bytes");
    assert_refused(
        &(struct plan_url_options){ .url = "http://a/", .connections = 1u << 31, .pipeline = 2 },
        "expected fewer requests in flight, found 2147483648 connections times 2");
}

static void all_mistakes_are_listed(void **state)
{
    (void)state;
    const char *const headers[] = { "a", "b" };
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    assert_int_equal(plan_from_url(&plan,
                                   &(struct plan_url_options){ .url = "http://a/",
                                                               .method = "(",
                                                               .headers = headers,
                                                               .header_count = 2 },
                                   &diags),
                     -EINVAL);
    assert_int_equal(diags.count, 3);
    static const char *many[500];
    for (size_t i = 0; i < 500; i++)
        many[i] = "A: b";
    assert_refused(
        &(struct plan_url_options){ .url = "http://a/", .headers = many, .header_count = 500 },
        "expected at most 100 headers, found more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_url_is_a_get),
        cmocka_unit_test(headers_replace_defaults_of_their_name),
        cmocka_unit_test(a_request_that_says_close_is_the_only_one_of_its_connection),
        cmocka_unit_test(a_body_makes_a_post_with_its_length),
        cmocka_unit_test(a_method_that_expects_a_body_says_when_there_is_none),
        cmocka_unit_test(a_plan_of_a_url_is_one_kind_one_task_one_request),
        cmocka_unit_test(a_proxy_is_asked_for_whole_urls),
        cmocka_unit_test(a_proxy_is_asked_for_a_tunnel_before_tls),
        cmocka_unit_test(a_plan_outlives_the_words_it_was_made_of),
        cmocka_unit_test(what_cannot_be_sent_is_refused_in_one_line),
        cmocka_unit_test(all_mistakes_are_listed),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("plan_url", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
