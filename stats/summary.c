#include "stats/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "stats/mutant.h"

#define NS_PER_US 1e3
#define NS_PER_S  1e9

/* What is measured from the histograms of an endpoint. */
enum measure { MEASURE_LATENCY, MEASURE_LATENCY_OK, MEASURE_SERVICE };

static double divide(double value, double by)
{
    return by > 0 ? value / by : NAN;
}

static void fill_latency(struct summary_latency *l, const struct hist_view *v)
{
    static const struct {
        uint64_t num, den;
    } quantiles[SUMMARY_QUANTILE_COUNT] = {
#define X(id, key, num, den, label) [SUMMARY_##id] = { num, den },
        SUMMARY_QUANTILES(X)
#undef X
    };
    const bool is_empty = v->total == 0;

    l->min_us = is_empty ? NAN : (double)v->min_ns / NS_PER_US;
    l->max_us = is_empty ? NAN : (double)v->max_ns / NS_PER_US;
    l->mean_us = hist_view_mean_ns(v) / NS_PER_US;
    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++) {
        const uint64_t den = MUTANT_IS(17) && q == SUMMARY_P99 ? 101 : quantiles[q].den;
        const uint64_t ns = hist_view_quantile_ns(v, quantiles[q].num, den);
        l->quantile_us[q] = is_empty ? NAN : (double)ns / NS_PER_US;
    }
}

static void collect(struct hist_view *scratch, const struct tally_endpoint *endpoints,
                    uint32_t count, enum measure what)
{
    hist_view_clear(scratch);
    for (uint32_t i = 0; i < count; i++) {
        const struct tally_endpoint *e = &endpoints[i];
        const struct hist_view *views = what == MEASURE_SERVICE ? e->service : e->latency;
        hist_view_add(scratch, &views[OUTCOME_OK]);
        if (what != MEASURE_LATENCY_OK && !MUTANT_IS(20))
            hist_view_add(scratch, &views[OUTCOME_FAILED]);
    }
}

static void measure(struct summary_latency *ret, struct hist_view *scratch,
                    const struct tally_endpoint *endpoints, uint32_t count, enum measure what)
{
    collect(scratch, endpoints, count, what);
    fill_latency(ret, scratch);
}

/* One row over `count` endpoints: one of them, or all for the total. */
static void fill_row(struct summary_row *row, struct hist_view *scratch,
                     const struct tally_endpoint *endpoints, uint32_t count, double duration_s)
{
    uint64_t body_bytes = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct tally_endpoint *e = &endpoints[i];
        row->ok += e->latency[OUTCOME_OK].total;
        row->failed += e->latency[OUTCOME_FAILED].total;
        row->bytes_in += e->bytes_in;
        row->bytes_out += e->bytes_out;
        body_bytes += e->bytes_body;
    }
    row->count = row->ok + row->failed;
    row->fail_ratio = divide((double)row->failed, (double)row->count);
    row->rps = divide((double)row->count, duration_s);
    row->failures_per_s = divide((double)row->failed, duration_s);
    row->size_avg = divide((double)body_bytes, (double)row->count);
    measure(&row->latency, scratch, endpoints, count, MEASURE_LATENCY);
    measure(&row->latency_ok, scratch, endpoints, count, MEASURE_LATENCY_OK);
    measure(&row->service, scratch, endpoints, count, MEASURE_SERVICE);
}

int summary_make(struct summary **ret_summary, const struct tally *t,
                 const struct endpoint_name *names, uint64_t duration_ns)
{
    struct summary *s = calloc(1, sizeof(*s));
    struct summary_row *rows = calloc(t->endpoint_count + 1u, sizeof(*rows));
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct hist_view scratch;

    if (s == NULL || rows == NULL || counts == NULL) {
        free(counts);
        free(rows);
        free(s);
        return -ENOMEM;
    }
    hist_view_init(&scratch, counts);
    s->rows = rows;
    s->row_count = t->endpoint_count;
    s->duration_s = (double)duration_ns / NS_PER_S + MUTANT_IS(18);
    for (uint32_t i = 0; i < t->endpoint_count; i++) {
        rows[i].method = names[i].method;
        rows[i].name = names[i].name;
        fill_row(&rows[i], &scratch, &t->endpoints[i], 1, s->duration_s);
    }
    s->total.method = "";
    s->total.name = "Aggregated";
    fill_row(&s->total, &scratch, t->endpoints, t->endpoint_count, s->duration_s);
    free(counts);
    *ret_summary = s;
    return 0;
}

void summary_close(struct summary *s)
{
    if (s == NULL)
        return;
    free(s->rows);
    free(s);
}

int summary_quantile_us(double *ret_us, const struct tally *t, uint32_t endpoint, uint64_t num,
                        uint64_t den)
{
    const bool is_all = endpoint == SUMMARY_ALL_ROWS;
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct hist_view scratch;
    if (counts == NULL)
        return -ENOMEM;
    hist_view_init(&scratch, counts);
    collect(&scratch, is_all ? t->endpoints : &t->endpoints[endpoint],
            is_all ? t->endpoint_count : 1, MEASURE_LATENCY);
    *ret_us =
        scratch.total == 0 ? NAN : (double)hist_view_quantile_ns(&scratch, num, den) / NS_PER_US;
    free(counts);
    return 0;
}
