/* goal: users who share connections wait for one when all are busy, are charged for the wait, and
 * nobody's request is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

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

static const char *const three_for_fifty = "host: http://127.0.0.1\n"
                                           "users: 50\n"
                                           "connections: 3\n"
                                           "run_time: 1s\n"
                                           "tasks:\n"
                                           "  - get: /a\n";

static void three_connections_carry_fifty_users(void **state)
{
    (void)state;
    scene_open(&scene, three_for_fifty);
    scene.plan->load.duration_ns = 995 * MS;
    scene_run(&scene);
    const struct tally_endpoint *row = &scene.result.tally->endpoints[0];
    /* 3 in each 10 ms; the wait for a connection is part of the latency. */
    assert_int_equal(row->latency[OUTCOME_OK].total, 300);
    assert_int_equal(scene_counter(&scene, COUNTER_NOT_SENT), 47);
    assert_int_equal(scene_counter(&scene, COUNTER_OPENED), 3);
    assert_int_equal(row->latency[OUTCOME_OK].min_ns, 10 * MS);
    assert_int_equal(row->latency[OUTCOME_OK].max_ns, 170 * MS); /* 16 of 3 went before */
    assert_int_equal(row->service[OUTCOME_OK].max_ns, 10 * MS);
}

static void a_warm_connection_is_taken_before_an_unused_one(void **state)
{
    (void)state;
    scene_open(&scene, three_for_fifty);
    for (uint32_t cores = 1; cores <= 3; cores += 2) {
        scene.config.cores = cores;
        scene.plan->load.users = 3;
        scene.plan->load.spawn_rate = (struct ratio){ 1, 1 };
        scene.plan->load.duration_ns = 900 * MS; /* only the first has started */
        scene_run(&scene);
        assert_int_equal(scene_counter(&scene, COUNTER_OPENED), 1);
        assert_int_equal(scene_counter(&scene, COUNTER_REUSED), 89);
    }
}

static void each_core_has_its_share_of_connections_and_users(void **state)
{
    (void)state;
    scene_open(&scene, three_for_fifty);
    scene.config.cores = 2;
    scene_run(&scene);
    assert_int_equal(scene_counter(&scene, COUNTER_OPENED), 3);
    assert_int_equal(scene_counter(&scene, COUNTER_USERS_STARTED), 50);
}

/* Every fault in turn, for half of the run: afterwards all connections are at work again. */
static void trouble_with_connections_loses_nobody(void **state)
{
    (void)state;
    static const enum fault faults[] = {
        FAULT_SOCKET_UNMADE, FAULT_CONNECT_REFUSED, FAULT_CONNECT_SLOW, FAULT_SEND_RESET,
        FAULT_RECV_RESET,    FAULT_ANSWER_NEVER,    FAULT_ANSWER_CUT,   FAULT_ANSWER_CLOSES,
        FAULT_CANCEL_LATE,   FAULT_CLOSE_LATE,      FAULT_UNSOLICITED,  FAULT_ANSWER_TRAILED,
    };
    scene_open(&scene, three_for_fifty);
    scene.plan->load.duration_ns = 4 * S;
    scene.config.faults_end_ns = 2 * S;
    for (uint32_t i = 0; i < scene.plan->request_count; i++)
        ((struct plan_request *)(uintptr_t)scene.plan->requests)[i].timeout_ns = 100 * MS;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        for (size_t k = 0; k < FAULT_COUNT; k++)
            scene.config.chances[k] = k == faults[i] || k == FAULT_CANCELLED_LATE ? 2000 : 0;
        scene_run(&scene);
        /* 3 every 10 ms for the last second at least, and 50 who wait. */
        assert_true(scene_count(&scene, "/a", OUTCOME_OK) > 300);
        assert_in_range(scene_counter(&scene, COUNTER_NOT_SENT), 44, 50);
    }
}

static void a_server_that_is_away_for_a_while_is_come_back_to(void **state)
{
    (void)state;
    scene_open(&scene, three_for_fifty);
    scene.plan->load.duration_ns = 4 * S;
    scene.config.server.outage_from_ns = 500 * MS;
    scene.config.server.outage_to_ns = 2 * S;
    scene_run(&scene);
    /* 0.5 s before, and from 2.512 s at the latest. */
    assert_in_range(scene_count(&scene, "/a", OUTCOME_OK), 150 + 440, 150 + 600);
}

static void requests_per_connection_hold_for_shared_ones_too(void **state)
{
    (void)state;
    scene_open(&scene, three_for_fifty);
    scene.plan->load.requests_per_connection = 10;
    scene.plan->load.requests_max = 300;
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 300);
    assert_in_range(scene_counter(&scene, COUNTER_OPENED), 30, 33);
}

/* A chain is under way: it goes before those who have not begun. */
static void redirects_go_through_the_pool(void **state)
{
    (void)state;
    static const struct scene_reply replies[] = {
        { .request = "GET /a", .status = 302, .headers = "Location: /b\r\n" }, { NULL }
    };
    scene_open(&scene, three_for_fifty);
    scene.replies = replies;
    scene.plan->load.duration_ns = 995 * MS;
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_OK), 150);
    assert_int_equal(scene.result.tally->endpoints[0].service[OUTCOME_OK].max_ns, 20 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SCENE(f) cmocka_unit_test_teardown(f, close_scene)
        SCENE(three_connections_carry_fifty_users),
        SCENE(a_warm_connection_is_taken_before_an_unused_one),
        SCENE(each_core_has_its_share_of_connections_and_users),
        SCENE(trouble_with_connections_loses_nobody),
        SCENE(a_server_that_is_away_for_a_while_is_come_back_to),
        SCENE(requests_per_connection_hold_for_shared_ones_too),
        SCENE(redirects_go_through_the_pool),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("shared", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
