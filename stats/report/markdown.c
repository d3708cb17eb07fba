#include "stats/report/markdown.h"

#include <inttypes.h>
#include <stdlib.h>

#include "stats/report/command_line.h"
#include "stats/report/figure.h"
#include "stats/report/headline.h"
#include "stats/report/markup.h"
#include "stats/report/sink.h"

#define FAILURES_SHOWN_MAX 20u /* the others are counted */

/* A code span of what a writer of this room makes. */
static void write_code(struct sink *out, void (*write)(struct sink *, const struct stored *),
                       const struct stored *s)
{
    struct sink words;
    char *text = NULL;

    sink_init(&words);
    write(&words, s);
    if (sink_finish(&words, &text) != 0)
        out->has_failed = true;
    else
        markup_write_code(out, text);
    free(text);
}

static void write_headline(struct sink *out, const struct stored *s)
{
    struct sink words;
    char *text = NULL;

    sink_init(&words);
    headline_write(&words, s);
    if (sink_finish(&words, &text) != 0) {
        out->has_failed = true;
        return;
    }
    sink_text(out, headline_is_good(s) ? "✅ " : "❌ ");
    markup_write_plain(out, text);
    sink_text(out, "\n");
    free(text);
}

static void write_title(struct sink *out, const struct stored *s)
{
    const char *title = s->name != NULL ? s->name : s->scenario != NULL ? s->scenario : s->host;

    sink_text(out, "### squall");
    if (title != NULL) {
        sink_text(out, ": ");
        markup_write_code(out, title);
    }
    sink_text(out, "\n\n");
}

static void write_row(struct sink *out, const struct summary_row *row)
{
    const double *us = row->latency.quantile_us;

    sink_text(out, "| ");
    if (row->method[0] != '\0') {
        markup_write_code(out, row->method);
        sink_text(out, " ");
        markup_write_code(out, row->name);
    } else {
        sink_text(out, "**all**");
    }
    sink_format(out, " | %" PRIu64 " | %" PRIu64, row->count, row->failed);
    sink_format(out, " | %s", figure_percent(row->fail_ratio).text);
    sink_format(out, " | %s", figure_rate(row->rps).text);
    sink_format(out, " | %s", figure_ms(us[SUMMARY_P50]).text);
    sink_format(out, " | %s", figure_ms(us[SUMMARY_P95]).text);
    sink_format(out, " | %s", figure_ms(us[SUMMARY_P99]).text);
    sink_format(out, " | %s |\n", figure_ms(row->latency.max_us).text);
}

static void write_requests(struct sink *out, const struct stored *s)
{
    sink_text(out, "\n| Request | count | failed | failed % | req/s | p50 ms | p95 ms | p99 ms "
                   "| max ms |\n| :-- | --: | --: | --: | --: | --: | --: | --: | --: |\n");
    for (size_t i = 0; i < s->row_count; i++)
        write_row(out, &s->rows[i].figures);
    write_row(out, &s->total.figures);
}

static void write_expectations(struct sink *out, const struct stored *s)
{
    if (s->expectation_count == 0)
        return;
    sink_text(out, "\n| Expected | found | holds |\n| :-- | --: | :-: |\n");
    for (size_t i = 0; i < s->expectation_count; i++) {
        const struct stored_expectation *e = &s->expectations[i];
        sink_text(out, "| ");
        markup_write_code(out, e->expr);
        if (e->is_time)
            sink_format(out, " | %s ms", figure_ms(e->value).text);
        else
            sink_format(out, " | %s", figure_json(e->value, 6).text);
        sink_text(out, e->holds ? " | ✅ |\n" : " | ❌ |\n");
    }
}

static void write_failures(struct sink *out, const struct stored *s)
{
    if (s->failure_count == 0)
        return;
    sink_text(out, "\n| Failures | request | class | what |\n| --: | :-- | :-- | :-- |\n");
    for (size_t i = 0; i < s->failure_count && i < FAILURES_SHOWN_MAX; i++) {
        const struct stored_failure *f = &s->failures[i];
        sink_format(out, "| %" PRIu64 " | ", f->count);
        markup_write_code(out, f->method == NULL ? "" : f->method);
        sink_text(out, " ");
        markup_write_code(out, f->name == NULL ? "" : f->name);
        sink_text(out, " | ");
        markup_write_code(out, f->class == NULL ? "" : f->class);
        sink_text(out, " | ");
        markup_write_code(out, f->message == NULL ? "" : f->message);
        sink_text(out, " |\n");
    }
    if (s->failure_count > FAILURES_SHOWN_MAX)
        sink_format(out, "\n%zu more kinds of failures are in the JSON.\n",
                    s->failure_count - FAILURES_SHOWN_MAX);
}

/* What ran, and how to run it again. */
static void write_origin(struct sink *out, const struct stored *s)
{
    sink_text(out, "\n<details><summary>How it was run</summary>\n\n");
    write_code(out, command_line_write, s);
    sink_text(out, "\n\n");
    if (s->host != NULL) {
        markup_write_code(out, s->host);
        sink_text(out, ", ");
    }
    if (s->started_at != NULL) {
        sink_text(out, "started ");
        markup_write_plain(out, s->started_at);
        sink_text(out, ", ");
    }
    sink_format(out, "%s", figure_seconds(s->duration_s).text);
    if (s->version != NULL) {
        sink_text(out, ", squall ");
        markup_write_plain(out, s->version);
    }
    sink_text(out, "\n\n</details>\n");
}

int report_markdown(char **ret_text, const struct stored *s)
{
    struct sink out;

    sink_init(&out);
    write_title(&out, s);
    write_headline(&out, s);
    write_requests(&out, s);
    write_expectations(&out, s);
    write_failures(&out, s);
    write_origin(&out, s);
    return sink_finish(&out, ret_text);
}
