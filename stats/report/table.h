/* table — rows and columns for a terminal of a given width, collected first and then laid out.
 *
 * No line is ever wider than the style's columns: first flexible columns give way, their texts cut
 * with an ellipsis, then droppable columns are left out, the highest `drop` first. Every text is
 * made harmless on its way in.
 */
#ifndef SQUALL_STATS_REPORT_TABLE_H
#define SQUALL_STATS_REPORT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "stats/report/report.h"
#include "stats/report/sink.h"
#include "stats/report/tone.h"

#define TABLE_COLUMNS_MAX 16

enum table_cut {
    TABLE_CUT_NEVER,  /* as wide as its widest cell */
    TABLE_CUT_MIDDLE, /* for paths: both ends tell something */
    TABLE_CUT_END     /* for sentences */
};

struct table_column {
    const char *title;
    bool is_left; /* aligned left */
    enum table_cut cut;
    unsigned narrow; /* a flexible column keeps at least this many columns, or its widest cell */
    unsigned drop;   /* 0 = never left out */
};

struct table_cell {
    size_t offset, len; /* in `texts` */
    size_t columns;
    enum tone tone;
};

struct table {
    const struct report_text_style *style;
    const struct table_column *columns;
    unsigned column_count;
    struct sink texts;
    struct table_cell *cells; /* row after row; the first row holds the titles */
    size_t cell_count, cell_capacity;
    size_t rule_row; /* a line is drawn above this row too; 0 = none */
    bool has_failed;
};

/* `columns` must outlive the table. */
void table_init(struct table *t, const struct report_text_style *style,
                const struct table_column *columns, unsigned column_count);
void table_close(struct table *t);

/* Cells come in reading order, one per column. */
void table_add(struct table *t, enum tone tone, const char *text);
void table_add_count(struct table *t, enum tone tone, uint64_t count);
void table_add_ms(struct table *t, enum tone tone, double us);

/* Draws a line between the rows so far and those that follow. */
void table_add_rule(struct table *t);

/* Every line ends in a newline and begins with a blank. */
void table_write(struct table *t, struct sink *out);

#endif
