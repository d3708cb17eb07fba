/* test_scenario_load.c — goal: how much load, for how long, is what file and command line say
 * together. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/scenario_reader.h"

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "tasks: [{ get: / }]\n", NULL);
    assert_int_equal(plan->load.users, 1);
    assert_int_equal(plan->load.spawn_rate.num, 1);
    assert_int_equal(plan->load.spawn_rate.den, 1);
    assert_int_equal(plan->load.duration_ns, 0);
    assert_int_equal(plan->load.timeout_ns, 30000000000);
    assert_int_equal(plan->load.grace_ns, 2000000000);
    assert_int_equal(plan->load.pipeline, 1);
    assert_int_equal(plan->load.connections, 0);
    assert_false(plan->load.is_open);
    assert_int_equal(plan->sets[0].wait.kind, WAIT_NONE);
    assert_int_equal(plan->sets[0].tasks[0].weight, 1);
    assert_string_equal(plan->origins[0].connect_host, "127.0.0.1");
    assert_int_equal(plan->origins[0].connect_port, 8000);
    assert_string_equal(plan->host, "http://127.0.0.1:8000");
    assert_string_equal(plan->file, "t.yaml");
    plan_close(plan);
}

static void the_command_line_wins_over_the_file(void **state)
{
    (void)state;
    const char *const headers[] = { "x-own: 3", "Accept:", "Authorization: Basic x" };
    const struct plan_overrides over = {
        .host = "https://[::1]:8443",
        .headers = headers,
        .header_count = 3,
        .has_users = true,
        .users = 7,
        .has_spawn_rate = true,
        .spawn_rate = { 1, 2 },
        .has_duration = true,
        .duration_ns = 5,
        .has_requests = true,
        .requests_max = 6,
        .has_timeout = true,
        .timeout_ns = 8,
        .has_rate = true,
        .rate = { 9, 10 },
        .is_poisson = true,
        .has_grace = true,
        .grace_ns = 0,
        .requests_per_connection = 11,
        .seed = 12,
        .pipeline = 13,
        .connections = 14,
    };
    struct plan *plan =
        plan_of("host: http://a\nusers: 2\nspawn_rate: 3\nrun_time: 4s\ntimeout: 5s\n"
                "headers: { X-Own: 1 }\n"
                "on_start: [{ session_headers: { authorization: a } }]\n"
                "tasks:\n  - get: /\n    headers: { X-Own: 2 }\n",
                &over);
    const struct plan_load *l = &plan->load;
    assert_request(plan, 0,
                   "GET / HTTP/1.1\r\nHost: [::1]:8443\r\nUser-Agent: squall/" SQUALL_VERSION
                   "\r\nx-own: 3\r\nAuthorization: Basic x\r\n\r\n");
    assert_true(plan->origins[0].is_tls);
    assert_string_equal(plan->origins[0].connect_host, "::1");
    assert_int_equal(plan->origins[0].connect_port, 8443);
    assert_true(l->users == 7 && l->spawn_rate.num == 1 && l->spawn_rate.den == 2 &&
                l->duration_ns == 5);
    assert_true(l->requests_max == 6 && l->timeout_ns == 8 && l->is_open && l->is_poisson);
    assert_true(l->rate.num == 9 && l->rate.den == 10 && l->grace_ns == 0 && l->seed == 12);
    assert_true(l->requests_per_connection == 11 && l->pipeline == 13 && l->connections == 14);
    assert_int_equal(plan->requests[0].timeout_ns, 8);
    plan_close(plan);
}

static void mistakes_of_the_command_line_have_no_place(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "no header", "expected a header such as 'Accept: text/html', found 'no header'" },
        { "A: b\r\nC: d",
          "expected a header such as 'Accept: text/html', found 'A: b\\x0D\\x0AC: d'" },
        { "Content-length: 1",
          "expected no header 'Content-length': the length is written from the body sent" },
        { "Host:", "expected a host after 'Host:', found nothing" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const header[] = { rows[i][0] };
        assert_mistake(HOST "tasks: [{ get: / }]\n",
                       &(struct plan_overrides){ .headers = header, .header_count = 1 },
                       rows[i][1]);
        assert_int_equal(diags.entries[0].place.line, 0);
    }
    assert_mistake("tasks: [{ get: / }]\n", &(struct plan_overrides){ .host = "ftp://a" },
                   "--host: expected 'http://' or 'https://', found another scheme");
}

static void every_way_to_wait_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct wait_rule rule;
    } rows[] = {
        { "1s", { WAIT_CONSTANT, 1000000000, 0 } },
        { "0", { WAIT_NONE, 0, 0 } },
        { "1.5", { WAIT_CONSTANT, 1500000000, 0 } },
        { "5s..10s", { WAIT_UNIFORM, 5000000000, 10000000000 } },
        { "250ms .. 1m", { WAIT_UNIFORM, 250000000, 60000000000 } },
        { "0..1", { WAIT_UNIFORM, 0, 1000000000 } },
        { "0.5..1.5", { WAIT_UNIFORM, 500000000, 1500000000 } },
        { "exp 3s", { WAIT_EXPONENTIAL, 3000000000, 0 } },
        { "pacing   2s", { WAIT_PACING, 2000000000, 0 } },
        { "throughput 0.5/s", { WAIT_PACING, 2000000000, 0 } },
        { "throughput 3", { WAIT_PACING, 333333333, 0 } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), HOST "wait: %s\ntasks: [{ get: / }]\n", rows[i].text);
        struct plan *plan = plan_of(text, NULL);
        assert_memory_equal(&plan->sets[0].wait, &rows[i].rule, sizeof(struct wait_rule));
        plan_close(plan);
    }
}

static void stages_are_levels_and_the_way_to_them(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "stages:\n  - { users: 50, over: 1m }\n"
                                     "  - { users: 200, for: 500ms }\n"
                                     "  - { users: 0, over: 2s }\n"
                                     "tasks: [{ get: / }]\n",
                                NULL);
    const struct plan_load *l = &plan->load;
    assert_int_equal(l->stage_count, 3);
    assert_true(l->stages[0].is_ramp && !l->stages[1].is_ramp && l->stages[2].is_ramp);
    assert_int_equal(l->stages[1].level.num, 200);
    assert_int_equal(l->stages[1].duration_ns, 500000000);
    assert_int_equal(l->users, 200);
    assert_int_equal(l->duration_ns, 62500000000);
    assert_false(l->is_open);
    plan_close(plan);
}

static void stages_of_rates_are_an_open_loop_with_its_connections(void **state)
{
    (void)state;
    static const char stages[] = "stages: [{ rate: 1/3, for: 1s }, { rate: 2k, over: 30s }, "
                                 "{ rate: 0, over: 1s }]\ntasks: [{ get: / }]\n";
    char text[256];
    static const struct {
        const char *more;
        uint32_t users, connections;
    } rows[] = { { "", 64, 0 },
                 { "connections: 8\n", 8, 8 },
                 { "connections: 8\nusers: 3\n", 3, 8 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(text, sizeof(text), HOST "%s%s", rows[i].more, stages);
        struct plan *plan = plan_of(text, NULL);
        const struct plan_load *l = &plan->load;
        assert_true(l->is_open && !l->is_shared);
        assert_true(l->rate.num == 2000 && l->rate.den == 1);
        assert_true(l->stages[0].level.num == 1 && l->stages[0].level.den == 3);
        assert_int_equal(l->users, rows[i].users);
        assert_int_equal(l->connections, rows[i].connections);
        plan_close(plan);
    }
}

static void users_of_the_command_line_take_the_place_of_stages(void **state)
{
    (void)state;
    static const char text[] = HOST "stages: [{ users: 50, over: 1m }]\ntasks: [{ get: / }]\n";
    const struct plan_overrides rows[] = {
        { .has_users = true, .users = 7 },
        { .has_rate = true, .rate = { 5, 1 } },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plan *plan = plan_of(text, &rows[i]);
        assert_int_equal(plan->load.stage_count, 0);
        assert_int_equal(plan->load.users, i == 0 ? 7 : 64);
        assert_int_equal(plan->load.is_open, i == 1);
        assert_int_equal(plan->load.duration_ns, 60000000000);
        plan_close(plan);
    }
    struct plan *plan =
        plan_of(text, &(struct plan_overrides){ .has_duration = true, .duration_ns = 9 });
    assert_int_equal(plan->load.stage_count, 1);
    assert_int_equal(plan->load.duration_ns, 9);
    plan_close(plan);
}

static void connections_are_own_shared_or_new_for_each_request(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t connections, per_connection;
        bool is_shared;
    } rows[] = {
        { "", 0, 0, false },
        { "connections: own\n", 0, 0, false },
        { "connections: per_request\n", 0, 1, false },
        { "connections: 2\n", 2, 0, true },
        { "connections: 2\nrequests_per_connection: 100\n", 2, 100, true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), HOST "users: 9\n%stasks: [{ get: / }]\n", rows[i].text);
        struct plan *plan = plan_of(text, NULL);
        assert_int_equal(plan->load.connections, rows[i].connections);
        assert_int_equal(plan->load.requests_per_connection, rows[i].per_connection);
        assert_int_equal(plan->load.is_shared, rows[i].is_shared);
        plan_close(plan);
    }
}

static void kinds_of_a_fixed_count_come_beside_those_by_weight(void **state)
{
    (void)state;
    static const struct {
        const char *first; /* before the kinds */
        const char *other; /* of the second kind */
        uint32_t users, cycle;
    } rows[] = {
        { "", "weight: 1", 4, 1 },
        { "", "fixed_count: 2", 5, 0 },
        { "users: 9\n", "weight: 1", 9, 1 },
        { "users: 9\n", "fixed_count: 2", 5, 0 },
        { "users: 2\n", "fixed_count: 2", 2, 0 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[300];
        snprintf(text, sizeof(text),
                 HOST "%suser_kinds:\n  a: { fixed_count: 3, tasks: [{ get: / }] }\n"
                      "  b: { %s, tasks: [{ get: / }] }\n",
                 rows[i].first, rows[i].other);
        struct plan *plan = plan_of(text, NULL);
        assert_int_equal(plan->kinds[0].fixed_count, 3);
        assert_int_equal(plan->load.users, rows[i].users);
        assert_int_equal(plan->kind_cycle_count, rows[i].cycle);
        if (rows[i].cycle > 0)
            assert_int_equal(plan->kind_cycle[0], 1);
        plan_close(plan);
    }
}

static void weights_of_kinds_that_have_too_little_in_common_are_refused(void **state)
{
    (void)state;
    assert_mistake(HOST "user_kinds:\n  a: { weight: 65537, tasks: [{ get: / }] }\n"
                        "  b: { weight: 65539, tasks: [{ get: / }] }\n",
                   NULL,
                   "expected weights of kinds that are at most 65536 in all when divided by what "
                   "they have in common, found more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(the_command_line_wins_over_the_file),
        cmocka_unit_test(mistakes_of_the_command_line_have_no_place),
        cmocka_unit_test(every_way_to_wait_is_understood),
        cmocka_unit_test(stages_are_levels_and_the_way_to_them),
        cmocka_unit_test(stages_of_rates_are_an_open_loop_with_its_connections),
        cmocka_unit_test(users_of_the_command_line_take_the_place_of_stages),
        cmocka_unit_test(connections_are_own_shared_or_new_for_each_request),
        cmocka_unit_test(kinds_of_a_fixed_count_come_beside_those_by_weight),
        cmocka_unit_test(weights_of_kinds_that_have_too_little_in_common_are_refused),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("scenario_load", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                                : EXIT_FAILURE;
}
