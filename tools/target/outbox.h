/* outbox — bytes gathered to be sent, in memory of its own that grows. Slow paths may allocate
 * here; an outbox that has reached its working size does not. When memory is refused, `is_short` is
 * set and what follows is dropped: who sends looks at it once, at the end.
 */
#ifndef SQUALL_TOOLS_TARGET_OUTBOX_H
#define SQUALL_TOOLS_TARGET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "http/span.h"

struct outbox {
    char *bytes;
    size_t len, cap;
    bool is_short;
};

/* Makes room for `more` bytes after the last; where they go, or NULL. */
char *outbox_reserve(struct outbox *o, size_t more);

void outbox_add(struct outbox *o, struct span bytes);
void outbox_add_text(struct outbox *o, const char *text);
void outbox_add_number(struct outbox *o, uint64_t number);
/* As a JSON string, quotes included. Bytes that are not UTF-8 are written as the character of the
 * same number. */
void outbox_add_json(struct outbox *o, struct span text);

/* Empties it; memory beyond `keep` bytes is given back. */
void outbox_clear(struct outbox *o, size_t keep);
void outbox_close(struct outbox *o);

static inline struct span outbox_span(const struct outbox *o)
{
    return (struct span){ o->bytes, o->len };
}

#endif
