/* request_text — text with slots on its way into a request's template, with the bytes it may take.
 * Private to engine/plan. */
#ifndef SQUALL_ENGINE_PLAN_REQUEST_TEXT_H
#define SQUALL_ENGINE_PLAN_REQUEST_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "http/span.h"
#include "http/template.h"

/* A request whose values are at their longest is still rendered up to this many bytes beyond its
 * fixed ones; the rare one that is longer fails when it is rendered (-ENOSPC). Without the cap a
 * scenario with many slots would cost every connection a buffer for values that never come. */
#define REQUEST_SLOT_BYTES_MAX (256u * 1024u)

struct text_part {
    struct span bytes; /* as they are, or as written: '${token}' */
    bool is_slot;
    uint32_t slot;
    uint32_t slot_bytes_max; /* of the raw value */
    bool is_constant;        /* a slot whose value is known: `constant` */
    struct slot_value constant;
};

struct text {
    const struct text_part *parts;
    uint32_t count;
};

/* Writes into a template being built and adds up. */
struct request_writer {
    struct template_builder *builder;
    uint64_t fixed_bytes, slot_bytes;
    uint64_t file_bytes; /* of the fixed ones, out of files */
    uint64_t slot_count;
};

void request_write_fixed(struct request_writer *w, struct span bytes);
/* A value that is known already is escaped for good, where it may stand there. */
void request_write_part(struct request_writer *w, const struct text_part *part, enum escape how);

/* Literals go as they are, slots are escaped. */
void request_write_text(struct request_writer *w, const struct text *text, enum escape how);

/* A path with its query: of literals only spaces and bytes beyond ASCII are percent-encoded. A slot
 * that it begins with is a target of its own, or a whole URL of `origin`. */
void request_write_target(struct request_writer *w, const struct text *text, struct span origin);

static inline bool text_begins_with_slot(const struct text *text)
{
    return text->count > 0 && text->parts[0].is_slot;
}

void request_write_optional_header(struct request_writer *w, struct span name, uint32_t slot,
                                   uint32_t slot_bytes_max);

/* Buffer that what was written fits in, Content-Length and the blank line included. */
uint64_t request_writer_bytes_max(const struct request_writer *w);

/* NULL when the literal may stand in a path or query, else what was expected. */
const char *target_literal_fault(struct span literal);

#endif
