/* feed — a table from a file that users take rows of: CSV with a header row (RFC 4180, LF or CRLF),
 * or JSON lines (one object a line). Read whole at load, immutable afterwards, shared by all cores.
 *
 * Which row is next is not known here: feed_row() says it of a number that the caller counts.
 */
#ifndef SQUALL_ENGINE_PLAN_FEED_H
#define SQUALL_ENGINE_PLAN_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/plan/prng.h"
#include "http/span.h"

struct arena;
struct diag_list;

#define FEED_FILE_BYTES_MAX (256u * 1024u * 1024u)
#define FEED_COLUMNS_MAX    256u
#define FEED_FIELD_MAX      4096u /* bytes; what a variable holds */

enum feed_order { FEED_SEQUENTIAL, FEED_SHUFFLED, FEED_RANDOM };

/* One field of a row. */
struct feed_field {
    const char *bytes;
    uint32_t len;
    bool is_json; /* it was a number, true, false, null, array or object in JSON */
};

struct feed {
    const char *name; /* as the scenario calls it */
    enum feed_order order;
    bool stops; /* at its end; else it begins again */
    const struct span *columns;
    uint32_t column_count, row_count;
    const struct feed_field *fields; /* row * column_count + column */
    const uint32_t *shuffle;         /* FEED_SHUFFLED: the order of the rows */
};

/* Reads `path` into the arena; the ending of its name says which form it has (.csv, .jsonl,
 * .ndjson). A mistake (no rows, ragged rows, an unclosed quote, a column twice, fields or files
 * that are too long, no regular file) is one sentence in ret_fault: "'people.csv': line 3: expected
 * 2 fields as in the header, found 3". 0, -EINVAL or -ENOMEM.
 *
 * Empty lines are skipped: in CSV an empty text in the only column is written "". Of JSON lines
 * each has the keys of the first; strings become what they say, all else stays as it is written. */
int feed_read(struct feed *ret_feed, struct arena *a, const char *path, enum feed_order order,
              uint64_t seed, char *ret_fault, size_t fault_size);

/* The same from bytes, which must live as long as the arena; faults begin with "line 3: ". */
int feed_read_csv(struct feed *ret_feed, struct arena *a, struct span text, char *ret_fault,
                  size_t fault_size);
int feed_read_json_lines(struct feed *ret_feed, struct arena *a, struct span text, char *ret_fault,
                         size_t fault_size);

/* The column of that name, UINT32_MAX = none. */
uint32_t feed_column(const struct feed *f, struct span name);

/* The row that is taken as the `taken`-th by core `core` of `cores`: core c takes c, c + cores, ..
 * of the order, so no row is taken twice before all were. FEED_RANDOM draws from `p`. False when
 * the feed is used up (`stops`). */
bool feed_row(const struct feed *f, uint64_t taken, uint32_t core, uint32_t cores, struct prng *p,
              uint32_t *ret_row);

static inline const struct feed_field *feed_field(const struct feed *f, uint32_t row,
                                                  uint32_t column)
{
    return &f->fields[(uint64_t)row * f->column_count + column];
}

#endif
