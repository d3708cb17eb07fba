/* test_cost.c — goal: what a plan is said to cost grows with what it does. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>

#include "engine/plan/cost.h"
#include "tests/unit/scenario_reader.h"

/* Of the first task. */
static struct cost cost_of(const char *text)
{
    struct plan *plan = plan_of(text, NULL);
    const struct cost cost = cost_of_steps(plan, plan->sets[0].tasks[0].first_step);
    plan_close(plan);
    return cost;
}

static void a_fixed_request_costs_its_bytes(void **state)
{
    (void)state;
    const struct cost cost = cost_of(HOST "tasks: [{ get: / }]\n");
    assert_int_equal(cost.requests, 1);
    assert_int_equal(cost.slots, 0);
    assert_int_equal(cost.bytes,
                     strlen("GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
                            "User-Agent: squall/" SQUALL_VERSION "\r\nAccept: */*\r\n\r\n"));
    assert_false(cost.repeats);
}

static void each_thing_more_costs_more(void **state)
{
    (void)state;
    static const char *const rows[] = {
        HOST "tasks: [{ get: / }]\n",
        HOST "tasks: [{ get: \"/${user}\" }]\n",
        HOST "tasks: [{ get: \"/${user + 1}\" }]\n",
        HOST "tasks: [{ get: \"/${md5(user + 1)}\" }]\n",
        HOST "tasks: [{ get: \"/${md5(user + 1)}\", expect: { that: ok } }]\n",
        HOST "tasks: [{ get: \"/${md5(user + 1)}\", expect: { json: { /a: 1 } } }]\n",
        HOST "tasks: [{ steps: [{ get: \"/${md5(user + 1)}\" }, { get: /, expect: { json: { /a: 1 "
             "} } }] }]\n",
    };
    uint64_t last_ns = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct cost cost = cost_of(rows[i]);
        assert_true(cost.user_ns > last_ns);
        assert_int_equal(cost.slots, i == 0 ? 0 : 1);
        last_ns = cost.user_ns;
    }
}

static void loops_are_counted_once_and_said_to_repeat(void **state)
{
    (void)state;
    const struct cost cost = cost_of(
        HOST "variables: { ids: [] }\ntasks:\n  - steps:\n      - repeat: 3\n        steps:\n"
             "          - get: /\n            if: json('/a') == 1\n      - append: { ids: "
             "\"${user}\" }\n");
    assert_int_equal(cost.requests, 1);
    assert_int_equal(cost.slots, 1);
    assert_true(cost.repeats);
}

static void a_user_takes_its_own_its_variables_and_its_connections(void **state)
{
    (void)state;
    const struct cost_sizes sizes = { .user = 1000, .word = 100, .variable = 10, .connection = 1 };
    struct plan *plan = plan_of(HOST "hosts: [http://b]\nvariables: { a: 1, b: 2 }\n"
                                     "tasks: [{ get: / }]\n",
                                NULL);
    assert_int_equal(cost_of_user(plan, &sizes), 1100 + 3 * 10 + 2);
    plan_close(plan);
    plan = plan_of(HOST "cookies: false\nconnections: 5\ntasks: [{ get: / }]\n", NULL);
    assert_int_equal(cost_of_user(plan, &sizes), 1100);
    plan_close(plan);
    plan = plan_of(HOST "cookies: false\nconnections: 5\ntasks:\n  - repeat: 3\n    steps:\n"
                        "      - { repeat: 2, steps: [{ get: / }] }\n",
                   NULL);
    assert_int_equal(cost_of_user(plan, &sizes), 1100 + 2 * 100);
    plan_close(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_request_costs_its_bytes),
        cmocka_unit_test(each_thing_more_costs_more),
        cmocka_unit_test(loops_are_counted_once_and_said_to_repeat),
        cmocka_unit_test(a_user_takes_its_own_its_variables_and_its_connections),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("cost", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
