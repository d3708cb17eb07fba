#include "stats/report/hlog.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "stats/hist_codec.h"
#include "stats/interval_log.h"
#include "stats/report/report.h"
#include "stats/report/sink.h"

static void write_escaped(struct sink *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c > ' ' && c < 0x7f && c != ',' && c != '%')
            sink_bytes(out, text, 1);
        else
            sink_format(out, "%%%02X", c);
    }
}

void hlog_write_tag(struct sink *out, const char *method, const char *name)
{
    write_escaped(out, method);
    sink_text(out, ":");
    write_escaped(out, name);
}

/* A thousandth as a decimal: 1234 becomes 1.234. */
static void write_thousandths(struct sink *out, uint64_t count)
{
    sink_format(out, "%" PRIu64 ".%03u", count / 1000u, (unsigned)(count % 1000u));
}

static uint64_t ms_of(uint64_t ns)
{
    return (ns + 500000u) / 1000000u;
}

/* The times of the lines count from the base time, which is the start. */
static void write_head(struct sink *out, const char *version, int64_t started_at_s)
{
    const time_t seconds = (time_t)started_at_s;
    struct tm utc;
    char date[64] = "";

    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(date, sizeof(date), ", %a %b %d %H:%M:%S UTC %Y", &utc) == 0)
        date[0] = '\0';
    sink_text(out, "#[Logged by squall ");
    write_escaped(out, version);
    sink_format(out,
                ": latency in nanoseconds of all finished requests, from the "
                "moment each was due]\n"
                "#[Histogram log format version 1.3]\n"
                "#[BaseTime: %" PRId64 ".000 (seconds since epoch)]\n"
                "#[StartTime: %" PRId64 ".000 (seconds since epoch)%s]\n",
                started_at_s, started_at_s, date);
    sink_text(out, "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                   "\"Interval_Compressed_Histogram\"\n");
}

/* One line: the second field is the length of the interval, the third its maximum in milliseconds,
 * as far as the histogram tells. */
static void write_line(struct sink *out, const struct interval *i, const struct endpoint_name *name,
                       const struct hist_view *v)
{
    char *text = NULL;

    if (hist_codec_encode_text(&text, v) != 0) {
        out->has_failed = true;
        return;
    }
    sink_text(out, "Tag=");
    hlog_write_tag(out, name->method, name->name);
    sink_text(out, ",");
    write_thousandths(out, ms_of(i->from_ns));
    sink_text(out, ",");
    write_thousandths(out, ms_of(i->to_ns) - ms_of(i->from_ns));
    sink_text(out, ",");
    write_thousandths(out, (v->max_ns + 500u) / 1000u);
    sink_text(out, ",");
    sink_text(out, text);
    sink_text(out, "\n");
    free(text);
}

int report_hlog(char **ret_text, const struct result *r)
{
    const struct interval_log *log = r->intervals;
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct hist_view v;
    struct sink out;

    if (counts == NULL)
        return -ENOMEM;
    hist_view_init(&v, counts);
    sink_init(&out);
    write_head(&out, r->version, r->started_at_s);
    for (size_t i = 0; log != NULL && i < log->count; i++) {
        for (uint32_t e = 0; e < log->endpoint_count; e++) {
            hist_view_clear(&v);
            interval_log_take(log, i, e, &v);
            if (v.total > 0)
                write_line(&out, &log->intervals[i], &r->names[e], &v);
        }
    }
    free(counts);
    return sink_finish(&out, ret_text);
}

int report_hlog_stored(char **ret_text, const struct stored *s)
{
    const struct interval whole = { .to_ns = isfinite(s->duration_s)
                                                 ? (uint64_t)(s->duration_s * 1e9)
                                                 : 0 };
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct hist_view v;
    struct sink out;

    if (counts == NULL)
        return -ENOMEM;
    hist_view_init(&v, counts);
    sink_init(&out);
    write_head(&out, s->version == NULL ? "?" : s->version, s->started_at_s);
    for (size_t i = 0; i < s->row_count; i++) {
        const struct endpoint_name name = { s->rows[i].figures.method, s->rows[i].figures.name };
        hist_view_clear(&v);
        if (stored_take_histogram(&s->rows[i], &v) && v.total > 0)
            write_line(&out, &whole, &name, &v);
    }
    free(counts);
    return sink_finish(&out, ret_text);
}
