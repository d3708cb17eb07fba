/* terminal — the screen that the live view is drawn on: what it can show, how large it is, and a
 * frame that replaces the one before it in a single write.
 *
 * A frame is some lines of text below whatever stood there; nothing else of the screen is touched
 * and nothing is left behind by terminal_close(). Owned by one thread.
 */
#ifndef SQUALL_TOOLS_LIVE_TERMINAL_H
#define SQUALL_TOOLS_LIVE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_LINES_MAX 256

struct terminal {
    int fd;
    bool color;
    bool unicode;
    unsigned columns, rows;                  /* at the last terminal_measure() */
    unsigned lines_drawn;                    /* of the frame that stands there now, … */
    unsigned columns_of[TERMINAL_LINES_MAX]; /* … and how wide each is */
};

/* Whether a stream on `fd` may get colors: a terminal, not TERM=dumb, no NO_COLOR, not forbidden.
 */
bool terminal_has_color(int fd, bool is_forbidden);

/* Whether the locale writes UTF-8; call setlocale(LC_CTYPE, "") before. */
bool terminal_has_unicode(void);

/* Columns of the terminal on `fd`, or `otherwise` when it is none. */
unsigned terminal_columns(int fd, unsigned otherwise);

/* False when `fd` is no terminal on which a frame can be redrawn; then nothing else may be called.
 */
bool terminal_open(struct terminal *t, int fd, bool is_color_forbidden);

/* Asks for the size again; once per frame, so no SIGWINCH is needed. */
void terminal_measure(struct terminal *t);

/* Room for a frame: all but a margin on both sides, and a row for the cursor below. */
unsigned terminal_frame_columns(const struct terminal *t);
unsigned terminal_frame_rows(const struct terminal *t);

/* Replaces the frame by `lines`, which fit in that room and end in a newline each. */
void terminal_draw(struct terminal *t, const char *lines, size_t len);

/* Removes the frame; the cursor is where it began. */
void terminal_close(struct terminal *t);

#endif
