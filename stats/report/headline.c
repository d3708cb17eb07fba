#include "stats/report/headline.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "stats/report/figure.h"
#include "stats/report/sink.h"

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

size_t headline_unmet(const struct stored *s)
{
    size_t unmet = 0;

    for (size_t i = 0; i < s->expectation_count; i++)
        unmet += !s->expectations[i].holds;
    return unmet;
}

bool headline_is_good(const struct stored *s)
{
    const bool is_valid = s->verdict == NULL || strcmp(s->verdict, "ok") == 0;

    return is_valid && s->is_balanced && s->total.figures.failed == 0 &&
           s->total.figures.count > 0 && headline_unmet(s) == 0;
}

static void write_sentence(struct sink *out, const char *before, const char *text)
{
    const size_t len = strlen(text);

    sink_text(out, before);
    sink_text(out, text);
    sink_text(out, len > 0 && text[len - 1] == '.' ? " " : ". ");
}

static const struct stored_failure *main_failure(const struct stored *s)
{
    const struct stored_failure *most = NULL;

    for (size_t i = 0; i < s->failure_count; i++)
        if (most == NULL || s->failures[i].count > most->count)
            most = &s->failures[i];
    return most;
}

static void write_outcome(struct sink *out, const struct stored *s)
{
    const struct summary_row *total = &s->total.figures;
    const struct stored_failure *most = main_failure(s);

    if (total->count == 0)
        sink_text(out, "No request finished. ");
    else if (total->failed == 0)
        sink_format(out, "%" PRIu64 " request%s, none failed. ", total->count,
                    plural(total->count));
    else
        sink_format(out, "%" PRIu64 " of %" PRIu64 " request%s failed", total->failed, total->count,
                    plural(total->count));
    if (total->failed == 0)
        return;
    if (most == NULL || most->message == NULL)
        sink_text(out, ". ");
    else
        write_sentence(out, s->failure_count == 1 ? ": " : ", most often: ", most->message);
}

void headline_write_range(struct sink *out, double us, const struct stored_range *range)
{
    sink_format(out, "%s ms", figure_ms(us).text);
    if (isnan(range->low_us) && isnan(range->high_us))
        return;
    sink_text(out, " (95 % range ");
    if (isnan(range->high_us))
        sink_format(out, "from %s", figure_ms(range->low_us).text);
    else if (isnan(range->low_us))
        sink_format(out, "up to %s", figure_ms(range->high_us).text);
    else
        sink_format(out, "%s to %s", figure_ms(range->low_us).text, figure_ms(range->high_us).text);
    sink_text(out, ")");
}

static void write_speed(struct sink *out, const struct stored *s)
{
    const struct summary_row *total = &s->total.figures;

    sink_format(out, "%s requests per second; median ", figure_rate(total->rps).text);
    headline_write_range(out, total->latency.quantile_us[SUMMARY_P50],
                         &s->total.ranges[SUMMARY_P50]);
    sink_text(out, ", 99 % within ");
    headline_write_range(out, total->latency.quantile_us[SUMMARY_P99],
                         &s->total.ranges[SUMMARY_P99]);
    sink_text(out, ". ");
}

void headline_write(struct sink *out, const struct stored *s)
{
    const size_t unmet = headline_unmet(s);

    if (s->interrupted)
        sink_text(out, "Interrupted. ");
    write_outcome(out, s);
    if (isfinite(s->rate) && s->never_sent > s->due / 100u)
        sink_format(out, "%" PRIu64 " of %" PRIu64 " due requests were never sent. ", s->never_sent,
                    s->due);
    if (unmet > 0)
        sink_format(out, "%zu of %zu expectation%s not met. ", unmet, s->expectation_count,
                    plural(s->expectation_count));
    if (s->total.figures.count > 0)
        write_speed(out, s);
    for (size_t i = 0; i < s->reason_count; i++)
        write_sentence(out, "Mind: ", s->reasons[i]);
    if (s->total.figures.count > 0 && s->bottleneck != NULL && s->bottleneck[0] != '\0')
        write_sentence(out, "Limit: ", s->bottleneck);
    sink_text(out, s->is_balanced ? "Accounting balanced." : "ACCOUNTING DOES NOT BALANCE.");
}
