#include "stats/report/comparison.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "stats/report/figure.h"
#include "stats/report/sink.h"

/* What may have been configured otherwise. Times that differ by less than a twentieth are the same.
 */
#define TIME_TOLERATED 0.05
static const struct {
    const char *section, *key, *label;
} configured[] = {
    { NULL, "scenario", "scenario" },
    { NULL, "host", "host" },
    { NULL, "version", "squall" },
    { NULL, "duration_s", "seconds" },
    { "warmup", "cut_s", "warm-up seconds" },
    { "load", "kind", "kind of load" },
    { "load", "users", "users" },
    { "load", "spawn_rate", "spawn rate" },
    { "load", "rate", "rate" },
    { "load", "connections", "connections" },
    { "load", "pipeline", "pipeline" },
    { "load", "gather_us", "gathering" },
    { "load", "threads", "threads" },
    { "load", "cpus", "CPUs of threads" },
    { "tls", "version", "TLS" },
    { "tls", "cipher", "cipher" },
    { "machine", "system", "system" },
    { "machine", "cpu", "CPU" },
    { "machine", "cpus", "CPUs" },
    { "generator", "verdict", "verdict" },
};

static_assert(sizeof configured / sizeof configured[0] <= COMPARISON_CHANGES_MAX, "room for all");

const char *const comparison_keys[COMPARISON_FIGURE_COUNT] = {
#define X(id, key, title) key,
    COMPARISON_FIGURES(X)
#undef X
};

const char *const comparison_titles[COMPARISON_FIGURE_COUNT] = {
#define X(id, key, title) title,
    COMPARISON_FIGURES(X)
#undef X
};

static const enum summary_quantile quantile_of[COMPARISON_FIGURE_COUNT] = {
    [COMPARISON_P50] = SUMMARY_P50,
    [COMPARISON_P95] = SUMMARY_P95,
    [COMPARISON_P99] = SUMMARY_P99,
};

static double value_of(const struct stored_row *row, enum comparison_figure figure)
{
    if (row == NULL)
        return NAN;
    switch (figure) {
    case COMPARISON_RPS:
        return row->figures.rps;
    case COMPARISON_FAILED:
        return row->figures.fail_ratio;
    case COMPARISON_P50:
    case COMPARISON_P95:
    case COMPARISON_P99:
    case COMPARISON_FIGURE_COUNT:
        break;
    }
    return row->figures.latency.quantile_us[quantile_of[figure]];
}

static bool has_range(const struct stored_range *r)
{
    return !isnan(r->low_us);
}

/* An upper end that is not known may be anywhere. */
static bool is_above(const struct stored_range *high, const struct stored_range *low)
{
    return !isnan(low->high_us) && high->low_us > low->high_us;
}

static enum comparison_verdict judge(const struct comparison_row *row,
                                     enum comparison_figure figure)
{
    if (figure < COMPARISON_P50 || row->base == NULL || row->now == NULL)
        return COMPARISON_NOTHING;
    const struct stored_range *base = &row->base->ranges[quantile_of[figure]];
    const struct stored_range *now = &row->now->ranges[quantile_of[figure]];
    if (!has_range(base) || !has_range(now))
        return COMPARISON_TOO_SHORT;
    if (is_above(now, base))
        return COMPARISON_HIGHER;
    return is_above(base, now) ? COMPARISON_LOWER : COMPARISON_OVERLAP;
}

static void add_row(struct comparison *c, const struct stored_row *base,
                    const struct stored_row *now)
{
    struct comparison_row *row = &c->rows[c->row_count++];

    row->base = base;
    row->now = now;
    for (int f = 0; f < COMPARISON_FIGURE_COUNT; f++) {
        struct comparison_pair *pair = &row->pairs[f];
        pair->base = value_of(base, (enum comparison_figure)f);
        pair->now = value_of(now, (enum comparison_figure)f);
        pair->ratio = pair->base > 0 ? pair->now / pair->base : NAN;
        pair->verdict = judge(row, (enum comparison_figure)f);
    }
}

static const struct stored_row *find(const struct stored *s, const struct stored_row *row)
{
    for (size_t i = 0; i < s->row_count; i++)
        if (strcmp(s->rows[i].figures.method, row->figures.method) == 0 &&
            strcmp(s->rows[i].figures.name, row->figures.name) == 0)
            return &s->rows[i];
    return NULL;
}

static const json_t *configured_in(const struct stored *s, const char *section, const char *key)
{
    const json_t *place = section == NULL ? s->root : json_object_get(s->root, section);

    return json_object_get(place, key);
}

static bool is_same(const json_t *base, const json_t *now, const char *key)
{
    if (strcmp(key, "duration_s") == 0 || strcmp(key, "cut_s") == 0)
        return fabs(json_number_value(now) - json_number_value(base)) <=
               TIME_TOLERATED * json_number_value(base);
    return json_equal((json_t *)base, (json_t *)now);
}

static char *text_of(const json_t *value)
{
    if (json_is_string(value))
        return strdup(json_string_value(value));
    return value == NULL ? strdup("-")
                         : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII |
                                                 JSON_REAL_PRECISION(6));
}

/* 0 or -ENOMEM. */
static int find_changes(struct comparison *c)
{
    for (size_t i = 0; i < sizeof configured / sizeof configured[0]; i++) {
        const char *section = configured[i].section, *key = configured[i].key;
        const json_t *base = configured_in(c->base, section, key);
        const json_t *now = configured_in(c->now, section, key);
        if ((base == NULL && now == NULL) || is_same(base, now, key))
            continue;
        struct comparison_change *change = &c->changes[c->change_count++];
        *change = (struct comparison_change){ .section = section,
                                              .key = key,
                                              .label = configured[i].label,
                                              .base = text_of(base),
                                              .now = text_of(now) };
        if (change->base == NULL || change->now == NULL)
            return -ENOMEM;
    }
    return 0;
}

int comparison_make(struct comparison **ret_comparison, const struct stored *base,
                    const struct stored *now)
{
    struct comparison *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return -ENOMEM;
    *c = (struct comparison){ .base = base, .now = now };
    c->rows = calloc(base->row_count + now->row_count + 1u, sizeof(*c->rows));
    if (c->rows == NULL || find_changes(c) != 0) {
        comparison_close(c);
        return -ENOMEM;
    }
    for (size_t i = 0; i < base->row_count; i++)
        add_row(c, &base->rows[i], find(now, &base->rows[i]));
    for (size_t i = 0; i < now->row_count; i++)
        if (find(base, &now->rows[i]) == NULL)
            add_row(c, NULL, &now->rows[i]);
    add_row(c, &base->total, &now->total);
    *ret_comparison = c;
    return 0;
}

void comparison_close(struct comparison *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->change_count; i++) {
        free(c->changes[i].base);
        free(c->changes[i].now);
    }
    free(c->rows);
    free(c);
}

const struct summary_row *comparison_endpoint(const struct comparison_row *row)
{
    return row->base != NULL ? &row->base->figures : &row->now->figures;
}

const char *comparison_verdict_word(enum comparison_verdict verdict)
{
    static const char *const words[] = {
        [COMPARISON_NOTHING] = "",
        [COMPARISON_TOO_SHORT] = "too short to tell",
        [COMPARISON_OVERLAP] = "no difference shown",
        [COMPARISON_LOWER] = "faster",
        [COMPARISON_HIGHER] = "slower",
    };

    return words[verdict];
}

struct figure comparison_figure_text(enum comparison_figure figure, double value)
{
    if (figure == COMPARISON_RPS)
        return figure_rate(value);
    return figure == COMPARISON_FAILED ? figure_percent(value) : figure_ms(value);
}

/* "GET /a is slower: 99% 9.00 to 78.0 ms (8.67 times). " False when nothing is shown to differ. */
static bool write_finding(struct sink *out, const struct comparison_row *row)
{
    static const char *const names[COMPARISON_FIGURE_COUNT] = {
        [COMPARISON_P50] = "median",
        [COMPARISON_P95] = "95 % within",
        [COMPARISON_P99] = "99 % within",
    };
    const struct summary_row *endpoint = comparison_endpoint(row);
    bool is_first = true;

    for (int f = COMPARISON_P50; f < COMPARISON_FIGURE_COUNT; f++) {
        const struct comparison_pair *pair = &row->pairs[f];
        if (pair->verdict != COMPARISON_LOWER && pair->verdict != COMPARISON_HIGHER)
            continue;
        if (is_first)
            sink_format(out, "%s%s%s: ", endpoint->method, endpoint->method[0] ? " " : "",
                        endpoint->name);
        sink_format(out, "%s%s %s, from %s", is_first ? "" : "; ", names[f],
                    comparison_verdict_word(pair->verdict), figure_ms(pair->base).text);
        sink_format(out, " to %s ms", figure_ms(pair->now).text);
        sink_format(out, " (%s times)", figure_rate(pair->ratio).text);
        is_first = false;
    }
    if (!is_first)
        sink_text(out, ". ");
    return !is_first;
}

static void write_findings(struct sink *out, const struct comparison *c)
{
    size_t differing = 0, too_short = 0;
    const size_t endpoints = c->row_count - 1u;

    for (size_t i = 0; i < endpoints; i++) {
        const bool differs = write_finding(out, &c->rows[i]);
        differing += differs;
        too_short += !differs && c->rows[i].pairs[COMPARISON_P50].verdict == COMPARISON_TOO_SHORT;
    }
    if (differing == 0)
        sink_text(out, "No endpoint is shown to be faster or slower. ");
    if (too_short > 0)
        sink_format(out, "For %zu of %zu endpoint%s a run is too short to tell. ", too_short,
                    endpoints, endpoints == 1 ? "" : "s");
    const struct comparison_pair *rps = &c->rows[endpoints].pairs[COMPARISON_RPS];
    sink_format(out, "Requests per second: %s", figure_rate(rps->base).text);
    sink_format(out, " to %s.", figure_rate(rps->now).text);
}

char *comparison_findings(const struct comparison *c)
{
    struct sink words;
    char *text = NULL;

    sink_init(&words);
    write_findings(&words, c);
    return sink_finish(&words, &text) == 0 ? text : NULL;
}

const char *comparison_title(const struct stored *s)
{
    const char *title = s->name != NULL ? s->name : s->scenario != NULL ? s->scenario : s->host;

    return title == NULL ? "-" : title;
}
