#include "tools/live/line.h"

#include <stdarg.h>

#include "http/span.h"
#include "stats/report/glyph.h"

/* Columns of the character at the start of *rest, which moves on; *ret_shown is what to write for
 * it. */
static unsigned next_character(const struct line *l, struct span *rest, struct span *ret_shown)
{
    const struct glyph g = glyph_next(rest->bytes, rest->len);
    const bool is_shown = g.is_valid && g.is_visible && (l->unicode || g.code < 0x80);
    *ret_shown = is_shown ? (struct span){ rest->bytes, g.bytes } : SPAN_LITERAL("?");
    *rest = (struct span){ rest->bytes + g.bytes, rest->len - g.bytes };
    return is_shown ? g.columns : 1;
}

void line_tint(struct line *l, enum line_tint tint)
{
    static const char *const codes[] = {
        [TINT_NONE] = "\033[0m",  [TINT_BOLD] = "\033[1m", [TINT_DIM] = "\033[2m",
        [TINT_GOOD] = "\033[32m", [TINT_BAD] = "\033[31m", [TINT_WARN] = "\033[33m",
    };
    if (l->color)
        fputs(codes[tint], l->out);
}

void line_put_cut(struct line *l, const char *text, unsigned columns_max)
{
    unsigned left = l->columns - l->used;
    if (columns_max < left)
        left = columns_max;
    struct span rest = span_of(text);
    while (rest.len > 0) {
        struct span shown;
        const unsigned width = next_character(l, &rest, &shown);
        if (width > left)
            return;
        fwrite(shown.bytes, 1, shown.len, l->out);
        left -= width;
        l->used += width;
    }
}

void line_put(struct line *l, const char *text)
{
    line_put_cut(l, text, l->columns);
}

void line_format(struct line *l, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    line_put(l, text);
}

unsigned line_measure(const struct line *l, const char *text)
{
    unsigned columns = 0;
    struct span rest = span_of(text);
    while (rest.len > 0) {
        struct span shown;
        columns += next_character(l, &rest, &shown);
    }
    return columns;
}

void line_put_marked(struct line *l, const char *text, unsigned columns_max)
{
    const unsigned left = l->columns - l->used;
    const unsigned room = columns_max < left ? columns_max : left;
    if (room == 0)
        return;
    if (line_measure(l, text) <= room) {
        line_put(l, text);
    } else {
        line_put_cut(l, text, room - 1);
        line_glyph(l, "…", '~');
    }
}

void line_put_right(struct line *l, const char *text, unsigned width)
{
    const unsigned columns = line_measure(l, text);
    if (columns < width)
        line_pad(l, l->used + width - columns);
    line_put(l, text);
}

void line_glyph(struct line *l, const char *unicode, char ascii)
{
    if (l->used == l->columns)
        return;
    if (l->unicode)
        fputs(unicode, l->out);
    else
        fputc(ascii, l->out);
    l->used++;
}

void line_pad(struct line *l, unsigned to)
{
    for (; l->used < to && l->used < l->columns; l->used++)
        fputc(' ', l->out);
}

void line_end(struct line *l)
{
    fputc('\n', l->out);
    l->used = 0;
}
