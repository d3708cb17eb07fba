#include "http/template.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "http/header.h"

struct list {
    struct piece *pieces;
    uint32_t count, cap;
};

struct template_builder {
    char *bytes;
    size_t len, cap;
    struct list head, body;
    bool has_body;
    bool is_past_request_line;
    bool has_slot;
    int error; /* the first one */
};

int template_builder_open(struct template_builder **ret_builder)
{
    struct template_builder *b = calloc(1, sizeof(*b));
    if (!b)
        return -ENOMEM;
    *ret_builder = b;
    return 0;
}

void template_builder_close(struct template_builder *b)
{
    if (!b)
        return;
    free(b->bytes);
    free(b->head.pieces);
    free(b->body.pieces);
    free(b);
}

static void builder_keep_error(struct template_builder *b, int error)
{
    if (b->error == 0)
        b->error = error;
}

static bool builder_add_bytes(struct template_builder *b, struct span s)
{
    if (s.len > UINT32_MAX - b->len) {
        builder_keep_error(b, -ENOMEM); /* offsets have 32 bits */
        return false;
    }
    if (s.len > b->cap - b->len) {
        const size_t cap = 2 * (b->len + s.len);
        char *bytes = realloc(b->bytes, cap);
        if (!bytes) {
            builder_keep_error(b, -ENOMEM);
            return false;
        }
        b->bytes = bytes;
        b->cap = cap;
    }
    if (s.len > 0)
        memcpy(b->bytes + b->len, s.bytes, s.len);
    b->len += s.len;
    return true;
}

static struct list *builder_list(struct template_builder *b)
{
    return b->has_body ? &b->body : &b->head;
}

static void builder_add_piece(struct template_builder *b, struct piece piece)
{
    struct list *l = builder_list(b);
    if (l->count == l->cap) {
        const uint32_t cap = l->cap ? 2 * l->cap : 8;
        struct piece *pieces = reallocarray(l->pieces, cap, sizeof(*pieces));
        if (!pieces) {
            builder_keep_error(b, -ENOMEM);
            return;
        }
        l->pieces = pieces;
        l->cap = cap;
    }
    l->pieces[l->count++] = piece;
}

static struct piece *builder_last(struct template_builder *b)
{
    struct list *l = builder_list(b);
    return l->count > 0 ? &l->pieces[l->count - 1] : NULL;
}

void template_builder_fixed(struct template_builder *b, struct span bytes)
{
    struct piece *last = builder_last(b);
    const size_t offset = b->len;

    if (bytes.len == 0 || !builder_add_bytes(b, bytes))
        return;
    if (!b->has_body && memchr(bytes.bytes, '\n', bytes.len))
        b->is_past_request_line = true;
    if (last && last->kind == PIECE_FIXED)
        last->len += (uint32_t)bytes.len;
    else
        builder_add_piece(b, (struct piece){ .kind = PIECE_FIXED,
                                             .offset = (uint32_t)offset,
                                             .len = (uint32_t)bytes.len });
}

/* In a request line a space ends the target: only escapes that leave none may stand there. */
static bool escape_fits_request_line(enum escape how)
{
    return how == ESCAPE_NONE || how == ESCAPE_PATH || how == ESCAPE_QUERY || how == ESCAPE_FORM;
}

void template_builder_slot(struct template_builder *b, uint32_t slot, enum escape how)
{
    b->has_slot = true;
    if (!b->has_body && !b->is_past_request_line && !escape_fits_request_line(how))
        builder_keep_error(b, -EINVAL);
    builder_add_piece(b, (struct piece){ .kind = PIECE_SLOT, .escape = how, .slot = slot });
}

void template_builder_target(struct template_builder *b, uint32_t slot, struct span origin)
{
    const size_t offset = b->len;
    b->has_slot = true;
    if (b->has_body || b->is_past_request_line)
        builder_keep_error(b, -EINVAL);
    if (builder_add_bytes(b, origin))
        builder_add_piece(b, (struct piece){ .kind = PIECE_TARGET,
                                             .escape = ESCAPE_NONE,
                                             .slot = slot,
                                             .offset = (uint32_t)offset,
                                             .len = (uint32_t)origin.len });
}

void template_builder_optional_header(struct template_builder *b, struct span name, uint32_t slot)
{
    const size_t offset = b->len;

    b->has_slot = true;
    if (b->has_body || !b->is_past_request_line || !header_name_is_valid(name)) {
        builder_keep_error(b, -EINVAL);
        return;
    }
    if (!builder_add_bytes(b, name) || !builder_add_bytes(b, SPAN_LITERAL(": ")))
        return;
    builder_add_piece(b, (struct piece){ .kind = PIECE_OPTIONAL_HEADER,
                                         .escape = ESCAPE_HEADER,
                                         .slot = slot,
                                         .offset = (uint32_t)offset,
                                         .len = (uint32_t)name.len + 2 });
}

/* The last header's line end may have been left to us. */
static void builder_end_head(struct template_builder *b)
{
    const struct piece *last = builder_last(b);
    const bool is_ended =
        last && (last->kind == PIECE_OPTIONAL_HEADER ||
                 (last->kind == PIECE_FIXED && last->len >= 2 &&
                  memcmp(b->bytes + last->offset + last->len - 2, "\r\n", 2) == 0));
    if (!is_ended)
        template_builder_fixed(b, SPAN_LITERAL("\r\n"));
}

void template_builder_begin_body(struct template_builder *b)
{
    assert(!b->has_body);
    builder_end_head(b);
    b->has_body = true;
}

static int no_value(void *context, uint32_t slot, struct slot_value *ret_value)
{
    (void)context;
    (void)slot;
    (void)ret_value;
    return -ENODATA;
}

/* Renders the request for good: as long as its parts, the length header with 20 digits and two line
 * ends at most. */
static int builder_finish_whole(struct template *t, size_t bytes_len, template_alloc_fn *alloc,
                                void *context)
{
    const size_t cap = bytes_len + sizeof("Content-Length: ") + 20 + 4;
    char *whole = alloc(context, cap);
    size_t len;

    if (!whole)
        return -ENOMEM;
    const int rc = template_render(t, no_value, NULL, whole, cap, &len, NULL);
    if (rc < 0)
        return rc;
    t->whole = (struct span){ whole, len };
    return 0;
}

static const void *copy_out(const void *from, size_t size, template_alloc_fn *alloc, void *context)
{
    void *to = alloc(context, size ? size : 1);
    if (to && size > 0)
        memcpy(to, from, size);
    return to;
}

int template_builder_finish(struct template_builder *b, struct template *ret_template,
                            template_alloc_fn *alloc, void *context)
{
    if (!b->has_body)
        builder_end_head(b);
    if (b->error < 0)
        return b->error;
    struct template t = {
        .bytes = copy_out(b->bytes, b->len, alloc, context),
        .head = copy_out(b->head.pieces, b->head.count * sizeof(struct piece), alloc, context),
        .body = copy_out(b->body.pieces, b->body.count * sizeof(struct piece), alloc, context),
        .head_count = b->head.count,
        .body_count = b->body.count,
        .has_body = b->has_body,
    };
    if (!t.bytes || !t.head || !t.body)
        return -ENOMEM;
    if (!b->has_slot) {
        const int rc = builder_finish_whole(&t, b->len, alloc, context);
        if (rc < 0)
            return rc;
    }
    *ret_template = t;
    return 0;
}
