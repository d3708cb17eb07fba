#include "stats/report/markup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/glyph.h"
#include "stats/report/sink.h"

static void write_hex(struct sink *out, const char *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        sink_format(out, "\\x%02X", (unsigned char)bytes[i]);
}

/* U+FFFE and U+FFFF are characters, but not in XML. */
static bool is_in_xml(const struct glyph *g)
{
    return g->is_visible && (g->code & 0xFFFEu) != 0xFFFEu;
}

static const char *entity_of(uint32_t code)
{
    switch (code) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void markup_write(struct sink *out, const char *text)
{
    const size_t len = strlen(text);

    for (size_t at = 0; at < len;) {
        const struct glyph g = glyph_next(text + at, len - at);
        const char *entity = g.is_valid ? entity_of(g.code) : NULL;
        if (entity != NULL)
            sink_text(out, entity);
        else if (is_in_xml(&g))
            sink_bytes(out, text + at, g.bytes);
        else
            write_hex(out, text + at, g.bytes);
        at += g.bytes;
    }
}

void markup_write_code(struct sink *out, const char *text)
{
    const size_t len = strlen(text);

    if (len == 0)
        return;
    sink_text(out, "`");
    for (size_t at = 0; at < len;) {
        const struct glyph g = glyph_next(text + at, len - at);
        if (g.is_visible && g.code != '|' && g.code != '`')
            sink_bytes(out, text + at, g.bytes);
        else
            write_hex(out, text + at, g.bytes);
        at += g.bytes;
    }
    sink_text(out, "`");
}

void markup_write_plain(struct sink *out, const char *text)
{
    struct sink shown;
    char *escaped = NULL;

    sink_init(&shown);
    markup_write(&shown, text);
    if (sink_finish(&shown, &escaped) != 0) {
        out->has_failed = true;
        return;
    }
    for (const char *c = escaped; *c != '\0'; c++) {
        if (*c == '\\' || *c == '`' || *c == '*' || *c == '_' || *c == '[' || *c == ']' ||
            *c == '|' || *c == '~' || *c == '@' || (*c == '#' && (c == escaped || c[-1] != '&')))
            sink_format(out, "&#%d;", *c);
        else
            sink_bytes(out, c, 1);
    }
    free(escaped);
}
