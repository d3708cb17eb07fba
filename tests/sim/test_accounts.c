/* goal: over very many requests not one is lost, counted twice or counted as something else.
 *
 *     build/tests/sim/test_accounts 1000000000      a billion instead of ten million
 *
 * Every run is audited at its end: scheduled = ok + failed + dropped + in flight at the end + not
 * sent; what the histograms hold is what finished; requests under way, summed over time, are
 * latencies, summed over requests, to the nanosecond; bytes and requests are those of the server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/oracle.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define REQUESTS_DEFAULT UINT64_C(200000)
#else
#define REQUESTS_DEFAULT UINT64_C(10000000)
#endif
#define EVENTS_PER_REQUEST 100u

static uint64_t requests = REQUESTS_DEFAULT; /* over all tests */

static void assert_balanced(const struct oracle *o, uint64_t scheduled)
{
    const uint64_t *c = o->result.tally->counters;
    const uint64_t ok = tally_finished(o->result.tally, OUTCOME_OK);
    const uint64_t failed = tally_finished(o->result.tally, OUTCOME_FAILED);
    printf("%llu scheduled = %llu ok + %llu failed + %llu dropped + %llu in flight at the end + "
           "%llu not sent\n",
           (unsigned long long)c[COUNTER_SCHEDULED], (unsigned long long)ok,
           (unsigned long long)failed, (unsigned long long)c[COUNTER_DROPPED],
           (unsigned long long)c[COUNTER_IN_FLIGHT_AT_END],
           (unsigned long long)c[COUNTER_NOT_SENT]);
    assert_int_equal(c[COUNTER_SCHEDULED], scheduled);
    assert_int_equal(ok + failed + c[COUNTER_DROPPED] + c[COUNTER_IN_FLIGHT_AT_END] +
                         c[COUNTER_NOT_SENT],
                     scheduled);
}

static void requests_of_users_who_never_wait_balance(void **state)
{
    struct oracle *o = *state;
    const uint64_t share = requests / 10 * 7;
    sketch_closed(&o->sketch, 64, 0);
    o->rule.delay_ns = MS;
    o->config.cores = 2;
    o->config.events_max = share * EVENTS_PER_REQUEST;
    o->sketch.plan.load.requests_max = share;
    oracle_run(o);
    assert_balanced(o, share);
    assert_int_equal(tally_finished(o->result.tally, OUTCOME_OK), share);
    assert_int_equal(o->result.truth.replies_whole, share);
}

static void requests_that_every_kind_of_fault_befalls_balance(void **state)
{
    struct oracle *o = *state;
    const uint64_t share = requests / 10;
    sketch_add(&o->sketch, "POST", 300);
    sketch_timeout(&o->sketch, 20 * MS);
    sketch_closed(&o->sketch, 64, 0);
    o->rule.delay_ns = MS;
    o->config.cores = 4;
    o->config.latency_ns = MS / 10;
    o->config.events_max = share * EVENTS_PER_REQUEST;
    for (int f = 0; f < FAULT_COUNT; f++)
        o->config.chances[f] = 10;
    o->sketch.plan.load.requests_max = share;
    oracle_run(o);
    assert_balanced(o, share);
    assert_true(tally_finished(o->result.tally, OUTCOME_FAILED) > share / 1000);
}

/* Twice as many as ten connections can carry: half of them is never sent. */
static void arrivals_that_nobody_can_carry_balance(void **state)
{
    struct oracle *o = *state;
    const uint64_t share = requests / 10;
    sketch_open(&o->sketch, 20000, 1, 10);
    o->rule.delay_ns = MS;
    o->config.events_max = share * EVENTS_PER_REQUEST;
    o->sketch.plan.load.duration_ns = share / 2 * 100000; /* 20,000/s */
    oracle_run(o);
    assert_balanced(o, share);
    assert_in_range(oracle_counter(o, COUNTER_NOT_SENT), share / 2 - 10, share / 2 + 10);
}

/* What the seconds of a run have in all, as they are looked at from outside. */
struct seconds {
    struct tally *before, *now, *difference, *sum;
};

static void second_is_over(void *context, const struct shard *const *shards, uint32_t count,
                           uint64_t at_ns)
{
    struct seconds *s = context;
    struct tally *before = s->now;
    s->now = s->before;
    s->before = before;
    tally_clear(s->now);
    for (uint32_t i = 0; i < count; i++)
        tally_take(s->now, shards[i]);
    tally_clear(s->difference);
    tally_since(s->difference, s->now, s->before);
    tally_add(s->sum, s->difference);
}

static void the_seconds_of_a_run_add_up_to_it(void **state)
{
    struct oracle *o = *state;
    struct seconds s;
    const uint64_t share = requests / 10;
    tally_open(&s.before, 1);
    tally_open(&s.now, 1);
    tally_open(&s.difference, 1);
    tally_open(&s.sum, 1);
    sketch_closed(&o->sketch, 100, 0);
    sketch_timeout(&o->sketch, 20 * MS);
    o->rule.delay_ns = MS;
    o->rule.slow_every = 1000; /* … and then takes too long */
    o->rule.slow_ns = 30 * MS;
    o->config.cores = 3;
    o->config.events_max = share * EVENTS_PER_REQUEST;
    o->config.watch = second_is_over;
    o->config.watch_context = &s;
    o->config.watch_every_ns = S / 2;
    o->sketch.plan.load.requests_max = share;
    o->sketch.plan.load.grace_ns = S;
    oracle_run(o);
    assert_balanced(o, share);
    tally_since(s.difference, o->result.tally, s.now); /* what came after the last look */
    tally_add(s.sum, s.difference);
    for (int c = 0; c < COUNTER_COUNT; c++)
        assert_int_equal(s.sum->counters[c], o->result.tally->counters[c]);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const struct hist_view *sum = &s.sum->endpoints[0].latency[i];
        const struct hist_view *whole = &o->result.tally->endpoints[0].latency[i];
        assert_int_equal(sum->total, whole->total);
        assert_true(sum->sum_ns == whole->sum_ns);
        assert_memory_equal(sum->counts, whole->counts, HIST_SLOTS * sizeof(uint64_t));
    }
    tally_close(s.before);
    tally_close(s.now);
    tally_close(s.difference);
    tally_close(s.sum);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define ORACLE(f) cmocka_unit_test_setup_teardown(f, oracle_open, oracle_close)
        ORACLE(requests_of_users_who_never_wait_balance),
        ORACLE(requests_that_every_kind_of_fault_befalls_balance),
        ORACLE(arrivals_that_nobody_can_carry_balance),
        ORACLE(the_seconds_of_a_run_add_up_to_it),
    };
    if (argc > 1)
        requests = strtoull(argv[1], NULL, 10);
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("accounts", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
