#include <errno.h>
#include <inttypes.h>

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
    const struct text value = scenario_text_compile(b, header, header->text);
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
        const uint32_t slot = scenario_variable_slot(b, k->session_headers[i].variable);
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

/* ---- Authorization ---- */

/* A piece of the text that is written out has the colon between user and password. */
static bool has_colon(struct span text)
{
    size_t at = 0;
    for (;;) {
        const struct part part = expression_next(text, &at);
        if (part.kind == PART_END)
            return false;
        if (part.kind == PART_LITERAL && memchr(part.text.bytes, ':', part.text.len) != NULL)
            return true;
    }
}

/* 'user:password' as an expression that gives it in base64; no slot means that it is constant. */
static bool compile_basic(struct build *b, const struct node *n, struct text_part *ret_part)
{
    static const char open[] = "base64(";
    struct span inside;
    if (!scenario_text_is_slot(n->text, &inside)) { /* else all of it is in one variable */
        if (!has_colon(n->text)) {
            scenario_expected(b->s, n, "a text such as 'user:password'");
            return false;
        }
        inside = scenario_text_join(b, n->text);
    }
    char *source = scenario_alloc(b->s, sizeof(open) + inside.len + 1);
    if (source == NULL)
        return false;
    memcpy(source, open, sizeof(open) - 1);
    memcpy(source + sizeof(open) - 1, inside.bytes, inside.len);
    source[sizeof(open) - 1 + inside.len] = ')';
    const struct span text = { source, sizeof(open) + inside.len };
    const uint32_t slot = scenario_expression_read(b, n, text, false);
    if (slot == PLAN_NONE)
        return false;
    const struct expression *e = scenario_expression(b, slot);
    *ret_part = (struct text_part){
        .bytes = n->text, .is_slot = true, .slot = slot, .slot_bytes_max = e->bytes_max
    };
    if (e->count == 1 && e->operations[0].kind == OPERATION_CONSTANT &&
        e->operations[0].constant.kind == VALUE_TEXT)
        *ret_part = (struct text_part){ .bytes = e->operations[0].constant.text };
    return true;
}

/* The value of the Authorization header; no parts = there is none. */
static struct text authorization(struct build *b, const struct scenario_request *r)
{
    const bool is_basic = r->basic != NULL;
    const struct text token =
        r->bearer == NULL ? (struct text){ NULL, 0 } : header_value(b, r->bearer);
    const uint32_t count = is_basic ? 2 : token.count + 1;
    struct text_part *parts = scenario_alloc(b->s, count * sizeof(*parts));
    if (parts == NULL || (!is_basic && r->bearer == NULL))
        return (struct text){ NULL, 0 };
    parts[0].bytes = is_basic ? SPAN_LITERAL("Basic ") : SPAN_LITERAL("Bearer ");
    if (is_basic && !compile_basic(b, r->basic, &parts[1]))
        return (struct text){ NULL, 0 };
    if (!is_basic && token.count > 0)
        memcpy(parts + 1, token.parts, token.count * sizeof(*parts));
    return (struct text){ parts, count };
}

/* ---- the whole request ---- */

/* Headers that come from other keys of the request. */
struct own_headers {
    struct text_part type_part;
    struct text type, authorization;
};

static const struct text_part gzip_part = { .bytes = { "gzip", 4 } };
static const struct text gzip_text = { &gzip_part, 1 };

static void set_own_headers(struct build *b, struct request_head *head,
                            const struct scenario_request *r, struct own_headers *own)
{
    const char *type = scenario_body_type(r->body_kind);
    if (type != NULL) {
        own->type_part.bytes = span_of(type);
        own->type = (struct text){ &own->type_part, 1 };
        request_head_set(head, SPAN_LITERAL("Content-Type"), &own->type, HEADER_DEFAULT);
    }
    if (r->compress != NULL)
        request_head_set(head, SPAN_LITERAL("Content-Encoding"), &gzip_text, HEADER_DEFAULT);
    set_headers(head, b->s->headers, b->shared, HEADER_SHARED);
    own->authorization = authorization(b, r);
    if (own->authorization.count > 0)
        request_head_set(head, SPAN_LITERAL("Authorization"), &own->authorization, HEADER_REQUEST);
    set_headers(head, r->headers, scenario_header_values(b, r->headers), HEADER_REQUEST);
    for (uint32_t i = 0; i < b->extra_count; i++)
        request_head_set(head, b->extra_names[i], b->extra[i].count == 0 ? NULL : &b->extra[i],
                         HEADER_COMMAND_LINE);
}

static bool has_query(const struct text *target)
{
    for (uint32_t i = 0; i < target->count; i++) {
        const struct text_part *part = &target->parts[i];
        if (!part->is_slot && memchr(part->bytes.bytes, '?', part->bytes.len) != NULL)
            return true;
    }
    return false;
}

/* What stands before the path as written: that of the host, or what a whole URL may lack; nothing
 * before '*' and before a value, which has its own. */
static struct span prefix_of(const struct build *b, const struct node *written, struct span path)
{
    if (path.bytes != written->text.bytes)
        return path.len > 0 && path.bytes[0] == '/' ? SPAN_LITERAL("") : SPAN_LITERAL("/");
    const bool is_path = path.len > 0 && path.bytes[0] == '/';
    return is_path ? b->prefix : SPAN_LITERAL("");
}

/* Request line and headers. Sets the number of the origin, and whether the connection ends. */
static void write_head(struct build *b, struct request_writer *w, const struct scenario_request *r,
                       const char *method, struct plan_request *request)
{
    struct span path;
    struct own_headers own = { .type = { NULL, 0 } };
    const uint32_t origin = scenario_origin_of(b, r->path, &path);
    const struct text target = scenario_text_compile(b, r->path, path);
    struct request_head head = { .method = method,
                                 .prefix = prefix_of(b, r->path, path),
                                 .target = &target };
    struct text_part host = { .bytes = SPAN_LITERAL("") };
    if (b->origins.count > 0) {
        const struct plan_origin *to = (const struct plan_origin *)b->origins.items + origin;
        host.bytes = to->host_header;
        head.origin = span_of(to->text);
        head.authority = plan_target_prefix(b->plan, to);
    }
    const struct text host_text = { &host, 1 };

    check_target(b, r->path, &target);
    request_head_set_defaults(&head, &host_text, b->plan->load.requests_per_connection == 1);
    set_own_headers(b, &head, r, &own);
    drop_session_defaults(b->kind, &head);
    request_head_begin(&head, w);
    if (r->query != NULL && text_begins_with_slot(&target)) {
        diag_add(b->s->diags, r->query->key->place,
                 "expected a path that begins with '/' beside 'query', found %s: what that holds "
                 "may have a query already",
                 node_found(r->path).text);
    } else if (r->query != NULL) {
        scenario_fields_write(b, w, r->query,
                              has_query(&target) ? SPAN_LITERAL("&") : SPAN_LITERAL("?"));
    }
    request_head_finish(&head, w);
    write_session_headers(b, &head, w);
    request->origin = origin;
    request->says_close = request_head_says_close(&head);
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
    const struct endpoint_name *rows = (const struct endpoint_name *)b->endpoints.items;
    for (uint32_t i = 0; i < b->endpoints.count; i++) {
        if (strcmp(rows[i].method, method) == 0 && span_equal(span_of(rows[i].name), named->text))
            return i;
    }
    if (b->endpoints.count == SCENARIO_ROWS_MAX) {
        diag_add(b->s->diags, named->place,
                 "expected at most %u different rows, found more: give requests a common 'name'",
                 SCENARIO_ROWS_MAX);
        b->error = -E2BIG;
        return 0;
    }
    const char *name = scenario_plan_copy(b, named->text);
    struct endpoint_name *added = scenario_row_add(b, &b->endpoints, sizeof(*added));
    if (added != NULL)
        *added = (struct endpoint_name){ .method = method, .name = name };
    return b->endpoints.count - 1;
}

static void *alloc_of_arena(void *context, size_t size)
{
    return arena_alloc(context, size);
}

/* Closes the builder. With mistakes around, what is in it may be no request, and is thrown away. */
static void finish_template(struct build *b, struct request_writer *w,
                            struct template *ret_template)
{
    b->template_bytes += w->fixed_bytes - w->file_bytes + 32 * w->slot_count;
    const uint64_t bytes_max = request_writer_bytes_max(w);
    if (bytes_max > b->request_bytes_max)
        b->request_bytes_max = bytes_max;
    if (b->error == 0 && b->s->diags->count == 0)
        b->error = template_builder_finish(w->builder, ret_template, alloc_of_arena, b->arena);
    template_builder_close(w->builder);
}

static void write_request(struct build *b, const struct scenario_request *r, const char *method,
                          struct plan_request *request)
{
    struct request_writer w = { 0 };
    b->error = template_builder_open(&w.builder);
    if (b->error != 0)
        return;
    write_head(b, &w, r, method, request);
    if (r->body_kind != BODY_NONE || method_expects_body(method))
        template_builder_begin_body(w.builder);
    scenario_body_write(b, &w, r);
    finish_template(b, &w, &request->template);
}

static uint8_t redirects_of(const struct scenario *s, const struct scenario_request *r,
                            bool is_head)
{
    if (r->has_redirects)
        return r->redirects_max;
    return is_head && !s->has_redirects ? 0 : s->redirects_max;
}

uint32_t scenario_request_build(struct build *b, const struct scenario_request *r)
{
    if (r->method == NULL || r->path == NULL)
        return 0;
    struct plan_request request = { .is_recorded = !r->is_unrecorded, .endpoint = PLAN_NONE };
    const char *method = upper_method(b, r->method->text);
    if (b->error == 0)
        write_request(b, r, method, &request);
    if (b->error == 0 && request.is_recorded)
        request.endpoint = endpoint_of(b, r, method);
    request.is_head = strcmp(method, "HEAD") == 0;
    request.is_idempotent = method_is_idempotent(span_of(method));
    request.redirects_max = redirects_of(b->s, r, request.is_head);
    request.timeout_ns = r->timeout_ns != 0 ? r->timeout_ns : b->plan->load.timeout_ns;
    if (b->error == 0)
        scenario_captures_build(b, r, &request);
    if (b->error == 0)
        scenario_checks_build(b, r, &request);
    if (b->template_bytes > SCENARIO_TEMPLATE_BYTES_MAX && b->error == 0) {
        diag_add(
            b->s->diags, r->method->place,
            "expected requests of at most 8 MiB in all, found more: are there long 'headers'?");
        b->error = -E2BIG;
    }
    struct plan_request *added = scenario_row_add(b, &b->requests, sizeof(*added));
    if (added == NULL) {
        plan_captures_close(&request, 1);
        return 0;
    }
    *added = request;
    return b->requests.count - 1;
}

const struct template *scenario_value_build(struct build *b, const struct node *node,
                                            enum escape how)
{
    const struct text value =
        how == ESCAPE_HEADER ? header_value(b, node) : scenario_text_compile(b, node, node->text);
    struct template *t = scenario_plan_alloc(b, sizeof(*t));
    struct piece *pieces = scenario_plan_alloc(b, (value.count + 1) * sizeof(*pieces));
    uint32_t used = 0;
    if (t == NULL || pieces == NULL)
        return NULL;
    char *bytes = scenario_plan_alloc(b, node->text.len + 1);
    if (bytes == NULL)
        return NULL;
    for (uint32_t i = 0; i < value.count; i++) {
        const struct text_part *part = &value.parts[i];
        /* Whether a header or a cookie may have this value is seen where it is sent or set: a
         * request must fail by it, not go out without. */
        pieces[i] = (struct piece){ .kind = part->is_slot ? PIECE_SLOT : PIECE_FIXED,
                                    .escape = ESCAPE_NONE,
                                    .slot = part->slot,
                                    .offset = used,
                                    .len = part->is_slot ? 0 : (uint32_t)part->bytes.len };
        if (part->is_slot)
            continue;
        memcpy(bytes + used, part->bytes.bytes, part->bytes.len);
        used += (uint32_t)part->bytes.len;
    }
    if (used > PLAN_VARIABLE_BYTES_MAX)
        diag_add(b->s->diags, node->place, "expected a %s of at most %u bytes, found %" PRIu32,
                 how == ESCAPE_HEADER ? "header" : "text", PLAN_VARIABLE_BYTES_MAX, used);
    *t = (struct template){ .bytes = bytes, .head = pieces, .head_count = value.count };
    return t;
}
