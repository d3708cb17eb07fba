#include <errno.h>
#include <stdio.h>

#include "engine/plan/expression.h"
#include "engine/plan/scalar.h"
#include "engine/plan/scenario_build.h"

const char *scenario_body_type(enum scenario_body kind)
{
    switch (kind) {
    case BODY_JSON:
        return "application/json";
    case BODY_FORM:
        return "application/x-www-form-urlencoded";
    case BODY_NONE:
    case BODY_RAW:
        break;
    }
    return NULL;
}

/* The next character of a text that is UTF-8, as libyaml delivers it. */
static uint32_t next_character(struct span text, size_t *at)
{
    const unsigned char *b = (const unsigned char *)text.bytes + *at;
    const size_t size = b[0] < 0x80 ? 1 : b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
    uint32_t code = size == 1 ? b[0] : b[0] & (0x7Fu >> size);
    for (size_t k = 1; k < size; k++)
        code = code << 6 | (b[k] & 0x3Fu);
    *at += size;
    return code;
}

/* One character as json.dumps has it inside a string; '\u' escapes are in lower case and in pairs
 * beyond the first plane. */
static void write_json_character(struct request_writer *w, uint32_t code)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char escape[16];
    for (size_t i = 0; i + 1 < sizeof(named); i += 2) {
        if (code != (unsigned char)named[i])
            continue;
        escape[0] = '\\';
        escape[1] = named[i + 1];
        request_write_fixed(w, (struct span){ escape, 2 });
        return;
    }
    int len;
    if (code >= 0x10000)
        len = snprintf(escape, sizeof(escape), "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10),
                       0xDC00 + ((code - 0x10000) & 0x3FF));
    else
        len = snprintf(escape, sizeof(escape), "\\u%04x", code);
    request_write_fixed(w, (struct span){ escape, (size_t)len });
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
            write_json_character(w, next_character(text, &i));
    }
}

static void write_json_string(struct build *b, struct request_writer *w, const struct node *n)
{
    const struct text text = scenario_text_compile(b, n);
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
    if (!n->is_plain) {
        write_json_string(b, w, n);
        return;
    }
    if (!expression_is_present(n->text)) {
        write_json_plain(b, w, n, SPAN_LITERAL(""));
        return;
    }
    size_t at = 0;
    const struct part first = expression_next(n->text, &at);
    if (first.kind != PART_SLOT || at != n->text.len) {
        write_json_string(b, w, n);
        return;
    }
    /* Nothing but one slot: the value keeps its type, a number stays a number. */
    const struct text text = scenario_text_compile(b, n);
    request_write_text(w, &text, ESCAPE_JSON_VALUE);
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

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void write_form_literal(struct request_writer *w, struct span text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len;) {
        const size_t start = i;
        while (i < text.len && is_unreserved(text.bytes[i]))
            i++;
        request_write_fixed(w, (struct span){ text.bytes + start, i - start });
        if (i == text.len)
            return;
        const unsigned char byte = (unsigned char)text.bytes[i++];
        const char encoded[3] = { '%', hex[byte >> 4], hex[byte & 15] };
        request_write_fixed(w, byte == ' ' ? SPAN_LITERAL("+") : (struct span){ encoded, 3 });
    }
}

static void write_form_text(struct build *b, struct request_writer *w, const struct node *n)
{
    const struct text text = scenario_text_compile(b, n);
    for (uint32_t i = 0; i < text.count; i++) {
        if (text.parts[i].is_slot)
            request_write_part(w, &text.parts[i], ESCAPE_FORM);
        else
            write_form_literal(w, text.parts[i].bytes);
    }
}

static void write_form_field(struct build *b, struct request_writer *w, const struct node *key,
                             const struct node *value, bool *is_first)
{
    if (value->kind != NODE_SCALAR) {
        diag_add(b->s->diags, value->place, "expected a text after %s, found %s",
                 node_found(key).text, node_found(value).text);
        return;
    }
    request_write_fixed(w, *is_first ? SPAN_LITERAL("") : SPAN_LITERAL("&"));
    *is_first = false;
    write_form_text(b, w, key);
    request_write_fixed(w, SPAN_LITERAL("="));
    write_form_text(b, w, value);
}

/* A list is sent as one field per item, as HTML forms and Python's urlencode(doseq=True) do. */
static void write_form(struct build *b, struct request_writer *w, const struct node *mapping)
{
    bool is_first = true;
    for (const struct node *value = mapping->first; value != NULL; value = value->next) {
        if (value->kind != NODE_SEQUENCE) {
            write_form_field(b, w, value->key, value, &is_first);
            continue;
        }
        for (const struct node *item = value->first; item != NULL; item = item->next)
            write_form_field(b, w, value->key, item, &is_first);
    }
}

void scenario_body_write(struct build *b, struct request_writer *w,
                         const struct scenario_request *r)
{
    switch (r->body_kind) {
    case BODY_NONE:
        return;
    case BODY_RAW: {
        const struct text text = scenario_text_compile(b, r->body);
        request_write_text(w, &text, ESCAPE_NONE);
        return;
    }
    case BODY_JSON:
        write_json(b, w, r->body);
        return;
    case BODY_FORM:
        write_form(b, w, r->body);
        return;
    }
}
