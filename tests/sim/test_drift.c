/* goal: whether a server kept its level is told from the seconds of the run as it was: how much
 * slower by the second, how much slower by the row written, and where a slow beginning ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "stats/evidence.h"
#include "stats/warmup.h"
#include "tests/sim/oracle.h"

#define LOOKS_MAX 200u

/* A run as a collector sees it, look by look. */
struct onlooker {
    struct tally *before, *now, *difference;
    struct interval_log *log;
    double mean_ns[LOOKS_MAX];
    uint32_t looks;
};

static void onlooker_adds(struct onlooker *l, const struct tally *now, uint64_t at_ns)
{
    struct hist_view latency;
    tally_clear(l->difference);
    tally_since(l->difference, now, l->before);
    assert_int_equal(interval_log_add(l->log, l->difference, at_ns), 0);
    tally_clear(l->before);
    tally_add(l->before, now);
    hist_view_init(&latency, calloc(HIST_SLOTS, sizeof(uint64_t)));
    tally_add_latency(l->difference, &latency);
    assert_true(l->looks < LOOKS_MAX);
    l->mean_ns[l->looks++] = hist_view_mean_ns(&latency);
    free(latency.counts);
}

static void onlooker_looks(void *context, const struct shard *const *shards, uint32_t count,
                           uint64_t at_ns)
{
    struct onlooker *l = context;
    tally_clear(l->now);
    for (uint32_t i = 0; i < count; i++)
        tally_take(l->now, shards[i]);
    onlooker_adds(l, l->now, at_ns);
}

/* Runs it, looked at each `every_ns`; what comes after the last whole look is one more. */
static void onlooker_watches(struct onlooker *l, struct oracle *o, uint64_t every_ns)
{
    const uint32_t rows = o->sketch.plan.endpoint_count;
    *l = (struct onlooker){ 0 };
    assert_int_equal(tally_open(&l->before, rows), 0);
    assert_int_equal(tally_open(&l->now, rows), 0);
    assert_int_equal(tally_open(&l->difference, rows), 0);
    assert_int_equal(interval_log_open(&l->log, rows, (size_t)1 << 26), 0);
    o->config.watch = onlooker_looks;
    o->config.watch_context = l;
    o->config.watch_every_ns = every_ns;
    o->sketch.plan.load.grace_ns = S;
    oracle_run(o);
    if (o->result.elapsed_ns > l->looks * every_ns)
        onlooker_adds(l, o->result.tally, o->result.elapsed_ns);
}

static void onlooker_close(struct onlooker *l)
{
    interval_log_close(l->log);
    tally_close(l->before);
    tally_close(l->now);
    tally_close(l->difference);
}

static struct evidence *evidence_of(const struct onlooker *l, const struct oracle *o)
{
    struct evidence *e;
    assert_int_equal(evidence_make(&e, l->log, o->result.tally, o->sketch.plan.endpoints), 0);
    return e;
}

/* The bounds are those of a rank statistic without noise: one and the same number, to a bucket. */
static void assert_slope(const struct trend *t, double slope)
{
    assert_int_equal(t->verdict, TREND_DRIFTING);
    assert_true(fabs(t->slope / slope - 1) < 0.01);
    assert_true(t->slope_low <= slope * 1.005 && t->slope_high >= slope * 0.995);
}

/* 1 us more with each of 1000 requests a second. */
static void a_server_that_slows_down_by_the_second_is_not_steady(void **state)
{
    struct oracle *o = *state;
    struct onlooker l;
    o->rule = (struct server_rule){ .delay_ns = 5 * MS, .ramp_ns = 1000 };
    sketch_open(&o->sketch, 1000, 1, 64);
    o->sketch.plan.load.duration_ns = 20 * S;
    onlooker_watches(&l, o, S);
    struct evidence *e = evidence_of(&l, o);
    assert_slope(&e->total.median, 1000);
    assert_slope(&e->total.p99, 1000);
    evidence_close(e);
    onlooker_close(&l);
}

static void a_server_that_keeps_its_level_is_steady(void **state)
{
    struct oracle *o = *state;
    struct onlooker l;
    o->rule = (struct server_rule){ .delay_ns = 5 * MS, .slow_every = 10, .slow_ns = 50 * MS };
    sketch_open(&o->sketch, 1000, 1, 64);
    o->sketch.plan.load.duration_ns = 20 * S;
    onlooker_watches(&l, o, S);
    struct evidence *e = evidence_of(&l, o);
    assert_int_equal(e->total.median.verdict, TREND_STATIONARY);
    assert_int_equal(e->total.p99.verdict, TREND_STATIONARY);
    evidence_close(e);
    onlooker_close(&l);
}

/* A table that grows with each POST, and makes all requests slower by 1 us. */
struct growing_table {
    uint64_t rows;
};

static void answer_from_table(void *context, const struct server_request *asked,
                              struct reply *reply)
{
    struct growing_table *table = context;
    table->rows += server_request_is(asked, "POST /1");
    reply->delay_ns = 5 * MS + table->rows * 1000;
}

/* One GET for each POST, on average, in an order of their own: 1 ms per 1000 rows. */
static void a_table_that_grows_is_told_by_its_rows(void **state)
{
    struct oracle *o = *state;
    struct onlooker l;
    struct growing_table table = { 0 };
    sketch_add(&o->sketch, "POST", 100);
    o->config.server.answer = answer_from_table;
    o->config.server.context = &table;
    sketch_open(&o->sketch, 500, 1, 64);
    o->sketch.plan.load.duration_ns = 20 * S;
    onlooker_watches(&l, o, S);
    assert_true(table.rows > 4800 && table.rows < 5200);
    struct evidence *e = evidence_of(&l, o);
    const struct trend *t = &e->total.median_writes;
    assert_int_equal(t->verdict, TREND_DRIFTING);
    assert_true(t->slope_low <= 1.0 && t->slope_high >= 1.0); /* us a row is ms per 1000 rows */
    assert_true(t->slope_high - t->slope_low < 0.1);
    evidence_close(e);
    onlooker_close(&l);
}

/* 4 to 6 ms, as the number of the request has it; ten times as long in the first two seconds. */
static void answer_cold_then_warm(void *context, const struct server_request *asked,
                                  struct reply *reply)
{
    const uint64_t *cold_until_ns = context;
    reply->delay_ns = 4 * MS + asked->index * 7919 % 2000 * 1000;
    if (asked->arrived_ns < *cold_until_ns)
        reply->delay_ns *= 10;
}

/* p99 of what finished from look `from` on. */
static uint64_t p99_from(const struct onlooker *l, size_t from)
{
    struct hist_view v;
    hist_view_init(&v, calloc(HIST_SLOTS, sizeof(uint64_t)));
    for (size_t i = from; i < l->log->count; i++)
        interval_log_take(l->log, i, 0, &v);
    const uint64_t p99_ns = hist_view_quantile_ns(&v, 99, 100);
    free(v.counts);
    return p99_ns;
}

static void a_cold_beginning_is_cut_and_the_rest_is_that_of_a_warm_server(void **state)
{
    struct oracle *o = *state;
    uint64_t p99_ns[2], whole_p99_ns[2];
    for (int is_cold = 0; is_cold < 2; is_cold++) {
        struct onlooker l;
        uint64_t cold_until_ns = is_cold ? 2 * S : 0;
        o->config.server.answer = answer_cold_then_warm;
        o->config.server.context = &cold_until_ns;
        sketch_open(&o->sketch, 1000, 1, 128);
        o->sketch.plan.load.duration_ns = 20 * S;
        onlooker_watches(&l, o, S / 5);
        const struct warmup w = warmup_find(l.mean_ns, 100);
        assert_true(w.is_settled);
        if (is_cold)
            assert_in_range(w.cut, 10, 17); /* 2.0 to 3.5 s */
        else
            assert_in_range(w.cut, 0, 5); /* the first look misses what is under way */
        p99_ns[is_cold] = p99_from(&l, is_cold ? w.cut : 10);
        whole_p99_ns[is_cold] = hist_view_quantile_ns(&o->all, 99, 100);
        onlooker_close(&l);
    }
    assert_int_equal(hist_index(p99_ns[0]), hist_index(p99_ns[1]));
    assert_true(whole_p99_ns[1] > 9 * whole_p99_ns[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ORACLE(f) cmocka_unit_test_setup_teardown(f, oracle_open, oracle_close)
        ORACLE(a_server_that_slows_down_by_the_second_is_not_steady),
        ORACLE(a_server_that_keeps_its_level_is_steady),
        ORACLE(a_table_that_grows_is_told_by_its_rows),
        ORACLE(a_cold_beginning_is_cut_and_the_rest_is_that_of_a_warm_server),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("drift", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
