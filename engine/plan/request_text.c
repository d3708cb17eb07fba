#include "engine/plan/request_text.h"

/* Of a Content-Length header with the longest number, and the blank line. */
#define FRAMING_BYTES        48u
#define CONSTANT_ESCAPED_MAX (6u * 4096u + 2u) /* a text as long as a variable's, as JSON */

void request_write_fixed(struct request_writer *w, struct span bytes)
{
    if (bytes.len == 0)
        return;
    template_builder_fixed(w->builder, bytes);
    w->fixed_bytes += bytes.len;
}

/* How many bytes one byte of a value may become. */
static uint32_t escape_factor(enum escape how)
{
    switch (how) {
    case ESCAPE_NONE:
    case ESCAPE_HEADER:
        return 1;
    case ESCAPE_PATH:
    case ESCAPE_QUERY:
    case ESCAPE_FORM:
        return 3;
    case ESCAPE_JSON:
    case ESCAPE_JSON_VALUE:
        return 6;
    }
    return 6;
}

static void write_slot(struct request_writer *w, uint32_t slot, uint32_t bytes_max, enum escape how)
{
    template_builder_slot(w->builder, slot, how);
    w->slot_bytes += (uint64_t)bytes_max * escape_factor(how) + (how == ESCAPE_JSON_VALUE ? 2 : 0);
    w->slot_count++;
}

/* False when it may not stand there, or is too long for the room taken here. */
static bool write_constant(struct request_writer *w, const struct slot_value *value,
                           enum escape how)
{
    char escaped[CONSTANT_ESCAPED_MAX];
    if (how == ESCAPE_JSON_VALUE && value->is_json) {
        request_write_fixed(w, value->text);
        return true;
    }
    const int len = template_escape(how, value->text, escaped, sizeof(escaped));
    if (len >= 0)
        request_write_fixed(w, (struct span){ escaped, (size_t)len });
    return len >= 0;
}

void request_write_part(struct request_writer *w, const struct text_part *part, enum escape how)
{
    if (part->is_slot && part->is_constant && write_constant(w, &part->constant, how))
        return;
    if (part->is_slot)
        write_slot(w, part->slot, part->slot_bytes_max, how);
    else
        request_write_fixed(w, part->bytes);
}

void request_write_text(struct request_writer *w, const struct text *text, enum escape how)
{
    for (uint32_t i = 0; i < text->count; i++)
        request_write_part(w, &text->parts[i], how);
}

static bool is_sent_as_written(char c)
{
    return (unsigned char)c > 0x20 && (unsigned char)c < 0x7F;
}

static void write_target_literal(struct request_writer *w, struct span literal)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < literal.len;) {
        const size_t start = i;
        while (i < literal.len && is_sent_as_written(literal.bytes[i]))
            i++;
        request_write_fixed(w, (struct span){ literal.bytes + start, i - start });
        if (i == literal.len)
            return;
        const unsigned char byte = (unsigned char)literal.bytes[i++];
        const char encoded[3] = { '%', hex[byte >> 4], hex[byte & 15] };
        request_write_fixed(w, (struct span){ encoded, sizeof(encoded) });
    }
}

static void write_whole_target(struct request_writer *w, const struct text_part *part,
                               struct span origin)
{
    template_builder_target(w->builder, part->slot, origin);
    w->slot_bytes += part->slot_bytes_max + 1; /* "/", when it has none */
    w->slot_count++;
}

void request_write_target(struct request_writer *w, const struct text *text, struct span origin)
{
    const bool is_whole = text_begins_with_slot(text);
    bool is_query = false;
    if (is_whole)
        write_whole_target(w, &text->parts[0], origin);
    for (uint32_t i = is_whole; i < text->count; i++) {
        const struct text_part *part = &text->parts[i];
        if (part->is_slot) {
            request_write_part(w, part, is_query ? ESCAPE_QUERY : ESCAPE_PATH);
            continue;
        }
        write_target_literal(w, part->bytes);
        is_query = is_query || memchr(part->bytes.bytes, '?', part->bytes.len) != NULL;
    }
}

void request_write_optional_header(struct request_writer *w, struct span name, uint32_t slot,
                                   uint32_t slot_bytes_max)
{
    template_builder_optional_header(w->builder, name, slot);
    w->fixed_bytes += name.len + 4;
    w->slot_bytes += slot_bytes_max;
    w->slot_count++;
}

uint64_t request_writer_bytes_max(const struct request_writer *w)
{
    const bool is_capped = w->slot_bytes > REQUEST_SLOT_BYTES_MAX;
    return w->fixed_bytes + FRAMING_BYTES + (is_capped ? REQUEST_SLOT_BYTES_MAX : w->slot_bytes);
}

const char *target_literal_fault(struct span literal)
{
    for (size_t i = 0; i < literal.len; i++) {
        const unsigned char c = (unsigned char)literal.bytes[i];
        if (c < 0x20 || c == 0x7F)
            return "a path without control characters";
        if (c == '#')
            return "a path without '#'";
    }
    return NULL;
}
