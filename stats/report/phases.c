#include "stats/report/phases.h"

#include <inttypes.h>
#include <math.h>

#include "stats/report/figure.h"
#include "stats/report/json_writer.h"
#include "stats/report/paragraph.h"
#include "stats/report/sink.h"

#define DECIMALS_US    3u
#define DECIMALS_RATE  6u
#define DECIMALS_RATIO 9u

static double quantile_us(const struct hist_view *v, uint64_t num, uint64_t den)
{
    return v->total == 0 ? NAN : (double)hist_view_quantile_ns(v, num, den) / 1e3;
}

static double max_us(const struct hist_view *v)
{
    return v->total == 0 ? NAN : (double)v->max_ns / 1e3;
}

/* NaN where there is nothing to divide by. */
static double ratio(uint64_t part, double whole)
{
    return whole > 0 ? (double)part / whole : NAN;
}

/* ---- text ---- */

static void write_tls(struct sink *out, const struct result *r,
                      const struct report_text_style *style)
{
    const uint64_t made = r->tally->counters[COUNTER_TLS_HANDSHAKES];
    const double per_s = ratio(made, r->summary->duration_s);
    const char *separator = style->unicode ? " · " : ", ";
    struct sink words;

    sink_init(&words);
    sink_format(&words, "%" PRIu64 "\thandshake%s", made, made == 1 ? "" : "s");
    if (made > 0 && isfinite(per_s))
        sink_format(
            &words, "%s%s/s%s%s\tresumed", separator, figure_rate(per_s).text, separator,
            figure_percent(ratio(r->tally->counters[COUNTER_TLS_RESUMED], (double)made)).text);
    if (r->tally->tls_version != NULL)
        sink_format(&words, "%s%s\t%s", separator, r->tally->tls_version, r->tally->tls_cipher);
    if (r->tls.is_insecure)
        sink_format(&words, "%scertificates\tNOT\tVERIFIED", separator);
    paragraph_write(out, style, "TLS", r->tls.is_insecure ? TONE_WARNING : TONE_PLAIN, &words);
    sink_close(&words);
}

/* `most`: what the longest is called. */
static void write_phase(struct sink *words, const char *name, const char *most,
                        const struct hist_view *v)
{
    sink_format(words, "%s p50\t%s, p90\t%s, p99\t%s, %s\t%s\tms", name,
                figure_ms(quantile_us(v, 50, 100)).text, figure_ms(quantile_us(v, 90, 100)).text,
                figure_ms(quantile_us(v, 99, 100)).text, most, figure_ms(max_us(v)).text);
}

void text_phases(struct sink *out, const struct result *r, const struct report_text_style *style)
{
    static const char *const names[PHASE_COUNT] = {
#define PHASE(id, name, words, sentence) [PHASE_##id] = words,
#include "stats/phases.def"
#undef PHASE
    };
    const char *label = "phases";

    if (r->tls.is_used)
        write_tls(out, r, style);
    for (int i = 0; i < PHASE_COUNT; i++) {
        struct sink words;
        if (r->tally->phases[i].total == 0 || names[i] == NULL)
            continue;
        sink_init(&words);
        write_phase(&words, names[i], result_is_generators(r) ? "at\tworst" : "max",
                    &r->tally->phases[i]);
        paragraph_write(out, style, label, TONE_PLAIN, &words);
        sink_close(&words);
        label = "";
    }
}

/* ---- JSON ---- */

static void json_phase(struct json_writer *w, const char *key, const struct hist_view *v)
{
    json_open_object_line(w, key);
    json_put_count(w, "count", v->total);
    json_put_number(w, "p50", quantile_us(v, 50, 100), DECIMALS_US);
    json_put_number(w, "p90", quantile_us(v, 90, 100), DECIMALS_US);
    json_put_number(w, "p99", quantile_us(v, 99, 100), DECIMALS_US);
    json_put_number(w, "max", max_us(v), DECIMALS_US);
    json_close(w);
}

void json_phases(struct json_writer *w, const struct result *r)
{
    static const char *const keys[PHASE_COUNT] = {
#define PHASE(id, name, words, sentence) [PHASE_##id] = name,
#include "stats/phases.def"
#undef PHASE
    };
    const uint64_t made = r->tally->counters[COUNTER_TLS_HANDSHAKES];
    const uint64_t resumed = r->tally->counters[COUNTER_TLS_RESUMED];

    json_open_object(w, "phases_us");
    for (int i = 0; i < PHASE_COUNT; i++)
        json_phase(w, keys[i], &r->tally->phases[i]);
    json_close(w);
    if (!r->tls.is_used) {
        json_put_null(w, "tls");
        return;
    }
    json_open_object_line(w, "tls");
    json_put_count(w, "handshakes", made);
    json_put_count(w, "resumed", resumed);
    json_put_number(w, "resumed_ratio", ratio(resumed, (double)made), DECIMALS_RATIO);
    json_put_number(w, "handshakes_per_s", ratio(made, r->summary->duration_s), DECIMALS_RATE);
    json_put_string(w, "version", r->tally->tls_version);
    json_put_string(w, "cipher", r->tally->tls_cipher);
    json_put_bool(w, "verified", !r->tls.is_insecure);
    json_close(w);
}
