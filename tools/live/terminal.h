/* terminal — the screen that the live view is drawn on: what it can show, how large it is, and a
 * frame that replaces the one before it in a single write.
 *
 * Frames are drawn on the terminal's alternate screen, so that no resize leaves anything behind and
 * what stood there is back after terminal_hide(). A terminal that takes no bytes, as over a line
 * that hangs or after Ctrl-S, is never waited for: frames are left out. Owned by one thread.
 */
#ifndef SQUALL_TOOLS_LIVE_TERMINAL_H
#define SQUALL_TOOLS_LIVE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct terminal {
    int fd; /* a description of our own, so that it alone never blocks */
    bool owns_fd;
    bool color;
    bool unicode;
    bool is_shown;          /* the alternate screen */
    unsigned columns, rows; /* at the last terminal_measure() */
    char *rest;             /* of a frame that the terminal did not take whole */
    size_t rest_len;
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

/* Room for a frame: all but a margin on both sides. */
unsigned terminal_frame_columns(const struct terminal *t);
unsigned terminal_frame_rows(const struct terminal *t);

/* Whether this process is in the foreground: in the background the screen is the shell's. */
bool terminal_is_ours(const struct terminal *t);

/* Replaces the frame by `lines`, which fit in that room and end in a newline each. */
void terminal_draw(struct terminal *t, const char *lines, size_t len);

/* Back to what stood there before the first frame; the next one covers it again. */
void terminal_hide(struct terminal *t);

void terminal_close(struct terminal *t);

/* The same as terminal_hide() for the one that is shown, if any. Signal-safe, for ends that nobody
 * planned. */
void terminal_restore(void);

#endif
