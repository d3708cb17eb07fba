#include "stats/heat.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define NS_PER_US 1e3
#define NS_PER_S  1e9

/* Edge `index` of a scale with `per_decade` ranges to the decade; edge 0 is one nanosecond. */
static double edge_ns(uint32_t per_decade, uint32_t index)
{
    return pow(10.0, (double)index / per_decade);
}

/* The highest edge that is not above `ns`. */
static uint32_t edge_below(uint32_t per_decade, double ns)
{
    uint32_t index = 0;

    while (edge_ns(per_decade, index + 1u) <= ns)
        index++;
    return index;
}

static double middle_ns(uint32_t bucket)
{
    return ((double)hist_low_ns(bucket) + (double)hist_high_ns(bucket)) / 2;
}

/* Chooses the ranges for what lies in the buckets [first, last). */
static void choose_edges(struct heat *h, uint32_t first, uint32_t last)
{
    static const uint32_t scales[] = { 50, 20, 10, 5 };
    const double low_ns = fmax(middle_ns(first), 1), high_ns = fmax(middle_ns(last - 1u), 1);

    for (size_t s = 0; s < sizeof(scales) / sizeof(scales[0]); s++) {
        const uint32_t lowest = edge_below(scales[s], low_ns);
        const uint32_t highest = edge_below(scales[s], high_ns) + 1u;
        if (highest - lowest > HEAT_CELLS_MAX)
            continue;
        h->cell_count = highest - lowest;
        for (uint32_t i = 0; i <= h->cell_count; i++)
            h->edges_us[i] = edge_ns(scales[s], lowest + i) / NS_PER_US;
        return;
    }
}

static void fill_column(const struct heat *h, struct heat_column *column, const struct hist_view *v)
{
    uint32_t at = 0;

    for (uint32_t b = v->index_first; b < v->index_last; b++) {
        while (at + 1u < h->cell_count && middle_ns(b) / NS_PER_US >= h->edges_us[at + 1u])
            at++;
        column->counts[at] += v->counts[b];
    }
}

static void take(const struct interval_log *log, size_t interval, struct hist_view *v)
{
    for (uint32_t e = 0; e < log->endpoint_count; e++)
        interval_log_take(log, interval, e, v);
}

static void fill(struct heat *h, const struct interval_log *log, struct hist_view *v,
                 bool is_running)
{
    struct timeline_span spans[HEAT_COLUMNS_MAX];

    for (size_t i = 0; i < log->count; i++)
        take(log, i, v);
    if (v->total == 0)
        return;
    choose_edges(h, v->index_first, v->index_last);
    h->column_count = timeline_cut(spans, HEAT_COLUMNS_MAX, log, is_running);
    for (size_t c = 0; c < h->column_count; c++) {
        hist_view_clear(v);
        for (size_t i = spans[c].first; i < spans[c].last; i++)
            take(log, i, v);
        h->columns[c].t_s = (double)spans[c].end_ns / NS_PER_S;
        fill_column(h, &h->columns[c], v);
    }
}

int heat_make(struct heat **ret_heat, const struct interval_log *log, bool is_running)
{
    struct heat *h = calloc(1, sizeof(*h));
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct hist_view v;

    if (h == NULL || counts == NULL) {
        free(h);
        free(counts);
        return -ENOMEM;
    }
    hist_view_init(&v, counts);
    fill(h, log, &v, is_running);
    free(counts);
    *ret_heat = h;
    return 0;
}

void heat_close(struct heat *h)
{
    free(h);
}
