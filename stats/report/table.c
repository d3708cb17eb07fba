#include "stats/report/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/figure.h"
#include "stats/report/glyph.h"

#define CELLS_FIRST 64u
#define MARGIN      1u /* before the first column */
#define GAP         1u /* between columns */

struct layout {
    size_t width[TABLE_COLUMNS_MAX];
    bool is_dropped[TABLE_COLUMNS_MAX];
    size_t total;
};

void table_init(struct table *t, const struct report_text_style *style,
                const struct table_column *columns, unsigned column_count)
{
    assert(column_count <= TABLE_COLUMNS_MAX);
    *t = (struct table){ .style = style, .columns = columns, .column_count = column_count };
    sink_init(&t->texts);
    for (unsigned c = 0; c < column_count; c++)
        table_add(t, TONE_STRONG, columns[c].title);
}

void table_close(struct table *t)
{
    sink_close(&t->texts);
    free(t->cells);
    t->cells = NULL;
}

static struct table_cell *table_grow(struct table *t)
{
    if (t->cell_count == t->cell_capacity) {
        const size_t capacity = t->cell_capacity == 0 ? CELLS_FIRST : 2u * t->cell_capacity;
        struct table_cell *cells = realloc(t->cells, capacity * sizeof(*cells));
        if (cells == NULL) {
            t->has_failed = true;
            return NULL;
        }
        t->cells = cells;
        t->cell_capacity = capacity;
    }
    return &t->cells[t->cell_count++];
}

void table_add(struct table *t, enum tone tone, const char *text)
{
    const size_t offset = t->texts.len;

    glyph_write_visible(&t->texts, text, t->style->unicode);
    if (t->texts.has_failed)
        t->has_failed = true;
    struct table_cell *item = t->has_failed ? NULL : table_grow(t);
    if (item == NULL)
        return;
    const size_t len = t->texts.len - offset;
    const size_t columns = len == 0 ? 0 : glyph_columns(t->texts.bytes + offset, len);
    *item = (struct table_cell){ .offset = offset, .len = len, .columns = columns, .tone = tone };
}

void table_add_count(struct table *t, enum tone tone, uint64_t count)
{
    table_add(t, tone, figure_count(count).text);
}

void table_add_ms(struct table *t, enum tone tone, double us)
{
    table_add(t, tone, figure_ms(us).text);
}

void table_add_rule(struct table *t)
{
    t->rule_row = t->cell_count / t->column_count;
}

/* Widths when every column is as wide as its widest cell. */
static void measure_natural(const struct table *t, size_t natural[])
{
    for (unsigned c = 0; c < t->column_count; c++)
        natural[c] = 0;
    for (size_t i = 0; i < t->cell_count; i++) {
        size_t *width = &natural[i % t->column_count];
        if (t->cells[i].columns > *width)
            *width = t->cells[i].columns;
    }
}

static size_t sum_widths(const struct table *t, const struct layout *l)
{
    size_t total = MARGIN;
    bool is_first = true;

    for (unsigned c = 0; c < t->column_count; c++) {
        if (l->is_dropped[c])
            continue;
        total += l->width[c] + (is_first ? 0 : GAP);
        is_first = false;
    }
    return total;
}

/* Leaves out the column that matters least. False when none is left that may go. */
static bool drop_one(const struct table *t, struct layout *l)
{
    unsigned victim = t->column_count;

    for (unsigned c = 0; c < t->column_count; c++) {
        const unsigned drop = l->is_dropped[c] ? 0 : t->columns[c].drop;
        if (drop > 0 && (victim == t->column_count || drop > t->columns[victim].drop))
            victim = c;
    }
    if (victim == t->column_count)
        return false;
    l->is_dropped[victim] = true;
    return true;
}

/* Gives the columns still free to flexible ones, one at a time to the one that lacks most. */
static void spread_rest(const struct table *t, struct layout *l, const size_t natural[])
{
    for (size_t total = sum_widths(t, l); total < t->style->columns; total++) {
        unsigned poorest = t->column_count;
        size_t lack_max = 0;
        for (unsigned c = 0; c < t->column_count; c++) {
            if (l->is_dropped[c] || natural[c] - l->width[c] <= lack_max)
                continue;
            lack_max = natural[c] - l->width[c];
            poorest = c;
        }
        if (poorest == t->column_count)
            return;
        l->width[poorest]++;
    }
}

/* When nothing may be dropped any more, flexible columns give up even their least width. */
static void squeeze(const struct table *t, struct layout *l)
{
    for (size_t total = sum_widths(t, l); total > t->style->columns; total--) {
        unsigned widest = t->column_count;
        for (unsigned c = 0; c < t->column_count; c++) {
            if (l->is_dropped[c] || t->columns[c].cut == TABLE_CUT_NEVER || l->width[c] <= 1)
                continue;
            if (widest == t->column_count || l->width[c] > l->width[widest])
                widest = c;
        }
        if (widest == t->column_count)
            return;
        l->width[widest]--;
    }
}

static struct layout lay_out(const struct table *t)
{
    struct layout l = { 0 };
    size_t natural[TABLE_COLUMNS_MAX];

    measure_natural(t, natural);
    for (unsigned c = 0; c < t->column_count; c++) {
        const bool is_flexible = t->columns[c].cut != TABLE_CUT_NEVER;
        const size_t narrow = t->columns[c].narrow;
        l.width[c] = is_flexible && narrow < natural[c] ? narrow : natural[c];
    }
    while (sum_widths(t, &l) > t->style->columns && drop_one(t, &l))
        ;
    squeeze(t, &l);
    spread_rest(t, &l, natural);
    l.total = sum_widths(t, &l);
    return l;
}

/* Writes at most `width` columns of the cell; returns how many. */
static size_t write_cut(const struct table *t, struct sink *out, const struct table_cell *item,
                        enum table_cut cut, size_t width)
{
    const char *text = t->texts.bytes + item->offset;
    const char *ellipsis = t->style->unicode ? "…" : width > 6 ? "..." : ".";
    const size_t ellipsis_columns = t->style->unicode ? 1 : strlen(ellipsis);

    if (item->columns <= width) {
        sink_bytes(out, text, item->len);
        return item->columns;
    }
    const size_t kept = width - ellipsis_columns;
    const size_t end_columns = cut == TABLE_CUT_MIDDLE ? kept / 2u : 0;
    const size_t start = glyph_fit_start(text, item->len, kept - end_columns);
    const size_t end = glyph_fit_end(text, item->len, end_columns);
    sink_bytes(out, text, start);
    sink_text(out, ellipsis);
    sink_bytes(out, text + item->len - end, end);
    return glyph_columns(text, start) + ellipsis_columns +
           glyph_columns(text + item->len - end, end);
}

static void write_cell(const struct table *t, struct sink *out, const struct table_cell *item,
                       const struct table_column *column, size_t width, bool is_last)
{
    const bool color = t->style->color;
    const size_t shown = item->columns < width ? item->columns : width;

    if (!column->is_left)
        sink_repeat(out, " ", width - shown);
    const size_t start = out->len;
    tone_begin(out, item->tone, color);
    const size_t written = write_cut(t, out, item, column->cut, width);
    tone_end(out, item->tone, color);
    if (item->len == 0 && !out->has_failed)
        out->len = start; /* no color around nothing */
    if (column->is_left ? !is_last : written < shown)
        sink_repeat(out, " ", column->is_left ? width - written : shown - written);
}

static void write_rule(const struct table *t, struct sink *out, const struct layout *l)
{
    sink_text(out, " ");
    tone_begin(out, TONE_DIM, t->style->color);
    sink_repeat(out, t->style->unicode ? "─" : "-", l->total - MARGIN);
    tone_end(out, TONE_DIM, t->style->color);
    sink_text(out, "\n");
}

static void write_row(const struct table *t, struct sink *out, const struct layout *l,
                      const struct table_cell *cells)
{
    unsigned last = t->column_count - 1u;

    while (last > 0 && (l->is_dropped[last] || cells[last].len == 0))
        last--;
    for (unsigned c = 0; c <= last; c++) {
        if (l->is_dropped[c])
            continue;
        sink_text(out, " ");
        write_cell(t, out, &cells[c], &t->columns[c], l->width[c], c == last);
    }
    sink_text(out, "\n");
}

void table_write(struct table *t, struct sink *out)
{
    if (t->has_failed) {
        out->has_failed = true;
        return;
    }
    assert(t->cell_count % t->column_count == 0);
    const struct layout l = lay_out(t);
    const size_t rows = t->cell_count / t->column_count;
    for (size_t r = 0; r < rows; r++) {
        if (r == 1 || (r > 1 && r == t->rule_row))
            write_rule(t, out, &l);
        write_row(t, out, &l, &t->cells[r * t->column_count]);
    }
}
