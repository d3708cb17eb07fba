#include "stats/report/text_evidence.h"

#include <math.h>
#include <stdio.h>

#include "stats/report/figure.h"
#include "stats/report/glyph.h"
#include "stats/report/paragraph.h"
#include "stats/report/sink.h"

#define DRIFTS_MAX 5u /* endpoints that are named */

static bool has_bounds(const struct evidence_row *row)
{
    for (int i = 0; i < SUMMARY_QUANTILE_COUNT; i++)
        if (row->quantiles[i].confidence.state == CONFIDENCE_HELD)
            return true;
    return false;
}

/* Three digits are enough for a bound, or for a drift. */
static struct figure three_digits(double value)
{
    return figure_decimal(value, value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0);
}

/* "11.9-13.0", or ">11.9" when more requests are needed to tell how high it may be. */
static void add_bound(struct table *t, const struct evidence_quantile *q)
{
    char text[2u * FIGURE_MAX + 8u] = "";
    const struct figure low = three_digits(isnan(q->low_us) ? 0 : q->low_us / 1e3);

    if (q->confidence.state == CONFIDENCE_HELD && isnan(q->high_us))
        (void)snprintf(text, sizeof(text), ">%s", low.text);
    else if (q->confidence.state == CONFIDENCE_HELD)
        (void)snprintf(text, sizeof(text), "%s%s%s", low.text, t->style->unicode ? "–" : "-",
                       three_digits(q->high_us / 1e3).text);
    table_add(t, TONE_DIM, text);
}

void text_add_bounds(struct table *t, const struct evidence_row *row)
{
    if (!has_bounds(row))
        return;
    table_add(t, TONE_DIM, "");
    table_add(t, TONE_DIM, "95 % range");
    for (int i = 0; i < SUMMARY_QUANTILE_COUNT; i++)
        add_bound(t, &row->quantiles[i]);
    table_add(t, TONE_DIM, "");
}

/* Of all requests: what their intervals rest on, or why there are none. */
static void write_confidence(struct sink *out, const struct report_text_style *style,
                             const struct result *r)
{
    const struct confidence *c = &r->evidence->total.quantiles[SUMMARY_P99].confidence;
    struct sink words;

    if (c->state == CONFIDENCE_NOTHING)
        return;
    sink_init(&words);
    if (c->state == CONFIDENCE_HELD)
        sink_format(&words,
                    "95\t%% ranges from %u batches; for p99 the requests are worth %s independent "
                    "ones",
                    c->batches, figure_count((uint64_t)c->worth).text);
    else
        sink_format(&words,
                    "no 95\t%% range of p99: the run is too short to tell; %s times as long should "
                    "do",
                    figure_decimal(ceil(c->lengthen), 0).text);
    paragraph_write(out, style, "certainty", TONE_PLAIN, &words);
    sink_close(&words);
}

static void write_signed(struct sink *words, double value, const char *unit)
{
    sink_format(words, "%s%s%s", value < 0 ? "-" : "+", three_digits(fabs(value)).text, unit);
}

/* "+12.3 % per minute (+11.0 to +13.8)" */
static void write_slope(struct sink *words, const struct trend *t, double factor, const char *unit)
{
    write_signed(words, t->slope * factor, unit);
    if (!isfinite(t->slope_low * factor) || !isfinite(t->slope_high * factor))
        return;
    sink_text(words, " (");
    write_signed(words, t->slope_low * factor, "\tto\t");
    write_signed(words, t->slope_high * factor, ")");
}

/* What a slope is told in: percent of the level per minute, or over a run shorter than that. */
struct measure {
    double seconds;
    const char *unit;
};

static struct measure measure_of(const struct result *r)
{
    if (r->summary->duration_s < 60)
        return (struct measure){ r->summary->duration_s, "\t%\tover\tthe\trun" };
    return (struct measure){ 60, "\t%\tper\tminute" };
}

/* "p50 drifts by …", "p50 is steady: …" or "p50 may be steady: …" */
static void write_verdict(struct sink *words, const char *what, const struct trend *t,
                          struct measure m)
{
    const double percent = 100 * m.seconds / t->level;

    sink_text(words, what);
    if (t->verdict == TREND_DRIFTING) {
        sink_text(words, " drifts by ");
        write_slope(words, t, percent, m.unit);
    } else if (t->verdict == TREND_STATIONARY) {
        sink_text(words, " is steady: ");
        write_slope(words, t, percent, m.unit);
    } else {
        sink_format(words, " may be steady: a drift below %s%s would not show",
                    three_digits(t->detectable * percent).text, m.unit);
    }
}

static void write_trend(struct sink *out, const struct report_text_style *style,
                        const struct evidence_row *total, struct measure m)
{
    const bool is_drifting = total->median.verdict == TREND_DRIFTING;
    struct sink words;

    if (!isfinite(total->median.detectable))
        return;
    sink_init(&words);
    write_verdict(&words, "p50", &total->median, m);
    if (isfinite(total->p99.detectable)) {
        sink_text(&words, style->unicode ? " · " : "; ");
        write_verdict(&words, "p99", &total->p99, m);
    }
    paragraph_write(out, style, "trend", is_drifting ? TONE_WARNING : TONE_PLAIN, &words);
    sink_close(&words);
}

/* "GET /api/tweets/: p50 drifts by …; +1.02 ms per 1000 writes (…)" */
static void write_drift(struct sink *out, const struct report_text_style *style,
                        const struct endpoint_name *name, const struct evidence_row *row,
                        struct measure m)
{
    struct sink words;

    sink_init(&words);
    glyph_write_visible(&words, name->method, style->unicode);
    sink_text(&words, name->method[0] == '\0' ? "" : " ");
    glyph_write_visible(&words, name->name, style->unicode);
    write_verdict(&words, ": p50", &row->median, m);
    if (row->median_writes.verdict == TREND_DRIFTING) {
        sink_text(&words, "; ");
        write_slope(&words, &row->median_writes, 1000 / 1e3, "\tms\tper\t1000\twrites");
    }
    paragraph_write(out, style, "", TONE_WARNING, &words);
    sink_close(&words);
}

void text_evidence(struct sink *out, const struct result *r, const struct report_text_style *style)
{
    const struct evidence *e = r->evidence;
    const struct measure m = measure_of(r);
    uint32_t named = 0;

    if (e == NULL)
        return;
    write_confidence(out, style, r);
    write_trend(out, style, &e->total, m);
    for (uint32_t i = 0; e->row_count > 1 && i < e->row_count && named < DRIFTS_MAX; i++) {
        if (e->rows[i].median.verdict != TREND_DRIFTING)
            continue;
        write_drift(out, style, &r->names[i], &e->rows[i], m);
        named++;
    }
}
