/* test_series.c — goal: the series of a run of any length has an end, and loses no request. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "stats/series.h"

/* One second in which `count` requests of `latency_ns` finished. */
static void add_second(struct series *s, double t_s, uint64_t count, uint64_t latency_ns)
{
    struct shard *shard = NULL;
    struct tally *difference = NULL;
    assert_int_equal(shard_open(&shard, 1), 0);
    assert_int_equal(tally_open(&difference, 1), 0);
    const struct shard_result r = { .latency_ns = latency_ns,
                                    .service_ns = latency_ns,
                                    .bytes_body = 10 };
    for (uint64_t i = 0; i < count; i++)
        shard_finish(shard, &r);
    tally_take(difference, shard);
    difference->users_now = count;
    assert_int_equal(series_add(s, difference, t_s, 1), 0);
    tally_close(difference);
    shard_close(shard);
}

/* A series of so many seconds of one request, but made quickly. */
static void fill(struct series *s, size_t seconds)
{
    add_second(s, 1, 1, 1000000);
    s->points = realloc(s->points, SERIES_POINTS_MAX * sizeof *s->points);
    assert_non_null(s->points);
    s->capacity = SERIES_POINTS_MAX;
    for (; s->count < seconds; s->count++) {
        s->points[s->count] = s->points[0];
        s->points[s->count].t_s = (double)s->count + 1;
    }
}

static void points_that_are_too_many_are_merged_two_by_two(void **state)
{
    (void)state;
    struct series s;
    series_init(&s);
    fill(&s, SERIES_POINTS_MAX - 1);
    add_second(&s, SERIES_POINTS_MAX, 3, 7000000);
    assert_false(s.is_merged);
    assert_int_equal(s.count, SERIES_POINTS_MAX);

    add_second(&s, SERIES_POINTS_MAX + 1, 2, 1000000);
    assert_true(s.is_merged);
    assert_int_equal(s.count, SERIES_POINTS_MAX / 2 + 1);
    uint64_t count = 0, bytes_body = 0;
    for (size_t i = 0; i < s.count; i++) {
        count += s.points[i].count;
        bytes_body += s.points[i].bytes_body;
    }
    assert_int_equal(count, SERIES_POINTS_MAX - 1 + 3 + 2);
    assert_int_equal(bytes_body, 10 * count);
    const struct series_point *last = &s.points[s.count - 1], *before = last - 1;
    assert_true(last->t_s == SERIES_POINTS_MAX + 1 && last->rps == 2);
    assert_true(before->t_s == SERIES_POINTS_MAX && before->rps == 2 && before->users == 3);
    assert_true(fabs(before->p50_us / 7000 - 1) < 0.01);
    assert_true(s.points[0].t_s == 2 && s.points[0].rps == 1);
    series_close(&s);
}

static void a_second_without_requests_has_no_part_in_a_percentile(void **state)
{
    (void)state;
    struct series s;
    series_init(&s);
    add_second(&s, 1, 0, 0);
    fill(&s, SERIES_POINTS_MAX);
    s.points[1].p99_us = 5;
    assert_true(isnan(s.points[0].p99_us));
    add_second(&s, SERIES_POINTS_MAX + 1, 1, 1000000);
    assert_true(s.points[0].p99_us == 5);
    series_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_that_are_too_many_are_merged_two_by_two),
        cmocka_unit_test(a_second_without_requests_has_no_part_in_a_percentile),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("series", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
