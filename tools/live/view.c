#include "tools/live/view.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/figure.h"
#include "tools/live/frame.h"
#include "tools/live/keys.h"

#define COLUMNS_MIN       20
#define TITLE_COLUMNS_MIN 16
#define SPARK_MAX         120 /* seconds shown at most */
#define CPU_WORKERS_MAX   8   /* shown one by one; of more only the least busy */
#define CPU_BUSY          0.9 /* from here on the generator itself is the limit */
#define KEY_COLUMNS       32  /* of the longest line about a key */
#define FAILURES_SHOWN    3
#define TABLE_LINES_MIN   4 /* fewer, and failures and keys give way to it */

static void put_title(struct frame *f)
{
    struct line *l = &f->line;
    line_tint(l, TINT_BOLD);
    line_put(l, "squall  ");
    line_tint(l, TINT_NONE);
    const unsigned load_columns = line_measure(l, f->view->load);
    const unsigned room = l->columns - l->used;
    if (load_columns + 2 + TITLE_COLUMNS_MIN > room) {
        line_put(l, f->view->title);
    } else {
        const unsigned end = l->columns - load_columns - 2;
        line_put_marked(l, f->view->title, end - l->used);
        line_tint(l, TINT_DIM);
        if (f->view->host != NULL && l->used + 2 < end) {
            line_put(l, "  ");
            line_put_marked(l, f->view->host, end - l->used);
        }
        line_pad(l, l->columns - load_columns);
        line_put(l, f->view->load);
        line_tint(l, TINT_NONE);
    }
    frame_end_line(f);
}

/* Seconds as a clock people read at a glance: "6.1 s", "4:07", "1:02:45". */
static const char *clock_text(char out[32], double s)
{
    const uint64_t whole = (uint64_t)s;
    if (s < 60)
        (void)snprintf(out, 32, "%.1f s", s);
    else if (s < 3600)
        (void)snprintf(out, 32, "%" PRIu64 ":%02" PRIu64, whole / 60, whole % 60);
    else
        (void)snprintf(out, 32, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, whole / 3600,
                       whole / 60 % 60, whole % 60);
    return out;
}

/* How far the run is, 0..1: the nearer of its limits. NaN when there is none. */
static double progress_of(const struct view *v)
{
    double progress = NAN;
    if (v->duration_s > 0)
        progress = v->elapsed_s / v->duration_s;
    if (v->requests_max > 0)
        progress = fmax(progress, (double)v->requests_done / (double)v->requests_max);
    return progress > 1.0 ? 1.0 : progress;
}

/* Of two limits, the one that will end the run tells more. */
static bool is_nearer_in_requests(const struct view *v)
{
    return v->requests_max > 0 &&
           (v->duration_s <= 0 ||
            (double)v->requests_done / (double)v->requests_max >= v->elapsed_s / v->duration_s);
}

/* "6.1 s, 3.9 s left", "73012 of 100000, 6.1 s", "6.1 s, Ctrl-C ends it" */
static void progress_text(char *out, size_t cap, const struct view *v)
{
    char elapsed[32], other[32];
    clock_text(elapsed, v->elapsed_s);
    if (v->is_stopping)
        (void)snprintf(out, cap, "%s, stopping; Ctrl-C again ends at once", elapsed);
    else if (v->is_paused)
        (void)snprintf(out, cap, "%s, paused", elapsed);
    else if (is_nearer_in_requests(v))
        (void)snprintf(out, cap, "%" PRIu64 " of %" PRIu64 ", %s", v->requests_done,
                       v->requests_max, elapsed);
    else if (v->duration_s > 0 && v->elapsed_s < v->duration_s)
        (void)snprintf(out, cap, "%s, %s left", elapsed,
                       clock_text(other, v->duration_s - v->elapsed_s));
    else if (v->duration_s > 0)
        (void)snprintf(out, cap, "%s, ending", elapsed);
    else
        (void)snprintf(out, cap, "%s, Ctrl-C ends it", elapsed);
}

static void put_bar(struct line *l, double progress, unsigned width)
{
    const unsigned halves = (unsigned)(progress * (double)width * 2.0);
    line_tint(l, TINT_GOOD);
    for (unsigned i = 0; i < halves / 2; i++)
        line_glyph(l, "━", '#');
    if (halves % 2 != 0)
        line_glyph(l, "╸", '-');
    line_tint(l, TINT_NONE);
    line_tint(l, TINT_DIM);
    for (unsigned i = (halves + 1) / 2; i < width; i++)
        line_glyph(l, "─", '.');
    line_tint(l, TINT_NONE);
}

static void put_progress(struct frame *f)
{
    struct line *l = &f->line;
    char text[128];
    progress_text(text, sizeof text, f->view);
    const double progress = progress_of(f->view);
    const unsigned text_columns = line_measure(l, text);
    const unsigned beside = text_columns + (unsigned)sizeof " 100 %  " - 1;
    if (!isnan(progress)) {
        if (l->columns > beside + 8)
            put_bar(l, progress, l->columns - beside);
        line_format(l, "%4.0f %%  ", floor(progress * 100));
    }
    line_put(l, text);
    frame_end_line(f);
}

/* ---- figures with their history ---- */

#define VALUE_END    22 /* a value ends in this column */
#define SPARK_BEGIN  24
#define NOTE_COLUMNS 14 /* "  most 123456" */

static double rate_at(const struct series_point *p)
{
    return p->rps;
}

static double p99_at(const struct series_point *p)
{
    return p->p99_us;
}

static double users_at(const struct series_point *p)
{
    return (double)p->users;
}

static double failures_at(const struct series_point *p)
{
    return p->failures_per_s;
}

/* The last seconds as bars from 0 to the highest of them, which is returned. A second without the
 * figure stays blank. */
static double put_spark(struct line *l, const struct series *s, unsigned room, enum line_tint tint,
                        double (*value_at)(const struct series_point *p))
{
    static const char *const unicode[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    static const char ascii[] = "_.:-=+*#";
    if (room > SPARK_MAX)
        room = SPARK_MAX;
    const size_t from = s->count > room ? s->count - room : 0;
    double highest = 0;
    for (size_t i = from; i < s->count; i++)
        highest = fmax(highest, value_at(&s->points[i]));
    line_tint(l, tint);
    for (size_t i = from; i < s->count; i++) {
        const double value = value_at(&s->points[i]);
        const size_t level = highest > 0 && value > 0 ? (size_t)lround(value / highest * 7.0) : 0;
        if (isnan(value))
            line_put(l, " ");
        else
            line_glyph(l, unicode[level], ascii[level]);
    }
    line_tint(l, TINT_NONE);
    return highest;
}

/* A label, and a value that ends where all values end; what follows begins at SPARK_BEGIN. */
static void put_figure(struct line *l, const char *label, enum line_tint tint, const char *value)
{
    line_tint(l, TINT_DIM);
    line_put(l, label);
    line_tint(l, TINT_NONE);
    const unsigned wide = line_measure(l, value);
    line_pad(l, wide + l->used + 1 < VALUE_END ? VALUE_END - wide : l->used + 1);
    line_tint(l, tint);
    line_put(l, value);
    line_tint(l, TINT_NONE);
    line_pad(l, SPARK_BEGIN);
}

static unsigned spark_room(const struct line *l)
{
    return l->columns > l->used + NOTE_COLUMNS ? l->columns - l->used - NOTE_COLUMNS : 0;
}

/* The highest bar of a spark line, at the end of its line. */
static void put_highest(struct line *l, const char *highest)
{
    const unsigned wide = line_measure(l, highest) + (unsigned)sizeof "  most " - 1;
    if (l->used + wide > l->columns)
        return;
    line_tint(l, TINT_DIM);
    line_pad(l, l->columns - wide);
    line_format(l, "  most %s", highest);
    line_tint(l, TINT_NONE);
}

static void put_rate(struct frame *f)
{
    struct line *l = &f->line;
    const struct summary *second = f->view->second;
    put_figure(l, "req/s", TINT_BOLD, second == NULL ? "-" : figure_rate(second->total.rps).text);
    const double most = put_spark(l, f->view->series, spark_room(l), TINT_GOOD, rate_at);
    if (second != NULL)
        put_highest(l, figure_rate(most).text);
    frame_end_line(f);
}

static void put_p99(struct frame *f)
{
    struct line *l = &f->line;
    const struct summary *second = f->view->second;
    put_figure(l, "p99 ms", TINT_BOLD,
               second == NULL ? "-"
                              : figure_ms(second->total.latency.quantile_us[SUMMARY_P99]).text);
    const double most = put_spark(l, f->view->series, spark_room(l), TINT_WARN, p99_at);
    if (second != NULL)
        put_highest(l, figure_ms(most).text);
    frame_end_line(f);
}

static void put_users(struct frame *f)
{
    struct line *l = &f->line;
    char text[64];
    if (f->view->users_target == 0)
        return;
    (void)snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64, f->view->users_now,
                   f->view->users_target);
    put_figure(l, "users", TINT_NONE, text);
    (void)put_spark(l, f->view->series, spark_room(l), TINT_NONE, users_at);
    frame_end_line(f);
}

static void put_failures(struct frame *f)
{
    struct line *l = &f->line;
    const struct summary *total = f->view->total;
    const uint64_t failed = total == NULL ? 0 : total->total.failed;
    put_figure(l, "failures", failed > 0 ? TINT_BAD : TINT_NONE, figure_count(failed).text);
    if (failed > 0) {
        (void)put_spark(l, f->view->series, spark_room(l), TINT_BAD, failures_at);
        const struct figure share = figure_percent(total->total.fail_ratio);
        line_pad(l, l->columns - line_measure(l, share.text));
        line_put(l, share.text);
    }
    frame_end_line(f);
}

static void put_cpu(struct frame *f)
{
    struct line *l = &f->line;
    const struct view *v = f->view;
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < v->workers; i++) {
        low = fmin(low, v->cpu_share[i]);
        high = fmax(high, v->cpu_share[i]);
    }
    char text[32] = "-";
    if (high >= 0)
        (void)snprintf(text, sizeof text, "%.0f %%", high * 100);
    put_figure(l, "squall CPU", high >= CPU_BUSY ? TINT_WARN : TINT_NONE, text);
    if (high >= 0 && v->workers > CPU_WORKERS_MAX) {
        line_format(l, "%u threads, from %.0f %%", v->workers, low * 100);
    } else if (high >= 0 && v->workers > 1) {
        line_put(l, "threads");
        for (uint32_t i = 0; i < v->workers; i++)
            line_format(l, "  %.0f %%", v->cpu_share[i] * 100);
    }
    frame_end_line(f);
}

/* As many of the sentence's clauses as fit: "think time: users waited …" says enough as "think
 * time". */
static void put_clauses(struct line *l, const char *sentence)
{
    char text[256];
    (void)snprintf(text, sizeof text, "%s", sentence);
    for (size_t len = strlen(text); line_measure(l, text) > l->columns - l->used && len > 0; len--)
        if (strchr(":;,", text[len - 1]) != NULL)
            text[len - 1] = '\0';
    line_put_marked(l, text, l->columns);
}

static void put_limit(struct frame *f)
{
    struct line *l = &f->line;
    line_tint(l, TINT_DIM);
    line_put(l, "limit");
    line_tint(l, TINT_NONE);
    line_pad(l, 12);
    put_clauses(l, f->view->limit == NULL ? "-" : f->view->limit);
    frame_end_line(f);
}

static void put_gap(struct frame *f)
{
    frame_end_line(f);
}

/* ---- the whole ---- */

#define LINES_FULL 20 /* from here on there is room for everything, and for gaps */

static void put_head(struct frame *f)
{
    static const struct {
        void (*put)(struct frame *f);
        bool is_extra; /* only where there is room */
    } parts[] = {
        { put_title, false }, { put_progress, false }, { put_gap, true },       { put_rate, false },
        { put_p99, true },    { put_users, false },    { put_failures, false }, { put_cpu, false },
        { put_limit, true },  { put_gap, true },
    };
    const bool is_full = f->lines_left >= LINES_FULL;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (f->lines_left > 1 && (is_full || !parts[i].is_extra))
            parts[i].put(f);
}

/* Two keys in a line where there is room. */
static void put_keys(struct frame *f)
{
    struct line *l = &f->line;
    const unsigned half = l->columns / 2;
    for (size_t i = 0; i < key_row_count && f->lines_left > 1; i++) {
        const bool is_right = i % 2 != 0 && half >= KEY_COLUMNS;
        line_pad(l, is_right ? half : 0);
        line_tint(l, TINT_BOLD);
        line_format(l, " %c", key_rows[i].letter);
        line_tint(l, TINT_NONE);
        line_format(l, "  %s", key_rows[i].sentence);
        if (is_right || half < KEY_COLUMNS || i + 1 == key_row_count)
            frame_end_line(f);
    }
}

static unsigned key_lines(const struct frame *f)
{
    return (unsigned)(f->line.columns / 2 >= KEY_COLUMNS ? (key_row_count + 1) / 2 : key_row_count);
}

/* The last line: what the last key did, or that there are keys. */
static void put_foot(struct frame *f)
{
    struct line *l = &f->line;
    const struct view *v = f->view;
    if (v->notice != NULL) {
        line_tint(l, TINT_WARN);
        line_put_marked(l, v->notice, l->columns);
    } else if (v->is_paused) {
        line_tint(l, TINT_WARN);
        line_put(l, "paused: requests in flight end, none begins; p goes on");
    } else {
        line_tint(l, TINT_DIM);
        line_put(l, v->shows_keys ? "? hides the keys" : "? keys");
    }
    line_tint(l, TINT_NONE);
    frame_end_line(f);
}

static uint32_t failure_lines(const struct view *v)
{
    const uint32_t count = v->failures == NULL ? 0 : v->failures->failure_count;
    return count < FAILURES_SHOWN ? count : FAILURES_SHOWN;
}

/* What is under the head: the table has what the others leave. */
static void put_body(struct frame *f)
{
    const struct view *v = f->view;
    const unsigned foot = v->has_keys ? 1 : 0;
    const unsigned keys = v->shows_keys ? key_lines(f) : 0;
    const unsigned failures = failure_lines(v);
    const unsigned others = foot + (keys > 0 ? keys + 1 : 0) + (failures > 0 ? failures + 1 : 0);
    if (f->lines_left > others + TABLE_LINES_MIN)
        frame_put_table(f, f->lines_left - others);
    else if (f->lines_left > foot)
        frame_put_table(f, f->lines_left - foot);
    if (failures > 0 && f->lines_left > foot + 2) {
        put_gap(f);
        frame_put_failures(f, failures < f->lines_left - foot ? failures : f->lines_left - foot);
    }
    if (keys > 0 && f->lines_left > foot + keys) {
        put_gap(f);
        put_keys(f);
    }
    if (foot > 0 && f->lines_left > 0) {
        if (f->lines_left > 1)
            put_gap(f);
        put_foot(f);
    }
}

int view_lines(char **ret_lines, size_t *ret_len, const struct view *v,
               const struct view_style *style)
{
    char *lines = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&lines, &len);
    if (out == NULL)
        return -ENOMEM;
    struct frame f = {
        .view = v,
        .line = { .out = out,
                  .columns = style->columns > COLUMNS_MIN ? style->columns : COLUMNS_MIN,
                  .color = style->color,
                  .unicode = style->unicode },
        .lines_left = style->rows > 1 ? style->rows : 1,
    };
    put_head(&f);
    if (f.lines_left > 0)
        put_body(&f);
    if (fclose(out) != 0) {
        free(lines);
        return -ENOMEM;
    }
    *ret_lines = lines;
    *ret_len = len;
    return 0;
}
