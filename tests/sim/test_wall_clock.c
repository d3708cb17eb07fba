/* goal: a wall clock that jumps or creeps moves dates, and nothing that is measured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/oracle.h"
#include "tests/sim/scene.h"

#define HOUR_NS (3600 * (int64_t)S)

/* An hour forward, two back, a leap second, then 500 millionths too slow. */
static int64_t wall_goes_wrong(uint64_t at_ns)
{
    if (at_ns < 2 * S)
        return 0;
    if (at_ns < 4 * S)
        return HOUR_NS;
    if (at_ns < 6 * S)
        return -HOUR_NS;
    return -HOUR_NS - (int64_t)S - (int64_t)(at_ns - 6 * S) / 2000;
}

static void assert_same_run(const struct sim_result *a, const struct sim_result *b)
{
    assert_true(a->hash == b->hash);
    assert_memory_equal(a->tally->counters, b->tally->counters, sizeof a->tally->counters);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const struct hist_view *x = &a->tally->endpoints[0].latency[i];
        const struct hist_view *y = &b->tally->endpoints[0].latency[i];
        assert_true(x->sum_ns == y->sum_ns && x->min_ns == y->min_ns && x->max_ns == y->max_ns);
        assert_memory_equal(x->counts, y->counts, HIST_SLOTS * sizeof(uint64_t));
    }
}

static void steps_of_the_wall_clock_change_no_latency(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){ .delay_ns = 5 * MS, .ramp_ns = 1000, .dies_at_ns = 9 * S };
    o->config.cores = 2;
    for (int is_open = 0; is_open < 2; is_open++) {
        struct sim_result before;
        if (is_open)
            sketch_open(&o->sketch, 500, 1, 1000);
        else
            sketch_closed(&o->sketch, 50, 20 * MS);
        sketch_timeout(&o->sketch, S);
        o->sketch.plan.load.duration_ns = 10 * S;
        o->sketch.plan.load.grace_ns = 2 * S;
        o->config.wall_offset_ns = NULL;
        oracle_run(o);
        assert_true(o->all.min_ns == 5 * MS);
        before = o->result;
        o->result.tally = NULL;
        o->config.wall_offset_ns = wall_goes_wrong;
        oracle_run(o);
        assert_same_run(&before, &o->result);
        sim_result_close(&before);
    }
}

/* A request a second: what it says of the time is what the wall clock says. */
static void dates_follow_the_wall_clock(void **state)
{
    (void)state;
    static struct scene scene;
    scene_open(&scene, "host: http://127.0.0.1\n"
                       "users: 1\n"
                       "run_time: 7500ms\n"
                       "wait: 990ms\n"
                       "tasks:\n"
                       "  - get: /${now_ms()}\n"
                       "    name: /\n");
    scene.config.wall_offset_ns = wall_goes_wrong;
    scene_run(&scene);
    assert_string_equal(scene.log, "GET /1700000001000, GET /1700000002000, GET /1700003603000, "
                                   "GET /1700003604000, GET /1699996405000, GET /1699996406000, "
                                   "GET /1699996406000, GET /1699996406999, ");
    assert_int_equal(scene.result.tally->endpoints[0].latency[OUTCOME_OK].min_ns, 10 * MS);
    assert_int_equal(scene.result.tally->endpoints[0].latency[OUTCOME_OK].max_ns, 10 * MS);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(steps_of_the_wall_clock_change_no_latency, oracle_open,
                                        oracle_close),
        cmocka_unit_test(dates_follow_the_wall_clock),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("wall_clock", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                             : EXIT_FAILURE;
}
