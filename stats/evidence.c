#include "stats/evidence.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define NS_PER_US        1e3
#define NS_PER_S         1e9
#define P99_COUNT_MIN    100u /* requests of a batch that has a p99 other than its maximum */

static const struct {
    uint64_t num, den;
} quantiles[SUMMARY_QUANTILE_COUNT] = {
#define X(id, key, num, den, label) [SUMMARY_##id] = { num, den },
    SUMMARY_QUANTILES(X)
#undef X
};

/* Intervals that belong together, and how many writing requests were finished by then. */
struct batch {
    size_t first, last; /* one past */
    double middle_s;
    uint64_t writes;
};

struct inquiry {
    const struct interval_log *log;
    const struct tally *whole;
    uint32_t batch_count;
    struct batch batches[CONFIDENCE_BATCHES_MAX];
    struct hist_view all, part; /* of the row at hand: the whole run, and one batch */
};

static bool is_writing(const char *method)
{
    static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };

    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (strcmp(method, methods[i]) == 0)
            return true;
    return false;
}

/* As many batches as the longest interval fits into the run, to the nearest number. */
static uint32_t count_batches(const struct interval_log *log, uint64_t span_ns)
{
    uint64_t longest_ns = 1;

    for (size_t i = 0; i < log->count; i++) {
        const uint64_t length_ns = log->intervals[i].to_ns - log->intervals[i].from_ns;
        if (length_ns > longest_ns)
            longest_ns = length_ns;
    }
    const uint64_t fitting = (span_ns + longest_ns / 2u) / longest_ns;
    return fitting < CONFIDENCE_BATCHES_MAX ? (uint32_t)fitting : CONFIDENCE_BATCHES_MAX;
}

/* An interval belongs to the batch that its middle lies in. */
static void cut_batches(struct inquiry *q)
{
    const struct interval_log *log = q->log;
    const uint64_t from_ns = log->count > 0 ? log->intervals[0].from_ns : 0;
    const uint64_t span_ns = log->count > 0 ? log->intervals[log->count - 1u].to_ns - from_ns : 0;
    size_t at = 0;

    q->batch_count = count_batches(log, span_ns);
    for (uint32_t b = 0; b < q->batch_count; b++) {
        const double end_ns = (double)from_ns + (double)span_ns / q->batch_count * (b + 1u);
        const bool is_last = b + 1u == q->batch_count;
        q->batches[b].first = at;
        q->batches[b].middle_s =
            ((double)from_ns + (double)span_ns / q->batch_count * (b + 0.5)) / NS_PER_S;
        while (at < log->count && (is_last || (double)log->intervals[at].from_ns / 2 +
                                                      (double)log->intervals[at].to_ns / 2 <
                                                  end_ns))
            at++;
        q->batches[b].last = at;
    }
}

/* Adds what endpoints [first, last) finished in a batch to the part at hand. */
static void take_part(struct inquiry *q, const struct batch *b, uint32_t first, uint32_t last)
{
    for (size_t i = b->first; i < b->last; i++)
        for (uint32_t e = first; e < last; e++)
            interval_log_take(q->log, i, e, &q->part);
}

/* Counts what was written up to the middle of each batch. */
static void count_writes(struct inquiry *q, const struct endpoint_name *names)
{
    uint64_t before = 0;

    for (uint32_t b = 0; b < q->batch_count; b++) {
        hist_view_clear(&q->part);
        for (uint32_t e = 0; e < q->log->endpoint_count; e++)
            if (is_writing(names[e].method))
                take_part(q, &q->batches[b], e, e + 1u);
        q->batches[b].writes = before + q->part.total / 2u;
        before += q->part.total;
    }
}

/* Requests in the buckets up to `index`. */
static uint64_t count_within(const struct hist_view *v, uint32_t index)
{
    uint64_t count = 0;

    for (uint32_t i = v->index_first; i < v->index_last && i <= index; i++)
        count += v->counts[i];
    return count;
}

static double value_us(const struct hist_view *v, uint64_t rank)
{
    return rank == 0 ? NAN : (double)hist_view_quantile_ns(v, rank, v->total) / NS_PER_US;
}

/* What a row has in each batch, for each of its percentiles, and the points of its trends. */
struct pieces {
    struct confidence_batch batches[SUMMARY_QUANTILE_COUNT][CONFIDENCE_BATCHES_MAX];
    struct trend_point median[CONFIDENCE_BATCHES_MAX], writes[CONFIDENCE_BATCHES_MAX];
    struct trend_point p99[CONFIDENCE_BATCHES_MAX];
    uint32_t median_count, p99_count;
};

static void add_points(struct pieces *p, const struct batch *b, const struct hist_view *part)
{
    const double median_us = (double)hist_view_quantile_ns(part, 50, 100) / NS_PER_US;

    if (part->total == 0)
        return;
    p->writes[p->median_count] = (struct trend_point){ (double)b->writes, median_us };
    p->median[p->median_count++] = (struct trend_point){ b->middle_s, median_us };
    if (part->total >= P99_COUNT_MIN)
        p->p99[p->p99_count++] =
            (struct trend_point){ b->middle_s,
                                  (double)hist_view_quantile_ns(part, 99, 100) / NS_PER_US };
}

static void cut_pieces(struct pieces *p, struct inquiry *q, uint32_t first, uint32_t last)
{
    uint32_t index[SUMMARY_QUANTILE_COUNT];

    for (int i = 0; i < SUMMARY_QUANTILE_COUNT; i++) {
        const uint64_t ns = hist_view_quantile_ns(&q->all, quantiles[i].num, quantiles[i].den);
        index[i] = hist_index(ns < HIST_MAX_NS ? ns : HIST_MAX_NS);
    }
    p->median_count = p->p99_count = 0;
    for (uint32_t b = 0; b < q->batch_count; b++) {
        hist_view_clear(&q->part);
        take_part(q, &q->batches[b], first, last);
        for (int i = 0; i < SUMMARY_QUANTILE_COUNT; i++)
            p->batches[i][b] =
                (struct confidence_batch){ q->part.total, count_within(&q->part, index[i]) };
        add_points(p, &q->batches[b], &q->part);
    }
}

/* The row of endpoints [first, last). */
static void fill_row(struct evidence_row *row, struct inquiry *q, uint32_t first, uint32_t last)
{
    struct pieces p;
    double effect = 1;

    hist_view_clear(&q->all);
    for (uint32_t e = first; e < last; e++)
        for (int o = 0; o < OUTCOME_COUNT; o++)
            hist_view_add(&q->all, &q->whole->endpoints[e].latency[o]);
    cut_pieces(&p, q, first, last);
    for (int i = 0; i < SUMMARY_QUANTILE_COUNT; i++) {
        struct evidence_quantile *e = &row->quantiles[i];
        e->confidence =
            confidence_of(p.batches[i], q->batch_count, quantiles[i].num, quantiles[i].den, effect);
        if (e->confidence.state == CONFIDENCE_HELD)
            effect = e->confidence.design_effect;
        e->low_us = value_us(&q->all, e->confidence.ranks.low);
        e->high_us = value_us(&q->all, e->confidence.ranks.high);
    }
    row->median = trend_of(p.median, p.median_count, EVIDENCE_DRIFT_TOLERATED);
    row->p99 = trend_of(p.p99, p.p99_count, EVIDENCE_DRIFT_TOLERATED);
    row->median_writes = trend_of(p.writes, p.median_count, EVIDENCE_DRIFT_TOLERATED);
}

int evidence_make(struct evidence **ret_evidence, const struct interval_log *log,
                  const struct tally *whole, const struct endpoint_name *names)
{
    struct evidence *e = calloc(1, sizeof(*e));
    struct evidence_row *rows = calloc(log->endpoint_count, sizeof(*rows));
    struct inquiry *q = calloc(1, sizeof(*q));
    uint64_t *counts = calloc(2u * HIST_SLOTS, sizeof(*counts));

    if (e == NULL || rows == NULL || q == NULL || counts == NULL) {
        free(counts);
        free(q);
        free(rows);
        free(e);
        return -ENOMEM;
    }
    q->log = log;
    q->whole = whole;
    hist_view_init(&q->all, counts);
    hist_view_init(&q->part, counts + HIST_SLOTS);
    cut_batches(q);
    count_writes(q, names);
    e->batch_count = q->batch_count;
    e->row_count = log->endpoint_count;
    e->rows = rows;
    for (uint32_t i = 0; i < e->row_count; i++)
        fill_row(&rows[i], q, i, i + 1u);
    fill_row(&e->total, q, 0, e->row_count);
    free(counts);
    free(q);
    *ret_evidence = e;
    return 0;
}

void evidence_close(struct evidence *e)
{
    if (e == NULL)
        return;
    free(e->rows);
    free(e);
}
