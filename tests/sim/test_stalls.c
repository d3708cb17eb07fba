/* goal: whoever stands still, everybody who had to wait is charged with all of the wait, and the
 * generator's own standing still is told apart from the server's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/sim/oracle.h"

/* One arrival each millisecond for ten seconds, to be answered after 1 ms. */
static void thousand_a_second(struct oracle *o)
{
    o->rule.delay_ns = MS;
    sketch_open(&o->sketch, 1000, 1, 400);
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = S;
}

/* The 300 that were due meanwhile waited for 300, 299, ... 1 ms: 45150 ms in all. */
static void a_generator_that_stood_still_says_so_and_charges_it(void **state)
{
    struct oracle *o = *state;
    thousand_a_second(o);
    o->config.asleep_from_ns = 2000 * MS;
    o->config.asleep_to_ns = 2300 * MS;
    oracle_run(o);
    /* The answer to the one before, due at 1999 ms, lay there for 300 ms. */
    oracle_assert_exact(o, 10000, (9699 + 301 + 45150 + 300) * MS, MS, 301 * MS);
    oracle_assert_quantile(o, 96, 100, MS);
    oracle_assert_quantile(o, 99, 100, 202 * MS);
    const struct tally *t = o->result.tally;
    assert_int_equal(t->lateness.max_ns, 300 * MS);
    assert_int_equal((uint64_t)t->lateness.sum_ns, 45150 * MS);
    assert_int_equal((uint64_t)t->endpoints[0].service[OUTCOME_OK].sum_ns, (9999 + 301) * MS);
}

static void a_server_that_stood_still_makes_no_generator_late(void **state)
{
    struct oracle *o = *state;
    thousand_a_second(o);
    o->rule.freeze_from_ns = 2000 * MS;
    o->rule.freeze_to_ns = 2300 * MS;
    o->rule.period_ns = 100 * S;
    oracle_run(o);
    oracle_assert_exact(o, 10000, (9700 + 45150 + 300) * MS, MS, 301 * MS);
    oracle_assert_quantile(o, 96, 100, MS);
    oracle_assert_quantile(o, 99, 100, 201 * MS);
    const struct tally *t = o->result.tally;
    assert_int_equal(t->lateness.max_ns, 0);
    assert_true(t->endpoints[0].service[OUTCOME_OK].sum_ns == o->all.sum_ns);
}

/* Ten users in step who ask every 100 ms, 90 of them in thought. Those of 2100 ms are 250 ms late,
 * and everything after them is 350 ms later: 98 requests each before 10 s are over. */
static void users_of_a_generator_that_stood_still_are_charged_for_it(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = 10 * MS;
    sketch_closed(&o->sketch, 10, 90 * MS);
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = S;
    o->config.asleep_from_ns = 2050 * MS;
    o->config.asleep_to_ns = 2350 * MS;
    oracle_run(o);
    oracle_assert_exact(o, 980, (980 * 10 + 10 * 250) * MS, 10 * MS, 260 * MS);
    assert_int_equal(o->result.tally->lateness.max_ns, 250 * MS);
    assert_int_equal(o->result.tally->endpoints[0].service[OUTCOME_OK].max_ns, 10 * MS);
}

static void nobody_waits_for_a_connection_while_another_is_free(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){ .delay_ns = MS, .slow_every = 1000, .slow_ns = 500 * MS };
    sketch_open(&o->sketch, 1000, 1, 4); /* one is held up from the 1000th request on */
    o->sketch.plan.load.requests_max = 1500;
    oracle_run(o);
    oracle_assert_exact(o, 1500, (1499 + 500) * MS, MS, 500 * MS);
    oracle_assert_quantile(o, 999, 1000, MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ORACLE(f) cmocka_unit_test_setup_teardown(f, oracle_open, oracle_close)
        ORACLE(a_generator_that_stood_still_says_so_and_charges_it),
        ORACLE(a_server_that_stood_still_makes_no_generator_late),
        ORACLE(users_of_a_generator_that_stood_still_are_charged_for_it),
        ORACLE(nobody_waits_for_a_connection_while_another_is_free),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("stalls", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
