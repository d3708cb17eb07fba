#include "tools/live/view.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/figure.h"
#include "tools/live/line.h"

#define COLUMNS_MIN      20
#define NAME_COLUMNS_MIN 16
#define NAME_COLUMNS_MAX 60
#define SPARK_MAX        120 /* seconds shown at most */
#define CPU_WORKERS_MAX  8   /* shown one by one; more are told as lowest and highest */
#define CPU_BUSY         0.9 /* from here on the generator itself is the limit */

struct column {
    const char *heading;
    unsigned width;
    unsigned rank; /* the highest goes first when the screen is too narrow; 0 stays */
    struct figure (*text)(const struct summary_row *total, const struct summary_row *second);
};

static struct figure text_count(const struct summary_row *total, const struct summary_row *second)
{
    (void)second;
    return figure_count(total->count);
}

static struct figure text_failed(const struct summary_row *total, const struct summary_row *second)
{
    (void)second;
    return figure_count(total->failed);
}

static struct figure text_p50(const struct summary_row *total, const struct summary_row *second)
{
    (void)total;
    return figure_ms(second->latency.quantile_us[SUMMARY_P50]);
}

static struct figure text_p95(const struct summary_row *total, const struct summary_row *second)
{
    (void)total;
    return figure_ms(second->latency.quantile_us[SUMMARY_P95]);
}

static struct figure text_p99(const struct summary_row *total, const struct summary_row *second)
{
    (void)total;
    return figure_ms(second->latency.quantile_us[SUMMARY_P99]);
}

static struct figure text_rate(const struct summary_row *total, const struct summary_row *second)
{
    (void)total;
    return figure_rate(second->rps);
}

#define COLUMN_FAILED 1
#define COLUMN_SECOND                                                                              \
    2 /* the first that tells about the last second; those before are of the whole run */

static const struct column columns[] = {
    { "# reqs", 11, 2, text_count }, { "fails", 8, 1, text_failed }, { "req/s", 10, 0, text_rate },
    { "median", 9, 0, text_p50 },    { "p95", 8, 4, text_p95 },      { "p99", 8, 3, text_p99 },
};

#define COLUMN_COUNT (sizeof columns / sizeof columns[0])

/* Which columns fit beside a name, and how wide the name may be. */
struct table_layout {
    bool shown[COLUMN_COUNT];
    unsigned name_columns;
};

struct drawing {
    const struct view *v;
    struct line line;
    unsigned lines_left;
};

static unsigned columns_wide(const struct table_layout *t)
{
    unsigned wide = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (t->shown[i])
            wide += columns[i].width;
    return wide;
}

static struct table_layout lay_table(unsigned room)
{
    struct table_layout t;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        t.shown[i] = true;
    for (unsigned rank = 4; rank > 0 && columns_wide(&t) + NAME_COLUMNS_MIN > room; rank--)
        for (size_t i = 0; i < COLUMN_COUNT; i++)
            if (columns[i].rank == rank)
                t.shown[i] = false;
    const unsigned wide = columns_wide(&t);
    t.name_columns = room > wide + NAME_COLUMNS_MIN ? room - wide : NAME_COLUMNS_MIN;
    if (t.name_columns > NAME_COLUMNS_MAX)
        t.name_columns = NAME_COLUMNS_MAX;
    return t;
}

static void end_line(struct drawing *d)
{
    line_end(&d->line);
    d->lines_left--;
}

static void put_title(struct drawing *d)
{
    struct line *l = &d->line;
    line_tint(l, TINT_BOLD);
    line_put(l, "squall  ");
    line_tint(l, TINT_NONE);
    const unsigned load_columns = line_measure(l, d->v->load);
    const unsigned room = l->columns - l->used;
    if (load_columns + 2 + NAME_COLUMNS_MIN > room) {
        line_put(l, d->v->title);
    } else {
        line_put_cut(l, d->v->title, room - load_columns - 2);
        line_tint(l, TINT_DIM);
        line_pad(l, l->columns - load_columns);
        line_put(l, d->v->load);
        line_tint(l, TINT_NONE);
    }
    end_line(d);
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

static void put_progress(struct drawing *d)
{
    struct line *l = &d->line;
    char text[128];
    progress_text(text, sizeof text, d->v);
    const double progress = progress_of(d->v);
    const unsigned text_columns = line_measure(l, text);
    const unsigned beside = text_columns + (unsigned)sizeof " 100 %  " - 1;
    if (!isnan(progress)) {
        if (l->columns > beside + 8)
            put_bar(l, progress, l->columns - beside);
        line_format(l, "%4.0f %%  ", floor(progress * 100));
    }
    line_put(l, text);
    end_line(d);
}

static double highest_rate(const struct series *s, size_t from)
{
    double highest = 0;
    for (size_t i = from; i < s->count; i++)
        highest = fmax(highest, s->points[i].rps);
    return highest;
}

static void put_spark(struct line *l, const struct series *s)
{
    static const char *const unicode[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    static const char ascii[] = "_.,-~=+#";
    size_t room = l->columns - l->used;
    if (room > SPARK_MAX)
        room = SPARK_MAX;
    const size_t from = s->count > room ? s->count - room : 0;
    const double highest = highest_rate(s, from);
    line_tint(l, TINT_GOOD);
    for (size_t i = from; i < s->count; i++) {
        const double level = highest > 0 ? s->points[i].rps / highest * 7.0 : 0;
        const size_t index = level >= 0 ? (size_t)lround(level) : 0;
        line_glyph(l, unicode[index], ascii[index]);
    }
    line_tint(l, TINT_NONE);
}

#define VALUE_COLUMNS     11 /* from a label to its value */
#define FIELD_COLUMNS     27 /* from a label to the next */
#define VALUE_COLUMNS_MIN 6

/* Begins a field at column `from`; false when there is no room for its value. */
static bool put_label(struct line *l, const char *label, unsigned from)
{
    const unsigned begin = from == 0 || l->used + 2 < from ? from : l->used + 2;
    if (begin + VALUE_COLUMNS + VALUE_COLUMNS_MIN > l->columns)
        return false;
    line_pad(l, begin);
    line_tint(l, TINT_DIM);
    line_put(l, label);
    line_tint(l, TINT_NONE);
    line_pad(l, begin + VALUE_COLUMNS);
    return true;
}

static void put_rate(struct drawing *d)
{
    struct line *l = &d->line;
    const struct summary *second = d->v->second;
    (void)put_label(l, "req/s now", 0);
    line_tint(l, TINT_BOLD);
    line_put(l, second == NULL ? "-" : figure_rate(second->total.rps).text);
    line_tint(l, TINT_NONE);
    line_pad(l, VALUE_COLUMNS + 10);
    put_spark(l, d->v->series);
    end_line(d);
}

static void put_cpu(struct line *l, const struct view *v)
{
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < v->workers; i++) {
        low = fmin(low, v->cpu_share[i]);
        high = fmax(high, v->cpu_share[i]);
    }
    if (!(high >= 0)) {
        line_put(l, "-");
        return;
    }
    line_tint(l, high >= CPU_BUSY ? TINT_WARN : TINT_NONE);
    if (v->workers > CPU_WORKERS_MAX)
        line_format(l, "%.0f %% to %.0f %%", low * 100, high * 100);
    for (uint32_t i = 0; i < v->workers && v->workers <= CPU_WORKERS_MAX; i++)
        line_format(l, "%s%.0f %%", i == 0 ? "" : "  ", v->cpu_share[i] * 100);
    line_tint(l, TINT_NONE);
}

static void put_state(struct drawing *d)
{
    struct line *l = &d->line;
    const struct view *v = d->v;
    const uint64_t failed = v->total == NULL ? 0 : v->total->total.failed;
    unsigned from = 0;
    if (put_label(l, "failures", from)) {
        line_tint(l, failed > 0 ? TINT_BAD : TINT_NONE);
        line_put(l, figure_count(failed).text);
        line_tint(l, TINT_NONE);
    }
    if (v->users_target > 0 && put_label(l, "users", from += FIELD_COLUMNS))
        line_format(l, "%" PRIu64 " of %" PRIu64, v->users_now, v->users_target);
    if (put_label(l, "squall CPU", from + FIELD_COLUMNS))
        put_cpu(l, v);
    end_line(d);
}

/* A bracket over the columns of the last second: "  ── last second, times in ms ──" */
static void put_bracket(struct drawing *d, const struct table_layout *t)
{
    struct line *l = &d->line;
    unsigned from = t->name_columns, wide = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (t->shown[i] && i < COLUMN_SECOND)
            from += columns[i].width;
        else if (t->shown[i])
            wide += columns[i].width;
    }
    const char *words = " last second, times in ms ";
    if (strlen(words) + 4 > wide)
        words = " last second, ms ";
    const unsigned dashes = wide - 2 - (unsigned)strlen(words);
    line_tint(l, TINT_DIM);
    line_pad(l, from + 2);
    for (unsigned i = 0; i < dashes / 2; i++)
        line_glyph(l, "─", '-');
    line_put(l, words);
    for (unsigned i = dashes / 2; i < dashes; i++)
        line_glyph(l, "─", '-');
    line_tint(l, TINT_NONE);
    end_line(d);
}

static void put_headings(struct drawing *d, const struct table_layout *t)
{
    struct line *l = &d->line;
    line_tint(l, TINT_DIM);
    line_pad(l, t->name_columns);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (t->shown[i])
            line_put_right(l, columns[i].heading, columns[i].width);
    line_tint(l, TINT_NONE);
    end_line(d);
}

/* "GET /api/tweets/", its end marked where it had to be cut. */
static void put_name(struct line *l, const struct summary_row *row, unsigned room)
{
    line_put_cut(l, row->method, room);
    if (row->method[0] != '\0' && l->used < room)
        line_put(l, " ");
    if (line_measure(l, row->name) <= room - l->used) {
        line_put(l, row->name);
    } else if (l->used < room) {
        line_put_cut(l, row->name, room - l->used - 1);
        line_glyph(l, "…", '~');
    }
}

static void put_row(struct drawing *d, const struct table_layout *t,
                    const struct summary_row *total, const struct summary_row *second,
                    enum line_tint tint)
{
    struct line *l = &d->line;
    line_tint(l, tint);
    put_name(l, total, t->name_columns - 1);
    line_pad(l, t->name_columns);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (!t->shown[i])
            continue;
        const bool is_alarm = i == COLUMN_FAILED && total->failed > 0;
        if (is_alarm)
            line_tint(l, TINT_BAD);
        line_put_right(l, columns[i].text(total, second).text, columns[i].width);
        if (is_alarm) {
            line_tint(l, TINT_NONE);
            line_tint(l, tint);
        }
    }
    line_tint(l, TINT_NONE);
    end_line(d);
}

/* The endpoints in plan order, as many as fit, and their sum when there are several. */
static void put_table(struct drawing *d)
{
    const struct summary *total = d->v->total;
    const struct summary *second = d->v->second;
    if (total == NULL || second == NULL || d->lines_left < 3)
        return;
    const struct table_layout t = lay_table(d->line.columns);
    end_line(d);
    if (d->lines_left > 4)
        put_bracket(d, &t);
    put_headings(d, &t);
    if (total->row_count == 1) {
        put_row(d, &t, &total->rows[0], &second->rows[0], TINT_NONE);
        return;
    }
    /* Room for the sum, and for saying how many are not shown. */
    uint32_t shown = total->row_count;
    if (shown + 1 > d->lines_left)
        shown = d->lines_left > 2 ? d->lines_left - 2 : 0;
    for (uint32_t i = 0; i < shown; i++)
        put_row(d, &t, &total->rows[i], &second->rows[i], TINT_NONE);
    if (shown < total->row_count && d->lines_left > 1) {
        line_tint(&d->line, TINT_DIM);
        line_format(&d->line, "and %u more", total->row_count - shown);
        line_tint(&d->line, TINT_NONE);
        end_line(d);
    }
    put_row(d, &t, &total->total, &second->total, TINT_BOLD);
}

int view_lines(char **ret_lines, size_t *ret_len, const struct view *v,
               const struct view_style *style)
{
    char *lines = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&lines, &len);
    if (out == NULL)
        return -ENOMEM;
    struct drawing d = {
        .v = v,
        .line = { .out = out,
                  .columns = style->columns > COLUMNS_MIN ? style->columns : COLUMNS_MIN,
                  .color = style->color,
                  .unicode = style->unicode },
        .lines_left = style->rows > 1 ? style->rows : 1,
    };
    static void (*const parts[])(struct drawing *) = { put_title, put_progress, put_rate,
                                                       put_state };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (d.lines_left > 0)
            parts[i](&d);
    put_table(&d);
    if (fclose(out) != 0) {
        free(lines);
        return -ENOMEM;
    }
    *ret_lines = lines;
    *ret_len = len;
    return 0;
}
