#include "stats/report/json_timeline.h"

#include <math.h>
#include <stdlib.h>

#include "stats/heat.h"
#include "stats/report/json_writer.h"
#include "stats/report/sink.h"

#define DECIMALS_S    3u
#define DECIMALS_RATE 6u
#define DECIMALS_US   3u

static bool is_after(double t_s, double since_s)
{
    return llround(t_s * 1e3) > llround(since_s * 1e3);
}

static void write_point(struct json_writer *w, const struct series_point *p)
{
    json_open_object_line(w, NULL);
    json_put_number(w, "t_s", p->t_s, DECIMALS_S);
    json_put_count(w, "users", p->users);
    json_put_number(w, "rps", p->rps, DECIMALS_RATE);
    json_put_number(w, "failures_per_s", p->failures_per_s, DECIMALS_RATE);
    json_put_number(w, "p50_us", p->p50_us, DECIMALS_US);
    json_put_number(w, "p95_us", p->p95_us, DECIMALS_US);
    json_put_number(w, "p99_us", p->p99_us, DECIMALS_US);
    json_put_count(w, "count", p->count);
    json_put_count(w, "failed", p->failed);
    json_close(w);
}

/* Users as they were counted last before the end of a step. */
static uint64_t users_at(const struct series *s, size_t *at, double t_s)
{
    while (*at + 1u < s->count && s->points[*at + 1u].t_s <= t_s)
        (*at)++;
    return s->points[*at].users;
}

/* A run of many hours: longer points, made from the intervals. */
static void write_long(struct json_writer *w, const struct result *r, double since_s,
                       struct timeline_span *spans, struct hist_view *scratch)
{
    const size_t count = timeline_cut(spans, JSON_TIMELINE_POINTS_MAX, r->intervals, r->is_running);
    double from_s = 0;
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        const struct timeline_step step =
            timeline_step_of(r->intervals, &spans[i], TIMELINE_ALL_ENDPOINTS,
                             r->summary->total.latency.max_us, scratch);
        const double length_s = step.t_s - from_s;
        if (is_after(step.t_s, since_s))
            write_point(w, &(struct series_point){
                               .t_s = step.t_s,
                               .users = users_at(r->series, &at, step.t_s),
                               .count = step.count,
                               .failed = step.failed,
                               .rps = (double)step.count / length_s,
                               .failures_per_s = (double)step.failed / length_s,
                               .p50_us = step.p50_us,
                               .p95_us = step.p95_us,
                               .p99_us = step.p99_us,
                           });
        from_s = step.t_s;
    }
}

void json_timeline_total(struct json_writer *w, const struct result *r, double since_s)
{
    const struct series *s = r->series;
    const size_t count = s == NULL ? 0 : s->count;

    json_open_array(w, "timeline");
    if (count > JSON_TIMELINE_POINTS_MAX && r->intervals != NULL) {
        struct timeline_span *spans = calloc(JSON_TIMELINE_POINTS_MAX, sizeof(*spans));
        uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
        struct hist_view scratch;
        hist_view_init(&scratch, counts);
        if (spans == NULL || counts == NULL)
            w->out->has_failed = true;
        else
            write_long(w, r, since_s, spans, &scratch);
        free(spans);
        free(counts);
    } else {
        for (size_t i = 0; i < count; i++)
            if (is_after(s->points[i].t_s, since_s))
                write_point(w, &s->points[i]);
    }
    json_close(w);
}

void json_timeline_init(struct json_timeline *t, const struct result *r, double since_s,
                        struct hist_view *scratch)
{
    t->log = r->intervals;
    t->since_s = since_s;
    t->scratch = scratch;
    t->count =
        t->log == NULL ? 0 : timeline_cut(t->spans, TIMELINE_STEPS_MAX, t->log, r->is_running);
}

enum column { COLUMN_T, COLUMN_COUNT, COLUMN_FAILED, COLUMN_P50, COLUMN_P95, COLUMN_P99, COLUMNS };

static void write_cell(struct json_writer *w, const struct timeline_step *s, enum column column)
{
    switch (column) {
    case COLUMN_T:
        json_put_number(w, NULL, s->t_s, DECIMALS_S);
        break;
    case COLUMN_COUNT:
        json_put_count(w, NULL, s->count);
        break;
    case COLUMN_FAILED:
        json_put_count(w, NULL, s->failed);
        break;
    case COLUMN_P50:
        json_put_number(w, NULL, s->p50_us, DECIMALS_US);
        break;
    case COLUMN_P95:
        json_put_number(w, NULL, s->p95_us, DECIMALS_US);
        break;
    case COLUMN_P99:
    case COLUMNS:
        json_put_number(w, NULL, s->p99_us, DECIMALS_US);
        break;
    }
}

void json_timeline_endpoint(struct json_writer *w, const struct json_timeline *t, uint32_t endpoint,
                            double max_us)
{
    static const char *const keys[COLUMNS] = { "t_s",    "count",  "failed",
                                               "p50_us", "p95_us", "p99_us" };
    struct timeline_step steps[TIMELINE_STEPS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < t->count; i++)
        if (is_after((double)t->spans[i].end_ns / 1e9, t->since_s))
            steps[count++] = timeline_step_of(t->log, &t->spans[i], endpoint, max_us, t->scratch);
    json_open_object(w, "timeline");
    for (int c = 0; c < COLUMNS; c++) {
        json_open_array_line(w, keys[c]);
        for (size_t i = 0; i < count; i++)
            write_cell(w, &steps[i], (enum column)c);
        json_close(w);
    }
    json_close(w);
}

/* The cells that counted, each with its index. */
static void write_column(struct json_writer *w, const struct heat *h, size_t column)
{
    json_open_array_line(w, NULL);
    for (uint32_t i = 0; i < h->cell_count; i++) {
        if (h->columns[column].counts[i] == 0)
            continue;
        json_open_array_line(w, NULL);
        json_put_count(w, NULL, i);
        json_put_count(w, NULL, h->columns[column].counts[i]);
        json_close(w);
    }
    json_close(w);
}

static void write_heat(struct json_writer *w, const struct heat *h)
{
    json_open_object(w, "heat");
    json_open_array_line(w, "edges_us");
    for (uint32_t i = 0; i <= h->cell_count; i++)
        json_put_number(w, NULL, h->edges_us[i], DECIMALS_US);
    json_close(w);
    json_open_array_line(w, "t_s");
    for (size_t i = 0; i < h->column_count; i++)
        json_put_number(w, NULL, h->columns[i].t_s, DECIMALS_S);
    json_close(w);
    json_open_array(w, "cells");
    for (size_t i = 0; i < h->column_count; i++)
        write_column(w, h, i);
    json_close(w);
    json_close(w);
}

void json_heat(struct json_writer *w, const struct result *r)
{
    struct heat *h = NULL;

    if (r->intervals != NULL && heat_make(&h, r->intervals, r->is_running) != 0) {
        w->out->has_failed = true;
        return;
    }
    if (h == NULL || h->cell_count == 0)
        json_put_null(w, "heat");
    else
        write_heat(w, h);
    heat_close(h);
}
