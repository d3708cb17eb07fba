#include "stats/report/json_evidence.h"

#include <math.h>

#include "stats/report/json_writer.h"

/* Places after the point, as in json.c: whole nanoseconds, and finer than any run can tell apart.
 */
#define DECIMALS_US      3u
#define DECIMALS_RATIO   9u
#define DECIMALS_PERCENT 6u

/* The key of each percentile, and whether its interval could be given. */
static void write_quantile(struct json_writer *w, const char *key,
                           const struct evidence_quantile *q)
{
    const struct confidence *c = &q->confidence;
    const bool is_held = c->state == CONFIDENCE_HELD;

    json_open_object_line(w, key);
    json_put_number(w, "low_us", q->low_us, DECIMALS_US);
    json_put_number(w, "high_us", q->high_us, DECIMALS_US);
    json_put_number(w, "worth", is_held ? c->worth : NAN, DECIMALS_US);
    json_put_string(w, "state",
                    is_held                            ? "held"
                    : c->state == CONFIDENCE_TOO_SHORT ? "too_short"
                                                       : NULL);
    json_put_number(w, "lengthen", c->state == CONFIDENCE_TOO_SHORT ? c->lengthen : NAN, 1);
    json_close(w);
}

static void write_confidence(struct json_writer *w, const struct evidence_row *row)
{
    static const char *const keys[SUMMARY_QUANTILE_COUNT] = {
#define X(id, key, num, den, label) [SUMMARY_##id] = key,
        SUMMARY_QUANTILES(X)
#undef X
    };

    json_open_object(w, "confidence");
    json_put_number(w, "level", CONFIDENCE_LEVEL, DECIMALS_RATIO);
    for (int i = 0; i < SUMMARY_QUANTILE_COUNT; i++)
        write_quantile(w, keys[i], &row->quantiles[i]);
    json_close(w);
}

/* A slope as a share of the level, in percent for each minute. */
static void write_over_time(struct json_writer *w, const char *key, const struct trend *t)
{
    const double percent = 60 * 100 / t->level;

    json_open_object_line(w, key);
    json_put_string(w, "verdict", isnan(t->slope) ? NULL : trend_verdict_name(t->verdict));
    json_put_number(w, "percent_per_min", t->slope * percent, DECIMALS_PERCENT);
    json_put_number(w, "low", t->slope_low * percent, DECIMALS_PERCENT);
    json_put_number(w, "high", t->slope_high * percent, DECIMALS_PERCENT);
    json_put_number(w, "detectable", t->detectable * percent, DECIMALS_PERCENT);
    json_put_number(w, "p_value", t->p_value, DECIMALS_RATIO);
    json_close(w);
}

static void write_over_writes(struct json_writer *w, const struct trend *t)
{
    json_open_object_line(w, "p50_over_writes");
    json_put_string(w, "verdict", isnan(t->slope) ? NULL : trend_verdict_name(t->verdict));
    json_put_number(w, "us_per_1000_writes", t->slope * 1000, DECIMALS_US);
    json_put_number(w, "low", t->slope_low * 1000, DECIMALS_US);
    json_put_number(w, "high", t->slope_high * 1000, DECIMALS_US);
    json_close(w);
}

void json_evidence(struct json_writer *w, const struct evidence_row *row)
{
    write_confidence(w, row);
    json_open_object(w, "trend");
    write_over_time(w, "p50", &row->median);
    write_over_time(w, "p99", &row->p99);
    write_over_writes(w, &row->median_writes);
    json_close(w);
}
