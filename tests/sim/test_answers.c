/* goal: what a scenario wants to see in an answer is found, and what is missing is said in words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/content_coding.h"
#include "tests/sim/scene.h"

#define MS UINT64_C(1000000)

static struct scene scene;

static int close_scene(void **state)
{
    (void)state;
    scene_close(&scene);
    return 0;
}

#define BODY "{\"id\": 7, \"tags\": [\"a\", \"b c\"], \"none\": null}"

static const struct scene_reply replies[] = {
    { .request = "GET /json", .headers = "X-Id: 42\r\nSet-Cookie: theme=dark\r\n", .body = BODY },
    { .request = "GET /text", .body = "no json, but id=99;" },
    { .request = "GET /empty", .status = 204, .body = "" },
    { .request = "GET /missing", .status = 404, .body = "{\"why\": \"gone\"}" },
    { NULL }
};

/* One task, to be taken once by one user. */
static void open_play(const char *steps)
{
    char scenario[4096];
    snprintf(scenario, sizeof scenario,
             "host: http://127.0.0.1\n"
             "users: 1\n"
             "tasks:\n"
             "  - steps:\n"
             "      - if: iteration == 2\n"
             "        stop_user: true\n"
             "%s",
             steps);
    scene_open(&scene, scenario);
    scene.replies = replies;
}

static void play(const char *steps)
{
    open_play(steps);
    scene_run(&scene);
}

static void values_are_captured_wherever_they_are(void **state)
{
    (void)state;
    play("      - get: /json\n"
         "        capture:\n"
         "          id: json /id\n"
         "          tags: json /tags/*\n"
         "          x: header x-id\n"
         "          from: 'regex \"id\": (\\d)'\n"
         "          match: 'regex \\[.*\\]'\n"
         "          whole: body\n"
         "          theme: { cookie: theme }\n"
         "      - get: /${id}/${tags[1]}/${length(tags)}/${x}/${from}/${length(match)}/${theme}\n"
         "      - get: /${length(whole)}\n");
    char expected[128];
    snprintf(expected, sizeof expected, "GET /json, GET /7/b%%20c/2/42/7/12/dark, GET /%zu, ",
             sizeof BODY - 1);
    assert_string_equal(scene.log, expected);
}

/* A list is sent as JSON, and shows what its items are. */
static void a_value_keeps_its_type_wherever_it_is_kept(void **state)
{
    (void)state;
    char steps[2048] = "      - get: /json\n"
                       "        capture:\n"
                       "          id: json /id\n"
                       "          text: 'regex \"id\": (\\d)'\n"
                       "          array: json /tags\n"
                       "          tags: json /tags/*\n"
                       "          header: header x-id\n"
                       "          one: { json: /nothing, default: 1 }\n"
                       "          two: { json: /nothing, default: '2' }\n"
                       "      - set: { seen: [5, '6'], n: 9, t: '9', copy: '${id}', no: false }\n";
    static const char *const items[] = { "${id}",         "${text}",    "${array}", "${tags}",
                                         "${header}",     "${one}",     "${two}",   "${n}",
                                         "${t}",          "${copy}",    "${no}",    "${ok}",
                                         "${id + 1}",     "${5 / 2}",   "${id}0",   "${seen[2]}",
                                         "${last(tags)}", "${upper(t)}" };
    size_t len = strlen(steps);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        len += (size_t)snprintf(steps + len, sizeof steps - len, "      - append: { seen: '%s' }\n",
                                items[i]);
    snprintf(steps + len, sizeof steps - len,
             "      - get: /seen\n"
             "        headers: { Seen: '${seen}' }\n");
    open_play(steps);
    scene.logs_heads = true;
    scene_run(&scene);
    static const char expected[] = "\r\nSeen: [5,\"6\",7,\"7\",[\"a\", \"b c\"],[\"a\",\"b "
                                   "c\"],\"42\",1,\"2\",9,\"9\",7,false,true,"
                                   "8,2.5,\"70\",7,\"b c\",\"9\"]";
    if (scene_logged(&scene, expected) != 1)
        fail_msg("%s is not in %s", expected, scene.log);
}

static void what_may_be_missing_is_forgotten_or_has_a_default(void **state)
{
    (void)state;
    play("      - set: { a: old, b: old, c: old }\n"
         "      - get: /text\n"
         "        capture:\n"
         "          a: { json: /id, optional: true }\n"
         "          b: { header: X-Id, default: 'd f' }\n"
         "          c: { regex: 'id=(\\d+)', default: never }\n"
         "      - get: /${default(a, 'none')}/${b}/${c}\n");
    assert_string_equal(scene.log, "GET /text, GET /none/d%20f/99, ");
    assert_int_equal(scene_count(&scene, "/text", OUTCOME_OK), 1);
}

static void what_is_too_long_is_refused_with_a_reason(void **state)
{
    (void)state;
    static char large[300 * 1024];
    memset(large, 'x', sizeof large - 1);
    large[0] = '"';
    large[sizeof large - 2] = '"';
    const struct scene_reply longer[] = {
        { .request = "GET /large", .body = large },
        { .request = "GET /long", .body = large + sizeof large - 5000 },
        { NULL },
    };
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "run_time: 100ms\n"
                       "wait: 1s\n"
                       "tasks:\n"
                       "  - steps:\n"
                       "      - get: /large\n"
                       "        expect: { body: { contains: xyz } }\n"
                       "      - get: /large\n"
                       "        capture: { a: { regex: xyz, optional: true } }\n"
                       "      - get: /long\n"
                       "        expect: { body: { contains: xxx } }\n"
                       "      - get: /long\n"
                       "        capture: { a: body }\n"
                       "      - get: /never\n");
    scene.replies = longer;
    scene_run(&scene);
    assert_int_equal(scene_failures(&scene, "the response is too large to capture from"), 1);
    assert_int_equal(scene_failures(&scene, "'a': the value to capture is longer than 4096 bytes"),
                     1);
    assert_int_equal(scene_count(&scene, "/long", OUTCOME_OK), 1);
    assert_int_equal(scene_logged(&scene, "/never"), 0);
}

/* What a server says must not become something else in the next request. */
static void a_captured_value_that_would_break_a_request_is_not_sent(void **state)
{
    (void)state;
    static const struct scene_reply evil[] = {
        { .request = "GET /evil", .body = "{\"id\": \"a\\r\\nX: 1\"}" }, { NULL }
    };
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "run_time: 100ms\n"
                       "wait: 1s\n"
                       "tasks:\n"
                       "  - steps:\n"
                       "      - get: /evil\n"
                       "        capture: { id: json /id }\n"
                       "      - get: /never\n"
                       "        headers: { X-Id: \"${id}\" }\n"
                       "      - get: /${id}\n");
    scene.replies = evil;
    scene_run(&scene);
    assert_string_equal(scene.log, "GET /evil, GET /a%0D%0AX:%201, ");
    assert_int_equal(scene_failures(&scene, "'id' has a value that may not stand there"), 1);
}

/* The task ends where a required value is not there; the next one begins as usual. */
static void what_is_required_and_missing_ends_the_task(void **state)
{
    (void)state;
    static const struct {
        const char *capture, *message;
    } rows[] = {
        { "json /id", "'a': the response to capture from is not valid JSON" },
        { "json /id, b: json /none", "'a': the response to capture from is not valid JSON" },
        { "header X-Id", "'a': no header X-Id" },
        { "'regex nowhere'", "'a': nothing matches regex nowhere" },
        { "{ cookie: theme }", "'a': no cookie theme" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char steps[512];
        snprintf(steps, sizeof steps,
                 "      - get: /text\n"
                 "        capture: { a: %s }\n"
                 "      - get: /never\n",
                 rows[i].capture);
        play(steps);
        assert_int_equal(scene_failures(&scene, rows[i].message), 1);
        assert_int_equal(scene_logged(&scene, "/never"), 0);
        if (i + 1 < sizeof rows / sizeof rows[0])
            scene_close(&scene);
    }
}

static void the_last_answer_can_be_asked_about(void **state)
{
    (void)state;
    play("      - get: /missing\n"
         "      - if: status == 404 and not ok and json('/why') == 'gone'\n"
         "        steps:\n"
         "          - get: /seen\n"
         "      - if: json('/why') == none and header('X-Id') == none\n"
         "        steps:\n"
         "          - get: /json\n"
         "          - get: /${header('X-Id')}\n"
         "            if: ok\n");
    assert_string_equal(scene.log, "GET /missing, GET /seen, GET /json, GET /42, ");
    assert_int_equal(scene_failures(&scene, "status 404"), 1);
}

static void a_check_that_does_not_hold_says_what_it_found(void **state)
{
    (void)state;
    play("      - get: /json\n"
         "        name: fine\n"
         "        capture: { id: json /id }\n"
         "        expect:\n"
         "          status: 2xx\n"
         "          header: { X-Id: 42 }\n"
         "          json: { /id: '> 5', /tags: exists }\n"
         "          body: { contains: tags, matches: 'b c' }\n"
         "          size: '> 10'\n"
         "          latency: 10ms\n"
         "          that: id == 7\n"
         "      - get: /json\n"
         "        name: wrong id\n"
         "        expect: { json: { /id: 8 } }\n"
         "      - get: /json\n"
         "        name: slow\n"
         "        expect: { latency: 9ms }\n"
         "      - get: /json\n"
         "        name: no name\n"
         "        expect: { body: { contains: name } }\n"
         "      - get: /json\n"
         "        name: small\n"
         "        expect: { size: '> 1000' }\n"
         "      - get: /missing\n"
         "        name: missing\n"
         "        expect: { status: [200, 404], that: status == 200 }\n"
         "      - get: /empty\n"
         "        name: last\n");
    assert_int_equal(scene_count(&scene, "fine", OUTCOME_OK), 1);
    assert_int_equal(scene_failures(&scene, "expected json /id == 8, found '7'"), 1);
    assert_int_equal(scene_count(&scene, "slow", OUTCOME_FAILED), 1);
    assert_int_equal(scene_count(&scene, "no name", OUTCOME_FAILED), 1);
    assert_int_equal(scene_failures(&scene, "expected size > 1000, found 45"), 1);
    assert_int_equal(scene_failures(&scene, "expected status == 200, found 404"), 1);
    assert_int_equal(scene_count(&scene, "last", OUTCOME_OK), 1);
}

static void requests_that_are_not_recorded_are_in_no_account(void **state)
{
    (void)state;
    static const char *const mixed = "host: http://127.0.0.1\n"
                                     "users: 3\n"
                                     "run_time: 95ms\n"
                                     "tasks:\n"
                                     "  - steps:\n"
                                     "      - get: /json\n"
                                     "        record: false\n"
                                     "        capture: { id: json /id }\n"
                                     "      - get: /missing\n"
                                     "        record: false\n"
                                     "      - get: /${id}\n";
    scene_open(&scene, mixed);
    scene.replies = replies;
    scene_run(&scene);
    assert_int_equal(scene.plan->endpoint_count, 1);
    assert_int_equal(scene_count(&scene, "/${id}", OUTCOME_OK), 9);
    assert_int_equal(scene_counter(&scene, COUNTER_SCHEDULED), 9);
    assert_int_equal(scene_counter(&scene, COUNTER_UNRECORDED), 21); /* one more is awaited */
    assert_int_equal(scene_counter(&scene, COUNTER_UNRECORDED_FAILED), 9);
    assert_int_equal(scene.result.tally->failure_count, 0);
    assert_int_equal(scene.result.tally->status[404], 0);
    assert_int_equal(scene_counter(&scene, COUNTER_SENT), 30);

    scene.plan->load.requests_max = 3; /* neither do they count against a number of requests */
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/${id}", OUTCOME_OK), 3);
}

/* Cookies live as long as their user. */
static void cookies_come_back_with_requests_and_go_with_their_user(void **state)
{
    (void)state;
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "tasks:\n"
                       "  - steps:\n"
                       "      - get: /json\n"
                       "      - get: /json\n"
                       "      - cookies: { mine: 'a b' }\n"
                       "      - get: /${cookie('theme')}/${cookie('mine')}\n"
                       "      - clear_cookies\n"
                       "      - get: /bare\n"
                       "      - get: /json\n"
                       "      - clear_cookies\n"
                       "      - get: /json\n" /* a head like the one before, and not dull */
                       "      - get: /again\n"
                       "      - stop_user\n");
    scene.replies = replies;
    scene.logs_heads = true;
    for (unsigned memo = 0; memo < 2; memo++) {
        scene.config.no_memo = memo == 0;
        scene_run(&scene);
        assert_int_equal(scene_logged(&scene, "Cookie: theme=dark"), 3);
        assert_int_equal(scene_logged(&scene, "Cookie: theme=dark; mine=a b"), 1);
        assert_int_equal(scene_logged(&scene, "GET /dark/a%20b HTTP"), 1);
        assert_true(strstr(strstr(scene.log, "GET /bare"), "Cookie") >
                    strstr(scene.log, "GET /again"));
    }
}

/* A step is no request: what it could not do is told by the next one. */
static void a_cookie_that_cannot_be_kept_fails_the_next_request(void **state)
{
    (void)state;
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "tasks:\n"
                       "  - steps:\n"
                       "      - cookies: { kept: '1' }\n"
                       "      - set: { bad: 'a;b', line: \"a\\nb\", long: x }\n"
                       "      - repeat: 12\n"
                       "        steps: [ { set: { long: '${long}${long}' } } ]\n"
                       "      - cookies: { mine: '${bad}', after: '2' }\n"
                       "      - get: /semicolon\n"
                       "      - get: /next\n"
                       "      - cookies: { mine: '${line}' }\n"
                       "      - get: /line/${user}\n"
                       "      - cookies: { mine: '${none}' }\n"
                       "      - get: /none\n"
                       "        record: false\n"
                       "      - cookies: { mine: '${long}' }\n"
                       "      - get: /long\n"
                       "      - stop_user\n");
    scene.logs_heads = true;
    scene_run(&scene);
    assert_int_equal(scene_failures(&scene, "cookie 'mine' has a value that may not stand there"),
                     2);
    assert_int_equal(scene_failures(&scene, "cookie 'mine' makes the request too long"), 1);
    assert_int_equal(scene.result.tally->failures[0].class, FAILURE_SCENARIO);
    assert_int_equal(scene_counter(&scene, COUNTER_UNRECORDED_FAILED), 1);
    assert_int_equal(scene_logged(&scene, "GET "), 1);
    assert_int_equal(scene_logged(&scene, "Cookie: kept=1; after=2"), 1);
    assert_int_equal(scene_count(&scene, "/next", OUTCOME_OK), 1);
}

/* Two Cookie headers are one too many. */
static void a_cookie_header_of_a_request_stands_in_place_of_the_kept_ones(void **state)
{
    (void)state;
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "tasks:\n"
                       "  - steps:\n"
                       "      - cookies: { kept: '1' }\n"
                       "      - get: /a\n"
                       "        headers: { cookie: 'own=1' }\n"
                       "      - get: /${user}\n"
                       "        headers: { Cookie: 'own=2' }\n"
                       "      - get: /b\n"
                       "      - stop_user\n");
    scene.logs_heads = true;
    scene_run(&scene);
    assert_int_equal(scene_logged(&scene, "cookie: own=1"), 1);
    assert_int_equal(scene_logged(&scene, "Cookie: own=2"), 1);
    assert_int_equal(scene_logged(&scene, "Cookie: kept=1"), 1);
    assert_true(strstr(scene.log, "Cookie: kept=1") > strstr(scene.log, "GET /b"));
}

/* Heads that were seen before and set no cookie are not looked at again. */
static void a_head_without_cookies_is_still_remembered(void **state)
{
    (void)state;
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "run_time: 1s\n"
                       "tasks:\n"
                       "  - get: /a\n");
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 100);
    assert_int_equal(scene_counter(&scene, COUNTER_HEADS_MEMOISED), 99);
}

static void
a_head_is_known_again_where_bodies_are_looked_into_unless_they_are_compressed(void **state)
{
    (void)state;
    size_t len = 0;
    char *zipped = content_gzip(SPAN_LITERAL(BODY), &len);
    const struct scene_reply both[] = { { .request = "GET /zipped",
                                          .headers = "Content-Encoding: gzip\r\n",
                                          .body = zipped,
                                          .body_len = len },
                                        { .request = "GET /plain", .body = BODY },
                                        { NULL } };
    static const char *const paths[] = { "/zipped", "/plain" };
    for (unsigned i = 0; i < 2; i++) {
        char text[200];
        snprintf(text, sizeof(text),
                 "host: http://127.0.0.1\nusers: 1\ntasks:\n  - steps:\n      - repeat: 10\n"
                 "        steps:\n          - get: %s\n            capture: { id: json /id }\n"
                 "      - stop_user: true\n",
                 paths[i]);
        scene_open(&scene, text);
        scene.replies = both;
        scene_run(&scene);
        assert_int_equal(scene_count(&scene, paths[i], OUTCOME_OK), 10);
        assert_int_equal(scene_counter(&scene, COUNTER_HEADS_MEMOISED), i == 0 ? 0 : 9);
        if (i == 0)
            scene_close(&scene);
    }
    free(zipped);
}

static void a_body_that_came_compressed_is_looked_into(void **state)
{
    (void)state;
    size_t len = 0;
    char *zipped = content_gzip(SPAN_LITERAL(BODY), &len);
    const struct scene_reply coded[] = {
        { .request = "GET /zipped",
          .headers = "Content-Encoding: gzip\r\n",
          .body = zipped,
          .body_len = len },
        { .request = "GET /lied", .headers = "Content-Encoding: gzip\r\n" },
        { .request = "GET /odd", .headers = "Content-Encoding: rot13\r\n" },
        { NULL }
    };
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "tasks:\n"
                       "  - steps:\n"
                       "      - if: iteration == 2\n"
                       "        stop_user: true\n"
                       "      - get: /zipped\n"
                       "        capture: { id: json /id }\n"
                       "      - get: /${id}\n"
                       "      - get: /lied\n"
                       "        expect: { body: { contains: id } }\n"
                       "      - get: /odd\n"
                       "        capture: { id: body }\n"
                       "      - get: /never\n");
    scene.replies = coded;
    scene_run(&scene);
    assert_int_equal(scene_logged(&scene, "GET /7, "), 1);
    assert_int_equal(
        scene_failures(&scene, "the response's body is not what its Content-Encoding says"), 1);
    assert_int_equal(
        scene_failures(&scene, "the response has a Content-Encoding that is not known"), 1);
    assert_int_equal(scene_logged(&scene, "/never"), 0);
    free(zipped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SCENE(f) cmocka_unit_test_teardown(f, close_scene)
        SCENE(values_are_captured_wherever_they_are),
        SCENE(a_value_keeps_its_type_wherever_it_is_kept),
        SCENE(what_may_be_missing_is_forgotten_or_has_a_default),
        SCENE(what_is_too_long_is_refused_with_a_reason),
        SCENE(a_captured_value_that_would_break_a_request_is_not_sent),
        SCENE(what_is_required_and_missing_ends_the_task),
        SCENE(the_last_answer_can_be_asked_about),
        SCENE(a_check_that_does_not_hold_says_what_it_found),
        SCENE(requests_that_are_not_recorded_are_in_no_account),
        SCENE(cookies_come_back_with_requests_and_go_with_their_user),
        SCENE(a_cookie_that_cannot_be_kept_fails_the_next_request),
        SCENE(a_cookie_header_of_a_request_stands_in_place_of_the_kept_ones),
        SCENE(a_head_without_cookies_is_still_remembered),
        SCENE(a_head_is_known_again_where_bodies_are_looked_into_unless_they_are_compressed),
        SCENE(a_body_that_came_compressed_is_looked_into),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("answers", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
