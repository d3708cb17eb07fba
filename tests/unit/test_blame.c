/* test_blame — goal: of a latency no more and no less is called the generator's than what was
 * recorded as that. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "stats/blame.h"

#define MS UINT64_C(1000000)

static const struct endpoint_name names[] = { { "GET", "/a" }, { "POST", "/b" } };

struct world {
    struct shard *shard;
    struct tally *tally;
    struct summary *summary;
    struct blame blame;
};

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    assert_int_equal(shard_open(&w->shard, 2), 0);
    assert_int_equal(tally_open(&w->tally, 2), 0);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    shard_close(w->shard);
    tally_close(w->tally);
    summary_close(w->summary);
    free(w);
    return 0;
}

static void finish(struct world *w, uint32_t endpoint, uint64_t latency_ns, uint64_t generator_ns)
{
    const struct shard_result r = { .endpoint = endpoint,
                                    .latency_ns = latency_ns,
                                    .service_ns = latency_ns,
                                    .generator_ns = generator_ns };
    shard_finish(w->shard, &r);
}

static const struct blame *judge(struct world *w)
{
    tally_take(w->tally, w->shard);
    assert_int_equal(summary_make(&w->summary, w->tally, names, 1000 * MS), 0);
    w->blame = blame_of(w->tally, w->summary);
    return &w->blame;
}

static void each_percentile_has_the_share_of_its_own_requests(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 500; i++) {
        finish(w, 0, 2 * MS, 1000);
        finish(w, 1, 2 * MS, 3000);
    }
    for (int i = 0; i < 60; i++)
        finish(w, 1, 80 * MS, 79 * MS);
    const struct blame *b = judge(w);
    assert_true(b->share_us[SUMMARY_P50] == 2.0);
    assert_true(b->share_us[SUMMARY_P90] == 2.0);
    assert_true(b->share_us[SUMMARY_P95] == 79000.0);
    assert_true(b->share_us[SUMMARY_P99_99] == 79000.0);
    assert_true(fabs(b->generator_p99_us - 79000) < 79000 / 1024.0);
}

static void the_slowest_requests_have_a_share_too(void **state)
{
    struct world *w = *state;
    finish(w, 0, 2 * HIST_MAX_NS, 7000);
    assert_true(judge(w)->share_us[SUMMARY_P50] == 7.0);
}

static void without_requests_nothing_is_known(void **state)
{
    const struct blame *b = judge(*state);
    assert_true(isnan(b->share_us[SUMMARY_P50]));
    assert_true(isnan(b->generator_p99_us));
    assert_true(b->standstill_s == 0);
}

static void long_turns_are_standstills_and_short_ones_are_not(void **state)
{
    struct world *w = *state;
    struct hist *turns = &w->shard->phases[PHASE_TURN];
    for (int i = 0; i < 100000; i++)
        hist_record(turns, 9 * MS);
    assert_true(judge(w)->standstill_s == 0);
    hist_record(turns, 300 * MS);
    hist_record(turns, 100 * MS);
    tally_clear(w->tally);
    summary_close(w->summary);
    const struct blame *b = judge(w);
    assert_true(fabs(b->standstill_s - 0.4) < 0.4 / 1024);
    assert_true(b->turn_max_us == 300000.0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_percentile_has_the_share_of_its_own_requests),
        T(the_slowest_requests_have_a_share_too),
        T(without_requests_nothing_is_known),
        T(long_turns_are_standstills_and_short_ones_are_not),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("blame", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
