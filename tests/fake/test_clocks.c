/* goal: of a request's time exactly what squall did is called squall's, and waiting for a
 * connection is called that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "stats/blame.h"
#include "tests/fake/desk.h"

static int open_desk(void **state)
{
    struct desk *d = desk_open(1000 * MS);
    desk_start(d);
    *state = d;
    return 0;
}

static int close_desk(void **state)
{
    desk_close(*state);
    return 0;
}

/* One turn, whose flush and whose wait end at this moment. */
static void turn(struct desk *d, uint64_t ms)
{
    fake_set_clock(START + ms * MS);
    assert_true(worker_turn(d->worker));
}

static void assert_phase(struct desk *d, enum phase phase, uint64_t count, uint64_t max_ms)
{
    const struct hist_view *v = &desk_books(d)->phases[phase];
    assert_int_equal(v->total, count);
    assert_int_equal(v->max_ns, max_ms * MS);
}

static void a_turn_that_takes_long_before_it_sends_is_squalls(void **state)
{
    struct desk *d = *state;
    turn(d, 0);
    turn(d, 0); /* the user has asked for a connection */
    fake_complete(OP_CONNECT, 0, 0);
    turn(d, 5);
    turn(d, 8); /* … and its request leaves 3 ms after that could have been done */
    fake_receive(0, ANSWER, true);
    turn(d, 20);
    assert_phase(d, PHASE_QUEUED, 1, 5);
    assert_phase(d, PHASE_GENERATOR, 1, 3);
    assert_int_equal(d->tally->endpoints[0].latency[OUTCOME_OK].max_ns, 20 * MS);
    assert_int_equal(d->tally->endpoints[0].service[OUTCOME_OK].max_ns, 12 * MS);
}

static void a_user_noticed_late_is_squalls_too(void **state)
{
    struct desk *d = *state;
    turn(d, 0);
    turn(d, 0);
    fake_complete(OP_CONNECT, 0, 0);
    turn(d, 0);
    turn(d, 0);
    fake_receive(0, ANSWER, true);
    turn(d, 0);
    turn(d, 14); /* due at 10 */
    turn(d, 14);
    fake_receive(0, ANSWER, true);
    turn(d, 15);
    assert_phase(d, PHASE_GENERATOR, 2, 4);
    assert_int_equal(d->tally->endpoints[0].latency[OUTCOME_OK].max_ns, 5 * MS);
    assert_int_equal(desk_books(d)->phases[PHASE_QUEUED].total, 0);
    struct summary *s = NULL;
    assert_int_equal(summary_make(&s, d->tally, d->sketch.plan.endpoints, 15 * MS), 0);
    assert_true(blame_of(d->tally, s).share_us[SUMMARY_P99] == 4000.0);
    assert_true(blame_of(d->tally, s).share_us[SUMMARY_P50] == 0.0);
    summary_close(s);
}

static void a_server_that_takes_long_is_not_squalls(void **state)
{
    struct desk *d = *state;
    turn(d, 0);
    turn(d, 0);
    fake_complete(OP_CONNECT, 0, 0);
    turn(d, 0);
    turn(d, 0);
    for (uint64_t ms = 10; ms <= 500; ms += 10)
        turn(d, ms);
    fake_receive(0, ANSWER, true);
    turn(d, 500);
    assert_phase(d, PHASE_GENERATOR, 1, 0);
    assert_int_equal(d->tally->endpoints[0].latency[OUTCOME_OK].max_ns, 500 * MS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_turn_that_takes_long_before_it_sends_is_squalls),
        T(a_user_noticed_late_is_squalls_too),
        T(a_server_that_takes_long_is_not_squalls),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("clocks", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
