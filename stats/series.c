#include "stats/series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define POINTS_FIRST 64u

_Static_assert(SERIES_POINTS_MAX % 2 == 0, "every point has a neighbour to be merged with");

void series_init(struct series *s)
{
    *s = (struct series){ 0 };
}

void series_close(struct series *s)
{
    if (s == NULL)
        return;
    free(s->points);
    series_init(s);
}

/* `later` becomes the point of both; the earlier one began at `from_s`. */
static struct series_point merge_points(const struct series_point *earlier,
                                        const struct series_point *later, double from_s)
{
    struct series_point both = *later;
    const double interval_s = later->t_s - from_s;
    both.count += earlier->count;
    both.failed += earlier->failed;
    both.bytes_body += earlier->bytes_body;
    both.rps = (double)both.count / interval_s;
    both.failures_per_s = (double)both.failed / interval_s;
    both.p50_us = fmax(earlier->p50_us, later->p50_us);
    both.p95_us = fmax(earlier->p95_us, later->p95_us);
    both.p99_us = fmax(earlier->p99_us, later->p99_us);
    return both;
}

static void merge_neighbours(struct series *s)
{
    double from_s = 0;
    for (size_t i = 0; i < s->count / 2; i++) {
        s->points[i] = merge_points(&s->points[2 * i], &s->points[2 * i + 1], from_s);
        from_s = s->points[i].t_s;
    }
    s->count /= 2;
    s->is_merged = true;
}

static int series_reserve(struct series *s)
{
    if (s->count == SERIES_POINTS_MAX)
        merge_neighbours(s);
    if (s->count < s->capacity)
        return 0;
    const size_t capacity = s->capacity == 0 ? POINTS_FIRST : 2u * s->capacity;
    struct series_point *points = realloc(s->points, capacity * sizeof(*points));
    if (points == NULL)
        return -ENOMEM;
    s->points = points;
    s->capacity = capacity;
    return 0;
}

static double quantile_us(const struct hist_view *v, uint64_t percent)
{
    return v->total == 0 ? NAN : (double)hist_view_quantile_ns(v, percent, 100) / 1e3;
}

int series_add(struct series *s, const struct tally *difference, double t_s, double interval_s)
{
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct hist_view latency;

    if (counts == NULL || series_reserve(s) < 0) {
        free(counts);
        return -ENOMEM;
    }
    hist_view_init(&latency, counts);
    tally_add_latency(difference, &latency);

    uint64_t failed = 0, bytes_body = 0;
    for (uint32_t i = 0; i < difference->endpoint_count; i++) {
        failed += difference->endpoints[i].latency[OUTCOME_FAILED].total;
        bytes_body += difference->endpoints[i].bytes_body;
    }

    s->points[s->count++] = (struct series_point){
        .t_s = t_s,
        .users = difference->users_now,
        .count = latency.total,
        .failed = failed,
        .bytes_body = bytes_body,
        .rps = interval_s > 0 ? (double)latency.total / interval_s : NAN,
        .failures_per_s = interval_s > 0 ? (double)failed / interval_s : NAN,
        .p50_us = quantile_us(&latency, 50),
        .p95_us = quantile_us(&latency, 95),
        .p99_us = quantile_us(&latency, 99),
    };
    free(counts);
    return 0;
}
