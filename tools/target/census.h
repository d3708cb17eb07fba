/* census — what the server has seen, counted by itself: one per thread, written by its thread, read
 * by any.
 *
 * Requests for /stats are not among `requests`, nor their bytes among the bytes: asking does not
 * change the answer. A reset is a new epoch: each thread empties its own census when it sees that
 * the epoch has moved, and readers pass over those that have not yet.
 */
#ifndef SQUALL_TOOLS_TARGET_CENSUS_H
#define SQUALL_TOOLS_TARGET_CENSUS_H

#include <pthread.h>

#include "http/span.h"
#include "stats/cell.h"
#include "tools/target/outbox.h"

#define CENSUS_ROWS_MAX 512u
#define CENSUS_INDEX    1024u
#define CENSUS_KEY_MAX  119u

struct census_row {
    cell count;
    uint8_t key_len;
    char key[CENSUS_KEY_MAX]; /* "GET /api/tweets/[id]/" */
};

struct census {
    cell requests, stats_requests, bad_requests;
    cell accepted, open;
    cell bytes_in, bytes_out;
    cell other; /* requests without a row, the table being full or the path too long */
    _Atomic uint64_t epoch;
    pthread_mutex_t lock; /* of the rows' keys and their number: a new row against a reader */
    uint32_t row_count;
    uint16_t index[CENSUS_INDEX]; /* row number + 1, 0 = empty; open addressing */
    struct census_row rows[CENSUS_ROWS_MAX];
};

void census_init(struct census *c);

/* The cell that counts "METHOD path"; never NULL. Good until the epoch changes. */
cell *census_row(struct census *c, const char *method, struct span path);

/* Empties it, all but the gauge `open`, and takes up the new epoch. Owner thread. */
void census_begin_epoch(struct census *c, uint64_t epoch);

/* Writes the sum of `count` censuses of this epoch as a JSON object. Any thread. */
void census_write(struct census *const *censuses, uint32_t count, uint64_t epoch,
                  struct outbox *out);

#endif
