#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/scalar.h"
#include "engine/plan/scenario_build.h"
#include "http/content_coding.h"
#include "http/json_text.h"

const char *scenario_body_type(enum scenario_body kind)
{
    switch (kind) {
    case BODY_JSON:
        return "application/json";
    case BODY_FORM:
        return "application/x-www-form-urlencoded";
    case BODY_MULTIPART:
        return scenario_multipart_type;
    case BODY_NONE:
    case BODY_RAW:
    case BODY_FILE:
        break;
    }
    return NULL;
}

/* The character at *at of a text that is UTF-8, as libyaml delivers it. */
static void write_json_character(struct request_writer *w, struct span text, size_t *at)
{
    char escaped[JSON_ESCAPE_MAX];
    const char *bytes = text.bytes + *at;
    const size_t len = json_utf8_len(bytes, text.len - *at);
    request_write_fixed(w, (struct span){ escaped, json_escape(bytes, len, escaped) });
    *at += len;
}

static bool is_plain_in_json(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7F && c != '"' && c != '\\';
}

static void write_json_literal(struct request_writer *w, struct span text)
{
    for (size_t i = 0; i < text.len;) {
        const size_t start = i;
        while (i < text.len && is_plain_in_json(text.bytes[i]))
            i++;
        request_write_fixed(w, (struct span){ text.bytes + start, i - start });
        if (i < text.len)
            write_json_character(w, text, &i);
    }
}

static void write_json_string(struct build *b, struct request_writer *w, const struct node *n)
{
    const struct text text = scenario_text_compile(b, n, n->text);
    request_write_fixed(w, SPAN_LITERAL("\""));
    for (uint32_t i = 0; i < text.count; i++) {
        if (text.parts[i].is_slot)
            request_write_part(w, &text.parts[i], ESCAPE_JSON);
        else
            write_json_literal(w, text.parts[i].bytes);
    }
    request_write_fixed(w, SPAN_LITERAL("\""));
}

/* A scalar without quotes and without slots. `quote` makes a key of it: json.dumps turns a key 1
 * into "1". */
static void write_json_plain(struct build *b, struct request_writer *w, const struct node *n,
                             struct span quote)
{
    char scratch[SCALAR_JSON_MAX];
    struct scalar_json json;
    switch (scalar_resolve(n->text, scratch, &json)) {
    case SCALAR_TEXT:
        write_json_string(b, w, n);
        return;
    case SCALAR_NO_JSON:
        diag_add(b->s->diags, n->place, "expected a value that JSON has, found %s",
                 node_found(n).text);
        return;
    case SCALAR_VALUE:
        request_write_fixed(w, quote);
        request_write_fixed(w, span_of(json.sign));
        request_write_fixed(w, json.rest);
        request_write_fixed(w, quote);
        return;
    }
}

static void write_json_key(struct build *b, struct request_writer *w, const struct node *key)
{
    if (key->is_plain && !expression_is_present(key->text))
        write_json_plain(b, w, key, SPAN_LITERAL("\""));
    else
        write_json_string(b, w, key);
}

static void write_json_scalar(struct build *b, struct request_writer *w, const struct node *n)
{
    struct span inside;
    if (scenario_text_is_slot(n->text, &inside)) {
        /* Nothing but one slot: the value keeps its type, a number stays a number. */
        const struct text text = scenario_text_compile(b, n, n->text);
        request_write_text(w, &text, ESCAPE_JSON_VALUE);
    } else if (n->is_plain && !expression_is_present(n->text)) {
        write_json_plain(b, w, n, SPAN_LITERAL(""));
    } else {
        write_json_string(b, w, n);
    }
}

/* As deep as the tree, which is bounded by SCENARIO_DEPTH_MAX. */
static void write_json(struct build *b, struct request_writer *w, const struct node *n)
{
    if (n->kind == NODE_SCALAR) {
        write_json_scalar(b, w, n);
        return;
    }
    const bool is_mapping = n->kind == NODE_MAPPING;
    request_write_fixed(w, is_mapping ? SPAN_LITERAL("{") : SPAN_LITERAL("["));
    for (const struct node *item = n->first; item != NULL; item = item->next) {
        if (item != n->first)
            request_write_fixed(w, SPAN_LITERAL(", "));
        if (is_mapping) {
            write_json_key(b, w, item->key);
            request_write_fixed(w, SPAN_LITERAL(": "));
        }
        write_json(b, w, item);
    }
    request_write_fixed(w, is_mapping ? SPAN_LITERAL("}") : SPAN_LITERAL("]"));
}

static void write_raw(struct build *b, struct request_writer *w, const struct node *n)
{
    const struct text text = scenario_text_compile(b, n, n->text);
    request_write_text(w, &text, ESCAPE_NONE);
}

static void write_file(struct build *b, struct request_writer *w, const struct node *name)
{
    struct span bytes;
    if (!scenario_file_read(b, name, &bytes))
        return;
    request_write_fixed(w, bytes);
    w->file_bytes += bytes.len;
}

static void write_plain(struct build *b, struct request_writer *w, const struct scenario_request *r)
{
    switch (r->body_kind) {
    case BODY_NONE:
        return;
    case BODY_RAW:
        write_raw(b, w, r->body);
        return;
    case BODY_JSON:
        write_json(b, w, r->body);
        return;
    case BODY_FORM:
        scenario_fields_write(b, w, r->body, SPAN_LITERAL(""));
        return;
    case BODY_FILE:
        write_file(b, w, r->body);
        return;
    case BODY_MULTIPART:
        scenario_multipart_write(b, w, r->body);
        return;
    }
}

static void *alloc_for_build(void *context, size_t size)
{
    return scenario_alloc(context, size);
}

static void write_gzip(struct build *b, struct request_writer *w, struct span body)
{
    size_t len;
    char *packed = content_gzip(body, &len);
    if (packed == NULL) {
        b->error = -ENOMEM;
        return;
    }
    request_write_fixed(w, (struct span){ packed, len });
    free(packed);
}

/* The body is written into a template of its own, and what that holds is packed. */
static void write_compressed(struct build *b, struct request_writer *w,
                             const struct scenario_request *r)
{
    struct request_writer inner = { 0 };
    struct template t;
    b->error = template_builder_open(&inner.builder);
    if (b->error != 0)
        return;
    template_builder_begin_body(inner.builder);
    write_plain(b, &inner, r);
    if (inner.slot_count > 0)
        diag_add(b->s->diags, r->compress->key->place,
                 "expected a body with nothing variable beside 'compress', found '${...}' in it");
    else if (b->error == 0)
        b->error = template_builder_finish(inner.builder, &t, alloc_for_build, b->s);
    template_builder_close(inner.builder);
    if (b->error != 0 || inner.slot_count > 0)
        return;
    write_gzip(b, w,
               t.body_count == 0 ? SPAN_LITERAL("")
                                 : (struct span){ t.bytes + t.body[0].offset, t.body[0].len });
}

void scenario_body_write(struct build *b, struct request_writer *w,
                         const struct scenario_request *r)
{
    if (r->compress != NULL && r->body_kind != BODY_NONE)
        write_compressed(b, w, r);
    else
        write_plain(b, w, r);
}
