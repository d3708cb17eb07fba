/* goal: whatever happens on the network and on the server, the books of a run balance, and a seed
 * tells all of it again.
 *
 * SEEDS=n   how many; default 10000, 500 under a sanitizer
 * SEED=n    this one alone;  TRACE=1 prints everything that happens
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/draw.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SEEDS_DEFAULT 500
#else
#define SEEDS_DEFAULT 10000
#endif
#define SEEDS_TWICE      100
#define FAULTS_SHOWN_MAX 10

static uint64_t number_from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* Runs one seed; false and a line on stderr when something is wrong. */
static bool seed_holds(uint64_t seed, uint64_t *ret_hash, uint64_t *finished, uint64_t *strikes)
{
    static struct draw d;
    struct sim_result result;
    draw_run(&d, seed);
    d.config.is_traced = getenv("TRACE") != NULL;
    if (d.config.is_traced)
        fprintf(stderr, "%s", d.scenario);
    const bool holds = sim_run(d.plan, &d.config, seed, &result);
    if (!holds) {
        char text[1024];
        fprintf(stderr, "%s\n    %s\n    replay: SEED=%llu TRACE=1\n", result.violation,
                draw_describe(&d, text, sizeof text), (unsigned long long)seed);
    }
    *ret_hash = result.hash;
    *finished += tally_finished(result.tally, OUTCOME_OK);
    for (int f = 0; f < FAULT_COUNT; f++)
        strikes[f] += result.strikes[f];
    sim_result_close(&result);
    draw_close(&d);
    return holds;
}

static void every_seed_balances(void **state)
{
    (void)state;
    const bool one = getenv("SEED") != NULL;
    const uint64_t first = number_from_environment("SEED", 1);
    const uint64_t count = one ? 1 : number_from_environment("SEEDS", SEEDS_DEFAULT);
    uint64_t hash = 0;
    uint64_t finished = 0;
    uint64_t strikes[FAULT_COUNT] = { 0 };
    unsigned faults = 0;
    for (uint64_t seed = first; seed < first + count && faults < FAULTS_SHOWN_MAX; seed++)
        if (!seed_holds(seed, &hash, &finished, strikes))
            faults++;
    assert_int_equal(faults, 0);
    if (one)
        return;
    assert_true(finished > count); /* the runs did some work … */
    for (int f = 0; f < FAULT_COUNT && count >= 5000; f++)
        if (strikes[f] == 0) /* … and suffered from everything there is */
            fail_msg("no run met the fault %s", fault_name((enum fault)f));
}

static void the_same_seed_is_the_same_run(void **state)
{
    (void)state;
    const uint64_t first = number_from_environment("SEED", 1);
    const uint64_t count = getenv("SEED") != NULL ? 1 : SEEDS_TWICE;
    uint64_t before = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        uint64_t hashes[2] = { 0 };
        uint64_t finished = 0;
        uint64_t strikes[FAULT_COUNT] = { 0 };
        for (int i = 0; i < 2; i++)
            seed_holds(seed, &hashes[i], &finished, strikes);
        assert_int_equal(hashes[0], hashes[1]);
        assert_int_not_equal(hashes[0], before); /* and another seed is another run */
        before = hashes[0];
    }
}

/* Ten users and a server of 1 ms, everything going wrong in the first second. */
struct recovery {
    struct draw draw;
    uint64_t answered_late; /* requests that arrived in the last second */
};

static void answer_and_count(void *context, const struct server_request *asked, struct reply *reply)
{
    struct recovery *r = context;
    reply->delay_ns = 1000000;
    if (asked->arrived_ns >= 2000000000)
        r->answered_late++;
}

static void throughput_returns_within_a_second_of_the_last_fault(void **state)
{
    (void)state;
    static struct recovery r;
    uint64_t failed = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_result result;
        r.answered_late = 0;
        sketch_init(&r.draw.sketch);
        sketch_add(&r.draw.sketch, "GET", 0);
        sketch_timeout(&r.draw.sketch, 300000000);
        sketch_closed(&r.draw.sketch, 10, 0);
        r.draw.sketch.plan.load.duration_ns = 3000000000;
        r.draw.sketch.plan.load.grace_ns = 1000000000;
        r.draw.config =
            (struct sim_config){ .faults_end_ns = 1000000000,
                                 .server = { .answer = answer_and_count, .context = &r } };
        for (int f = 0; f < FAULT_COUNT; f++)
            r.draw.config.chances[f] = 500;
        if (!sim_run(&r.draw.sketch.plan, &r.draw.config, seed, &result))
            fail_msg("seed %llu: %s", (unsigned long long)seed, result.violation);
        failed += tally_finished(result.tally, OUTCOME_FAILED);
        assert_in_range(r.answered_late, 10000 - 20,
                        10000); /* all it can carry, less a few at the edges */
        sim_result_close(&result);
    }
    assert_true(failed > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_seed_balances),
        cmocka_unit_test(the_same_seed_is_the_same_run),
        cmocka_unit_test(throughput_returns_within_a_second_of_the_last_fault),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("seeds", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
