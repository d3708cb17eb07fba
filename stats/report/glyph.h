/* glyph — one character of a text that somebody else wrote: how long it is, whether it is harmless,
 * how wide it shows.
 *
 * Servers, file names and command lines may hold any byte. What is no UTF-8 counts as one bad byte
 * at a time.
 */
#ifndef SQUALL_STATS_REPORT_GLYPH_H
#define SQUALL_STATS_REPORT_GLYPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink;

struct glyph {
    uint32_t code;    /* Unicode; meaningless unless is_valid */
    unsigned bytes;   /* 1 to 4; 0 at the end of the text */
    unsigned columns; /* of a terminal: 0, 1 or 2 */
    bool is_valid;
    bool is_visible; /* false: a control, a direction mark or an invisible one, never to be sent to
                        a terminal */
};

/* The first character of text[0..len). */
struct glyph glyph_next(const char *text, size_t len);

/* Columns that text[0..len) takes. */
size_t glyph_columns(const char *text, size_t len);

/* Bytes of the longest start, and of the longest end, of text[0..len) that fit into `columns`. */
size_t glyph_fit_start(const char *text, size_t len, size_t columns);
size_t glyph_fit_end(const char *text, size_t len, size_t columns);

/* Writes `text` so that it cannot do anything to a terminal: bytes that are not visible characters,
 * and without `unicode` all that are not ASCII, become \xNN. */
void glyph_write_visible(struct sink *s, const char *text, bool unicode);

#endif
