/* test_trend — goal: a drift is found where there is one, seldom where there is none, and never
 * excluded where it could not have been seen. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "engine/plan/prng.h"
#include "stats/trend.h"

#define ARRAY_LEN(array)   (sizeof(array) / sizeof((array)[0]))
#define assert_near(a, b)  assert_true(fabs((a) - (b)) < 1e-9)
#define assert_close(a, b) assert_true(fabs((a) - (b)) < 1e-6)

/* Box and Muller. */
static double draw_normal(struct prng *p)
{
    return sqrt(-2 * log1p(-prng_unit(p))) * cos(2 * M_PI * prng_unit(p));
}

struct golden {
    uint32_t count;
    double x[24], y[24];
    int64_t score;
    double p_value, correction, slope, low, high;
};

/* Computed with numpy and scipy: theilslopes() for the slope, kendalltau() for the score and its
 * variance with ties, rankdata() for the correlations of the corrected one. */
static const struct golden golden[] = {
    { 12,
      { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 },
      { 10.2, 9.7, 10.9, 10.1, 9.9, 10.4, 10.0, 10.6, 9.5, 10.3, 9.8, 10.5 },
      0,
      1.0,
      1.0,
      -0.002777777777777669,
      -0.1,
      0.1 },
    { 12, /* ties in both */
      { 0, 0, 1, 1, 1, 2, 4, 4, 5, 7, 7, 9 },
      { 5, 6, 5, 7, 7, 6, 8, 8, 7, 9, 9, 9 },
      44,
      0.0021579292080116936,
      1.0,
      0.3666666666666667,
      0.25,
      0.6 },
    { 12,
      { 0, 1, 2, 4, 5, 7, 8, 9, 11, 12, 13, 15 },
      { 5.0, 5.3, 5.1, 5.8, 6.4, 6.1, 6.9, 7.3, 7.0, 8.2, 8.1, 9.0 },
      58,
      9.281898133684614e-05,
      1.0,
      0.26396103896103895,
      0.2,
      0.3 },
    { 24, /* neighbours correlate by 0.75: without the correction p would be 0.003 */
      { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23 },
      { 10.0,   10.299, 9.95,  9.072,  8.849, 8.145, 8.669, 10.342, 9.764, 9.203, 9.892, 10.276,
        10.312, 9.304,  9.449, 10.282, 8.867, 8.693, 7.118, 6.549,  5.57,  6.443, 6.064, 7.32 },
      -120,
      0.10388328479110186,
      3.2941525605774187,
      -0.1472277777777778,
      -0.326,
      0.026 },
};

static void the_figures_are_those_of_others(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
        const struct golden *g = &golden[i];
        struct trend_point points[24];
        for (uint32_t at = 0; at < g->count; at++)
            points[at] = (struct trend_point){ g->x[at], g->y[at] };
        const struct trend t = trend_of(points, g->count, 0.1);
        assert_int_equal(t.score, g->score);
        assert_near(t.p_value, g->p_value);
        assert_near(t.correction, g->correction);
        assert_near(t.slope, g->slope);
        assert_close(t.slope_low, g->low);
        assert_close(t.slope_high, g->high);
    }
}

/* Sets `count` points one apart at `level`, with noise and a drift. */
static void draw_points(struct trend_point *points, uint32_t count, struct prng *p, double drift,
                        double correlation)
{
    double noise = draw_normal(p);

    for (uint32_t i = 0; i < count; i++) {
        points[i] = (struct trend_point){ i, 100 + drift * i + noise };
        noise = correlation * noise + sqrt(1 - correlation * correlation) * draw_normal(p);
    }
}

static unsigned count_drifting(double drift, double correlation)
{
    unsigned drifting = 0;

    for (unsigned seed = 0; seed < 1000; seed++) {
        struct trend_point points[20];
        struct prng p;
        prng_init(&p, seed, 0);
        draw_points(points, ARRAY_LEN(points), &p, drift, correlation);
        drifting += trend_of(points, ARRAY_LEN(points), 0).verdict == TREND_DRIFTING;
    }
    return drifting;
}

static void noise_alone_is_seldom_a_drift(void **state)
{
    (void)state;
    assert_in_range(count_drifting(0, 0), 20, 60);
    assert_in_range(count_drifting(0, 0.1), 20, 75);
}

/* 0.2 per point over twenty of them is four times the noise. */
static void a_drift_well_over_the_noise_is_found(void **state)
{
    (void)state;
    assert_true(count_drifting(0.2, 0) > 950);
    assert_true(count_drifting(-0.2, 0) > 950);
}

static void what_is_called_detectable_is_found_in_four_of_five(void **state)
{
    (void)state;
    double detectable = 0;

    for (unsigned seed = 0; seed < 200; seed++) {
        struct trend_point points[20];
        struct prng p;
        prng_init(&p, seed, 1);
        draw_points(points, ARRAY_LEN(points), &p, 0, 0);
        detectable += trend_of(points, ARRAY_LEN(points), 0).detectable / 200;
    }
    assert_in_range(count_drifting(detectable, 0), 720, 920);
}

static void a_level_without_noise_is_stationary(void **state)
{
    (void)state;
    struct trend_point points[20];

    for (uint32_t i = 0; i < ARRAY_LEN(points); i++)
        points[i] = (struct trend_point){ i, 10 };
    const struct trend t = trend_of(points, ARRAY_LEN(points), 0.1);
    assert_int_equal(t.verdict, TREND_STATIONARY);
    assert_near(t.slope, 0);
    assert_near(t.slope_low, 0);
    assert_near(t.slope_high, 0);
    assert_near(t.p_value, 1);
}

static void a_certain_drift_too_small_to_matter_is_stationary(void **state)
{
    (void)state;
    struct trend_point points[20];

    for (uint32_t i = 0; i < ARRAY_LEN(points); i++)
        points[i] = (struct trend_point){ i, 1000 + i };
    const struct trend t = trend_of(points, ARRAY_LEN(points), 0.1);
    assert_int_equal(t.verdict, TREND_STATIONARY);
    assert_true(t.p_value < 1e-6);
    assert_int_equal(trend_of(points, ARRAY_LEN(points), 0.01).verdict, TREND_DRIFTING);
}

static void noise_that_could_hide_a_drift_is_undecided(void **state)
{
    (void)state;
    struct trend_point points[20];
    struct prng p;

    prng_init(&p, 2, 0);
    for (uint32_t i = 0; i < ARRAY_LEN(points); i++)
        points[i] = (struct trend_point){ i, 100 + 50 * draw_normal(&p) };
    const struct trend t = trend_of(points, ARRAY_LEN(points), 0.1);
    assert_int_equal(t.verdict, TREND_UNDECIDED);
    assert_true(t.detectable * 19 > 10);
}

/* At the edge of 5 % the test and the interval of the slope may disagree. */
static void a_drift_is_never_told_with_a_range_that_holds_none(void **state)
{
    (void)state;
    unsigned drifting = 0;

    for (unsigned seed = 0; seed < 20000; seed++) {
        struct trend_point points[12];
        struct prng p;
        prng_init(&p, seed, 2);
        draw_points(points, ARRAY_LEN(points), &p, 0.05, 0.3);
        const struct trend t = trend_of(points, ARRAY_LEN(points), 0);
        drifting += t.verdict == TREND_DRIFTING;
        assert_true(t.verdict != TREND_DRIFTING || t.slope_low > 0 || t.slope_high < 0);
    }
    assert_true(drifting > 1000);
}

/* 5 ms and one microsecond more for each row written, in a rush and then seldom: over the rows it
 * is a line, and over time it is none. */
static void latency_over_rows_written_has_the_slope_of_the_table(void **state)
{
    (void)state;
    struct trend_point points[20];

    for (uint32_t i = 0; i < ARRAY_LEN(points); i++) {
        const double rows = i < 10 ? 1000.0 * i : 9000 + 10.0 * i;
        points[i] = (struct trend_point){ rows, 5000 + rows };
    }
    const struct trend t = trend_of(points, ARRAY_LEN(points), 0.1);
    assert_int_equal(t.verdict, TREND_DRIFTING);
    assert_near(t.slope * 1000, 1000);
    assert_near(t.slope_low, 1);
    assert_near(t.slope_high, 1);
}

static void too_few_points_say_nothing(void **state)
{
    (void)state;
    struct trend_point points[TREND_POINTS_MAX + 5u];

    for (uint32_t i = 0; i < ARRAY_LEN(points); i++)
        points[i] = (struct trend_point){ i, i };
    const struct trend few = trend_of(points, TREND_POINTS_MIN - 1u, 0.1);
    assert_int_equal(few.verdict, TREND_UNDECIDED);
    assert_true(isnan(few.slope) && isnan(few.p_value) && isnan(few.detectable));
    assert_int_equal(trend_of(points, TREND_POINTS_MIN, 0.1).verdict, TREND_DRIFTING);
    assert_int_equal(trend_of(points, ARRAY_LEN(points), 0.1).score,
                     TREND_POINTS_MAX * (TREND_POINTS_MAX - 1) / 2);
    for (uint32_t i = 0; i < ARRAY_LEN(points); i++)
        points[i].x = 3;
    assert_int_equal(trend_of(points, 20, 0.1).verdict, TREND_UNDECIDED);
}

static void a_verdict_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(trend_verdict_name(TREND_DRIFTING), "drifting");
    assert_string_equal(trend_verdict_name(TREND_STATIONARY), "stationary");
    assert_string_equal(trend_verdict_name(TREND_UNDECIDED), "undecided");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_figures_are_those_of_others),
        cmocka_unit_test(noise_alone_is_seldom_a_drift),
        cmocka_unit_test(a_drift_well_over_the_noise_is_found),
        cmocka_unit_test(what_is_called_detectable_is_found_in_four_of_five),
        cmocka_unit_test(a_level_without_noise_is_stationary),
        cmocka_unit_test(a_certain_drift_too_small_to_matter_is_stationary),
        cmocka_unit_test(noise_that_could_hide_a_drift_is_undecided),
        cmocka_unit_test(a_drift_is_never_told_with_a_range_that_holds_none),
        cmocka_unit_test(latency_over_rows_written_has_the_slope_of_the_table),
        cmocka_unit_test(too_few_points_say_nothing),
        cmocka_unit_test(a_verdict_has_a_name),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("trend", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
