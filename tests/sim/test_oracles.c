/* goal: for servers whose behaviour is known exactly, every figure of the engine is exact, to the
 * bucket of the histogram. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "tests/sim/oracle.h"

static void every_quantile_of_a_constant_delay_is_the_delay(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = 10 * MS;
    sketch_open(&o->sketch, 1000, 1, 64);
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = S;
    for (uint32_t cores = 1; cores <= 4; cores += 3) {
        o->config.cores = cores;
        oracle_run(o);
        oracle_assert_exact(o, 10000, 10000 * 10 * MS, 10 * MS, 10 * MS);
        oracle_assert_quantile(o, 1, 10000, 10 * MS);
        oracle_assert_quantile(o, 9999, 10000, 10 * MS);
        assert_int_equal(o->result.tally->lateness.max_ns, 0);
        assert_int_equal(o->result.tally->ended_ns - o->result.tally->started_ns, 10 * S + 9 * MS);
        assert_int_equal(o->result.truth.delays_ns, 10000 * 10 * MS);
    }
}

static void users_who_think_ask_as_often_as_little_says(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = 10 * MS;
    sketch_closed(&o->sketch, 10, 90 * MS); /* X = 10 / 100 ms = 100/s */
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = S;
    oracle_run(o);
    oracle_assert_exact(o, 1000, 1000 * 10 * MS, 10 * MS, 10 * MS);
    assert_int_equal(oracle_counter(o, COUNTER_OPENED), 10);
    assert_int_equal(oracle_counter(o, COUNTER_REUSED), 990);
}

static void thinking_takes_exactly_as_long_as_it_should(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = 10 * MS;
    sketch_closed(&o->sketch, 10, 90 * MS);
    o->sketch.plan.load.requests_max = 1000;
    oracle_run(o);
    assert_int_equal(o->result.tally->ended_ns - o->result.tally->started_ns, 9910 * MS);
}

static void users_who_never_think_keep_the_server_as_busy_as_it_can_be(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = 10 * MS;
    sketch_closed(&o->sketch, 100, 0); /* X = 100 / 10 ms = 10,000/s */
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = S;
    oracle_run(o);
    oracle_assert_exact(o, 100000, 100000 * 10 * MS, 10 * MS, 10 * MS);
    /* R = U / X - Z from the tool's own numbers: 100 users * 10 s / 100,000 = 10 ms. */
    assert_int_equal(100 * 10 * S / o->all.total, (uint64_t)(o->all.sum_ns / o->all.total));
}

static void a_frozen_server_is_charged_for_all_who_had_to_wait(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){
        .delay_ns = MS, .freeze_from_ns = S, .freeze_to_ns = 2 * S, .period_ns = 4 * S
    };
    sketch_open(&o->sketch, 1000, 1, 1200);
    o->sketch.plan.load.duration_ns = 2 * S;
    o->sketch.plan.load.grace_ns = 5 * S;
    oracle_run(o);
    oracle_assert_exact(o, 2000, 2000 * UINT64_C(251250000), MS, 1001 * MS);
    oracle_assert_quantile(o, 50, 100, MS);
    oracle_assert_quantile(o, 75, 100, 501 * MS);
    oracle_assert_quantile(o, 80, 100, 601 * MS);
    oracle_assert_quantile(o, 90, 100, 801 * MS);
    oracle_assert_quantile(o, 95, 100, 901 * MS);
    oracle_assert_quantile(o, 99, 100, 981 * MS);
    oracle_assert_quantile(o, 999, 1000, 999 * MS);
}

static void a_freeze_of_few_connections_is_charged_to_the_arrivals_it_held_up(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){
        .delay_ns = MS, .freeze_from_ns = S, .freeze_to_ns = 2 * S, .period_ns = 4 * S
    };
    sketch_open(&o->sketch, 1000, 1, 4); /* all four are stuck, and then serve four in each ms */
    o->sketch.plan.load.requests_max = 3000;
    oracle_run(o);
    uint64_t sum_ns = 1000 * MS;
    for (uint64_t k = 0; k < 2000; k++) /* due at 1000 + k ms, done at 2001 + k / 4 at best */
        sum_ns += 1001 + k / 4 > k + 1 ? (1001 + k / 4 - k) * MS : MS;
    oracle_assert_exact(o, 3000, sum_ns, MS, 1001 * MS);
    assert_int_equal(o->result.tally->endpoints[0].service[OUTCOME_OK].max_ns, 1001 * MS);
    assert_int_equal(o->result.tally->lateness.max_ns, 0);
}

static void a_limit_of_connections_makes_arrivals_queue_and_service_stays_the_same(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = 100 * MS;
    sketch_open(&o->sketch, 200, 1, 10); /* twice what ten connections can carry */
    o->sketch.plan.load.requests_max = 1000;
    oracle_run(o);
    uint64_t done_ns[1000];
    uint64_t sum_ns = 0;
    for (uint64_t k = 0; k < 1000; k++) {
        const uint64_t due_ns = k * 5 * MS;
        const uint64_t free_ns = k < 10 ? 0 : done_ns[k - 10];
        done_ns[k] = (free_ns > due_ns ? free_ns : due_ns) + 100 * MS;
        sum_ns += done_ns[k] - due_ns;
    }
    oracle_assert_exact(o, 1000, sum_ns, 100 * MS, done_ns[999] - 999 * 5 * MS);
    const struct hist_view *service = &o->result.tally->endpoints[0].service[OUTCOME_OK];
    assert_int_equal(service->min_ns, 100 * MS);
    assert_int_equal(service->max_ns, 100 * MS);
    assert_int_equal(o->result.tally->lateness.max_ns, 0);
}

static void a_stall_in_every_second_shows_from_its_own_percentile_on(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){
        .delay_ns = MS, .freeze_from_ns = 900 * MS, .freeze_to_ns = S, .period_ns = S
    };
    sketch_open(&o->sketch, 1000, 1, 200);
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = S;
    oracle_run(o);
    oracle_assert_exact(o, 10000, 10000 * UINT64_C(6050000), MS, 101 * MS);
    oracle_assert_quantile(o, 50, 100, MS);
    oracle_assert_quantile(o, 90, 100, MS);
    oracle_assert_quantile(o, 95, 100, 51 * MS);
    oracle_assert_quantile(o, 99, 100, 91 * MS);
    oracle_assert_quantile(o, 999, 1000, 100 * MS);
}

static void every_tenth_response_slow_begins_right_after_p90(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){ .delay_ns = 5 * MS, .slow_every = 10, .slow_ns = 50 * MS };
    sketch_open(&o->sketch, 1000, 1, 200);
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = S;
    oracle_run(o);
    oracle_assert_exact(o, 10000, 10000 * UINT64_C(9500000), 5 * MS, 50 * MS);
    oracle_assert_quantile(o, 90, 100, 5 * MS);
    oracle_assert_quantile(o, 9001, 10000, 50 * MS);
    oracle_assert_quantile(o, 91, 100, 50 * MS);
}

static void one_slow_response_of_a_thousand_is_the_maximum_and_not_p99_9(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){ .delay_ns = 5 * MS, .slow_every = 1000, .slow_ns = 50 * MS };
    sketch_open(&o->sketch, 1000, 1, 200);
    o->sketch.plan.load.requests_max = 1000;
    oracle_run(o);
    oracle_assert_exact(o, 1000, 999 * 5 * MS + 50 * MS, 5 * MS, 50 * MS);
    oracle_assert_quantile(o, 999, 1000, 5 * MS);
    oracle_assert_quantile(o, 1, 1, 50 * MS);
}

static void a_server_that_slows_down_steadily_is_followed_to_the_last_request(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){ .delay_ns = 5 * MS, .ramp_ns = 1000 };
    sketch_open(&o->sketch, 1000, 1, 64);
    o->sketch.plan.load.requests_max = 10000;
    oracle_run(o);
    oracle_assert_exact(o, 10000, 10000 * 5 * MS + 1000 * UINT64_C(49995000), 5 * MS, 14999000);
    oracle_assert_quantile(o, 50, 100, 9999000);
    oracle_assert_quantile(o, 90, 100, 13999000);
    oracle_assert_quantile(o, 99, 100, 14899000);
}

/* One clerk, first come first served, exponential service times of 1 ms on average; keeps Lindley's
 * books itself. */
struct clerk {
    uint64_t free_ns, count, sum_ns, max_ns;
    struct prng prng;
};

static void answer_in_a_queue(void *context, const struct server_request *asked,
                              struct reply *reply)
{
    struct clerk *q = context;
    const uint64_t begins_ns = q->free_ns > asked->arrived_ns ? q->free_ns : asked->arrived_ns;
    q->free_ns = begins_ns + 1 + (uint64_t)(-log(1.0 - prng_unit(&q->prng)) * 1e6);
    reply->delay_ns = q->free_ns - asked->arrived_ns;
    q->count++;
    q->sum_ns += reply->delay_ns;
    q->max_ns = reply->delay_ns > q->max_ns ? reply->delay_ns : q->max_ns;
}

static void poisson_arrivals_at_a_queue_agree_with_lindley_to_the_nanosecond(void **state)
{
    struct oracle *o = *state;
    struct clerk clerk = { 0 };
    prng_init(&clerk.prng, 7, 7);
    o->config.server = (struct server_script){ .answer = answer_in_a_queue, .context = &clerk };
    o->config.cores = 3;
    sketch_open(&o->sketch, 800, 1, 300);
    o->sketch.plan.load.is_poisson = true;
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = S;
    oracle_run(o);
    assert_in_range(clerk.count, 8000 - 4 * 90, 8000 + 4 * 90); /* four standard deviations */
    assert_int_equal(o->all.total, clerk.count);
    assert_int_equal((uint64_t)o->all.sum_ns, clerk.sum_ns);
    assert_int_equal(o->all.max_ns, clerk.max_ns);
}

static void a_server_that_dies_silently_leaves_a_timeout_for_each_request(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){ .delay_ns = MS, .dies_at_ns = 5 * S };
    sketch_timeout(&o->sketch, S);
    sketch_open(&o->sketch, 1000, 1, 2000);
    o->sketch.plan.load.duration_ns = 10 * S;
    o->sketch.plan.load.grace_ns = 2 * S;
    oracle_run(o);
    const struct tally_endpoint *e = &o->result.tally->endpoints[0];
    assert_int_equal(e->latency[OUTCOME_OK].total, 5000);
    assert_int_equal(e->latency[OUTCOME_FAILED].total, 5000);
    assert_int_equal(oracle_failures(o, FAILURE_TIMEOUT_FIRST_BYTE), 5000);
    assert_int_equal(oracle_counter(o, COUNTER_IN_FLIGHT_AT_END), 0);
    oracle_assert_quantile(o, 50, 100, MS);
    assert_int_equal(hist_view_quantile_ns(&o->all, 5001, 10000) >= S, true);
    assert_int_equal(e->latency[OUTCOME_FAILED].min_ns, S);
    assert_int_equal(e->latency[OUTCOME_FAILED].max_ns, S);
}

static void without_grace_the_unanswered_are_in_flight_at_the_end(void **state)
{
    struct oracle *o = *state;
    o->rule = (struct server_rule){ .delay_ns = MS, .dies_at_ns = 5 * S };
    sketch_timeout(&o->sketch, S);
    sketch_open(&o->sketch, 1000, 1, 2000);
    o->sketch.plan.load.duration_ns = 10 * S;
    oracle_run(o);
    assert_int_equal(tally_finished(o->result.tally, OUTCOME_OK), 5000);
    /* Those begun in the last second are too young to have failed; the one that is exactly 1 s old
     * may be either. */
    assert_in_range(oracle_counter(o, COUNTER_IN_FLIGHT_AT_END), 999, 1000);
    assert_int_equal(oracle_failures(o, FAILURE_TIMEOUT_FIRST_BYTE),
                     5000 - oracle_counter(o, COUNTER_IN_FLIGHT_AT_END));
}

static void a_late_answer_is_nobodys_answer(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = 150 * MS;
    sketch_timeout(&o->sketch, 100 * MS);
    sketch_closed(&o->sketch, 10, 0);
    o->sketch.plan.load.requests_max = 500;
    oracle_run(o);
    assert_int_equal(tally_finished(o->result.tally, OUTCOME_OK), 0);
    assert_int_equal(oracle_failures(o, FAILURE_TIMEOUT_FIRST_BYTE), 500);
    assert_int_equal(oracle_counter(o, COUNTER_OPENED), 500);
    assert_int_equal(o->result.tally->closes[CLOSE_TIMEOUT], 500);
    assert_int_equal(oracle_counter(o, COUNTER_BYTES_IN), 0);
}

static void latency_is_two_ways_and_the_servers_time(void **state)
{
    struct oracle *o = *state;
    o->rule.delay_ns = 2 * MS;
    o->config.latency_ns = 3 * MS;
    sketch_closed(&o->sketch, 1, 0);
    o->sketch.plan.load.requests_max = 11;
    oracle_run(o);
    /* The first also waits for its connection, 6 ms; service leaves that out. */
    oracle_assert_exact(o, 11, 11 * 8 * MS + 6 * MS, 8 * MS, 14 * MS);
    assert_int_equal(o->result.tally->endpoints[0].service[OUTCOME_OK].max_ns, 8 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ORACLE(f) cmocka_unit_test_setup_teardown(f, oracle_open, oracle_close)
        ORACLE(every_quantile_of_a_constant_delay_is_the_delay),
        ORACLE(users_who_think_ask_as_often_as_little_says),
        ORACLE(thinking_takes_exactly_as_long_as_it_should),
        ORACLE(users_who_never_think_keep_the_server_as_busy_as_it_can_be),
        ORACLE(a_frozen_server_is_charged_for_all_who_had_to_wait),
        ORACLE(a_freeze_of_few_connections_is_charged_to_the_arrivals_it_held_up),
        ORACLE(a_limit_of_connections_makes_arrivals_queue_and_service_stays_the_same),
        ORACLE(a_stall_in_every_second_shows_from_its_own_percentile_on),
        ORACLE(every_tenth_response_slow_begins_right_after_p90),
        ORACLE(one_slow_response_of_a_thousand_is_the_maximum_and_not_p99_9),
        ORACLE(a_server_that_slows_down_steadily_is_followed_to_the_last_request),
        ORACLE(poisson_arrivals_at_a_queue_agree_with_lindley_to_the_nanosecond),
        ORACLE(a_server_that_dies_silently_leaves_a_timeout_for_each_request),
        ORACLE(without_grace_the_unanswered_are_in_flight_at_the_end),
        ORACLE(a_late_answer_is_nobodys_answer),
        ORACLE(latency_is_two_ways_and_the_servers_time),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("oracles", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
