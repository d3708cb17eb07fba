#include "tools/live/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_USUAL 80
#define ROWS_USUAL    24

static bool is_dumb(void)
{
    const char *term = getenv("TERM");
    return term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
}

bool terminal_has_color(int fd, bool is_forbidden)
{
    const char *no_color = getenv("NO_COLOR");
    if (is_forbidden || (no_color != NULL && no_color[0] != '\0'))
        return false;
    return isatty(fd) && !is_dumb();
}

bool terminal_has_unicode(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

unsigned terminal_columns(int fd, unsigned otherwise)
{
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return otherwise;
    return size.ws_col;
}

bool terminal_open(struct terminal *t, int fd, bool is_color_forbidden)
{
    if (!isatty(fd) || is_dumb())
        return false;
    *t = (struct terminal){
        .fd = fd,
        .color = terminal_has_color(fd, is_color_forbidden),
        .unicode = terminal_has_unicode(),
    };
    terminal_measure(t);
    return true;
}

void terminal_measure(struct terminal *t)
{
    struct winsize size;
    const bool is_known =
        ioctl(t->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    t->columns = is_known ? size.ws_col : COLUMNS_USUAL;
    t->rows = is_known ? size.ws_row : ROWS_USUAL;
}

static void write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return; /* a screen that is gone is no reason to stop a measurement */
        bytes += wrote;
        len -= (size_t)wrote;
    }
}

/* Columns that a line takes: escape sequences take none, and every character one. */
static unsigned line_columns(const char *line, size_t len)
{
    unsigned columns = 0;
    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)line[i];
        if (byte == '\033') {
            while (i + 1 < len && !(line[i] >= 'A' && line[i] <= 'z' && line[i] != '['))
                i++;
        } else if ((byte & 0xC0) != 0x80) {
            columns++;
        }
    }
    return columns;
}

/* Rows that the frame takes. Terminals fold lines when they become narrower, so one may take
 * several by now. */
static unsigned rows_drawn(const struct terminal *t)
{
    unsigned rows = 0;
    for (unsigned i = 0; i < t->lines_drawn; i++)
        rows +=
            t->columns_of[i] <= t->columns ? 1 : (t->columns_of[i] + t->columns - 1) / t->columns;
    return rows;
}

/* Moves to the first line of the frame that stands there. */
static void put_up(FILE *out, unsigned rows)
{
    if (rows > 0)
        fprintf(out, "\r\033[%uA", rows);
}

unsigned terminal_frame_columns(const struct terminal *t)
{
    return t->columns > 2 ? t->columns - 2 : 1;
}

unsigned terminal_frame_rows(const struct terminal *t)
{
    return t->rows > 2 ? t->rows - 1 : 1;
}

void terminal_draw(struct terminal *t, const char *lines, size_t len)
{
    char *frame = NULL;
    size_t frame_len = 0;
    FILE *out = open_memstream(&frame, &frame_len);
    if (out == NULL)
        return;
    put_up(out, rows_drawn(t));
    /* No folding while drawing, each line cleared to its end, then all that is left of a longer
     * frame. */
    fputs("\033[?7l", out);
    t->lines_drawn = 0;
    for (size_t at = 0; at < len && t->lines_drawn < TERMINAL_LINES_MAX;) {
        const char *end = memchr(lines + at, '\n', len - at);
        const size_t line_len = end == NULL ? len - at : (size_t)(end - lines) - at;
        fputc(' ', out);
        fwrite(lines + at, 1, line_len, out);
        fputs("\033[K\r\n", out);
        t->columns_of[t->lines_drawn++] = 1 + line_columns(lines + at, line_len);
        at += line_len + 1;
    }
    fputs("\033[J\033[?7h", out);
    if (fclose(out) == 0)
        write_all(t->fd, frame, frame_len);
    free(frame);
}

void terminal_close(struct terminal *t)
{
    terminal_measure(t);
    unsigned rows = rows_drawn(t);
    if (rows == 0)
        return;
    if (rows >= t->rows)
        rows = t->rows - 1;
    char *wipe = NULL;
    size_t wipe_len = 0;
    FILE *out = open_memstream(&wipe, &wipe_len);
    if (out == NULL)
        return;
    /* Row by row: tmux keeps in its history what is cleared from the top of the screen on. */
    put_up(out, rows);
    for (unsigned i = 0; i < rows; i++)
        fputs("\033[K\r\n", out);
    fputs("\033[J", out);
    put_up(out, rows);
    if (fclose(out) == 0)
        write_all(t->fd, wipe, wipe_len);
    free(wipe);
    t->lines_drawn = 0;
}
