/* test_shape.c — goal: users and arrivals of stages come at the exact moment, however long the run
 * and however ugly its fractions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "engine/plan/prng.h"
#include "engine/run/shape.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
#define SECOND         UINT64_C(1000000000)
#define NEVER          UINT64_MAX
#define STAGES_MAX     8u

struct golden {
    uint64_t at, value;
};

static struct plan_load load_of(const struct plan_stage *stages, size_t count)
{
    return (struct plan_load){ .stages = stages, .stage_count = (uint32_t)count };
}

/* ---- arrivals ---- */

static void assert_arrivals(const struct plan_stage *stages, size_t stage_count,
                            const struct golden *golden, size_t count)
{
    const struct plan_load load = load_of(stages, stage_count);
    struct shape_cursor walking;
    shape_cursor_init(&walking, &load);
    for (size_t i = 0; i < count; i++) {
        struct shape_cursor jumping;
        shape_cursor_init(&jumping, &load);
        assert_int_equal(shape_arrival_ns(&jumping, golden[i].at, 0), golden[i].value);
        assert_int_equal(shape_arrival_ns(&walking, golden[i].at, 0), golden[i].value);
    }
}

/* What Python's fractions say of each: the integral of the line, solved for time and rounded down.
 */
static const struct plan_stage day[] = {
    { 30 * SECOND, { 2000, 1 }, true },
    { 30 * SECOND, { 2000, 1 }, false },
    { 10 * SECOND, { 50, 1 }, false },
    { 7 * SECOND, { 0, 1 }, true },
};
static const struct golden of_day[] = {
    { 0, 0 },
    { 1, 173205080 },
    { 2, 244948974 },
    { 3, 300000000 },
    { 999, 5474486277 },
    { 29999, 29999499995 },
    { 30000, 30000000000 },
    { 30001, 30000500000 },
    { 89999, 59999500000 },
    { 90000, 60000000000 },
    { 90001, 60020000000 },
    { 90499, 69980000000 },
    { 90500, 70000000000 },
    { 90501, 70020028653 },
    { 90600, 72417424305 },
    { 90673, 76251668522 },
    { 90674, 76470849737 },
    { 90675, NEVER },
    { 1000000000, NEVER },
};
static const struct plan_stage ugly[] = {
    { 17 * SECOND, { 1, 3 }, false },
    { 61234567891, { 7919, 7 }, true },
    { 3600 * SECOND, { 999983, 1000 }, true },
    { 1, { 5, 9 }, true },
};
static const struct golden of_ugly[] = {
    { 0, 0 },
    { 1, 3000000000 },
    { 5, 15000000000 },
    { 6, 17172797141 },
    { 7, 17362360116 },
    { 100, 20178127882 },
    { 34641, 78224164360 },
    { 34642, 78225048454 },
    { 34643, 78225932535 },
    { 34644, 78226816603 },
    { 34645, 78227700659 },
    { 34646, 78228584701 },
    { 34647, 78229468731 },
    { 40000, 82961613464 },
    { 1000000, 943625650515 },
    { 1837424, 1714978958292 },
    { 1838000, 1715516482837 },
    { 2000000, 1867087623717 },
    { 1000000000, 1793035992617222917 },
};
static const struct plan_stage weeks[] = {
    { 604800 * SECOND, { 1000000, 1 }, true },
    { 604800 * SECOND, { 1, 1 }, true },
};
static const struct golden of_weeks[] = {
    { 0, 0 },
    { 1, 1099818166 },
    { 1000000, 1099818166789 },
    { 1000000000, 34779304190854 },
    { 100000000000, 347793041908546 },
    { 302399999999, 604799999998999 },
    { 302400000000, 604800000000000 },
    { 302400000001, 604800000001000 },
    { 400000000000, 711879102843838 },
    { 604800302399, 1209599349657194 },
    { 604800302400, 1209600000000000 },
};
static const struct plan_stage late[] = {
    { 5 * SECOND, { 0, 1 }, false },
    { 2 * SECOND, { 10, 1 }, true },
    { 3 * SECOND, { 0, 1 }, false },
    { 1 * SECOND, { 3, 1 }, false },
};
static const struct golden of_late[] = {
    { 0, 5000000000 },   { 1, 5632455532 },   { 9, 6897366596 },
    { 10, 10000000000 }, { 11, 10333333333 }, { 12, 10666666666 },
    { 13, 11000000000 }, { 14, 11333333333 }, { 100, 40000000000 },
};

static void arrivals_come_when_exact_fractions_say(void **state)
{
    (void)state;
    assert_arrivals(day, COUNT_OF(day), of_day, COUNT_OF(of_day));
    assert_arrivals(ugly, COUNT_OF(ugly), of_ugly, COUNT_OF(of_ugly));
    assert_arrivals(weeks, COUNT_OF(weeks), of_weeks, COUNT_OF(of_weeks));
    assert_arrivals(late, COUNT_OF(late), of_late, COUNT_OF(of_late));
}

static void a_constant_rate_is_the_floor_of_its_exact_time(void **state)
{
    (void)state;
    static const struct ratio rates[] = {
        { 1, 1 },        { 1000, 1 }, { 7919, 1 },         { 1, 3 },
        { 333333, 7 },   { 1, 10 },   { 1000000000, 1 },   { 999999999989, 999983 },
        { 355, 113000 }, { 3, 7 },    { 5, 999999999989 },
    };
    for (size_t r = 0; r < COUNT_OF(rates); r++) {
        const struct plan_stage stage = { 3 * SECOND + 1, rates[r], false };
        const struct plan_load load = load_of(&stage, 1);
        struct shape_cursor c;
        shape_cursor_init(&c, &load);
        for (uint64_t k = 0; k <= 1000000000; k += k < 1000 ? 1 : k / 97) {
            const unsigned __int128 exact =
                (unsigned __int128)k * SECOND * rates[r].den / rates[r].num;
            assert_int_equal(shape_arrival_ns(&c, k, 0), exact > NEVER ? NEVER : (uint64_t)exact);
        }
    }
}

static struct prng random_state;

static uint64_t random_below(uint64_t bound)
{
    return prng_below(&random_state, bound);
}

static uint32_t draw_stages(struct plan_stage *stages, uint64_t den_max, uint64_t num_max)
{
    const uint32_t count = 1 + (uint32_t)random_below(STAGES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        stages[i] = (struct plan_stage){
            .duration_ns = random_below(4) == 0 ? random_below(3) : random_below(10 * SECOND),
            .level = { random_below(4) == 0 ? 0 : random_below(num_max),
                       1 + random_below(den_max) },
            .is_ramp = random_below(3) > 0,
        };
    }
    return count;
}

static long double value_of(struct ratio r)
{
    return (long double)r.num / (long double)r.den;
}

/* Arrivals up to the end of each stage, added up in floating point. */
static long double due_by(const struct plan_stage *stages, uint32_t count)
{
    long double sum = 0, before = 0;
    for (uint32_t i = 0; i < count; i++) {
        const long double level = value_of(stages[i].level);
        const long double from = stages[i].is_ramp ? before : level;
        sum += (from + level) / 2 * (long double)stages[i].duration_ns / 1e9L;
        before = level;
    }
    return sum;
}

static void as_many_arrive_in_a_stage_as_the_area_under_its_line(void **state)
{
    (void)state;
    prng_init(&random_state, 1, 0);
    for (int round = 0; round < 300; round++) {
        struct plan_stage stages[STAGES_MAX];
        const uint32_t count = draw_stages(stages, 1 + random_below(30), 1000);
        const struct plan_load load = load_of(stages, count);
        struct shape_cursor c;
        uint64_t index = 0, end_ns = 0, before_ns = 0;
        shape_cursor_init(&c, &load);
        for (uint32_t i = 0; i < count; i++) {
            end_ns += stages[i].duration_ns;
            uint64_t due_ns;
            while ((due_ns = shape_arrival_ns(&c, index, 0)) < end_ns) {
                assert_true(due_ns >= before_ns);
                before_ns = due_ns;
                index++;
            }
            const long double due = due_by(stages, i + 1);
            assert_true((long double)index >= due - 1e-6L);
            assert_true((long double)index <= due + 1 + 1e-6L);
        }
    }
}

/* The moment that is given, rounded down, and the next one embrace the number. */
static void an_arrival_stands_where_the_area_passes_its_number(void **state)
{
    (void)state;
    prng_init(&random_state, 2, 0);
    for (int round = 0; round < 20000; round++) {
        const struct plan_stage stages[] = {
            { 0, { random_below(32768), 1 }, false },
            { 1 + random_below(UINT64_C(1) << random_below(55)), { random_below(32768), 1 }, true },
            { SECOND, { 0, 1 }, false },
        };
        const struct plan_load load = load_of(stages, COUNT_OF(stages));
        const unsigned __int128 from = stages[0].level.num, to = stages[1].level.num;
        const uint64_t duration_ns = stages[1].duration_ns;
        const uint64_t all = (uint64_t)((from + to) * duration_ns / (2 * SECOND));
        const uint64_t index = random_below(all + 1);
        struct shape_cursor c;
        shape_cursor_init(&c, &load);
        const unsigned __int128 u = shape_arrival_ns(&c, index, 0);
        if (u >= duration_ns)
            continue;
        /* (from + to) / 2 * u / 1e9 with the level at u, times 2e9 * duration */
        const unsigned __int128 now = from * (2 * duration_ns - u) * u + to * u * u;
        const unsigned __int128 next =
            from * (2 * duration_ns - u - 1) * (u + 1) + to * (u + 1) * (u + 1);
        const unsigned __int128 wanted = (unsigned __int128)index * 2 * SECOND * duration_ns;
        assert_true(now <= wanted && next > wanted);
    }
}

static void part_of_an_arrival_is_due_between_two(void **state)
{
    (void)state;
    static const struct plan_stage stages[] = { { SECOND, { 1, 1 }, true },
                                                { SECOND, { 1, 1 }, false } };
    const struct plan_load load = load_of(stages, COUNT_OF(stages));
    struct shape_cursor c;
    shape_cursor_init(&c, &load);
    assert_int_equal(shape_arrival_ns(&c, 0, UINT32_C(1) << 29), SECOND / 2); /* 1/8 */
    assert_int_equal(shape_arrival_ns(&c, 0, UINT32_C(1) << 31), SECOND);
    assert_int_equal(shape_arrival_ns(&c, 0, UINT32_C(3) << 30), 1250000000);
    assert_int_equal(shape_arrival_ns(&c, 1, 0), 1500000000);
    assert_int_equal(shape_arrival_ns(&c, 7, UINT32_C(1) << 31), 8 * SECOND);
}

static void a_copy_of_a_cursor_goes_its_own_way(void **state)
{
    (void)state;
    static const struct plan_stage stages[] = { { SECOND, { 100, 1 }, true },
                                                { SECOND, { 3, 1 }, false } };
    const struct plan_load load = load_of(stages, COUNT_OF(stages));
    struct shape_cursor ahead, behind;
    shape_cursor_init(&ahead, &load);
    behind = ahead;
    assert_int_equal(shape_arrival_ns(&ahead, 53, 0), 2 * SECOND);
    assert_int_equal(shape_arrival_ns(&behind, 2, 0), SECOND / 5);
}

static void fractions_beyond_all_means_are_rounded_to_a_billionth(void **state)
{
    (void)state;
    static const struct plan_stage stages[] = {
        { 1000 * SECOND, { 100000000000000, 999999999989 }, false },
        { 1000 * SECOND, { 700000000000000, 999999999961 }, true },
    };
    const struct plan_load load = load_of(stages, COUNT_OF(stages));
    struct shape_cursor c;
    shape_cursor_init(&c, &load);
    for (uint64_t k = 1000; k < 500000; k += 997) {
        const uint64_t due_ns = shape_arrival_ns(&c, k, 0);
        const long double t = (long double)due_ns / 1e9L;
        const long double first = value_of(stages[0].level), second = value_of(stages[1].level);
        const long double beyond = t > 1000 ? t - 1000 : 0;
        const long double due = first * t + (second - first) * beyond * beyond / 2000;
        assert_true(due > (long double)k - 1e-4L && due < (long double)k + 1e-4L);
    }
}

/* ---- users ---- */

static void users_follow_their_stages(void **state)
{
    (void)state;
    static const struct plan_stage stages[] = {
        { SECOND, { 50, 1 }, true },       { SECOND, { 50, 1 }, false },
        { SECOND / 2, { 200, 1 }, false }, { 0, { 60, 1 }, true },
        { SECOND / 2, { 0, 1 }, true },    { 3, { 7, 1 }, false },
    };
    static const struct golden users[] = {
        { 0, 0 },
        { 19999999, 0 },
        { 20000000, 1 },
        { 39999999, 1 },
        { 999999999, 49 },
        { SECOND, 50 },
        { 2 * SECOND - 1, 50 },
        { 2 * SECOND, 200 },
        { 2499999999, 200 },
        { 2500000000, 60 },
        { 2500000001, 59 },
        { 2508333333, 59 },
        { 2508333334, 58 },
        { 2991666666, 1 },
        { 2991666667, 0 },
        { 2999999999, 0 },
        { 3 * SECOND, 7 },
        { NEVER, 7 },
    };
    const struct plan_load load = load_of(stages, COUNT_OF(stages));
    for (size_t i = 0; i < COUNT_OF(users); i++)
        assert_int_equal(shape_users(&load, users[i].at), users[i].value);
}

static void the_next_change_is_the_first_moment_that_differs(void **state)
{
    (void)state;
    prng_init(&random_state, 3, 0);
    for (int round = 0; round < 500; round++) {
        struct plan_stage stages[STAGES_MAX];
        const uint32_t count = draw_stages(stages, 1, 1 + random_below(200));
        for (uint32_t i = 0; i < count && round % 2 == 0; i++)
            stages[i].duration_ns %= 300;
        const struct plan_load load = load_of(stages, count);
        uint64_t end_ns = 0;
        for (uint32_t i = 0; i < count; i++)
            end_ns += stages[i].duration_ns;
        for (uint64_t at_ns = 0; at_ns != NEVER;) {
            const uint32_t users = shape_users(&load, at_ns);
            const uint64_t change_ns = shape_users_change_ns(&load, at_ns);
            const uint64_t last_ns = (change_ns == NEVER ? end_ns + 1 : change_ns) - 1;
            assert_true(change_ns == NEVER || (change_ns > at_ns && change_ns <= end_ns));
            assert_int_equal(shape_users(&load, last_ns), users);
            assert_int_equal(shape_users(&load, at_ns + random_below(last_ns - at_ns + 1)), users);
            if (change_ns != NEVER)
                assert_int_not_equal(shape_users(&load, change_ns), users);
            at_ns = change_ns;
        }
        assert_int_equal(shape_users(&load, end_ns), stages[count - 1].level.num);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrivals_come_when_exact_fractions_say),
        cmocka_unit_test(a_constant_rate_is_the_floor_of_its_exact_time),
        cmocka_unit_test(as_many_arrive_in_a_stage_as_the_area_under_its_line),
        cmocka_unit_test(an_arrival_stands_where_the_area_passes_its_number),
        cmocka_unit_test(part_of_an_arrival_is_due_between_two),
        cmocka_unit_test(a_copy_of_a_cursor_goes_its_own_way),
        cmocka_unit_test(fractions_beyond_all_means_are_rounded_to_a_billionth),
        cmocka_unit_test(users_follow_their_stages),
        cmocka_unit_test(the_next_change_is_the_first_moment_that_differs),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("shape", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
