#include "stats/report/csv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/figure.h"
#include "stats/report/glyph.h"
#include "stats/report/sink.h"

#define DECIMALS_MS   6u
#define DECIMALS_RATE 6u

#define PERCENTILE_COUNT 11
static const struct {
    uint64_t num, den;
} percentiles[PERCENTILE_COUNT] = {
    { 50, 100 }, { 66, 100 }, { 75, 100 },   { 80, 100 },     { 90, 100 }, { 95, 100 },
    { 98, 100 }, { 99, 100 }, { 999, 1000 }, { 9999, 10000 }, { 1, 1 },
};
#define PERCENTILE_TITLES "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"

/* One row: cells come one after the other. */
struct row {
    struct sink *out;
    bool has_cells;
};

static void cell_raw(struct row *row, const char *text)
{
    if (row->has_cells)
        sink_text(row->out, ",");
    row->has_cells = true;
    sink_text(row->out, text);
}

static bool begins_formula(const char *text)
{
    return text[0] != '\0' && strchr("=+-@", text[0]) != NULL;
}

static void cell_text(struct row *row, const char *text)
{
    struct sink shown;
    char *harmless = NULL;

    sink_init(&shown);
    sink_text(&shown, begins_formula(text) ? "'" : "");
    glyph_write_visible(&shown, text, true);
    if (sink_finish(&shown, &harmless) != 0) {
        row->out->has_failed = true;
        return;
    }
    const bool is_quoted = strpbrk(harmless, ",\"") != NULL;
    cell_raw(row, is_quoted ? "\"" : "");
    for (const char *c = harmless; *c != '\0'; c++)
        sink_bytes(row->out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    sink_text(row->out, is_quoted ? "\"" : "");
    free(harmless);
}

static void cell_count(struct row *row, uint64_t count)
{
    cell_raw(row, figure_count(count).text);
}

/* What does not exist is 0 there, but for percentiles. */
static void cell_number(struct row *row, double value, unsigned decimals)
{
    cell_raw(row, figure_json(isfinite(value) ? value : 0, decimals).text);
}

/* With all six places, as there. */
static void cell_current(struct row *row, uint64_t count, double length_s)
{
    cell_raw(row, figure_decimal(length_s > 0 ? (double)count / length_s : 0, 6).text);
}

static void cell_ms(struct row *row, double us)
{
    cell_number(row, us / 1e3, DECIMALS_MS);
}

static void end_row(struct row *row)
{
    sink_text(row->out, "\r\n");
    row->has_cells = false;
}

/* `v` NULL or empty: not applicable. */
static void cells_percentiles(struct row *row, const struct hist_view *v)
{
    for (int i = 0; i < PERCENTILE_COUNT; i++) {
        if (v == NULL || v->total == 0) {
            cell_raw(row, "N/A");
            continue;
        }
        const uint64_t ns = hist_view_quantile_ns(v, percentiles[i].num, percentiles[i].den);
        cell_raw(row, figure_decimal((double)ns / 1e6, 0).text);
    }
}

static void add_stats_row(struct row *row, const struct summary_row *f, const struct hist_view *v)
{
    cell_text(row, f->method);
    cell_text(row, f->name);
    cell_count(row, f->count);
    cell_count(row, f->failed);
    cell_ms(row, f->latency.quantile_us[SUMMARY_P50]);
    cell_ms(row, f->latency.mean_us);
    cell_ms(row, f->latency.min_us);
    cell_ms(row, f->latency.max_us);
    cell_number(row, f->size_avg, DECIMALS_RATE);
    cell_number(row, f->rps, DECIMALS_RATE);
    cell_number(row, f->failures_per_s, DECIMALS_RATE);
    cells_percentiles(row, v);
    end_row(row);
}

static int compare_rows(const void *a, const void *b)
{
    const struct summary_row *one = &(*(const struct stored_row *const *)a)->figures;
    const struct summary_row *other = &(*(const struct stored_row *const *)b)->figures;
    const int names = strcmp(one->name, other->name);

    return names != 0 ? names : strcmp(one->method, other->method);
}

/* `view` and `all` are empty. */
static void add_stats_rows(struct row *row, const struct stored *s, const struct stored_row **order,
                           struct hist_view *view, struct hist_view *all)
{
    bool has_all = true;

    for (size_t i = 0; i < s->row_count; i++)
        order[i] = &s->rows[i];
    qsort(order, s->row_count, sizeof(*order), compare_rows);
    for (size_t i = 0; i < s->row_count; i++) {
        if (order[i]->figures.count == 0)
            continue;
        hist_view_clear(view);
        const bool has_histogram = stored_take_histogram(order[i], view);
        has_all = has_all && has_histogram;
        hist_view_add(all, view);
        add_stats_row(row, &order[i]->figures, has_histogram ? view : NULL);
    }
    add_stats_row(row, &s->total.figures, has_all ? all : NULL);
}

int csv_stats(char **ret_text, const struct stored *s)
{
    const struct stored_row **order = calloc(s->row_count + 1u, sizeof(*order));
    uint64_t *counts = calloc(2u * HIST_SLOTS, sizeof(*counts));
    struct hist_view view, all;
    struct sink out;
    struct row row = { .out = &out };

    sink_init(&out);
    sink_text(&out, "Type,Name,Request Count,Failure Count,Median Response Time,"
                    "Average Response Time,Min Response Time,Max Response Time,"
                    "Average Content Size,Requests/s,Failures/s," PERCENTILE_TITLES "\r\n");
    if (order == NULL || counts == NULL) {
        out.has_failed = true;
    } else {
        hist_view_init(&view, counts);
        hist_view_init(&all, counts + HIST_SLOTS);
        add_stats_rows(&row, s, order, &view, &all);
    }
    free(order);
    free(counts);
    return sink_finish(&out, ret_text);
}

int csv_failures(char **ret_text, const struct stored *s)
{
    struct sink out;
    struct row row = { .out = &out };

    sink_init(&out);
    sink_text(&out, "Method,Name,Error,Occurrences\r\n");
    for (size_t i = 0; i < s->failure_count; i++) {
        const struct stored_failure *f = &s->failures[i];
        cell_text(&row, f->method == NULL ? "" : f->method);
        cell_text(&row, f->name == NULL ? "" : f->name);
        cell_text(&row, f->message == NULL ? "" : f->message);
        cell_count(&row, f->count);
        end_row(&row);
    }
    return sink_finish(&out, ret_text);
}

int csv_exceptions(char **ret_text, const struct stored *s)
{
    struct sink out;

    (void)s;
    sink_init(&out);
    sink_text(&out, "Count,Message,Traceback,Nodes\r\n");
    return sink_finish(&out, ret_text);
}

/* What one endpoint, or all of them, did from the start of the run to the end of an interval, and
 * in it. */
struct progress {
    uint64_t failed, failed_now;
    struct hist_view latency, latency_now;
    double size_avg;
};

struct history {
    const struct result *result;
    bool is_full; /* endpoints have rows too, and percentiles are those of the interval */
    size_t point; /* of the series, the next one */
    uint64_t users, bytes_body;
    struct progress *rows;              /* one for each endpoint, the last for all */
    const struct endpoint_name **order; /* by name and method */
    uint64_t *counts;
};

static int compare_names(const void *a, const void *b)
{
    const struct endpoint_name *one = *(const struct endpoint_name *const *)a;
    const struct endpoint_name *other = *(const struct endpoint_name *const *)b;
    const int names = strcmp(one->name, other->name);

    return names != 0 ? names : strcmp(one->method, other->method);
}

static void history_close(struct history *h)
{
    free(h->rows);
    free(h->order);
    free(h->counts);
}

static int history_open(struct history *h, const struct result *r, bool is_full)
{
    const uint32_t endpoints = r->tally->endpoint_count;

    *h = (struct history){ .result = r, .is_full = is_full };
    h->rows = calloc(endpoints + 1u, sizeof(*h->rows));
    h->order = calloc(endpoints + 1u, sizeof(*h->order));
    h->counts = calloc(2u * (endpoints + 1u), HIST_SLOTS * sizeof(*h->counts));
    if (h->rows == NULL || h->order == NULL || h->counts == NULL) {
        history_close(h);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i <= endpoints; i++) {
        hist_view_init(&h->rows[i].latency, h->counts + 2u * i * HIST_SLOTS);
        hist_view_init(&h->rows[i].latency_now, h->counts + (2u * i + 1u) * HIST_SLOTS);
    }
    for (uint32_t i = 0; i < endpoints; i++) {
        h->order[i] = &r->names[i];
        h->rows[i].size_avg = r->summary->rows[i].size_avg;
    }
    qsort(h->order, endpoints, sizeof(*h->order), compare_names);
    return 0;
}

static void progress_move(struct progress *p, const struct interval_log *log, size_t interval,
                          uint32_t first, uint32_t end)
{
    hist_view_clear(&p->latency_now);
    p->failed_now = 0;
    for (uint32_t e = first; e < end; e++) {
        interval_log_take(log, interval, e, &p->latency_now);
        p->failed_now += interval_log_failed(log, interval, e);
    }
    hist_view_add(&p->latency, &p->latency_now);
    p->failed += p->failed_now;
}

static void history_move(struct history *h, size_t interval)
{
    const struct result *r = h->result;
    const struct interval_log *log = r->intervals;
    const double end_s = (double)log->intervals[interval].to_ns / 1e9;
    struct progress *all = &h->rows[log->endpoint_count];

    for (uint32_t e = 0; h->is_full && e < log->endpoint_count; e++)
        progress_move(&h->rows[e], log, interval, e, e + 1);
    progress_move(all, log, interval, 0, log->endpoint_count);
    for (; h->point < r->series->count && r->series->points[h->point].t_s <= end_s; h->point++) {
        h->users = r->series->points[h->point].users;
        h->bytes_body += r->series->points[h->point].bytes_body;
    }
    all->size_avg = (double)h->bytes_body / (double)all->latency.total;
}

static void add_history_row(struct row *row, const struct history *h, const struct interval *i,
                            const struct progress *p, const struct endpoint_name *name)
{
    const double length_s = (double)(i->to_ns - i->from_ns) / 1e9;
    const struct hist_view *v = &p->latency;
    const bool is_empty = v->total == 0;

    cell_count(row, (uint64_t)h->result->started_at_s + i->to_ns / 1000000000u);
    cell_count(row, h->users);
    cell_text(row, name->method);
    cell_text(row, name->name);
    cell_current(row, p->latency_now.total, length_s);
    cell_current(row, p->failed_now, length_s);
    cells_percentiles(row, h->is_full ? &p->latency_now : v);
    cell_count(row, v->total);
    cell_count(row, p->failed);
    cell_ms(row, is_empty ? NAN : (double)hist_view_quantile_ns(v, 50, 100) / 1e3);
    cell_ms(row, hist_view_mean_ns(v) / 1e3);
    cell_ms(row, is_empty ? NAN : (double)v->min_ns / 1e3);
    cell_ms(row, is_empty ? NAN : (double)v->max_ns / 1e3);
    cell_number(row, p->size_avg, DECIMALS_RATE);
    end_row(row);
}

static void add_history_rows(struct row *row, struct history *h, size_t interval)
{
    static const struct endpoint_name everything = { .method = "", .name = "Aggregated" };
    const struct result *r = h->result;
    const struct interval *i = &r->intervals->intervals[interval];
    const uint32_t endpoints = r->intervals->endpoint_count;

    history_move(h, interval);
    for (uint32_t at = 0; h->is_full && at < endpoints; at++) {
        const struct progress *p = &h->rows[h->order[at] - r->names];
        if (p->latency.total > 0)
            add_history_row(row, h, i, p, h->order[at]);
    }
    add_history_row(row, h, i, &h->rows[endpoints], &everything);
}

static int write_history(char **ret_text, const struct result *r, bool is_full)
{
    struct history history;
    struct sink out;
    struct row row = { .out = &out };

    if (history_open(&history, r, is_full) != 0)
        return -ENOMEM;
    sink_init(&out);
    sink_text(&out, "Timestamp,User Count,Type,Name,Requests/s,Failures/s," PERCENTILE_TITLES
                    ",Total Request Count,Total Failure Count,Total Median Response Time,"
                    "Total Average Response Time,Total Min Response Time,Total Max Response Time,"
                    "Total Average Content Size\r\n");
    for (size_t i = 0; r->intervals != NULL && i < r->intervals->count; i++)
        add_history_rows(&row, &history, i);
    history_close(&history);
    return sink_finish(&out, ret_text);
}

int csv_history(char **ret_text, const struct result *r)
{
    return write_history(ret_text, r, false);
}

int csv_full_history(char **ret_text, const struct result *r)
{
    return write_history(ret_text, r, true);
}
