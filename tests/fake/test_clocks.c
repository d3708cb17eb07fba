/* goal: of a request's time exactly what squall did is called squall's, and waiting for a
 * connection is called that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "engine/run/worker_state.h"
#include "stats/blame.h"
#include "stats/tally.h"
#include "tests/fake/ring_fake.h"
#include "tests/sim/sketch.h"

#define MS     UINT64_C(1000000)
#define START  UINT64_C(1000000000)
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* One worker on a ring fed by hand, one user who waits 10 ms between requests. */
struct desk {
    struct sketch sketch;
    struct shard *shard;
    struct worker *worker;
    struct tally *tally;
    struct routes routes;
    _Atomic uint32_t stop, users_gone;
    _Atomic uint64_t users_wanted;
};

static int desk_open(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    fake_reset(START);
    sketch_init(&d->sketch);
    sketch_add(&d->sketch, "GET", 0);
    sketch_timeout(&d->sketch, 1000 * MS);
    sketch_closed(&d->sketch, 1, 10 * MS);
    assert_int_equal(shard_open(&d->shard, 1), 0);
    assert_int_equal(tally_open(&d->tally, 1), 0);
    routes_set(&d->routes, &(struct route){ .address_len = 16 }, 1);
    const struct worker_setup setup = { .plan = &d->sketch.plan,
                                        .cores = 1,
                                        .routes = &d->routes,
                                        .shard = d->shard,
                                        .stop = &d->stop,
                                        .users_wanted = &d->users_wanted,
                                        .users_gone = &d->users_gone };
    d->users_wanted = users_wanted_pack((struct users_wanted){ .users = 1 });
    assert_int_equal(worker_open(&d->worker, &setup), 0);
    assert_int_equal(worker_start(d->worker, START), 0);
    *state = d;
    return 0;
}

static int desk_close(void **state)
{
    struct desk *d = *state;
    worker_close(d->worker);
    shard_close(d->shard);
    tally_close(d->tally);
    fake_reset(START);
    free(d);
    return 0;
}

/* One turn, whose flush and whose wait end at this moment. */
static void turn(struct desk *d, uint64_t ms)
{
    fake_set_clock(START + ms * MS);
    assert_true(worker_turn(d->worker));
}

static const struct tally *books(struct desk *d)
{
    tally_clear(d->tally);
    tally_take(d->tally, d->shard);
    return d->tally;
}

static void assert_phase(struct desk *d, enum phase phase, uint64_t count, uint64_t max_ms)
{
    const struct hist_view *v = &books(d)->phases[phase];
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
    assert_int_equal(books(d)->phases[PHASE_QUEUED].total, 0);
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

#define T(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

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
