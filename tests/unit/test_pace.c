/* test_pace.c — goal: arrivals and users come exactly when their rate or their stages say, however
 * long the run and however many cores share it.
 *
 *     build/tests/unit/test_pace 1000000000      each of a billion arrivals, some minutes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "engine/run/pace.h"
#include "engine/run/provision.h"
#include "engine/run/worker_state.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
#define SECOND         UINT64_C(1000000000)

static struct plan_load load_of(struct ratio rate, bool is_poisson, uint64_t seed)
{
    return (
        struct plan_load){ .is_open = true, .rate = rate, .is_poisson = is_poisson, .seed = seed };
}

static void the_billionth_arrival_has_not_drifted(void **state)
{
    (void)state;
    assert_int_equal(pace_due_ns(5, 1000000000, (struct ratio){ 1000, 1 }),
                     5 + UINT64_C(1000000000000000));
    assert_int_equal(pace_due_ns(0, 1000000000, (struct ratio){ 7919, 1 }),
                     UINT64_C(126278570526581));
    assert_int_equal(pace_due_ns(0, 1000000000, (struct ratio){ 1, 3 }),
                     UINT64_C(3000000000000000000));
    assert_int_equal(pace_due_ns(7, UINT64_MAX, (struct ratio){ 1, 10 }), UINT64_MAX);
}

static uint64_t arrival_count = 10000;

/* The exact time is a whole number of nanoseconds and so many parts of one, added up gap by gap. */
static void every_arrival_is_the_floor_of_its_exact_time(void **state)
{
    (void)state;
    static const struct ratio rates[] = {
        { 1000, 1 }, { 7919, 1 }, { 1, 3 }, { 1, 10 }, { 333333, 7 }
    };
    for (size_t r = 0; r < COUNT_OF(rates); r++) {
        const struct plan_load load = load_of(rates[r], false, 1);
        const uint64_t gap_ns = SECOND * rates[r].den / rates[r].num;
        const uint64_t gap_parts = SECOND * rates[r].den % rates[r].num;
        uint64_t exact_ns = 100, parts = 0, wrong = 0;
        struct arrivals a;
        arrivals_init(&a, &load, 0, 1, 100);
        for (uint64_t k = 0; k < arrival_count; k++) {
            wrong += a.due_ns != exact_ns;
            arrivals_next(&a);
            parts += gap_parts;
            exact_ns += gap_ns + (parts >= rates[r].num);
            parts -= parts >= rates[r].num ? rates[r].num : 0;
        }
        assert_int_equal(wrong, 0);
    }
}

/* 4500 arrivals, 4500, 4500 */
static const struct plan_stage stages[] = {
    { 3 * SECOND, { 3000, 1 }, true },
    { 3 * SECOND / 2, { 3000, 1 }, false },
    { 3 * SECOND, { 0, 1 }, true },
};

static void cores_share_one_schedule_and_are_never_in_phase(void **state)
{
    (void)state;
    const struct plan_load loads[] = {
        load_of((struct ratio){ 7919, 1 }, false, 1),
        { .is_open = true, .stages = stages, .stage_count = COUNT_OF(stages) },
    };
    for (size_t l = 0; l < COUNT_OF(loads); l++) {
        for (uint32_t cores = 1; cores <= 64; cores *= 4) {
            struct arrivals one;
            struct arrivals shared[64];
            arrivals_init(&one, &loads[l], 0, 1, 0);
            for (uint32_t c = 0; c < cores; c++)
                arrivals_init(&shared[c], &loads[l], c, cores, 0);
            for (uint64_t k = 0; k < 10000; k++) {
                assert_int_equal(shared[k % cores].due_ns, one.due_ns);
                arrivals_next(&shared[k % cores]);
                arrivals_next(&one);
            }
        }
    }
}

static void arrivals_of_stages_follow_their_line(void **state)
{
    (void)state;
    const struct plan_load load = { .is_open = true,
                                    .stages = stages,
                                    .stage_count = COUNT_OF(stages) };
    struct arrivals a;
    struct shape_cursor c;
    arrivals_init(&a, &load, 0, 1, 17);
    shape_cursor_init(&c, &load);
    for (uint64_t k = 0; k < 13500; k++) {
        assert_int_equal(a.due_ns, 17 + shape_arrival_ns(&c, k, 0));
        arrivals_next(&a);
    }
    assert_int_equal(a.due_ns, UINT64_MAX);
}

static void poisson_gaps_have_the_mean_and_spread_of_the_rate(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    struct arrivals a;
    const struct plan_load load = load_of((struct ratio){ 2000, 1 }, true, 42);
    arrivals_init(&a, &load, 1, 4, 0);
    double sum = 0;
    double squares = 0;
    uint64_t before_ns = 0;
    for (int i = 0; i < COUNT; i++) {
        const double gap_ns = (double)(a.due_ns - before_ns);
        before_ns = a.due_ns;
        sum += gap_ns;
        squares += gap_ns * gap_ns;
        arrivals_next(&a);
    }
    const double mean_ns = sum / COUNT;
    const double deviation_ns = sqrt(squares / COUNT - mean_ns * mean_ns);
    /* 500 per second and core: 2 ms. The standard error is 2 ms / sqrt(200000) = 4.5 us. */
    assert_true(fabs(mean_ns - 2e6) < 4 * 4.5e3);
    assert_true(fabs(deviation_ns / mean_ns - 1) < 0.02);
}

static void two_cursors_of_one_poisson_stream_agree(void **state)
{
    (void)state;
    struct arrivals ahead, behind;
    uint64_t due_ns[1000];
    const struct plan_load loads[] = {
        load_of((struct ratio){ 100, 1 }, true, 9),
        { .is_open = true, .is_poisson = true, .stages = stages, .stage_count = COUNT_OF(stages) },
    };
    for (size_t l = 0; l < COUNT_OF(loads); l++) {
        arrivals_init(&ahead, &loads[l], 0, 1, 77);
        behind = ahead;
        for (int i = 0; i < 1000; i++) {
            due_ns[i] = ahead.due_ns;
            arrivals_next(&ahead);
        }
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(behind.due_ns, due_ns[i]);
            arrivals_next(&behind);
        }
    }
}

/* Counts of Poisson arrivals of all cores in windows of 250 ms; `due` is the area under the line.
 */
static void a_poisson_stream_through_stages_has_their_rate_everywhere(void **state)
{
    (void)state;
    enum { CORES = 3, SEEDS = 100, WINDOWS = 30, WINDOW_NS = 250000000 };
    double sum[WINDOWS] = { 0 }, squares[WINDOWS] = { 0 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const struct plan_load load = { .is_open = true,
                                        .is_poisson = true,
                                        .stages = stages,
                                        .stage_count = COUNT_OF(stages),
                                        .seed = seed };
        double seen[WINDOWS] = { 0 };
        for (uint32_t c = 0; c < CORES; c++) {
            struct arrivals a;
            arrivals_init(&a, &load, c, CORES, 5);
            for (; a.due_ns != UINT64_MAX; arrivals_next(&a))
                seen[(a.due_ns - 5) / WINDOW_NS]++;
        }
        for (int i = 0; i < WINDOWS; i++) {
            sum[i] += seen[i];
            squares[i] += seen[i] * seen[i];
        }
    }
    double dispersion = 0;
    for (int i = 0; i < WINDOWS; i++) {
        /* 62.5 more in each window of the ramps, 750 in those between. */
        const double due = i < 12 ? 62.5 * (i + 0.5) : i < 18 ? 750 : 62.5 * (29.5 - i);
        const double mean = sum[i] / SEEDS;
        assert_true(fabs(mean - due) < 4 * sqrt(due / SEEDS));
        dispersion += (squares[i] / SEEDS - mean * mean) / due / WINDOWS;
    }
    /* The variance of a Poisson count is its mean; of 30 * 100 counts its error is 2.6 %. */
    assert_true(fabs(dispersion - 1) < 0.1);
}

/* ---- users ---- */

static void users_are_spawned_in_batches_as_locust_does(void **state)
{
    (void)state;
    static const struct {
        struct ratio rate;
        uint64_t count, even_ns, batch_ns;
    } rows[] = {
        { { 10, 1 }, 0, 0, 0 },
        { { 10, 1 }, 9, 900000000, 0 },
        { { 10, 1 }, 10, SECOND, SECOND },
        { { 10, 1 }, 25, 2500000000, 2 * SECOND },
        { { 27, 10 }, 1, 370370370, 0 },
        { { 27, 10 }, 2, 740740740, 740740740 },
        { { 27, 10 }, 5, 1851851851, 1481481481 },
        { { 1, 2 }, 1, 2 * SECOND, 2 * SECOND },
        { { 1, 1 }, 3, 3 * SECOND, 3 * SECOND },
        { { 0, 1 }, 7, 0, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct plan_load even = { .spawn_rate = rows[i].rate };
        const struct plan_load batches = { .spawn_rate = rows[i].rate, .imitates_locust = true };
        assert_int_equal(pace_spawn_ns(&even, even.spawn_rate, 100, rows[i].count),
                         100 + rows[i].even_ns);
        assert_int_equal(pace_spawn_ns(&batches, batches.spawn_rate, 100, rows[i].count),
                         100 + rows[i].batch_ns);
    }
}

#define USERS_MAX 64u

/* What pace.c tells users, in the order of the telling. They do nothing but be there. */
static uint64_t started_ns[USERS_MAX]; /* by number, over all cores */
static uint32_t alive;

void user_start(struct worker *w, struct user *u, uint64_t due_ns)
{
    started_ns[worker_user_number(w, worker_user_index(w, u))] = due_ns;
    u->state = USER_WAITING;
    alive++;
}

void user_stop(struct worker *w, struct user *u)
{
    (void)w;
    u->state = USER_ABSENT;
    alive--;
}

void user_leave(struct worker *w, struct user *u)
{
    user_stop(w, u);
}

void user_take_arrival(struct worker *w, struct user *u, uint64_t due_ns, uint64_t noticed_ns)
{
    (void)w;
    (void)u;
    (void)due_ns;
    (void)noticed_ns;
    fail_msg("a user was given an arrival");
}

void provision_make_user(struct worker *w)
{
    w->users_made++;
}

struct core {
    struct worker worker;
    struct user users[USERS_MAX];
};

/* Plays stages over so many cores whose turns are `turn_ns` apart. */
static void play_stages(const struct plan_stage *row, uint32_t count, uint32_t cores,
                        uint64_t turn_ns, uint64_t end_ns)
{
    static struct core core[3];
    static const _Atomic uint64_t target = (uint64_t)USERS_MAX << 32;
    const struct plan plan = {
        .load = { .stages = row, .stage_count = count, .users = USERS_MAX, .pipeline = 1 }
    };
    assert_true(cores <= COUNT_OF(core));
    memset(core, 0, sizeof(core));
    alive = 0;
    for (uint32_t c = 0; c < cores; c++) {
        struct worker *w = &core[c].worker;
        w->plan = &plan;
        w->setup = (struct worker_setup){ .core = c, .cores = cores, .users_wanted = &target };
        w->users = core[c].users;
        w->user_count = (USERS_MAX - c - 1) / cores + 1;
        w->start_ns = 1000;
        pace_begin(w);
    }
    for (uint64_t at_ns = 0; at_ns <= end_ns; at_ns += turn_ns) {
        for (uint32_t c = 0; c < cores; c++) {
            struct worker *w = &core[c].worker;
            w->now_ns = 1000 + at_ns;
            pace_run(w);
            assert_true(pace_next_ns(w) > w->now_ns);
        }
        assert_int_equal(alive, shape_users(&plan.load, at_ns));
    }
}

static void users_of_a_ramp_start_at_their_moment_on_every_core(void **state)
{
    (void)state;
    static const struct plan_stage ramp[] = { { 2 * SECOND, { 60, 1 }, true } };
    static const uint64_t turns_ns[] = { 1000000, 130000000, 2 * SECOND };
    for (uint32_t cores = 1; cores <= 3; cores++) {
        for (size_t t = 0; t < COUNT_OF(turns_ns); t++) {
            play_stages(ramp, COUNT_OF(ramp), cores, turns_ns[t], 3 * SECOND);
            for (uint64_t n = 0; n < 60; n++)
                assert_int_equal(started_ns[n], 1000 + ((n + 1) * 2 * SECOND + 59) / 60);
        }
    }
}

static void users_follow_a_line_up_and_down(void **state)
{
    (void)state;
    static const struct plan_stage line[] = {
        { SECOND, { 7, 1 }, false },       { SECOND, { 64, 1 }, true },
        { SECOND / 2, { 64, 1 }, false },  { SECOND, { 3, 1 }, true },
        { SECOND / 10, { 50, 1 }, false }, { 0, { 0, 1 }, false },
        { SECOND / 2, { 20, 1 }, true },
    };
    for (uint32_t cores = 1; cores <= 3; cores++) {
        play_stages(line, COUNT_OF(line), cores, 1700000, 5 * SECOND);
        assert_int_equal(alive, 20);
    }
}

static void arrivals_that_wait_keep_the_moment_they_were_noticed(void **state)
{
    (void)state;
    struct notices n = { 0 };
    for (uint64_t i = 0; i < NOTICES_MAX; i++) {
        notices_add(&n, i);
        notices_add(&n, i);
        assert_int_equal(notices_take(&n), i / 2);
    }
    assert_int_equal(n.count, NOTICES_MAX / 2);
}

static void more_moments_than_there_is_room_for_lose_no_arrival(void **state)
{
    (void)state;
    struct notices n = { 0 };
    for (uint64_t i = 0; i < 2 * NOTICES_MAX; i++)
        notices_add(&n, i);
    for (uint64_t i = 0; i < NOTICES_MAX; i++)
        assert_int_equal(notices_take(&n), i);
    for (uint64_t i = 0; i < NOTICES_MAX; i++)
        assert_int_equal(notices_take(&n), NOTICES_MAX - 1);
    assert_int_equal(n.count, 0);
}

/* Users of all cores at `at_ns` after an order for more or fewer of them. */
static uint32_t users_by(uint32_t from, uint32_t to, uint64_t per_s, uint64_t at_ns)
{
    const uint64_t moved = at_ns * per_s / SECOND + 1;
    if (to >= from)
        return moved < to - from ? from + (uint32_t)moved : to;
    return moved < from - to ? from - (uint32_t)moved : to;
}

static void a_new_order_is_followed_evenly_from_where_the_last_one_was(void **state)
{
    (void)state;
    static const struct {
        uint64_t at_ns;
        uint32_t users, spawn_rate, per_s;
    } orders[] = { { 0, 30, 0, 10 },
                   { SECOND + SECOND / 20, 40, 100000, 100 },
                   { SECOND + SECOND / 5, 5, 50000, 50 },
                   { 2 * SECOND, 64, 0, 10 },
                   { 3 * SECOND, 64, 1000000, 1000 } };
    static struct core core[3];
    const struct plan plan = { .load = { .users = 30, .spawn_rate = { 10, 1 }, .pipeline = 1 } };
    for (uint32_t cores = 1; cores <= COUNT_OF(core); cores++) {
        _Atomic uint64_t wanted = users_wanted_pack((struct users_wanted){ .users = 30 });
        memset(core, 0, sizeof(core));
        alive = 0;
        for (uint32_t c = 0; c < cores; c++) {
            struct worker *w = &core[c].worker;
            w->plan = &plan;
            w->setup = (struct worker_setup){ .core = c, .cores = cores, .users_wanted = &wanted };
            w->users = core[c].users;
            w->user_count = (USERS_MAX - c - 1) / cores + 1;
            pace_begin(w);
        }
        uint32_t from = 0;
        size_t order = 0;
        for (uint64_t at_ns = 0; at_ns < 4 * SECOND; at_ns += SECOND / 1000) {
            if (order + 1 < COUNT_OF(orders) && at_ns == orders[order + 1].at_ns) {
                from = users_by(from, orders[order].users, orders[order].per_s,
                                at_ns - orders[order].at_ns);
                order++;
                wanted = users_wanted_pack(
                    (struct users_wanted){ orders[order].users, orders[order].spawn_rate });
            }
            for (uint32_t c = 0; c < cores; c++) {
                core[c].worker.now_ns = at_ns;
                pace_run(&core[c].worker);
            }
            assert_int_equal(alive, users_by(from, orders[order].users, orders[order].per_s,
                                             at_ns - orders[order].at_ns));
        }
        assert_int_equal(alive, 64);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_billionth_arrival_has_not_drifted),
        cmocka_unit_test(every_arrival_is_the_floor_of_its_exact_time),
        cmocka_unit_test(cores_share_one_schedule_and_are_never_in_phase),
        cmocka_unit_test(poisson_gaps_have_the_mean_and_spread_of_the_rate),
        cmocka_unit_test(two_cursors_of_one_poisson_stream_agree),
        cmocka_unit_test(arrivals_of_stages_follow_their_line),
        cmocka_unit_test(a_poisson_stream_through_stages_has_their_rate_everywhere),
        cmocka_unit_test(users_are_spawned_in_batches_as_locust_does),
        cmocka_unit_test(users_of_a_ramp_start_at_their_moment_on_every_core),
        cmocka_unit_test(users_follow_a_line_up_and_down),
        cmocka_unit_test(arrivals_that_wait_keep_the_moment_they_were_noticed),
        cmocka_unit_test(more_moments_than_there_is_room_for_lose_no_arrival),
        cmocka_unit_test(a_new_order_is_followed_evenly_from_where_the_last_one_was),
    };
    if (argc > 1)
        arrival_count = strtoull(argv[1], NULL, 10);
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
