/* goal: connections go where a name leads, and one that is refused goes elsewhere, without a
 * request being lost on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/sim/scene.h"

#define MS UINT64_C(1000000)

static struct scene scene;

static const char *const scenario = "host: http://a.example\n"
                                    "users: 12\n"
                                    "run_time: 20s\n"
                                    "wait: 300ms\n"
                                    "tasks:\n"
                                    "  - get: /a\n";

static uint64_t run_refusing(uint32_t addresses, uint64_t *ret_refused)
{
    scene_open(&scene, scenario);
    scene.config.addresses = addresses;
    scene.config.server.requests_per_link = 3; /* many new connections */
    scene.config.chances[FAULT_CONNECT_REFUSED] = FAULT_CERTAIN / 5;
    scene_run(&scene);
    const uint64_t failed = scene_count(&scene, "/a", OUTCOME_FAILED);
    *ret_refused = scene.result.strikes[FAULT_CONNECT_REFUSED];
    assert_true(scene_count(&scene, "/a", OUTCOME_OK) > 500);
    scene_close(&scene);
    return failed;
}

static void a_refused_connect_fails_no_request_while_another_address_answers(void **state)
{
    uint64_t refused;
    (void)state;
    const uint64_t failed_alone = run_refusing(1, &refused);
    assert_int_equal(failed_alone, refused);
    const uint64_t failed = run_refusing(8, &refused);
    assert_true(refused > 10);
    assert_int_equal(failed, 0);
}

static void a_name_that_moves_takes_its_connections_along(void **state)
{
    (void)state;
    scene_open(&scene, scenario);
    scene.config.addresses = 3;
    scene.config.move_at_ns = 1000 * MS;
    scene_run(&scene);
    assert_int_equal(scene_count(&scene, "/a", OUTCOME_FAILED), 0);
    assert_int_equal(scene.result.tally->closes[CLOSE_ADDRESS_GONE],
                     4); /* of 12, on three addresses */
    assert_int_equal(scene_counter(&scene, COUNTER_OPENED), 16);
    assert_int_equal(scene_counter(&scene, COUNTER_RESENT), 0);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_connect_fails_no_request_while_another_address_answers),
        cmocka_unit_test(a_name_that_moves_takes_its_connections_along),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("addresses", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                            : EXIT_FAILURE;
}
