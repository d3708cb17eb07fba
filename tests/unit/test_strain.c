/* test_strain — goal: what a core had to bear in a second is told of that core and that second, and
 * nothing is lost when seconds are merged. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "tools/live/strain.h"

#define MS     UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define START  (UINT64_C(500) * SECOND)
#define CORES  2u

struct world {
    struct shard *shards[CORES];
    struct strain *strain;
};

static int open_world(void **state)
{
    static const int cpus[CORES] = { -1, -1 };
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    for (uint32_t i = 0; i < CORES; i++)
        assert_int_equal(shard_open(&w->shards[i], 1), 0);
    const struct strain_setup setup = { .shards = (const struct shard *const *)w->shards,
                                        .shard_count = CORES,
                                        .cpus = cpus,
                                        .started_ns = START };
    assert_int_equal(strain_open(&w->strain, &setup), 0);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    strain_close(w->strain);
    for (uint32_t i = 0; i < CORES; i++)
        shard_close(w->shards[i]);
    free(w);
    return 0;
}

/* What a worker reads of itself, at a moment of its own. */
static void read_strain(struct shard *s, uint64_t at_ns, uint64_t cpu_ns, uint64_t delay_ns)
{
    cell_write(&s->strain_ns, START + at_ns);
    cell_add(&s->cpu_ns, cpu_ns);
    cell_add(&s->run_delay_ns, delay_ns);
}

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static void shares_are_those_of_the_workers_own_moments(void **state)
{
    struct world *w = *state;
    read_strain(w->shards[0], 950 * MS, 190 * MS, 95 * MS);
    read_strain(w->shards[1], 800 * MS, 400 * MS, 0);
    strain_tick(w->strain, START + SECOND);
    read_strain(w->shards[0], 1950 * MS, 900 * MS, 10 * MS);
    strain_tick(w->strain, START + 2 * SECOND);
    const struct result_strain *p = w->strain->points;
    assert_int_equal(w->strain->count, 4);
    assert_int_equal(p[1].core, 1);
    assert_near(p[0].cpu, 0.2);
    assert_near(p[0].run_delay, 0.1);
    assert_near(p[1].cpu, 0.5);
    assert_near(p[2].cpu, 0.9);
    assert_near(p[2].run_delay, 0.01);
    assert_near(p[2].t_s, 2.0);
    assert_true(isnan(p[3].cpu)); /* it has not read its clocks since */
}

static void counts_and_the_longest_turn_are_of_the_second(void **state)
{
    struct world *w = *state;
    struct shard *s = w->shards[1];
    hist_record(&s->phases[PHASE_TURN], 7 * MS);
    shard_count(s, COUNTER_OVERFLOWS, 3);
    shard_count(s, COUNTER_BUFFERS_DRY, 2);
    cell_write(&s->preempted, 11);
    strain_tick(w->strain, START + SECOND);
    hist_record(&s->phases[PHASE_TURN], 1 * MS);
    cell_write(&s->preempted, 12);
    strain_tick(w->strain, START + 2 * SECOND);
    const struct result_strain *p = w->strain->points;
    assert_true(fabs(p[1].turn_max_us - 7000) < 7000 / 1024.0);
    assert_true(fabs(p[3].turn_max_us - 1000) < 1000 / 1024.0);
    assert_true(p[0].turn_max_us == 0);
    assert_int_equal(p[1].overflows, 3);
    assert_int_equal(p[1].buffers_dry, 2);
    assert_int_equal(p[1].preempted, 11);
    assert_int_equal(p[3].overflows + p[3].buffers_dry, 0);
    assert_int_equal(p[3].preempted, 1);
}

static void a_long_run_keeps_all_its_counts_in_fewer_points(void **state)
{
    struct world *w = *state;
    const uint64_t seconds = STRAIN_POINTS_MAX / CORES + 501;
    for (uint64_t t = 1; t <= seconds; t++) {
        shard_count(w->shards[0], COUNTER_OVERFLOWS, 1);
        read_strain(w->shards[1], t * SECOND, SECOND / 4, t % 2 * SECOND / 50);
        strain_tick(w->strain, START + t * SECOND);
    }
    uint64_t overflows = 0;
    double busy_s = 0, delay_s = 0, t_s = 0;
    assert_true(w->strain->count <= STRAIN_POINTS_MAX + CORES);
    for (size_t i = 0; i < w->strain->count; i++) {
        const struct result_strain *p = &w->strain->points[i];
        assert_int_equal(p->core, i % CORES);
        overflows += p->overflows;
        if (p->core == 0)
            continue;
        busy_s += p->cpu * (p->t_s - t_s);
        delay_s += p->run_delay * (p->t_s - t_s);
        t_s = p->t_s;
    }
    assert_int_equal(overflows, seconds);
    assert_true(fabs(t_s - (double)seconds) < 1e-6);
    assert_true(fabs(busy_s - (double)seconds / 4) < 1e-3);
    assert_true(fabs(delay_s - (double)((seconds + 1) / 2) / 50) < 1e-3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(shares_are_those_of_the_workers_own_moments),
        T(counts_and_the_longest_turn_are_of_the_second),
        T(a_long_run_keeps_all_its_counts_in_fewer_points),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("strain", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
