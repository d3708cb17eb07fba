/* template — a request compiled once: fixed bytes and slots, rendered into a caller's buffer at
 * full speed.
 *
 * A template is immutable and shared by all cores. Slots are numbers whose meaning the caller
 * knows; rendering asks a function for each slot's raw value and escapes it for the place where it
 * lands. A value that could change the meaning of a request line or header is refused, never sent.
 * No allocation in rendering.
 */
#ifndef SQUALL_HTTP_TEMPLATE_H
#define SQUALL_HTTP_TEMPLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/span.h"

/* Where a value lands and so how it is escaped. */
enum escape {
    ESCAPE_NONE,  /* bytes as they are: raw bodies. In the head, a whole target or part of one:
                     refused (-EILSEQ) when  not target_is_valid() */
    ESCAPE_PATH,  /* percent-encoded: all but unreserved and sub-delims ':' '@'; '/' is encoded too
                   */
    ESCAPE_QUERY, /* percent-encoded: all but unreserved */
    ESCAPE_FORM,  /* application/x-www-form-urlencoded: as query, space becomes '+' */
    ESCAPE_JSON,  /* inside a JSON string: json_escape(); bytes that are no UTF-8 are refused
                     (-EILSEQ) */
    ESCAPE_JSON_VALUE, /* a whole JSON value: as it stands when the slot says that it is JSON, else
                          as a JSON string with its quotes */
    ESCAPE_HEADER      /* refused (-EILSEQ) when not header_value_is_valid() */
};

enum piece_kind {
    PIECE_FIXED,          /* bytes[offset, offset + len) */
    PIECE_SLOT,           /* value of `slot`, escaped */
    PIECE_TARGET,         /* value of `slot` as it stands: the beginning of a target, or of a whole
                             URL that bytes[offset, +len) (= "http://host:port") begins, which is
                             left out. Refused (-EILSEQ) when it is neither */
    PIECE_OPTIONAL_HEADER /* if `slot` has a value: bytes[offset, +len) (= "Name: "), value as
                             ESCAPE_HEADER, CRLF */
};

struct piece {
    enum piece_kind kind;
    enum escape escape;
    uint32_t slot;
    uint32_t offset, len;
};

/* head = request line and headers without the blank line; body may be empty. When has_body, a
 * Content-Length header is written between them with the rendered body's length. */
struct template
{
    const char *bytes;
    const struct piece *head;
    const struct piece *body;
    uint32_t head_count, body_count;
    bool has_body;
    struct span whole; /* the finished request when there are no slots; else len 0 */
};

static inline bool template_is_fixed(const struct template *t)
{
    return t->whole.len != 0;
}

/* What a slot holds now. */
struct slot_value {
    struct span text;
    bool is_json; /* `text` is a JSON value as it stands: 12, true, null, [1], but no string */
};

/* The raw value of `slot`, valid until the next call. 0; -ENODATA when there is none now (an
 * optional header is left out, anything else fails the request); another -errno is passed on. */
typedef int template_value_fn(void *context, uint32_t slot, struct slot_value *ret_value);

/* Renders into out[0..cap). 0, -ENODATA, -EILSEQ (a value that may not stand there), -ENOSPC
 * (longer than cap), or what `value` returned. On failure *ret_bad_slot names the slot. */
int template_render(const struct template *t, template_value_fn *value, void *context, char *out,
                    size_t cap, size_t *ret_len, uint32_t *ret_bad_slot);

/* Renders the head pieces of a template that is no request but a text alone: no line end is added,
 * and ESCAPE_NONE lets any byte through. As template_render(). */
int template_render_text(const struct template *t, template_value_fn *value, void *context,
                         char *out, size_t cap, size_t *ret_len, uint32_t *ret_bad_slot);

/* Escapes one text, which is no JSON as it stands, into out[0..cap): bytes written, or -EILSEQ,
 * -ENOSPC. */
int template_escape(enum escape how, struct span value, char *out, size_t cap);

/* Building, at load time only; may allocate (malloc) until template_builder_finish hands everything
 * to the caller. */
struct template_builder;
int template_builder_open(struct template_builder **ret_builder);
void template_builder_close(struct template_builder *b);

/* Append to the head (before template_builder_begin_body) or the body. Errors are kept and returned
 * by _finish: -ENOMEM, or -EINVAL for a slot in the request line whose escape lets spaces through
 * and for an optional header that is in no place or has no name for one. Header lines end with CR
 * LF; that of the last one is added when it is missing. */
void template_builder_fixed(struct template_builder *b, struct span bytes);
void template_builder_slot(struct template_builder *b, uint32_t slot, enum escape how);
void template_builder_target(struct template_builder *b, uint32_t slot, struct span origin);
void template_builder_optional_header(struct template_builder *b, struct span name, uint32_t slot);
void template_builder_begin_body(struct template_builder *b);

/* Allocates through `alloc` (an arena) everything that *ret_template points to. 0 or an error, see
 * above. */
typedef void *template_alloc_fn(void *context, size_t size);
int template_builder_finish(struct template_builder *b, struct template *ret_template,
                            template_alloc_fn *alloc, void *context);

#endif
