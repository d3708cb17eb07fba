#include "stats/report/glyph.h"

#include <string.h>

#include "stats/report/sink.h"

struct range {
    uint32_t first, last;
};

/* Controls, and characters that are invisible or turn the direction of a line around. */
static const struct range hidden[] = {
    { 0x0000, 0x001F }, { 0x007F, 0x009F },    { 0x00AD, 0x00AD },   { 0x061C, 0x061C },
    { 0x180B, 0x180F }, { 0x200B, 0x200F },    { 0x2028, 0x202E },   { 0x2060, 0x206F },
    { 0xFEFF, 0xFEFF }, { 0xFFF0, 0xFFFB },    { 0x1D173, 0x1D17A }, { 0xE000, 0xF8FF },
    { 0xFFFE, 0xFFFF }, { 0xE0000, 0x10FFFF },
};

static const struct range combining[] = {
    { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD }, { 0x0610, 0x061A },
    { 0x064B, 0x065F }, { 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x20D0, 0x20FF },
    { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F },
};

static const struct range wide[] = {
    { 0x1100, 0x115F },   { 0x2E80, 0x303E },   { 0x3041, 0xA4CF },   { 0xA960, 0xA97F },
    { 0xAC00, 0xD7A3 },   { 0xF900, 0xFAFF },   { 0xFE30, 0xFE6F },   { 0xFF00, 0xFF60 },
    { 0xFFE0, 0xFFE6 },   { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1FAFF },
    { 0x20000, 0x3FFFD },
};

#define IS_IN(code, ranges) is_in(code, ranges, sizeof(ranges) / sizeof((ranges)[0]))

static bool is_in(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Decodes a sequence of two to four bytes. False for what RFC 3629 forbids: stray and missing
 * continuations, overlong forms, surrogates, codes past U+10FFFF. */
static bool decode(struct glyph *g, const unsigned char *text, size_t len)
{
    static const uint32_t code_min[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned lead = text[0];
    const unsigned bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;

    if (lead < 0xC2 || lead > 0xF4 || len < bytes)
        return false;
    uint32_t code = lead & (0x7Fu >> bytes);
    for (unsigned i = 1; i < bytes; i++) {
        if ((text[i] & 0xC0u) != 0x80u)
            return false;
        code = (code << 6) | (text[i] & 0x3Fu);
    }
    if (code < code_min[bytes] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return false;
    g->code = code;
    g->bytes = bytes;
    return true;
}

struct glyph glyph_next(const char *text, size_t len)
{
    struct glyph g = { .bytes = len > 0, .columns = 1 };

    if (len == 0)
        return g;
    g.code = (unsigned char)text[0];
    g.is_valid = g.code < 0x80 || decode(&g, (const unsigned char *)text, len);
    g.is_visible = g.is_valid && !IS_IN(g.code, hidden);
    if (g.is_valid && g.code >= 0x300)
        g.columns = IS_IN(g.code, combining) ? 0 : IS_IN(g.code, wide) ? 2 : 1;
    return g;
}

size_t glyph_columns(const char *text, size_t len)
{
    size_t columns = 0;

    for (size_t at = 0; at < len;) {
        const struct glyph g = glyph_next(text + at, len - at);
        columns += g.columns;
        at += g.bytes;
    }
    return columns;
}

size_t glyph_fit_start(const char *text, size_t len, size_t columns)
{
    size_t at = 0;

    while (at < len) {
        const struct glyph g = glyph_next(text + at, len - at);
        if (g.columns > columns)
            break;
        columns -= g.columns;
        at += g.bytes;
    }
    return at;
}

size_t glyph_fit_end(const char *text, size_t len, size_t columns)
{
    size_t left = glyph_columns(text, len);
    size_t at = 0;

    while (left > columns) {
        const struct glyph g = glyph_next(text + at, len - at);
        left -= g.columns;
        at += g.bytes;
    }
    /* A mark must not stand alone, without the letter it belongs to. */
    while (at < len && glyph_next(text + at, len - at).columns == 0)
        at += glyph_next(text + at, len - at).bytes;
    return len - at;
}

void glyph_write_visible(struct sink *s, const char *text, bool unicode)
{
    const size_t len = strlen(text);

    for (size_t at = 0; at < len;) {
        const struct glyph g = glyph_next(text + at, len - at);
        if (g.is_visible && (unicode || g.code < 0x80)) {
            sink_bytes(s, text + at, g.bytes);
        } else {
            for (unsigned i = 0; i < g.bytes; i++)
                sink_format(s, "\\x%02X", (unsigned char)text[at + i]);
        }
        at += g.bytes;
    }
}
