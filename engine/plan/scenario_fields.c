#include "engine/plan/scenario_build.h"

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void write_literal(struct request_writer *w, struct span text)
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

static void write_text(struct build *b, struct request_writer *w, const struct node *n)
{
    const struct text text = scenario_text_compile(b, n, n->text);
    for (uint32_t i = 0; i < text.count; i++) {
        if (text.parts[i].is_slot)
            request_write_part(w, &text.parts[i], ESCAPE_FORM);
        else
            write_literal(w, text.parts[i].bytes);
    }
}

static void write_field(struct build *b, struct request_writer *w, const struct node *key,
                        const struct node *value, struct span *before)
{
    if (node_is_null(value))
        return;
    if (value->kind != NODE_SCALAR) {
        diag_add(b->s->diags, value->place, "expected a text after %s, found %s",
                 node_found(key).text, node_found(value).text);
        return;
    }
    request_write_fixed(w, *before);
    *before = SPAN_LITERAL("&");
    write_text(b, w, key);
    request_write_fixed(w, SPAN_LITERAL("="));
    write_text(b, w, value);
}

/* What is null is left out. A list is sent as one field per item, as HTML forms and Python's
 * urlencode(doseq=True) do. */
void scenario_fields_write(struct build *b, struct request_writer *w, const struct node *mapping,
                           struct span before)
{
    for (const struct node *value = mapping->first; value != NULL; value = value->next) {
        if (value->kind != NODE_SEQUENCE) {
            write_field(b, w, value->key, value, &before);
            continue;
        }
        for (const struct node *item = value->first; item != NULL; item = item->next)
            write_field(b, w, value->key, item, &before);
    }
}
