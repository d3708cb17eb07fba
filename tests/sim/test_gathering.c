/* goal: gathered answers wait for others as long as they may and no longer, and every moment of it
 * is in their latency. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/oracle.h"

#define US UINT64_C(1000)

/* Eight requests at once, answered 10 us after one another from 1 ms on. */
static void eight_answers(struct oracle *o)
{
    o->rule = (struct server_rule){ .delay_ns = MS, .ramp_ns = 10 * US };
    sketch_closed(&o->sketch, 8, 0);
    o->sketch.plan.load.requests_max = 8;
}

#define SUM_NS (8 * MS + 28 * 10 * US)

static void without_gathering_nothing_waits(void **state)
{
    struct oracle *o = *state;
    eight_answers(o);
    oracle_run(o);
    oracle_assert_exact(o, 8, SUM_NS, MS, MS + 70 * US);
}

static void answers_wait_for_half_of_what_is_owed_and_not_beyond_the_limit(void **state)
{
    struct oracle *o = *state;
    eight_answers(o);
    o->config.gather_ns = 25 * US;
    oracle_run(o);
    /* After 25 us without any the first at 1000 us is enough. Of the seven owed then three are
     * wanted: two have come at 1025 us. Of five two are wanted, which are there at 1040 us. Of
     * three one is enough. */
    oracle_assert_exact(o, 8, SUM_NS + (15 + 5 + 10) * US, MS, MS + 70 * US);
}

static void one_connection_has_nobody_to_wait_for(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = MS;
    sketch_closed(&o->sketch, 1, 0);
    o->sketch.plan.load.requests_max = 100;
    o->config.gather_ns = 10 * MS;
    oracle_run(o);
    oracle_assert_exact(o, 100, 100 * MS, MS, MS);
}

static void thinking_users_are_not_kept_by_it(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = 10 * MS;
    sketch_closed(&o->sketch, 10, 90 * MS);
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = S;
    o->config.gather_ns = MS;
    oracle_run(o);
    oracle_assert_exact(o, 1000, 1000 * 10 * MS, 10 * MS, 10 * MS);
}

static void it_takes_fewer_turns(void **state)
{
    struct oracle *o = *state;
    uint64_t turns[2];
    for (int gathers = 0; gathers < 2; gathers++) {
        o->rule = (struct server_rule){ .delay_ns = MS, .ramp_ns = US };
        sketch_closed(&o->sketch, 64, 0);
        o->sketch.plan.load.requests_max = 1000;
        o->config.gather_ns = gathers ? 100 * US : 0;
        oracle_run(o);
        turns[gathers] = o->result.turns;
    }
    assert_true(turns[1] * 4 < turns[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, oracle_open, oracle_close)
        T(without_gathering_nothing_waits),
        T(answers_wait_for_half_of_what_is_owed_and_not_beyond_the_limit),
        T(one_connection_has_nobody_to_wait_for),
        T(thinking_users_are_not_kept_by_it),
        T(it_takes_fewer_turns),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
