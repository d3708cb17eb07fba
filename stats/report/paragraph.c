#include "stats/report/paragraph.h"

#include <string.h>

#include "stats/report/glyph.h"
#include "stats/report/sink.h"

#define MARGIN      1u
#define LABEL_WIDTH 12u

/* Bytes of the next word: up to a blank or the end. */
static size_t word_len(const char *text, size_t len)
{
    const char *blank = memchr(text, ' ', len);

    return blank == NULL ? len : (size_t)(blank - text);
}

static void write_word(struct sink *out, const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sink_bytes(out, word[i] == '\t' ? " " : &word[i], 1);
}

static void break_line(struct sink *out, const struct report_text_style *style, enum tone tone,
                       size_t indent)
{
    tone_end(out, tone, style->color);
    sink_text(out, "\n");
    sink_repeat(out, " ", indent);
    tone_begin(out, tone, style->color);
}

static void wrap(struct sink *out, const struct report_text_style *style, enum tone tone,
                 const char *text, size_t len, size_t indent)
{
    const size_t width = style->columns > indent + 8u ? style->columns - indent : 8u;
    size_t used = 0;

    while (len > 0) {
        if (*text == ' ') {
            text++;
            len--;
            continue;
        }
        size_t bytes = word_len(text, len);
        const size_t columns = glyph_columns(text, bytes);
        if (used > 0 && used + 1u + columns > width) {
            break_line(out, style, tone, indent);
            used = 0;
        } else if (used > 0) {
            sink_text(out, " ");
            used++;
        }
        if (columns > width)
            bytes = glyph_fit_start(text, bytes, width);
        write_word(out, text, bytes);
        used += glyph_columns(text, bytes);
        text += bytes;
        len -= bytes;
        if (len > 0 && *text != ' ') {
            break_line(out, style, tone, indent);
            used = 0;
        }
    }
}

void paragraph_write(struct sink *out, const struct report_text_style *style, const char *label,
                     enum tone tone, struct sink *text)
{
    sink_repeat(out, " ", MARGIN);
    if (label != NULL) {
        tone_begin(out, TONE_DIM, style->color);
        sink_format(out, "%-*s", (int)LABEL_WIDTH, label);
        tone_end(out, TONE_DIM, style->color);
    }
    tone_begin(out, tone, style->color);
    wrap(out, style, tone, text->bytes, text->len, MARGIN + (label == NULL ? 0 : LABEL_WIDTH));
    tone_end(out, tone, style->color);
    sink_text(out, "\n");
    out->has_failed = out->has_failed || text->has_failed;
    text->len = 0;
}
