/* oracle — a simulated run against a server whose behaviour is known exactly, and what to hold the
 * run's figures against. To be used by cmocka tests. */
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
