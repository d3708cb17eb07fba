/* goal: a chain of redirects is one request, however it goes and wherever it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/scene.h"

#define MS UINT64_C(1000000)

static struct scene scene;

static int close_scene(void **state)
{
    (void)state;
    scene_close(&scene);
    return 0;
}

/* One task, taken once by one user. */
static void play(const char *request, const struct scene_reply *replies)
{
    char scenario[2048];
    snprintf(scenario, sizeof scenario,
             "host: http://127.0.0.1\n"
             "hosts: [ 'http://other.example:8080' ]\n"
             "users: 1\n"
             "tasks:\n"
             "  - steps:\n"
             "%s"
             "      - stop_user\n",
             request);
    scene_open(&scene, scenario);
    scene.replies = replies;
    scene.logs_heads = strstr(request, "headers") != NULL;
    scene_run(&scene);
}

static const struct scene_reply chain[] = {
    { .request = "GET /a", .status = 302, .headers = "Location: /b\r\n" },
    { .request = "POST /a", .status = 302, .headers = "Location: /b\r\n" },
    { .request = "GET /b", .status = 301, .headers = "Location: /dir/../c?d=1#e\r\n" },
    { .request = "GET /c?d=1", .body = "the end" },
    { NULL }
};

static void a_chain_is_one_request_of_the_first_name(void **state)
{
    (void)state;
    play("      - get: /a\n", chain);
    const struct tally_endpoint *row = &scene.result.tally->endpoints[0];
    assert_string_equal(scene.log, "GET /a, GET /b, GET /c?d=1, ");
    assert_int_equal(scene.plan->endpoint_count, 1);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 1);
    assert_int_equal(row->latency[OUTCOME_OK].min_ns, 30 * MS);
    assert_int_equal(row->service[OUTCOME_OK].min_ns, 30 * MS);
    assert_int_equal(row->bytes_in, scene.result.truth.bytes_sent);
    assert_int_equal(row->bytes_out, scene.result.truth.bytes_received);
    assert_int_equal(row->bytes_body, strlen("the end"));
    assert_int_equal(scene.result.tally->status[200], 1);
    assert_int_equal(scene.result.tally->status[302], 0);
    assert_int_equal(scene_counter(&scene, COUNTER_SCHEDULED), 1);
    assert_int_equal(scene_counter(&scene, COUNTER_REDIRECTS_FOLLOWED), 2);
    assert_int_equal(scene_counter(&scene, COUNTER_OPENED), 1);
}

static void the_limit_of_redirects_is_a_failure(void **state)
{
    (void)state;
    static const struct scene_reply forever[] = {
        { .request = "GET /a", .status = 303, .headers = "Location: /a\r\n" }, { NULL }
    };
    play("      - get: /a\n"
         "        redirects: 3\n",
         forever);
    assert_int_equal(scene_logged(&scene, "GET /a"), 4);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_FAILED), 1);
    assert_int_equal(scene_failures(&scene, "redirected more than 3 times"), 1);
}

/* Each hop takes 10 ms: the one that begins at 20 ms is not answered in time. */
static void the_timeout_of_a_request_is_that_of_its_chain(void **state)
{
    (void)state;
    static const struct scene_reply forever[] = {
        { .request = "GET /a", .status = 303, .headers = "Location: /a\r\n" }, { NULL }
    };
    play("      - get: /a\n"
         "        timeout: 25ms\n",
         forever);
    assert_int_equal(scene_logged(&scene, "GET /a"), 3);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_FAILED), 1);
    assert_int_equal(scene.result.tally->endpoints[0].service[OUTCOME_FAILED].max_ns, 25 * MS);
    assert_int_equal(scene_failures(&scene, failure_sentence(FAILURE_TIMEOUT_FIRST_BYTE)), 1);
}

static void without_redirects_the_first_answer_is_the_answer(void **state)
{
    (void)state;
    play("      - get: /a\n"
         "        redirects: 0\n"
         "      - head: /a\n",
         chain);
    assert_string_equal(scene.log, "GET /a, HEAD /a, ");
    assert_int_equal(scene.result.tally->status[302], 1);
    assert_int_equal(scene_counter(&scene, COUNTER_REDIRECTS_FOLLOWED), 0);
}

static void a_redirect_that_says_no_place_is_an_answer(void **state)
{
    (void)state;
    static const struct scene_reply nowhere[] = { { .request = "GET /a", .status = 302 },
                                                  { NULL } };
    play("      - get: /a\n", nowhere);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 1);
    assert_int_equal(scene.result.tally->status[302], 1);
}

static void a_post_becomes_a_get_or_is_repeated(void **state)
{
    (void)state;
    static const struct scene_reply moved[] = {
        { .request = "POST /a", .status = 302, .headers = "Location: /b\r\n" },
        { .request = "POST /c", .status = 307, .headers = "Location: /d\r\n" },
        { NULL }
    };
    play("      - post: /a\n"
         "        headers: { X: '1' }\n"
         "        body: 'sent ${user}'\n"
         "      - post: /c\n"
         "        body: 'sent ${user}'\n",
         moved);
    assert_int_equal(scene_logged(&scene, "GET /b HTTP/1.1"), 1);
    assert_int_equal(scene_logged(&scene, "POST /d HTTP/1.1"), 1);
    const char *got = strstr(scene.log, "GET /b");
    const char *posted = strstr(scene.log, "POST /c");
    assert_true(strstr(got, "Content-Length") > posted);
    assert_int_equal(scene_logged(&scene, "Content-Length: 6\r\n") +
                         scene_logged(&scene, "Content-Length: 6, "),
                     3);
    /* 3 times 6 bytes of body arrived, or the heads would not have been found. */
    assert_int_equal(scene_count(&scene, "/c", OUTCOME_OK), 1);
}

/* Fetch, section 4.4, has only POST become GET; requests, which Locust sends with, all but HEAD. */
static void a_put_is_repeated_unless_locust_is_imitated(void **state)
{
    (void)state;
    static const struct scene_reply moved[] = {
        { .request = "PUT /a", .status = 302, .headers = "Location: /b\r\n" }, { NULL }
    };
    play("      - put: /a\n"
         "        body: sent\n",
         moved);
    assert_string_equal(scene.log, "PUT /a, PUT /b, ");
    scene.plan->load.imitates_locust = true;
    scene_run(&scene);
    assert_string_equal(scene.log, "PUT /a, GET /b, ");
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 1);
}

static void a_host_that_the_scenario_names_is_followed_to(void **state)
{
    (void)state;
    static const struct scene_reply away[] = {
        { .request = "GET /a",
          .status = 307,
          .headers = "Location: http://other.example:8080/b\r\nSet-Cookie: here=1\r\n" },
        { .request = "GET /b", .headers = "Set-Cookie: there=2\r\n" },
        { NULL }
    };
    play("      - get: /a\n"
         "        headers: { Authorization: secret }\n"
         "      - get: /c\n"
         "      - get: http://other.example:8080/d\n",
         away);
    const char *b = strstr(scene.log, "GET /b");
    const char *c = strstr(scene.log, "GET /c");
    const char *d = strstr(scene.log, "GET /d");
    const char *host = strstr(b, "Host: other.example:8080");
    assert_true(host != NULL && host < c);
    assert_int_equal(scene_logged(&scene, "Authorization: secret"), 1); /* it stayed behind */
    const char *here = strstr(scene.log, "Cookie: here=1");
    assert_true(here > c && here < d); /* each place gets its own cookies */
    assert_true(strstr(scene.log, "Cookie: there=2") > d);
    assert_int_equal(scene_counter(&scene, COUNTER_OPENED), 2);
}

static void a_host_that_nobody_named_is_not_followed_to(void **state)
{
    (void)state;
    static const struct scene_reply away[] = {
        { .request = "GET /a", .status = 302, .headers = "Location: //evil.example/b\r\n" },
        { .request = "GET /b", .status = 302, .headers = "Location: https://127.0.0.1/b\r\n" },
        { .request = "GET /c", .status = 302, .headers = "Location: mailto:a@b\r\n" },
        { NULL }
    };
    play("      - get: /a\n"
         "      - get: /b\n"
         "      - get: /c\n",
         away);
    assert_int_equal(scene_failures(&scene, "redirected to '//evil.example/b', a host that the "
                                            "scenario does not name: add it to 'hosts:'"),
                     1);
    assert_int_equal(scene_count(&scene, "/b", OUTCOME_FAILED), 1);
    assert_int_equal(
        scene_failures(&scene, "redirected to 'mailto:a@b', which cannot be requested"), 1);
    assert_string_equal(scene.log, "GET /a, GET /b, GET /c, ");
}

static void a_long_place_is_shown_by_its_beginning(void **state)
{
    (void)state;
    static const struct scene_reply away[] = {
        { .request = "GET /a",
          .status = 302,
          .headers =
              "Location: ftp://sixty.example/123456789012345678901234567890123456/end-of-it\r\n" },
        { NULL }
    };
    play("      - get: /a\n", away);
    assert_int_equal(
        scene_failures(
            &scene, "redirected to 'ftp://sixty.example/123456789012345678901234567890123456...', "
                    "which cannot be requested"),
        1);
}

static void cookies_of_a_chain_go_with_the_next_request(void **state)
{
    (void)state;
    static const struct scene_reply login[] = {
        { .request = "POST /login",
          .status = 303,
          .headers = "Set-Cookie: id=7; Path=/\r\nSet-Cookie: only=login; Path=/login\r\n"
                     "Location: /home\r\n" },
        { .request = "GET /out", .headers = "Set-Cookie: id=; Max-Age=0\r\n" },
        { NULL }
    };
    play("      - post: /login\n"
         "        headers: { X: '1' }\n"
         "        form: { a: b }\n"
         "      - get: /fixed\n"
         "      - get: /login/again\n"
         "      - get: /out\n"
         "      - get: /last\n",
         login);
    const char *home = strstr(scene.log, "GET /home");
    const char *fixed = strstr(scene.log, "GET /fixed");
    const char *last = strstr(scene.log, "GET /last");
    assert_true(strstr(scene.log, "Cookie: id=7") > home);
    assert_true(strstr(scene.log, "Cookie: id=7") < fixed);
    assert_int_equal(scene_logged(&scene, "Cookie: id=7"), 3);
    assert_int_equal(scene_logged(&scene, "Cookie: only=login; id=7"), 1);
    assert_null(strstr(last, "Cookie"));
}

/* Each fate of the second answer, before and in the middle of it. */
static void a_chain_that_breaks_is_one_failure(void **state)
{
    (void)state;
    static const struct {
        enum fate fate;
        enum failure_class class;
    } rows[] = { { FATE_RESET, FAILURE_RESET_MID_RESPONSE },
                 { FATE_CUT, FAILURE_EOF_BEFORE_RESPONSE },
                 { FATE_NEVER, FAILURE_TIMEOUT_FIRST_BYTE },
                 { FATE_MALFORMED, FAILURE_PROTO_PARSE } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct scene_reply broken[] = {
            { .request = "GET /a", .status = 302, .headers = "Location: /b\r\n" },
            { .request = "POST /b", .fate = rows[i].fate },
            { .request = "GET /b", .fate = rows[i].fate },
            { NULL }
        };
        scene_open(&scene, "host: http://127.0.0.1\n"
                           "users: 1\n"
                           "timeout: 1s\n"
                           "tasks:\n"
                           "  - steps:\n"
                           "      - get: /a\n"
                           "      - if: not ok and status == 0\n"
                           "        steps:\n"
                           "          - get: /on\n"
                           "      - stop_user\n");
        scene.replies = broken;
        scene_run(&scene);
        assert_int_equal(scene_count(&scene, "/a", OUTCOME_FAILED), 1);
        assert_int_equal(scene_count(&scene, "/on", OUTCOME_OK), 1);
        assert_int_equal(scene.result.tally->failure_count, 1);
        assert_int_equal(scene.result.tally->failures[0].class, rows[i].class);
        assert_true(scene.result.tally->endpoints[0].bytes_in > 0); /* of the first answer */
        if (i + 1 < sizeof rows / sizeof rows[0])
            scene_close(&scene);
    }
}

static void a_chain_in_flight_at_the_end_is_counted_as_that(void **state)
{
    (void)state;
    static const struct scene_reply slow[] = { { .request = "GET /a",
                                                 .status = 302,
                                                 .headers =
                                                     "Location: http://other.example:8080/b\r\n" },
                                               { .request = "GET /b", .fate = FATE_NEVER },
                                               { NULL } };
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "hosts: [ 'http://other.example:8080' ]\n"
                       "users: 5\n"
                       "run_time: 5ms\n"
                       "tasks:\n"
                       "  - get: /a\n");
    scene.replies = slow;
    scene_run(&scene);
    assert_int_equal(scene_logged(&scene, "/b"), 5); /* the grace lets chains go on */
    assert_int_equal(scene_counter(&scene, COUNTER_IN_FLIGHT_AT_END), 5);
    assert_int_equal(scene_counter(&scene, COUNTER_SCHEDULED), 5);
}

/* 2 ms each way: at 20 ms the answers have come and the other host is being connected to. */
static void a_chain_that_waits_for_a_connection_goes_on_after_the_end(void **state)
{
    (void)state;
    static const struct scene_reply replies[] = {
        { .request = "GET /a", .status = 302, .headers = "Location: http://other.example/b\r\n" },
        { NULL }
    };
    for (unsigned shared = 0; shared < 2; shared++) {
        scene_open(&scene, "host: http://127.0.0.1\n"
                           "hosts: [ 'http://other.example' ]\n"
                           "users: 5\n"
                           "run_time: 20ms\n"
                           "tasks:\n"
                           "  - get: /a\n");
        scene.plan->load.is_shared = shared == 1;
        scene.plan->load.connections = 5;
        scene.config.latency_ns = 2 * MS;
        scene.replies = replies;
        scene_run(&scene);
        assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 5);
        assert_int_equal(scene_counter(&scene, COUNTER_SCHEDULED), 5);
        if (shared == 0)
            scene_close(&scene);
    }
}

/* Pipelined requests share a buffer: each chain goes on from its own request. */
static void pipelined_requests_are_redirected_each_for_itself(void **state)
{
    (void)state;
    static const struct scene_reply replies[] = {
        { .request = "GET /0/x", .status = 307, .headers = "Location: y\r\n" },
        { .request = "GET /1/x", .status = 307, .headers = "Location: y\r\n" },
        { .request = "GET /2/x", .status = 307, .headers = "Location: y\r\n" },
        { .request = "GET /3/x", .status = 307, .headers = "Location: y\r\n" },
        { NULL }
    };
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 4\n"
                       "tasks:\n"
                       "  - steps:\n"
                       "      - get: /${user}/x\n"
                       "        name: /x\n"
                       "      - stop_user\n");
    scene.plan->load.pipeline = 4;
    scene.replies = replies;
    scene_run(&scene);
    for (unsigned i = 0; i < 4; i++) {
        char text[32];
        snprintf(text, sizeof text, "GET /%u/y, ", i);
        assert_int_equal(scene_logged(&scene, text), 1);
    }
    assert_int_equal(scene_count(&scene, "/x", OUTCOME_OK), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SCENE(f) cmocka_unit_test_teardown(f, close_scene)
        SCENE(a_chain_is_one_request_of_the_first_name),
        SCENE(the_limit_of_redirects_is_a_failure),
        SCENE(the_timeout_of_a_request_is_that_of_its_chain),
        SCENE(without_redirects_the_first_answer_is_the_answer),
        SCENE(a_redirect_that_says_no_place_is_an_answer),
        SCENE(a_post_becomes_a_get_or_is_repeated),
        SCENE(a_put_is_repeated_unless_locust_is_imitated),
        SCENE(a_host_that_the_scenario_names_is_followed_to),
        SCENE(a_host_that_nobody_named_is_not_followed_to),
        SCENE(a_long_place_is_shown_by_its_beginning),
        SCENE(cookies_of_a_chain_go_with_the_next_request),
        SCENE(a_chain_that_breaks_is_one_failure),
        SCENE(a_chain_in_flight_at_the_end_is_counted_as_that),
        SCENE(a_chain_that_waits_for_a_connection_goes_on_after_the_end),
        SCENE(pipelined_requests_are_redirected_each_for_itself),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("redirects", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                            : EXIT_FAILURE;
}
