#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "engine/plan/arena.h"
#include "engine/plan/plan_make.h"
#include "engine/plan/scenario_build.h"
#include "http/header.h"

static void check_target(struct build *b, const struct node *path, const struct text *target)
{
    for (uint32_t i = 0; i < target->count; i++) {
        const char *fault =
            target->parts[i].is_slot ? NULL : target_literal_fault(target->parts[i].bytes);
        if (fault == NULL)
            continue;
        diag_add(b->s->diags, path->place, "expected %s after %s, found %s", fault,
                 diag_quote(path->key->text).text, node_found(path).text);
        return;
    }
}

/* The text of a header, NULL when it is left out. */
static struct text header_value(struct build *b, const struct node *header)
{
    const struct text value = scenario_text_compile(b, header);
    for (uint32_t i = 0; i < value.count; i++) {
        if (value.parts[i].is_slot || header_value_is_valid(value.parts[i].bytes))
            continue;
        diag_add(b->s->diags, header->place,
                 "expected a header value without control characters after %s, found %s",
                 diag_quote(header->key->text).text, node_found(header).text);
        break;
    }
    return value;
}

const struct text *scenario_header_values(struct build *b, const struct node *mapping)
{
    if (mapping == NULL || mapping->count == 0)
        return NULL;
    struct text *values = scenario_alloc(b->s, mapping->count * sizeof(*values));
    if (values == NULL) {
        b->error = -ENOMEM;
        return NULL;
    }
    uint32_t i = 0;
    for (const struct node *header = mapping->first; header != NULL; header = header->next, i++) {
        if (header->kind == NODE_SCALAR)
            values[i] = header_value(b, header);
    }
    return values;
}

static void set_headers(struct request_head *h, const struct node *mapping,
                        const struct text *values, enum header_rank rank)
{
    uint32_t i = 0;
    if (mapping == NULL || values == NULL)
        return;
    for (const struct node *header = mapping->first; header != NULL; header = header->next, i++)
        request_head_set(h, header->key->text, node_is_null(header) ? NULL : &values[i], rank);
}

/* A session header takes the place of a default of its name, and gives way to what a request or the
 * command line says. */
static void write_session_headers(struct build *b, struct request_head *h, struct request_writer *w)
{
    const struct scenario_kind *k = b->kind;
    for (uint32_t i = 0; i < k->session_header_count; i++) {
        const struct span name = k->session_headers[i].key->text;
        if (request_head_find(h, name) != NULL || !header_name_is_valid(name))
            continue;
        const uint32_t slot = b->variable_slots[k->session_headers[i].variable];
        request_write_optional_header(w, name, slot, PLAN_VARIABLE_BYTES_MAX);
    }
}

static void drop_session_defaults(const struct scenario_kind *k, struct request_head *h)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const bool is_session = h->headers[i].rank == HEADER_DEFAULT &&
                                scenario_session_variable(k, h->headers[i].name) != PLAN_NONE;
        if (!is_session)
            h->headers[kept++] = h->headers[i];
    }
    h->count = kept;
}

static void write_request(struct build *b, struct request_writer *w,
                          const struct scenario_request *r, const char *method)
{
    const struct text target = scenario_text_compile(b, r->path);
    const bool is_asterisk = span_equal(r->path->text, SPAN_LITERAL("*")); /* of the whole server */
    struct request_head head = { .method = method,
                                 .prefix = is_asterisk ? SPAN_LITERAL("") : b->prefix,
                                 .target = &target };
    const char *type = scenario_body_type(r->body_kind);
    const struct text_part type_part = { .bytes = span_of(type == NULL ? "" : type) };
    const struct text type_text = { &type_part, 1 };
    const struct text *own = scenario_header_values(b, r->headers);

    check_target(b, r->path, &target);
    request_head_set_defaults(&head, &b->host_header, b->over->requests_per_connection == 1);
    if (type != NULL)
        request_head_set(&head, SPAN_LITERAL("Content-Type"), &type_text, HEADER_DEFAULT);
    set_headers(&head, b->s->headers, b->shared, HEADER_SHARED);
    set_headers(&head, r->headers, own, HEADER_REQUEST);
    for (uint32_t i = 0; i < b->extra_count; i++)
        request_head_set(&head, b->extra_names[i], b->extra[i].count == 0 ? NULL : &b->extra[i],
                         HEADER_COMMAND_LINE);
    drop_session_defaults(b->kind, &head);
    request_head_write(&head, w);
    write_session_headers(b, &head, w);
    if (r->body_kind != BODY_NONE || method_expects_body(method))
        template_builder_begin_body(w->builder);
    scenario_body_write(b, w, r);
}

static const char *upper_method(struct build *b, struct span name)
{
    char *method = arena_copy(b->arena, name);
    if (method == NULL) {
        b->error = -ENOMEM;
        return "";
    }
    for (char *c = method; *c != '\0'; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - ('a' - 'A') : *c);
    return method;
}

/* The row that a request is counted under; requests of one method and name share it. */
static uint32_t endpoint_of(struct build *b, const struct scenario_request *r, const char *method)
{
    const struct node *named = r->name != NULL ? r->name : r->path;
    for (uint32_t i = 0; i < b->endpoint_count; i++) {
        if (strcmp(b->endpoints[i].method, method) == 0 &&
            span_equal(span_of(b->endpoints[i].name), named->text))
            return i;
    }
    if (b->endpoint_count == SCENARIO_ROWS_MAX) {
        diag_add(b->s->diags, named->place,
                 "expected at most %u different rows, found more: give requests a common 'name'",
                 SCENARIO_ROWS_MAX);
        b->error = -E2BIG;
        return 0;
    }
    b->endpoints[b->endpoint_count] =
        (struct endpoint_name){ .method = method, .name = scenario_plan_copy(b, named->text) };
    return b->endpoint_count++;
}

static void build_captures(struct build *b, const struct scenario_request *r,
                           struct plan_request *request)
{
    if (r->capture_count == 0)
        return;
    struct capture *captures = scenario_plan_alloc(b, r->capture_count * sizeof(*captures));
    if (captures == NULL)
        return;
    for (uint32_t i = 0; i < r->capture_count; i++) {
        const struct scenario_capture *from = &r->captures[i];
        const char *what = scenario_plan_copy(b, from->what);
        captures[i] = (struct capture){ .kind = from->kind,
                                        .what = { what, from->what.len },
                                        .variable = from->variable };
        request->wants_body = request->wants_body || from->kind == CAPTURE_JSON;
        request->wants_headers = request->wants_headers || from->kind == CAPTURE_HEADER;
    }
    request->captures = captures;
    request->capture_count = r->capture_count;
}

static void *alloc_of_arena(void *context, size_t size)
{
    return arena_alloc(context, size);
}

/* Closes the builder. With mistakes around, what is in it may be no request, and is thrown away. */
static void finish_template(struct build *b, struct request_writer *w,
                            struct template *ret_template)
{
    b->template_bytes += w->fixed_bytes + 32 * w->slot_count;
    const uint64_t bytes_max = request_writer_bytes_max(w);
    if (bytes_max > b->request_bytes_max)
        b->request_bytes_max = bytes_max;
    if (b->error == 0 && b->s->diags->count == 0)
        b->error = template_builder_finish(w->builder, ret_template, alloc_of_arena, b->arena);
    template_builder_close(w->builder);
}

uint32_t scenario_request_build(struct build *b, const struct scenario_request *r)
{
    struct request_writer w = { 0 };
    if (r->method == NULL || r->path == NULL)
        return 0;
    b->error = template_builder_open(&w.builder);
    if (b->error != 0)
        return 0;
    struct plan_request *request = &b->requests[b->request_count];
    const char *method = upper_method(b, r->method->text);
    write_request(b, &w, r, method);
    finish_template(b, &w, &request->template);
    if (b->error != 0)
        return 0;
    request->endpoint = endpoint_of(b, r, method);
    request->is_head = strcmp(method, "HEAD") == 0;
    request->is_idempotent = method_is_idempotent(method);
    request->timeout_ns = r->timeout_ns != 0 ? r->timeout_ns : b->plan->load.timeout_ns;
    request->expects_status = r->expects_status;
    memcpy(request->status_expected, r->status_expected, sizeof(request->status_expected));
    build_captures(b, r, request);
    if (b->template_bytes > SCENARIO_TEMPLATE_BYTES_MAX && b->error == 0) {
        diag_add(
            b->s->diags, r->method->place,
            "expected requests of at most 8 MiB in all, found more: are there long 'headers'?");
        b->error = -E2BIG;
    }
    return b->request_count++;
}

const struct template *scenario_value_build(struct build *b, const struct node *header)
{
    const struct text value = header_value(b, header);
    struct template *t = scenario_plan_alloc(b, sizeof(*t));
    struct piece *pieces = scenario_plan_alloc(b, (value.count + 1) * sizeof(*pieces));
    uint32_t used = 0;
    if (t == NULL || pieces == NULL)
        return NULL;
    char *bytes = scenario_plan_alloc(b, header->text.len + 1);
    if (bytes == NULL)
        return NULL;
    for (uint32_t i = 0; i < value.count; i++) {
        const struct text_part *part = &value.parts[i];
        pieces[i] = (struct piece){ .kind = part->is_slot ? PIECE_SLOT : PIECE_FIXED,
                                    .escape = ESCAPE_HEADER,
                                    .slot = part->slot,
                                    .offset = used,
                                    .len = part->is_slot ? 0 : (uint32_t)part->bytes.len };
        if (part->is_slot)
            continue;
        memcpy(bytes + used, part->bytes.bytes, part->bytes.len);
        used += (uint32_t)part->bytes.len;
    }
    if (used > PLAN_VARIABLE_BYTES_MAX)
        diag_add(b->s->diags, header->place,
                 "expected a header of at most %u bytes, found %" PRIu32, PLAN_VARIABLE_BYTES_MAX,
                 used);
    *t = (struct template){ .bytes = bytes, .head = pieces, .head_count = value.count };
    return t;
}
