/* feed_table — a feed while its text is read: the columns first, then row by row. Private to the
 * readers of feeds.
 *
 * A function that returns false has set `error`, and `fault` where that is -EINVAL: the reading is
 * over.
 */
#ifndef SQUALL_ENGINE_PLAN_FEED_TABLE_H
#define SQUALL_ENGINE_PLAN_FEED_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/plan/arena.h"
#include "engine/plan/feed.h"

struct feed_table {
    struct arena *arena;
    struct span text; /* to be read, without a byte order mark */
    uint32_t line;    /* being read, from 1; faults name it unless it is 0 */
    struct span *columns;
    uint32_t column_count;
    struct feed_field *row; /* being filled, all of its bytes NULL at first */
    uint32_t row_count;
    const struct feed_field *fields;
    char *fault;
    size_t fault_size;
    int error;
};

/* Borrows everything for as long as the arena lives. */
bool feed_table_open(struct feed_table *t, struct arena *a, struct span text, char *ret_fault,
                     size_t fault_size);

/* Ends the reading with "line 3: …". Always false. */
bool feed_table_refuse(struct feed_table *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Only before the first row is ended. */
bool feed_table_add_column(struct feed_table *t, struct span name);

/* Fills one of the row's fields. */
bool feed_table_set(struct feed_table *t, uint32_t column, struct span field, bool is_json);

/* The row is full; the next begins. */
void feed_table_end_row(struct feed_table *t);

/* 0 with the columns and rows of *ret_feed, or `error`; no rows are -EINVAL. */
int feed_table_close(struct feed_table *t, struct feed *ret_feed);

#endif
