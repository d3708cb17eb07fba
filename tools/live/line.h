/* line — one line of the live view: text that is cut where the screen ends, with colors that are
 * not counted.
 *
 * Control bytes, broken UTF-8 and, where the screen shows ASCII only, all else become '?': what a
 * server or a scenario named can never move the cursor.
 */
#ifndef SQUALL_TOOLS_LIVE_LINE_H
#define SQUALL_TOOLS_LIVE_LINE_H

#include <stdbool.h>
#include <stdio.h>

struct line {
    FILE *out;
    unsigned columns; /* room */
    unsigned used;
    bool color, unicode;
};

enum line_tint { TINT_NONE, TINT_BOLD, TINT_DIM, TINT_GOOD, TINT_BAD, TINT_WARN };

void line_tint(struct line *l, enum line_tint tint);

/* Appends `text`, at most `columns_max` columns of it. */
void line_put_cut(struct line *l, const char *text, unsigned columns_max);
void line_put(struct line *l, const char *text);
void line_format(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, its end marked where it had to be cut. */
void line_put_marked(struct line *l, const char *text, unsigned columns_max);

/* Right-aligned in `width` columns. */
void line_put_right(struct line *l, const char *text, unsigned width);

/* One of the program's own characters, which is one column wide; `ascii` where the screen knows no
 * other. */
void line_glyph(struct line *l, const char *unicode, char ascii);

/* Blanks up to column `to`. */
void line_pad(struct line *l, unsigned to);

/* Columns that line_put() takes for `text` on this screen. */
unsigned line_measure(const struct line *l, const char *text);

/* Ends the line; the next one begins empty. */
void line_end(struct line *l);

#endif
