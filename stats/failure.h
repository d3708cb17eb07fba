/* failure — why requests failed: the classes, and a bounded table of distinct failures of one core.
 *
 * One owner notes, anyone reads. The table never grows: past FAILURES_MAX distinct entries, notes
 * are counted in `overflow` (and still in the endpoint's `failed`), so no count is ever lost.
 */
#ifndef SQUALL_STATS_FAILURE_H
#define SQUALL_STATS_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include "stats/cell.h"

enum failure_class {
    FAILURE_NONE = 0,
#define FAILURE(id, name, sentence) FAILURE_##id,
#include "stats/failure.def"
#undef FAILURE
    FAILURE_CLASS_COUNT
};

#define FAILURES_MAX        256
#define FAILURE_MESSAGE_MAX 160 /* bytes, NUL included; a longer message is cut, "..." at its end  \
                                 */
#define FAILURE_TEXT_MAX 256 /* for who writes one: the cut is seen, and a character not halved */

const char *failure_name(enum failure_class c);     /* "timeout_total" */
const char *failure_sentence(enum failure_class c); /* "no complete response in time" */

struct failure {
    uint32_t endpoint;
    enum failure_class class;
    char message[FAILURE_MESSAGE_MAX];
    cell count; /* 0 = slot free; becoming non-zero publishes the rest (release) */
};

struct failure_table {
    struct failure entries[FAILURES_MAX];
    cell overflow;
};

/* Owner thread only. `message` NULL or "" means the class's own sentence. */
void failure_note(struct failure_table *t, uint32_t endpoint, enum failure_class c,
                  const char *message);

#endif
