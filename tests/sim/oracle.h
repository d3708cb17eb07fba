/* oracle — a simulated run against a server whose behaviour is known exactly, and what to hold the
 * run's figures against. To be used by cmocka tests.
 *
 * What is known, and the test that holds squall to it, in tests/sim/ where nothing else is said:
 *
 *  O1  a constant delay           oracles     every_quantile_of_a_constant_delay_is_the_delay
 *  O2  users, thought and delay   oracles     users_who_think_ask_as_often_as_little_says
 *                                 oracles     users_who_never_think_keep_the_server_as_busy_...
 *  O3  half of the time frozen    oracles     a_frozen_server_is_charged_for_all_who_had_to_wait
 *                                 oracles     a_freeze_of_few_connections_is_charged_to_the_...
 *  O4  100 ms of each second      oracles     a_stall_in_every_second_shows_from_its_own_...
 *  O5  one in ten is slow         oracles     every_tenth_response_slow_begins_right_after_p90
 *  O6  one in a thousand is slow  oracles     one_slow_response_of_a_thousand_is_the_maximum_...
 *  O7  slower by the second       oracles     a_server_that_slows_down_steadily_is_followed_...
 *                                 drift       a_server_that_slows_down_by_the_second_is_not_...
 *  O8  a queue (M/M/1)            oracles     poisson_arrivals_at_a_queue_agree_with_lindley_...
 *  O9  a bandwidth                bandwidth   a_body_of_a_megabyte_takes_its_second
 *  O10 dead from the middle on    oracles     a_server_that_dies_silently_leaves_a_timeout_...
 *                                 oracles     without_grace_the_unanswered_are_in_flight_...
 *  O11 answers after the timeout  oracles     a_late_answer_is_nobodys_answer
 *  O12 too few connections        oracles     a_limit_of_connections_makes_arrivals_queue_...
 *                                 stalls      nobody_waits_for_a_connection_while_another_is_free
 *  O13 a generator that stops     stalls      a_generator_that_stood_still_says_so_and_charges_it
 *      and a server that does     stalls      a_server_that_stood_still_makes_no_generator_late
 *  O14 a constant rate            arrivals    each_request_arrives_at_its_own_nanosecond
 *                                 arrivals    no_rate_is_a_train_of_batches
 *                                 unit/pace   the_billionth_arrival_has_not_drifted
 *  O15 arrivals by chance         unit/poisson, all of it
 *  O16 thought of every kind      think_time, all of it
 *  O17 sorted values              unit/samples, all of it
 *  O18 parts of a whole           unit/hist   adding_views_is_recording_everything_in_one
 *                                 unit/tally  any_split_over_shards_in_any_order_gives_the_...
 *                                 e2e/hlog    test_java_reads_what_was_written
 *  O19 a wall clock that jumps    wall_clock  steps_of_the_wall_clock_change_no_latency
 *                                 unit/clock  latency_is_measured_with_the_monotonic_clock
 *  O20 a cold beginning           drift       a_cold_beginning_is_cut_and_the_rest_is_that_...
 *  O21 slower by the row          drift       a_table_that_grows_is_told_by_its_rows
 *  O22 the same, by other tools   bench/peers/truth.py
 *
 * Every run is audited besides (audit.c): counts, bytes, and Little's law to the nanosecond.
 */
#ifndef SQUALL_TESTS_SIM_ORACLE_H
#define SQUALL_TESTS_SIM_ORACLE_H

#include "tests/sim/sim.h"
#include "tests/sim/sketch.h"

#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

/* What the server does with the k-th request and with time. */
struct server_rule {
    uint64_t delay_ns;
    uint64_t slow_every, slow_ns;          /* the last of each so many takes slow_ns; 0 = none */
    uint64_t freeze_from_ns, freeze_to_ns; /* within each period: nothing is answered */
    uint64_t period_ns;
    uint64_t dies_at_ns; /* 0 = never */
    uint64_t ramp_ns;    /* more with each request */
};

struct oracle {
    struct sketch sketch; /* one GET; give it a load */
    struct server_rule rule;
    struct sim_config config; /* its server follows the rule */
    struct sim_result result;
    struct hist_view all; /* latency of all requests, failed ones too */
};

/* Setup and teardown of a cmocka test, whose state is a struct oracle. */
int oracle_open(void **state);
int oracle_close(void **state);

/* Runs it, once more if need be. What the audit finds fails the test. */
void oracle_run(struct oracle *o);

/* The quantile num/den lies in the very bucket of the true value. */
void oracle_assert_quantile(const struct oracle *o, uint64_t num, uint64_t den, uint64_t true_ns);

/* Sum and extremes are kept exactly, not in buckets. */
void oracle_assert_exact(const struct oracle *o, uint64_t count, uint64_t sum_ns, uint64_t min_ns,
                         uint64_t max_ns);

uint64_t oracle_counter(const struct oracle *o, enum counter c);
uint64_t oracle_failures(const struct oracle *o, enum failure_class class);

#endif
