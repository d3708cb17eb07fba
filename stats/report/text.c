#include "stats/report/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/figure.h"
#include "stats/report/glyph.h"
#include "stats/report/paragraph.h"
#include "stats/report/phases.h"
#include "stats/report/sink.h"
#include "stats/report/text_evidence.h"
#include "stats/report/text_tables.h"

#define COLUMNS_MIN     60u
#define ADDRESSES_SHOWN 8u

/* Everything that writing one report needs. `words` is where the text of the next paragraph is put
 * together. */
struct page {
    struct sink out;
    struct sink words;
    const struct result *result;
    struct report_text_style style;
};

static void say(struct page *p, const char *text)
{
    glyph_write_visible(&p->words, text, p->style.unicode);
}

static void paragraph(struct page *p, const char *label, enum tone tone)
{
    paragraph_write(&p->out, &p->style, label, tone, &p->words);
}

static const char *separator(const struct page *p)
{
    return p->style.unicode ? " · " : ", ";
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void write_sentence(struct page *p, const char *before, const char *text)
{
    sink_text(&p->words, before);
    say(p, text);
    const size_t len = strlen(text);
    sink_text(&p->words, len > 0 && text[len - 1] == '.' ? " " : ". ");
}

/* The most frequent failure in its own words: ": connection refused. ", or ", most often: status
 * 500. " where there are others. */
static void write_main_failure(struct page *p)
{
    const struct tally *t = p->result->tally;
    const struct tally_failure *most = NULL;
    bool is_alone = t->failures_overflow == 0;

    for (uint32_t i = 0; i < t->failure_count; i++) {
        const struct tally_failure *f = &t->failures[i];
        if (most != NULL && strcmp(f->message, most->message) != 0)
            is_alone = false;
        if (most == NULL || f->count > most->count)
            most = f;
    }
    if (most == NULL || most->message[0] == '\0')
        sink_text(&p->words, ". ");
    else
        write_sentence(p, is_alone ? ": " : ", most often: ", most->message);
}

/* "621 requests, none failed. " or "3 of 621 requests failed: connection refused. " */
static void write_outcome(struct page *p, const struct result_accounting *books)
{
    const uint64_t finished = books->ok + books->failed;

    if (finished == 0) {
        sink_text(&p->words, "No request finished. ");
    } else if (books->failed == 0) {
        sink_format(&p->words, "%" PRIu64 " request%s, none failed. ", finished, plural(finished));
    } else {
        sink_format(&p->words, "%" PRIu64 " of %" PRIu64 " request%s failed", books->failed,
                    finished, plural(finished));
        write_main_failure(p);
    }
}

/* At a rate asked for, more than a hundredth of what was due never went out. */
static bool is_behind(const struct page *p, const struct result_accounting *books)
{
    const uint64_t missing = books->dropped + books->not_sent;

    return isfinite(p->result->load.rate) && missing > books->due / 100u;
}

/* All but the one that the first line has. */
static void write_reasons(struct page *p, bool is_ok)
{
    const struct result_generator *g = &p->result->generator;

    for (size_t i = 0; i < g->reason_count; i++) {
        if (g->bottleneck != NULL && g->limited_by != NULL &&
            strstr(g->bottleneck, g->reasons[i]) != NULL)
            continue;
        sink_text(&p->words, p->style.unicode ? "•\t" : "-\t");
        say(p, g->reasons[i]);
        paragraph(p, NULL, is_ok ? TONE_PLAIN : TONE_WARNING);
    }
}

static bool is_audited(const struct result *r)
{
    return r->audit == NULL || audit_is_ok(r->audit);
}

/* "621 requests, none failed. 1 of 2 expectations not met. Bottleneck: server: why. Accounting
 * balanced." */
static void write_verdict(struct page *p)
{
    const struct result_generator *g = &p->result->generator;
    const struct result_accounting books = result_account(p->result);
    const uint64_t finished = books.ok + books.failed;
    const bool is_ok = g->verdict == NULL || strcmp(g->verdict, "ok") == 0;
    const bool is_late = is_behind(p, &books);
    const size_t unmet = result_unmet(p->result);
    const bool is_wrong =
        !is_audited(p->result) || !books.balanced || books.failed > 0 || unmet > 0;
    const bool is_good = is_ok && !is_wrong && !is_late && finished > 0;

    if (p->style.unicode)
        sink_text(&p->words, is_good ? "✓\t" : is_wrong ? "✗\t" : "!\t");
    if (p->result->interrupted)
        sink_text(&p->words, "Interrupted. ");
    write_outcome(p, &books);
    if (is_late)
        sink_format(&p->words, "%" PRIu64 " of %" PRIu64 " due requests were never sent. ",
                    books.dropped + books.not_sent, books.due);
    if (unmet > 0)
        sink_format(&p->words, "%zu of %zu expectation%s not met. ", unmet,
                    p->result->expectation_count, plural(p->result->expectation_count));
    if (finished > 0 && g->bottleneck != NULL && g->bottleneck[0] != '\0')
        write_sentence(p, "Bottleneck: ", g->bottleneck);
    if (!is_audited(p->result))
        sink_text(&p->words, "THE AUDIT FAILED. ");
    sink_text(&p->words, books.balanced ? "Accounting balanced." : "ACCOUNTING DOES NOT BALANCE.");
    const bool is_bad = !is_audited(p->result) || !books.balanced || unmet > 0 ||
                        (books.failed > 0 && books.failed * 2 >= finished);
    paragraph(p, NULL, is_bad ? TONE_BAD : is_good ? TONE_GOOD : TONE_WARNING);
    write_reasons(p, is_ok);
}

/* A whole number as it is, others with the digits that tell. */
static struct figure number(double value)
{
    return value == floor(value) ? figure_decimal(value, 0) : figure_rate(value);
}

static void write_load(struct page *p)
{
    const struct result_load *l = &p->result->load;

    const bool is_rate = isfinite(l->rate);

    const char *most = l->has_stages ? "up\tto\t" : "";

    if (is_rate)
        sink_format(&p->words, "%s%s\treq/s\tdue%s", most, number(l->rate).text, separator(p));
    if (l->users > 0)
        sink_format(&p->words, "%s%" PRIu64 "\tuser%s%s", most, l->users, plural(l->users),
                    separator(p));
    /* A connection for each user goes without saying. */
    if (l->users != l->connections || l->pipeline > 1)
        sink_format(&p->words, "%s%" PRIu64 "\tconnection%s", is_rate ? "up\tto\t" : "",
                    l->connections, plural(l->connections));
    if (l->pipeline > 1)
        sink_format(&p->words, "\tx\t%" PRIu32 "\tdeep", l->pipeline);
    if (l->users != l->connections || l->pipeline > 1)
        sink_text(&p->words, separator(p));
    sink_format(&p->words, "%" PRIu32 "\tthread%s", l->threads, plural(l->threads));
}

/* "60.00 s", but "0.475 ms" for what would be nothing in seconds. */
static void write_duration(struct page *p, double s)
{
    if (s < 0.0995)
        sink_format(&p->words, "%s\tms", figure_ms(s * 1e6).text);
    else
        sink_text(&p->words, figure_seconds(s).text);
}

/* What ran where, in one line. */
static void write_title(struct page *p)
{
    const struct result *r = p->result;

    if (r->host != NULL)
        say(p, r->host);
    if (r->scenario != NULL) {
        sink_text(&p->words, r->host == NULL ? "" : separator(p));
        say(p, r->scenario);
    }
    if (r->host != NULL || r->scenario != NULL)
        sink_text(&p->words, separator(p));
    write_duration(p, r->summary->duration_s);
    sink_text(&p->words, separator(p));
    write_load(p);
    paragraph(p, NULL, TONE_STRONG);
}

static void write_status_codes(struct page *p)
{
    const struct tally *t = p->result->tally;
    bool is_first = true;

    for (int code = 0; code < STATUS_CODES; code++) {
        if (t->status[code] == 0)
            continue;
        sink_format(&p->words, "%s%d:\t%" PRIu64, is_first ? "" : separator(p), code,
                    t->status[code]);
        is_first = false;
    }
    if (is_first)
        sink_text(&p->words, "none: no response came");
    paragraph(p, "status", TONE_PLAIN);
}

static void write_connections(struct page *p)
{
    const struct tally *t = p->result->tally;
    const uint64_t opened = t->counters[COUNTER_OPENED];
    const uint64_t reused = t->counters[COUNTER_REUSED];
    bool is_first = true;

    sink_format(&p->words, "%" PRIu64 "\topened%s%" PRIu64 "\trequest%s on a reused one", opened,
                separator(p), reused, plural(reused));
    for (int i = 0; i < CLOSE_REASON_COUNT; i++) {
        if (t->closes[i] == 0)
            continue;
        sink_text(&p->words, is_first ? separator(p) : ", ");
        sink_format(&p->words, "%s%s\t%" PRIu64, is_first ? "closed: " : "",
                    close_reason_name((enum close_reason)i), t->closes[i]);
        is_first = false;
    }
    paragraph(p, "connections", TONE_PLAIN);
}

/* Of several addresses each with its share of the connections. */
static void write_addresses(struct page *p)
{
    const struct result *r = p->result;
    const size_t shown = r->address_count < ADDRESSES_SHOWN ? r->address_count : ADDRESSES_SHOWN;

    if (r->address_count < 2)
        return;
    for (size_t i = 0; i < shown; i++) {
        const struct address_tally *a = &r->addresses[i];
        sink_text(&p->words, i == 0 ? "" : separator(p));
        say(p, a->text);
        sink_format(&p->words, ":\t%" PRIu64 "\topened", a->opened);
        if (a->failed > 0)
            sink_format(&p->words, ",\t%" PRIu64 "\tfailed", a->failed);
    }
    if (r->address_count > shown)
        sink_format(&p->words, "%sand %zu\tmore", separator(p), r->address_count - shown);
    paragraph(p, "addresses", TONE_PLAIN);
}

/* What was sent and is in no row of its own. */
static void write_uncounted(struct page *p)
{
    const uint64_t *counters = p->result->tally->counters;
    const uint64_t followed = counters[COUNTER_REDIRECTS_FOLLOWED];
    const uint64_t unrecorded = counters[COUNTER_UNRECORDED];
    const uint64_t failed = counters[COUNTER_UNRECORDED_FAILED];

    if (followed > 0)
        sink_format(&p->words, "%s%" PRIu64 "\tredirect%s\tfollowed", separator(p), followed,
                    plural(followed));
    if (unrecorded > 0)
        sink_format(&p->words, "%s%" PRIu64 "\trequest%s\tnot\trecorded", separator(p), unrecorded,
                    plural(unrecorded));
    if (failed > 0)
        sink_format(&p->words, ",\t%" PRIu64 "\tfailed", failed);
}

static void write_traffic(struct page *p)
{
    const struct summary_row *total = &p->result->summary->total;
    const double duration_s = p->result->summary->duration_s;
    const bool has_bodies = total->bytes_in > 0 && isfinite(total->size_avg);

    sink_format(&p->words, "%s received", figure_bytes((double)total->bytes_in).text);
    if (duration_s > 0)
        sink_format(&p->words, " (%s/s)", figure_bytes((double)total->bytes_in / duration_s).text);
    sink_format(&p->words, "%s%s sent", separator(p), figure_bytes((double)total->bytes_out).text);
    if (has_bodies)
        sink_format(&p->words, "%s%s per body", separator(p), figure_bytes(total->size_avg).text);
    write_uncounted(p);
    paragraph(p, "traffic", TONE_PLAIN);
}

static void write_accounting(struct page *p)
{
    const struct result_accounting a = result_account(p->result);
    const struct {
        uint64_t count;
        const char *name;
        bool always; /* the others only when there are any */
    } parts[] = {
        { a.ok, "ok", true },
        { a.failed, "failed", true },
        { a.dropped, "dropped", false },
        { a.in_flight_at_end, "in\tflight\tat\tthe\tend", false },
        { a.not_sent, "not\tsent", false },
    };
    const char *before = a.balanced ? " = " : p->style.unicode ? " ≠ " : " is not ";

    sink_format(&p->words, "%" PRIu64 "\tscheduled", a.scheduled);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].count == 0 && !parts[i].always)
            continue;
        sink_format(&p->words, "%s%" PRIu64 "\t%s", before, parts[i].count, parts[i].name);
        before = " + ";
    }
    paragraph(p, "accounting", a.balanced ? TONE_PLAIN : TONE_BAD);
}

/* "audit: ok", or the first equations that do not hold. */
static void write_audit(struct page *p)
{
    const struct audit *a = p->result->audit;

    if (a == NULL || a->equations == 0)
        return;
    sink_text(&p->words, audit_is_ok(a) ? "audit:\tok" : "audit:\tFAILED");
    sink_format(&p->words,
                "%s%" PRIu64 " equations of counts, times and intervals, %" PRIu64
                " looks during the run",
                separator(p), a->equations, a->looks);
    paragraph(p, "", audit_is_ok(a) ? TONE_PLAIN : TONE_BAD);
    for (uint64_t i = 0; i < a->broken && i < AUDIT_SHOWN_MAX; i++) {
        sink_text(&p->words, a->shown[i].text);
        paragraph(p, "", TONE_BAD);
    }
}

/* " · late by p50 0.038, p99 0.107, at worst 0.2 ms" */
static void write_lateness(struct page *p, const struct hist_view *v)
{
    sink_format(&p->words, "%slate by p50\t%s, p99\t%s, at\tworst\t%s\tms", separator(p),
                figure_ms((double)hist_view_quantile_ns(v, 50, 100) / 1e3).text,
                figure_ms((double)hist_view_quantile_ns(v, 99, 100) / 1e3).text,
                figure_ms((double)v->max_ns / 1e3).text);
}

static void write_both(struct page *p, double p50_us, double p99_us)
{
    sink_format(&p->words, " p50\t%s, p99\t%s\tms", figure_ms(p50_us).text, figure_ms(p99_us).text);
}

/* What was cut, and the result with and without it. */
static void write_warmup(struct page *p)
{
    const struct result_warmup *u = &p->result->warmup;

    if (!u->is_asked)
        return;
    if (!u->is_found && u->cut_s == 0) {
        sink_text(&p->words, "the run was over before it: all of it is counted");
        paragraph(p, "warm-up", TONE_WARNING);
        return;
    }
    if (!u->is_found)
        sink_format(&p->words, "the first %s are not counted; of the whole run",
                    figure_seconds(u->cut_s).text);
    else if (!u->settled)
        sink_text(&p->words, "no steady state seen; of the whole run");
    else
        sink_format(&p->words, "steady after %s, then", figure_seconds(u->cut_s).text);
    if (u->is_found && u->settled) {
        write_both(p, u->p50_us, u->p99_us);
        sink_text(&p->words, "; of the whole run");
    }
    write_both(p, u->whole_p50_us, u->whole_p99_us);
    paragraph(p, "warm-up", u->settled ? TONE_PLAIN : TONE_WARNING);
}

static void write_ages(struct page *p)
{
    const struct hist_view *ages = &p->result->tally->phases[PHASE_AGE];

    if (ages->total == 0)
        return;
    sink_format(&p->words, "%" PRIu64 " request%s at the end, %s to %s\tms old", ages->total,
                plural(ages->total), figure_ms((double)ages->min_ns / 1e3).text,
                figure_ms((double)ages->max_ns / 1e3).text);
    paragraph(p, "in flight", TONE_WARNING);
}

static void write_generator(struct page *p)
{
    const struct result *r = p->result;
    const struct hist_view *late = &r->tally->lateness;

    sink_text(&p->words, "cpu");
    for (uint32_t i = 0; i < r->load.threads && r->generator.cpu != NULL; i++) {
        const double percent = r->generator.cpu[i] * 100;
        sink_format(&p->words, " %s%s%s", isfinite(percent) ? figure_decimal(percent, 0).text : "-",
                    isfinite(percent) ? "\t%" : "", i + 1u < r->load.threads ? "," : "");
    }
    if (r->load.threads == 0 || r->generator.cpu == NULL)
        sink_text(&p->words, " -");
    if (late->total > 0)
        write_lateness(p, late);
    if (r->load.gather_us > 0)
        sink_format(&p->words, "%sanswers waited up to\t%s\tms for others", separator(p),
                    figure_ms(r->load.gather_us).text);
    paragraph(p, "generator", TONE_PLAIN);
}

static void write_value(struct page *p, const struct result_expectation *e)
{
    if (!isfinite(e->value)) {
        sink_text(&p->words, "nothing was measured");
        return;
    }
    switch (e->unit) {
    case EXPECTATION_TIME_US:
        sink_format(&p->words, "%s ms", figure_ms(e->value).text);
        return;
    case EXPECTATION_SHARE:
        sink_text(&p->words, figure_percent(e->value).text);
        return;
    case EXPECTATION_NUMBER:
        sink_text(&p->words, number(e->value).text);
        return;
    }
}

static void write_expectations(struct page *p)
{
    for (size_t i = 0; i < p->result->expectation_count; i++) {
        const struct result_expectation *e = &p->result->expectations[i];
        const char *mark = p->style.unicode ? (e->holds ? "✓\t" : "✗\t") : "";
        sink_text(&p->words, mark);
        say(p, e->expr);
        sink_text(&p->words, e->holds ? " holds: " : " does not hold: ");
        write_value(p, e);
        paragraph(p, i == 0 ? "expected" : "", e->holds ? TONE_GOOD : TONE_BAD);
    }
}

static void write_page(struct page *p)
{
    const struct result *r = p->result;

    write_verdict(p);
    write_title(p);
    sink_text(&p->out, "\n");
    text_requests(&p->out, r, &p->style);
    sink_text(&p->out, "\n");
    text_percentiles(&p->out, r, &p->style);
    sink_text(&p->out, "\n");
    if (p->style.distribution) {
        text_distribution(&p->out, r, &p->style);
        sink_text(&p->out, "\n");
    }
    if (r->tally->failure_count > 0 || r->tally->failures_overflow > 0) {
        text_failures(&p->out, r, &p->style);
        sink_text(&p->out, "\n");
    }
    text_evidence(&p->out, r, &p->style);
    write_status_codes(p);
    write_connections(p);
    write_addresses(p);
    text_phases(&p->out, r, &p->style);
    write_traffic(p);
    write_accounting(p);
    write_audit(p);
    write_ages(p);
    write_warmup(p);
    write_generator(p);
    write_expectations(p);
}

int report_text(char **ret_text, const struct result *r, const struct report_text_style *style)
{
    struct page p = { .result = r, .style = *style };

    if (p.style.columns < COLUMNS_MIN)
        p.style.columns = COLUMNS_MIN;
    sink_init(&p.out);
    sink_init(&p.words);
    write_page(&p);
    sink_close(&p.words);
    return sink_finish(&p.out, ret_text);
}
