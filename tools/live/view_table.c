#include <string.h>

#include "stats/report/figure.h"
#include "tools/live/frame.h"

#define NAME_COLUMNS_MIN  16
#define NAME_COLUMNS_FAIR 22 /* a name gets so many before there are columns of RANK_EXTRA */
#define NAME_COLUMNS_MAX  60

enum column_group { GROUP_RUN, GROUP_SECOND, GROUP_COUNT };

/* Over the columns of each group, the longest that fits. */
static const char *const group_words[GROUP_COUNT][2] = {
    [GROUP_RUN] = { " since the start, ms ", " all, ms " },
    [GROUP_SECOND] = { " last second, ms ", " now, ms " },
};

static const char *const reset_words[2] = { " since the reset, ms ", " all, ms " };

struct column {
    const char *heading;
    enum column_group group;
    unsigned width;
    unsigned rank; /* the highest goes first when the screen is too narrow; 0 stays */
    struct figure (*text)(const struct summary_row *row);
};

static struct figure text_count(const struct summary_row *row)
{
    return figure_count(row->count);
}

static struct figure text_failed(const struct summary_row *row)
{
    return figure_count(row->failed);
}

static struct figure text_p50(const struct summary_row *row)
{
    return figure_ms(row->latency.quantile_us[SUMMARY_P50]);
}

static struct figure text_p95(const struct summary_row *row)
{
    return figure_ms(row->latency.quantile_us[SUMMARY_P95]);
}

static struct figure text_p99(const struct summary_row *row)
{
    return figure_ms(row->latency.quantile_us[SUMMARY_P99]);
}

static struct figure text_p99_9(const struct summary_row *row)
{
    return figure_ms(row->latency.quantile_us[SUMMARY_P99_9]);
}

static struct figure text_max(const struct summary_row *row)
{
    return figure_ms(row->latency.max_us);
}

static struct figure text_rate(const struct summary_row *row)
{
    return figure_rate(row->rps);
}

#define COLUMN_FAILED 1

static const struct column columns[] = {
    { "# reqs", GROUP_RUN, 10, 4, text_count }, { "fails", GROUP_RUN, 7, 1, text_failed },
    { "median", GROUP_RUN, 8, 5, text_p50 },    { "p95", GROUP_RUN, 7, 7, text_p95 },
    { "p99", GROUP_RUN, 7, 3, text_p99 },       { "p99.9", GROUP_RUN, 7, 8, text_p99_9 },
    { "max", GROUP_RUN, 7, 9, text_max },       { "req/s", GROUP_SECOND, 9, 0, text_rate },
    { "median", GROUP_SECOND, 8, 0, text_p50 }, { "p95", GROUP_SECOND, 7, 6, text_p95 },
    { "p99", GROUP_SECOND, 7, 2, text_p99 },
};

#define COLUMN_COUNT (sizeof columns / sizeof columns[0])
#define RANK_HIGHEST 9u
#define RANK_EXTRA   6u

/* Which columns fit beside a name, and how wide the name may be. */
struct layout {
    bool shown[COLUMN_COUNT];
    unsigned name_columns;
};

static unsigned columns_wide(const struct layout *t)
{
    unsigned wide = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (t->shown[i])
            wide += columns[i].width;
    return wide;
}

static unsigned group_wide(const struct layout *t, enum column_group group)
{
    unsigned wide = 0;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (t->shown[i] && columns[i].group == group)
            wide += columns[i].width;
    return wide;
}

static struct layout lay_out(unsigned room)
{
    struct layout t;
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        t.shown[i] = true;
    for (unsigned rank = RANK_HIGHEST; rank > 0; rank--) {
        const unsigned name = rank >= RANK_EXTRA ? NAME_COLUMNS_FAIR : NAME_COLUMNS_MIN;
        if (columns_wide(&t) + name <= room)
            break;
        for (size_t i = 0; i < COLUMN_COUNT; i++)
            if (columns[i].rank == rank)
                t.shown[i] = false;
    }
    const unsigned wide = columns_wide(&t);
    t.name_columns = room > wide + NAME_COLUMNS_MIN ? room - wide : NAME_COLUMNS_MIN;
    if (t.name_columns > NAME_COLUMNS_MAX)
        t.name_columns = NAME_COLUMNS_MAX;
    return t;
}

/* "  ── last second, ms ──", `wide` columns of it. */
static void put_bracket(struct line *l, const char *const both[2], unsigned wide)
{
    const unsigned end = l->used + wide;
    const char *words = both[0];
    if (strlen(words) + 4 > wide)
        words = both[1];
    if (strlen(words) + 4 <= wide) {
        const unsigned dashes = wide - 2 - (unsigned)strlen(words);
        line_pad(l, l->used + 2);
        for (unsigned i = 0; i < dashes / 2; i++)
            line_glyph(l, "─", '-');
        line_put(l, words);
        for (unsigned i = dashes / 2; i < dashes; i++)
            line_glyph(l, "─", '-');
    }
    line_pad(l, end);
}

static void put_brackets(struct frame *f, const struct layout *t)
{
    struct line *l = &f->line;
    line_tint(l, TINT_DIM);
    line_pad(l, t->name_columns);
    for (unsigned group = 0; group < GROUP_COUNT; group++)
        put_bracket(l, group == GROUP_RUN && f->view->was_reset ? reset_words : group_words[group],
                    group_wide(t, group));
    line_tint(l, TINT_NONE);
    frame_end_line(f);
}

static void put_headings(struct frame *f, const struct layout *t)
{
    struct line *l = &f->line;
    line_tint(l, TINT_DIM);
    line_pad(l, t->name_columns);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (t->shown[i])
            line_put_right(l, columns[i].heading, columns[i].width);
    line_tint(l, TINT_NONE);
    frame_end_line(f);
}

/* "GET /api/tweets/", its end marked where it had to be cut. */
static void put_name(struct line *l, const char *method, const char *name, unsigned to)
{
    line_put_cut(l, method, to - l->used);
    if (method[0] != '\0' && l->used < to)
        line_put(l, " ");
    line_put_marked(l, name, to - l->used);
}

static void put_row(struct frame *f, const struct layout *t, const struct summary_row *total,
                    const struct summary_row *second, enum line_tint tint)
{
    struct line *l = &f->line;
    line_tint(l, tint);
    put_name(l, total->method, total->name, t->name_columns - 1);
    line_pad(l, t->name_columns);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (!t->shown[i])
            continue;
        const struct summary_row *row = columns[i].group == GROUP_RUN ? total : second;
        const bool is_alarm = i == COLUMN_FAILED && total->failed > 0;
        if (is_alarm)
            line_tint(l, TINT_BAD);
        line_put_right(l, columns[i].text(row).text, columns[i].width);
        if (is_alarm) {
            line_tint(l, TINT_NONE);
            line_tint(l, tint);
        }
    }
    line_tint(l, TINT_NONE);
    frame_end_line(f);
}

void frame_put_table(struct frame *f, unsigned lines_max)
{
    const struct summary *total = f->view->total;
    const struct summary *second = f->view->second;
    if (total == NULL || second == NULL || lines_max < 2)
        return;
    const struct layout t = lay_out(f->line.columns);
    const unsigned stop = f->lines_left - lines_max;
    if (lines_max > 3)
        put_brackets(f, &t);
    put_headings(f, &t);
    if (total->row_count == 1) {
        put_row(f, &t, &total->rows[0], &second->rows[0], TINT_NONE);
        return;
    }
    /* Room for the sum, and for saying how many are not shown. */
    const unsigned room = f->lines_left - stop;
    uint32_t shown = total->row_count;
    if (shown + 1 > room)
        shown = room > 2 ? room - 2 : 0;
    for (uint32_t i = 0; i < shown; i++)
        put_row(f, &t, &total->rows[i], &second->rows[i], TINT_NONE);
    if (shown < total->row_count && f->lines_left - stop > 1) {
        line_tint(&f->line, TINT_DIM);
        line_format(&f->line, "and %u more", total->row_count - shown);
        line_tint(&f->line, TINT_NONE);
        frame_end_line(f);
    }
    put_row(f, &t, &total->total, &second->total, TINT_BOLD);
}

/* ---- failures ---- */

/* The most frequent of those that are rarer than `before`, or as frequent and later in the list. */
static const struct tally_failure *next_most(const struct tally *t,
                                             const struct tally_failure *before)
{
    const struct tally_failure *best = NULL;
    for (uint32_t i = 0; i < t->failure_count; i++) {
        const struct tally_failure *f = &t->failures[i];
        const bool is_after =
            before == NULL || f->count < before->count || (f->count == before->count && f > before);
        if (f->count > 0 && is_after && (best == NULL || f->count > best->count))
            best = f;
    }
    return best;
}

void frame_put_failures(struct frame *f, unsigned lines_max)
{
    const struct tally *t = f->view->failures;
    struct line *l = &f->line;
    const struct tally_failure *failure = NULL;
    for (; t != NULL && lines_max > 0 && (failure = next_most(t, failure)) != NULL; lines_max--) {
        const bool has_name = f->view->total != NULL && failure->endpoint < t->endpoint_count;
        const struct summary_row *row = has_name ? &f->view->total->rows[failure->endpoint] : NULL;
        line_tint(l, TINT_BAD);
        line_put_right(l, figure_count(failure->count).text, 8);
        line_tint(l, TINT_NONE);
        line_put(l, "  ");
        if (row != NULL) {
            put_name(l, row->method, row->name, l->used + NAME_COLUMNS_MAX / 2);
            line_put(l, "  ");
        }
        line_put_marked(
            l, failure->message[0] != '\0' ? failure->message : failure_name(failure->class),
            l->columns - l->used);
        frame_end_line(f);
    }
}
