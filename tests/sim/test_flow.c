/* goal: users take the steps of a scenario in the order it says, whatever is in them, and stop as
 * they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/worker.h"
#include "tests/sim/scene.h"

#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

static struct scene scene;

static int close_scene(void **state)
{
    (void)state;
    scene_close(&scene);
    return 0;
}

/* One user, who stops by itself. */
static void play(const char *scenario)
{
    scene_open(&scene, scenario);
    scene_run(&scene);
}

static void blocks_are_taken_as_they_are_written(void **state)
{
    (void)state;
    play("host: http://127.0.0.1\n"
         "users: 1\n"
         "variables: { tries: 0, ids: [] }\n"
         "tasks:\n"
         "  - steps:\n"
         "      - repeat: 2\n"
         "        steps:\n"
         "          - repeat: 1 + 1\n"
         "            steps:\n"
         "              - append: { ids: \"${length(ids)}\" }\n"
         "              - get: /deep\n"
         "          - get: /shallow\n"
         "      - for_each: { id: ids }\n"
         "        steps:\n"
         "          - get: /id/${id}\n"
         "            unless: id == 2\n"
         "      - while: tries < 5\n"
         "        at_most: 2\n"
         "        steps:\n"
         "          - set: { tries: \"${tries + 1}\" }\n"
         "          - get: /try/${tries}\n"
         "      - if: tries == 2\n"
         "        steps:\n"
         "          - get: /then\n"
         "        else:\n"
         "          - get: /else\n"
         "      - unless: tries == 2\n"
         "        steps:\n"
         "          - get: /then\n"
         "        else:\n"
         "          - get: /else\n"
         "      - repeat: -3\n"
         "        steps:\n"
         "          - get: /never\n"
         "      - if: iteration == 2\n"
         "        stop_user: true\n"
         "      - skip\n"
         "      - get: /never\n");
    static const char once[] = "GET /deep, GET /deep, GET /shallow, "
                               "GET /deep, GET /deep, GET /shallow, "
                               "GET /id/0, GET /id/1, GET /id/3, GET /try/1, GET /try/2, "
                               "GET /then, GET /else, ";
    assert_memory_equal(scene.log, once, sizeof once - 1);
    assert_int_equal(scene_logged(&scene, "/deep"), 8);
    assert_int_equal(scene_logged(&scene, "/never"), 0);
    assert_int_equal(scene_counter(&scene, COUNTER_SCHEDULED), 13 + 17);
}

/* Neither what is appended meanwhile nor the answers to the loop's own requests change what it goes
 * through; a loop that is left in the middle begins anew. */
static void a_loop_goes_through_its_list_as_it_was_when_it_began(void **state)
{
    (void)state;
    static const struct scene_reply replies[] = { { .request = "GET /list", .body = "[7,8,9]" },
                                                  { NULL } };
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "variables: { ids: [1, 2], seen: [] }\n"
                       "sequence:\n"
                       "  - steps:\n"
                       "      - for_each: { id: ids }\n"
                       "        steps:\n"
                       "          - append: { ids: \"${id + 2}\" }\n"
                       "          - get: /id/${id}\n"
                       "      - for_each: { id: ids }\n"
                       "        steps:\n"
                       "          - get: /again/${id}\n"
                       "          - if: id == 3\n"
                       "            skip: true\n"
                       "  - steps:\n"
                       "      - get: /list\n"
                       "      - for_each: { id: \"json('/*')\" }\n"
                       "        steps:\n"
                       "          - for_each: { other: ids }\n"
                       "            steps: [ { set: { ids: [] } }, { append: { seen: x } } ]\n"
                       "          - get: /of/${id}/${length(seen)}\n"
                       "      - stop_user\n");
    scene.replies = replies;
    scene_run(&scene);
    assert_string_equal(scene.log, "GET /id/1, GET /id/2, "
                                   "GET /again/1, GET /again/2, GET /again/3, "
                                   "GET /list, GET /of/7/4, GET /of/8/4, GET /of/9/4, ");
}

static void sets_are_entered_and_left_in_order(void **state)
{
    (void)state;
    play("host: http://127.0.0.1\n"
         "users: 1\n"
         "run_time: 3895ms\n"
         "wait: 1s\n"
         "on_start:\n"
         "  - get: /hello\n"
         "on_stop:\n"
         "  - get: /bye\n"
         "sequence:\n"
         "  - get: /a\n"
         "  - name: shop\n"
         "    wait: 100ms\n"
         "    on_start:\n"
         "      - get: /enter\n"
         "    on_stop:\n"
         "      - get: /leave\n"
         "    sequence:\n"
         "      - { weight: 2, get: /b }\n"
         "      - name: cellar\n"
         "        on_stop:\n"
         "          - get: /up\n"
         "        tasks:\n"
         "          - steps:\n"
         "              - get: /c\n"
         "              - leave\n"
         "              - get: /never\n"
         "      - steps:\n"
         "          - get: /d\n"
         "          - if: iteration < 9\n"
         "            leave: true\n"
         "  - get: /e\n");
    /* The second time it stays until the run is over, which is while /c is under way. */
    assert_string_equal(scene.log,
                        "GET /hello, GET /a, GET /enter, GET /b, GET /b, GET /c, GET /up, GET /d, "
                        "GET /leave, GET /e, GET /a, GET /enter, GET /b, GET /b, GET /c, GET /up, "
                        "GET /d, "
                        "GET /b, GET /b, GET /c, GET /up, GET /leave, GET /bye, ");
}

static const char *const farewell = "host: http://127.0.0.1\n"
                                    "users: 10\n"
                                    "run_time: 1005ms\n"
                                    "wait: 10ms\n"
                                    "on_stop:\n"
                                    "  - get: /bye\n"
                                    "  - pause: 20ms\n"
                                    "  - get: /end\n"
                                    "sequence:\n"
                                    "  - get: /a\n"
                                    "  - name: shop\n"
                                    "    on_stop:\n"
                                    "      - get: /out\n"
                                    "    tasks:\n"
                                    "      - get: /b\n";

/* Innermost first; requests of on_stop are counted though the run drains. */
static void everybody_takes_on_stop_at_the_end_of_the_run(void **state)
{
    (void)state;
    scene_open(&scene, farewell);
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/out", OUTCOME_OK), 10);
    assert_int_equal(scene_count(&scene, "/bye", OUTCOME_OK), 10);
    assert_int_equal(scene_count(&scene, "/end", OUTCOME_OK), 10);
    assert_true(strstr(scene.log, "/bye") > strrchr(scene.log, 'u')); /* of /out */
    assert_true(strstr(scene.log, "/end") > strrchr(scene.log, 'y'));
    assert_int_equal(scene_counter(&scene, COUNTER_NOT_SENT), 0);

    scene.config.stop_at_ns = 500 * MS; /* the first SIGINT likewise */
    scene.config.stop_word = STOP_DRAIN;
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/end", OUTCOME_OK), 10);
}

static void on_stop_is_left_out_when_nothing_may_be_sent_any_more(void **state)
{
    (void)state;
    scene_open(&scene, farewell);
    scene.config.stop_at_ns = 500 * MS;
    scene.config.stop_word = STOP_NOW;
    scene_run(&scene);
    assert_int_equal(scene_logged(&scene, "/out"), 0);

    scene.config.stop_at_ns = 0;
    scene.plan->load.requests_max = 100;
    scene_run(&scene);
    assert_int_equal(scene_logged(&scene, "/out"), 0);
    assert_int_equal(scene_counter(&scene, COUNTER_SCHEDULED), 100);

    scene.plan->load.requests_max = 0;
    scene.plan->load.grace_ns = 0;
    scene_run(&scene);
    assert_int_equal(scene_logged(&scene, "/out"), 0);
}

static void the_grace_ends_on_stop_too(void **state)
{
    (void)state;
    scene_open(&scene, farewell);
    scene.plan->load.grace_ns = 12 * MS; /* what is in flight, and the beginning of /out */
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/end", OUTCOME_OK), 0);
    assert_true(scene_counter(&scene, COUNTER_IN_FLIGHT_AT_END) > 0);
}

static void a_user_that_is_asked_to_stop_says_goodbye_and_may_come_back(void **state)
{
    (void)state;
    scene_open(&scene, farewell);
    scene.config.retarget_at_ns = 300 * MS;
    scene.config.retarget_users = 4;
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/end", OUTCOME_OK), 10);
    assert_int_equal(scene_counter(&scene, COUNTER_USERS_STARTED), 10);
}

static void users_that_were_only_reserved_start_when_they_are_asked_for(void **state)
{
    (void)state;
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "run_time: 1s\n"
                       "users: 1\n"
                       "wait: 1h\n"
                       "tasks:\n"
                       "  - get: /a\n");
    scene.config.cores = 3;
    scene.config.users_max = 500;
    scene.config.retarget_at_ns = 300 * MS;
    scene.config.retarget_users = 50;
    scene.config.retarget_spawn_rate = 1000 * 1000;
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 50);
    assert_int_equal(scene_counter(&scene, COUNTER_USERS_STARTED), 50);
}

/* What never sends anything must not keep others from it: the run ends on time. */
static void a_loop_without_requests_hangs_nobody(void **state)
{
    (void)state;
    play("host: http://127.0.0.1\n"
         "run_time: 100ms\n"
         "users: 2\n"
         "user_kinds:\n"
         "  spinner:\n"
         "    fixed_count: 1\n"
         "    tasks:\n"
         "      - steps:\n"
         "          - while: true\n"
         "            steps:\n"
         "              - set: { a: b }\n"
         "          - get: /never\n"
         "  worker:\n"
         "    fixed_count: 1\n"
         "    tasks:\n"
         "      - get: /a\n");
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 10);
    assert_int_equal(scene_logged(&scene, "/never"), 0);
}

static void tasks_and_sets_without_requests_wait_a_little(void **state)
{
    (void)state;
    play("host: http://127.0.0.1\n"
         "run_time: 1s\n"
         "users: 1\n"
         "sequence:\n"
         "  - steps:\n"
         "      - set: { a: b }\n"
         "      - if: status == 1\n"
         "        steps:\n"
         "          - get: /never\n"
         "  - name: hall\n"
         "    tasks:\n"
         "      - steps:\n"
         "          - leave\n"
         "          - get: /never\n");
    /* Each millisecond a task or a stay, and two turns for its timer. */
    assert_in_range(scene_counter(&scene, COUNTER_TURNS), 1800, 2100);
}

/* Nothing can be sent, so no time passes but the millisecond that each failure costs. */
static void a_loop_of_requests_that_cannot_be_built_hangs_nobody(void **state)
{
    (void)state;
    play("host: http://127.0.0.1\n"
         "run_time: 100ms\n"
         "users: 1\n"
         "variables: { unset: x }\n"
         "tasks:\n"
         "  - steps:\n"
         "      - while: true\n"
         "        steps:\n"
         "          - get: /${split('a', ',')[1]}\n");
    assert_in_range(scene_failures(&scene, "'split('a', ',')[1]' has no value"), 90, 101);
}

static const char *const readers = "host: http://127.0.0.1\n"
                                   "users: 2\n"
                                   "wait: 1ms\n"
                                   "feeds:\n"
                                   "  people: { file: people.csv, at_end: stop }\n"
                                   "tasks:\n"
                                   "  - steps:\n"
                                   "      - feed: people\n"
                                   "      - get: /${people.name}\n"
                                   "        name: /name\n";

static void each_row_is_taken_once_and_then_the_run_is_over(void **state)
{
    (void)state;
    scene_open(&scene, readers);
    for (uint32_t cores = 1; cores <= 2; cores++) {
        scene.config.cores = cores;
        scene_run(&scene);
        assert_int_equal(scene_count(&scene, "/name", OUTCOME_OK), 3);
        assert_int_equal(scene_logged(&scene, "/Ada,"), 1);
        assert_int_equal(scene_logged(&scene, "/Bob,"), 1);
        assert_int_equal(scene_logged(&scene, "/Cleo,"), 1);
        assert_int_equal(scene_counter(&scene, COUNTER_USERS_STOPPED), 2);
        assert_true(scene.result.elapsed_ns < S);
    }
}

static void a_feed_that_begins_again_never_ends(void **state)
{
    (void)state;
    play("host: http://127.0.0.1\n"
         "users: 1\n"
         "run_time: 65ms\n"
         "feeds:\n"
         "  people: { file: people.csv, at_end: again }\n"
         "tasks:\n"
         "  - steps:\n"
         "      - feed: people\n"
         "      - get: /${people.name}\n");
    assert_string_equal(scene.log, "GET /Ada, GET /Bob, GET /Cleo, GET /Ada, GET /Bob, GET /Cleo, "
                                   "GET /Ada, ");
}

/* A field asked for before any step takes a row, which its user keeps; for the others there is
 * none, and they stop before they ask. */
static void a_user_takes_a_row_on_first_use(void **state)
{
    (void)state;
    play("host: http://127.0.0.1\n"
         "users: 5\n"
         "run_time: 25ms\n"
         "feeds:\n"
         "  people: { file: people.csv, at_end: stop }\n"
         "tasks:\n"
         "  - get: /${people.name}\n");
    assert_int_equal(scene_logged(&scene, "/Ada,"), 3);
    assert_int_equal(scene_logged(&scene, "/Cleo,"), 3);
    assert_int_equal(scene_counter(&scene, COUNTER_SCHEDULED), 9);
    assert_int_equal(scene_counter(&scene, COUNTER_USERS_STARTED), 5);
    assert_int_equal(scene.result.tally->failure_count, 0);
}

/* What is asked for in on_stop cannot have a row either: it is left out, and the rest is taken. */
static void a_user_without_a_row_still_says_goodbye(void **state)
{
    (void)state;
    play("host: http://127.0.0.1\n"
         "users: 5\n"
         "wait: 1ms\n"
         "feeds:\n"
         "  people: { file: people.csv, at_end: stop }\n"
         "on_start:\n"
         "  - feed: people\n"
         "on_stop:\n"
         "  - get: /bye/${people.name}\n"
         "    name: /bye/name\n"
         "  - get: /end\n"
         "sequence:\n"
         "  - get: /a\n"
         "  - { stop_user: true }\n");
    assert_int_equal(scene_count(&scene, "/bye/name", OUTCOME_OK), 3);
    assert_int_equal(scene_count(&scene, "/end", OUTCOME_OK), 5);
    assert_int_equal(scene_counter(&scene, COUNTER_USERS_STOPPED), 5);
    assert_true(scene.result.elapsed_ns < S);
}

/* 20 users, 2 for 5 ms, then 20 again: who still says goodbye begins anew when it has. */
static void a_user_wanted_again_while_it_stops_begins_anew(void **state)
{
    (void)state;
    play("host: http://127.0.0.1\n"
         "stages:\n"
         "  - { users: 20, for: 100ms }\n"
         "  - { users: 2, for: 5ms }\n"
         "  - { users: 20, for: 100ms }\n"
         "wait: 30ms\n"
         "on_start:\n"
         "  - get: /hello\n"
         "on_stop:\n"
         "  - get: /bye\n"
         "tasks:\n"
         "  - get: /a\n");
    assert_int_equal(scene_count(&scene, "/hello", OUTCOME_OK), 38);
    assert_int_equal(scene_count(&scene, "/bye", OUTCOME_OK), 38);
    assert_int_equal(scene_counter(&scene, COUNTER_USERS_STARTED), 38);
}

static void a_failed_on_start_is_begun_anew(void **state)
{
    (void)state;
    static const struct scene_reply replies[] = { { .request = "GET /login", .status = 500 },
                                                  { NULL } };
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "run_time: 3500ms\n"
                       "wait: 1ms\n"
                       "on_start:\n"
                       "  - get: /before\n"
                       "  - get: /login\n"
                       "on_stop:\n"
                       "  - get: /bye\n"
                       "tasks:\n"
                       "  - get: /a\n");
    scene.replies = replies;
    scene_run(&scene);
    assert_string_equal(scene.log, "GET /before, GET /login, GET /before, GET /login, "
                                   "GET /before, GET /login, GET /before, GET /login, GET /bye, ");
}

/* Locust's pacing counts the first period from the end of the first task. */
static void pacing_begins_as_it_is_asked_to(void **state)
{
    (void)state;
    static const char *const paced = "host: http://127.0.0.1\n"
                                     "users: 1\n"
                                     "run_time: 1s\n"
                                     "wait: pacing 100ms\n"
                                     "tasks:\n"
                                     "  - get: /a\n";
    play(paced);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 10); /* at 0, 100 .. 900 ms */
    scene.plan->load.imitates_locust = true;
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 10); /* at 0, 110, 210 .. 910 ms */
    scene.plan->load.duration_ns = 905 * MS;
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 9);
}

static void kinds_are_dealt_out_fixed_ones_first(void **state)
{
    (void)state;
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 10\n"
                       "run_time: 5ms\n"
                       "user_kinds:\n"
                       "  many: { weight: 3, tasks: [ { get: /many } ] }\n"
                       "  two: { fixed_count: 2, tasks: [ { get: /two } ] }\n"
                       "  few: { weight: 1, tasks: [ { get: /few } ] }\n");
    for (uint32_t cores = 1; cores <= 3; cores += 2) {
        scene.config.cores = cores;
        scene_run(&scene);
        assert_int_equal(scene_count(&scene, "/two", OUTCOME_OK), 2);
        assert_int_equal(scene_count(&scene, "/many", OUTCOME_OK), 6);
        assert_int_equal(scene_count(&scene, "/few", OUTCOME_OK), 2);
    }
}

static void numbers_are_given_out_once_over_all_cores(void **state)
{
    (void)state;
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 6\n"
                       "run_time: 15ms\n"
                       "tasks:\n"
                       "  - get: /${sequence()}/of/${user}\n");
    scene.config.cores = 3;
    scene_run(&scene);
    for (unsigned i = 0; i < 12; i++) {
        char text[32];
        snprintf(text, sizeof text, "GET /%u/", i);
        assert_int_equal(scene_logged(&scene, text), 1);
        snprintf(text, sizeof text, "/of/%u,", i);
        assert_int_equal(scene_logged(&scene, text), i < 6 ? 2 : 0);
    }
}

/* In an open loop an arrival is what one request is due by, whatever else its user does. */
static void an_arrival_whose_task_sends_nothing_waits_for_one_that_does(void **state)
{
    (void)state;
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 4\n"
                       "stages: [ { rate: 100, for: 1s } ]\n"
                       "tasks:\n"
                       "  - steps:\n"
                       "      - if: random(1, 2) == 1\n"
                       "        skip: true\n"
                       "      - get: /a\n");
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 100);
    assert_int_equal(scene_counter(&scene, COUNTER_SCHEDULED), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SCENE(f) cmocka_unit_test_teardown(f, close_scene)
        SCENE(blocks_are_taken_as_they_are_written),
        SCENE(a_loop_goes_through_its_list_as_it_was_when_it_began),
        SCENE(sets_are_entered_and_left_in_order),
        SCENE(everybody_takes_on_stop_at_the_end_of_the_run),
        SCENE(on_stop_is_left_out_when_nothing_may_be_sent_any_more),
        SCENE(the_grace_ends_on_stop_too),
        SCENE(a_user_that_is_asked_to_stop_says_goodbye_and_may_come_back),
        SCENE(users_that_were_only_reserved_start_when_they_are_asked_for),
        SCENE(a_loop_without_requests_hangs_nobody),
        SCENE(tasks_and_sets_without_requests_wait_a_little),
        SCENE(a_loop_of_requests_that_cannot_be_built_hangs_nobody),
        SCENE(each_row_is_taken_once_and_then_the_run_is_over),
        SCENE(a_feed_that_begins_again_never_ends),
        SCENE(a_user_takes_a_row_on_first_use),
        SCENE(a_user_without_a_row_still_says_goodbye),
        SCENE(a_user_wanted_again_while_it_stops_begins_anew),
        SCENE(a_failed_on_start_is_begun_anew),
        SCENE(pacing_begins_as_it_is_asked_to),
        SCENE(kinds_are_dealt_out_fixed_ones_first),
        SCENE(numbers_are_given_out_once_over_all_cores),
        SCENE(an_arrival_whose_task_sends_nothing_waits_for_one_that_does),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("flow", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
