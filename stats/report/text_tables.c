#include "stats/report/text_tables.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "stats/report/figure.h"
#include "stats/report/paragraph.h"
#include "stats/report/sink.h"
#include "stats/report/table.h"
#include "stats/report/text_evidence.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A URL has one kind of request: its row is the whole run already. */
static bool has_total_row(const struct result *r)
{
    return r->scenario != NULL || r->summary->row_count != 1;
}

static void write_heading(struct sink *out, const struct report_text_style *style, const char *text)
{
    sink_text(out, " ");
    tone_begin(out, TONE_STRONG, style->color);
    sink_text(out, text);
    tone_end(out, TONE_STRONG, style->color);
    sink_text(out, "\n");
}

static void write_table(struct sink *out, struct table *t)
{
    table_write(t, out);
    table_close(t);
}

static void add_request(struct table *t, const struct summary_row *row, enum tone tone)
{
    const enum tone bad = row->failed > 0 ? TONE_BAD : tone;

    table_add(t, tone, row->method);
    table_add(t, tone, row->name);
    table_add_count(t, tone, row->count);
    table_add_count(t, bad, row->failed);
    table_add(t, bad, figure_percent(row->fail_ratio).text);
    table_add_ms(t, tone, row->latency.mean_us);
    table_add_ms(t, tone, row->latency.min_us);
    table_add_ms(t, tone, row->latency.max_us);
    table_add_ms(t, tone, row->latency.quantile_us[SUMMARY_P50]);
    table_add(t, tone, figure_rate(row->rps).text);
    table_add(t, bad, figure_rate(row->failures_per_s).text);
}

void text_requests(struct sink *out, const struct result *r, const struct report_text_style *style)
{
    /* Where squall was the bottleneck nothing is called the most of anything. */
    const struct table_column columns[] = {
        { "Type", .is_left = true, .cut = TABLE_CUT_END, .narrow = 7 },
        { "Name", .is_left = true, .cut = TABLE_CUT_MIDDLE, .narrow = 24 },
        { "# reqs" },
        { "# fails" },
        { "(%)", .drop = 7 },
        { "Avg", .drop = 1 },
        { "Min", .drop = 6 },
        { result_is_generators(r) ? "Longest" : "Max", .drop = 4 },
        { "Med", .drop = 5 },
        { "req/s" },
        { "failures/s", .drop = 9 },
    };
    struct table t;

    write_heading(out, style, "Requests (times in ms)");
    table_init(&t, style, columns, ARRAY_LEN(columns));
    for (uint32_t i = 0; i < r->summary->row_count; i++)
        add_request(&t, &r->summary->rows[i], TONE_PLAIN);
    if (has_total_row(r)) {
        table_add_rule(&t);
        add_request(&t, &r->summary->total, TONE_STRONG);
    }
    write_table(out, &t);
}

/* `count` requests: percentiles that so few cannot tell from the maximum are dimmed. */
static void add_percentiles(struct table *t, const char *method, const char *name, uint64_t count,
                            const struct summary_latency *l, enum tone tone)
{
    static const uint64_t counts_min[SUMMARY_QUANTILE_COUNT] = {
#define X(id, key, num, den, label) [SUMMARY_##id] = (den) / ((den) - (num)),
        SUMMARY_QUANTILES(X)
#undef X
    };

    table_add(t, tone, method);
    table_add(t, tone, name);
    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++)
        table_add_ms(t, count < counts_min[q] ? TONE_DIM : tone, l->quantile_us[q]);
    table_add_ms(t, tone, l->max_us);
}

/* Of the latencies at each percentile: what was squall's own doing. Labels of 12 columns are never
 * cut: so narrow the column of names may get. */
static void add_share(struct table *t, const struct blame *blame)
{
    table_add(t, TONE_DIM, "");
    table_add(t, TONE_DIM, "by generator");
    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++)
        table_add_ms(t, TONE_DIM, blame->share_us[q]);
    table_add(t, TONE_DIM, "");
}

void text_percentiles(struct sink *out, const struct result *r,
                      const struct report_text_style *style)
{
    static const struct table_column columns[] = {
        { "Type", .is_left = true, .cut = TABLE_CUT_END, .narrow = 7, .drop = 1 },
        { "Name", .is_left = true, .cut = TABLE_CUT_MIDDLE, .narrow = 12 },
        { "50%" },
        { "75%", .drop = 9 },
        { "90%", .drop = 8 },
        { "95%", .drop = 6 },
        { "99%" },
        { "99.9%", .drop = 4 },
        { "99.99%", .drop = 7 },
        { "100%", .drop = 2 },
    };
    const struct summary_row *total = &r->summary->total;
    struct table t;

    write_heading(out, style, "Percentiles (ms)");
    table_init(&t, style, columns, ARRAY_LEN(columns));
    for (uint32_t i = 0; i < r->summary->row_count; i++) {
        const struct summary_row *row = &r->summary->rows[i];
        add_percentiles(&t, row->method, row->name, row->count, &row->latency, TONE_PLAIN);
        if (r->evidence != NULL)
            text_add_bounds(&t, &r->evidence->rows[i]);
    }
    if (has_total_row(r)) {
        table_add_rule(&t);
        add_percentiles(&t, "", total->name, total->count, &total->latency, TONE_STRONG);
        if (r->evidence != NULL)
            text_add_bounds(&t, &r->evidence->total);
    }
    if (r->generator.blame != NULL && total->count > 0)
        add_share(&t, r->generator.blame);
    /* The same requests seen otherwise, where that can differ: fast failures hide slow successes,
     * and with arrivals at a rate the time a request waited to be sent is part of its latency. */
    if (total->ok > 0 && total->failed > 0)
        add_percentiles(&t, "", "ok only", total->ok, &total->latency_ok, TONE_PLAIN);
    if (isfinite(r->load.rate) && !isnan(total->service.max_us))
        add_percentiles(&t, "", "since sent", total->count, &total->service, TONE_PLAIN);
    write_table(out, &t);
}

/* Nothing but memory can fail here; without it the sink says so. */
static uint64_t *open_latency(struct sink *out, struct hist_view *v, const struct tally *t)
{
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));

    if (counts == NULL) {
        out->has_failed = true;
        return NULL;
    }
    hist_view_init(v, counts);
    tally_add_latency(t, v);
    return counts;
}

/* Requests in the buckets up to the one that holds `value_ns`. */
static uint64_t count_within(const struct hist_view *v, uint64_t value_ns)
{
    uint64_t count = 0;

    if (value_ns >= v->max_ns)
        return v->total;
    for (uint32_t i = v->index_first; i < v->index_last && hist_low_ns(i) <= value_ns; i++)
        count += v->counts[i];
    return count;
}

void text_distribution(struct sink *out, const struct result *r,
                       const struct report_text_style *style)
{
    static const struct table_column columns[] = {
        { "Percentile", .is_left = true },
        { "Latency" },
        { "# reqs within" },
        { "# slower" },
    };
    static const struct {
        const char *label;
        uint64_t num, den;
    } rows[] = {
        { "50%", 50, 100 },        { "75%", 75, 100 },           { "90%", 90, 100 },
        { "95%", 95, 100 },        { "99%", 99, 100 },           { "99.9%", 999, 1000 },
        { "99.99%", 9999, 10000 }, { "99.999%", 99999, 100000 }, { "100% (max)", 100, 100 },
    };
    struct hist_view v;
    struct table t;

    uint64_t *counts = open_latency(out, &v, r->tally);
    if (counts == NULL)
        return;
    write_heading(out, style, "Latency distribution (ms)");
    table_init(&t, style, columns, ARRAY_LEN(columns));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const bool is_max = i + 1u == ARRAY_LEN(rows);
        const uint64_t ns = is_max ? v.max_ns : hist_view_quantile_ns(&v, rows[i].num, rows[i].den);
        const uint64_t within = count_within(&v, ns);
        table_add(&t, TONE_PLAIN, is_max && result_is_generators(r) ? "100%" : rows[i].label);
        table_add_ms(&t, TONE_PLAIN, v.total == 0 ? NAN : (double)ns / 1e3);
        table_add_count(&t, TONE_PLAIN, within);
        table_add_count(&t, TONE_PLAIN, v.total - within);
    }
    write_table(out, &t);
    free(counts);
}

/* Most frequent first; equal ones in the tally's order, which is that of the addresses. */
static int compare_count(const void *a, const void *b)
{
    const struct tally_failure *left = *(const struct tally_failure *const *)a;
    const struct tally_failure *right = *(const struct tally_failure *const *)b;

    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left < right ? -1 : left > right;
}

static void add_failure(struct table *t, const struct result *r, const struct tally_failure *f)
{
    const bool has_name = f->endpoint < r->tally->endpoint_count;

    table_add_count(t, TONE_BAD, f->count);
    table_add(t, TONE_PLAIN, has_name ? r->names[f->endpoint].method : "");
    table_add(t, TONE_PLAIN, has_name ? r->names[f->endpoint].name : "-");
    table_add(t, TONE_PLAIN, failure_name(f->class));
    table_add(t, TONE_PLAIN, f->message);
}

static void write_failures_not_shown(struct sink *out, const struct result *r,
                                     const struct report_text_style *style,
                                     const struct tally_failure *const *order, uint32_t shown)
{
    uint64_t more = r->tally->failures_overflow;
    struct sink words;

    for (uint32_t i = shown; i < r->tally->failure_count; i++)
        more += order[i]->count;
    if (more == 0)
        return;
    sink_init(&words);
    sink_format(&words, "and %" PRIu64 " more failure%s of other kinds", more,
                more == 1 ? "" : "s");
    paragraph_write(out, style, NULL, TONE_DIM, &words);
    sink_close(&words);
}

void text_failures(struct sink *out, const struct result *r, const struct report_text_style *style)
{
    static const struct table_column columns[] = {
        { "# fails" },
        { "Type", .is_left = true, .cut = TABLE_CUT_END, .narrow = 7 },
        { "Name", .is_left = true, .cut = TABLE_CUT_MIDDLE, .narrow = 12 },
        { "Class", .is_left = true, .cut = TABLE_CUT_END, .narrow = 12 },
        { "Message", .is_left = true, .cut = TABLE_CUT_END, .narrow = 16 },
    };
    const struct tally *tally = r->tally;
    const uint32_t count = tally->failure_count;
    const uint32_t shown = count < TEXT_FAILURES_MAX ? count : TEXT_FAILURES_MAX;
    struct table t;

    const struct tally_failure **order = calloc(count + 1u, sizeof(const struct tally_failure *));
    if (order == NULL) {
        out->has_failed = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        order[i] = &tally->failures[i];
    qsort(order, count, sizeof(const struct tally_failure *), compare_count);

    write_heading(out, style, "Failures");
    table_init(&t, style, columns, ARRAY_LEN(columns));
    for (uint32_t i = 0; i < shown; i++)
        add_failure(&t, r, order[i]);
    write_table(out, &t);
    write_failures_not_shown(out, r, style, order, shown);
    free(order);
}
