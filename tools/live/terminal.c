#include "tools/live/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_USUAL 80
#define ROWS_USUAL    24
#define HIDE_WAIT_MS  200 /* how long hiding waits for a terminal that takes nothing */

/* Alternate screen without a cursor; and back, cleared first where the terminal has no other. */
#define SHOW "\033[?1049h\033[?25l"
#define HIDE "\033[H\033[J\033[?7h\033[?25h\033[?1049l"

/* For terminal_restore(): which descriptor to write to; -1 = nothing is shown. */
static volatile sig_atomic_t shown_fd = -1;

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
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const int own = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    *t = (struct terminal){
        .fd = own >= 0 ? own : fd,
        .owns_fd = own >= 0,
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

/* Writes what the terminal takes and returns how much that was. A screen that is gone is no reason
 * to stop a measurement: its bytes count as written. */
static size_t write_some(int fd, const char *bytes, size_t len)
{
    size_t done = 0;
    while (done < len) {
        const ssize_t wrote = write(fd, bytes + done, len - done);
        if (wrote > 0)
            done += (size_t)wrote;
        else if (wrote < 0 && errno == EAGAIN)
            return done;
        else if (wrote == 0 || errno != EINTR)
            return len;
    }
    return len;
}

/* Goes on with what the terminal did not take before. True when nothing of it is left. */
static bool write_rest(struct terminal *t)
{
    if (t->rest == NULL)
        return true;
    const size_t done = write_some(t->fd, t->rest, t->rest_len);
    t->rest_len -= done;
    memmove(t->rest, t->rest + done, t->rest_len);
    if (t->rest_len > 0)
        return false;
    free(t->rest);
    t->rest = NULL;
    return true;
}

/* Writes `bytes`, which are malloc'd, and owns them; what is not taken now goes first next time. */
static void write_frame(struct terminal *t, char *bytes, size_t len)
{
    t->rest = bytes;
    t->rest_len = len;
    (void)write_rest(t);
}

unsigned terminal_frame_columns(const struct terminal *t)
{
    return t->columns > 2 ? t->columns - 2 : 1;
}

unsigned terminal_frame_rows(const struct terminal *t)
{
    return t->rows;
}

bool terminal_is_ours(const struct terminal *t)
{
    const pid_t foreground = tcgetpgrp(t->fd);
    return foreground < 0 || foreground == getpgrp();
}

/* Each line is cleared to its end, then all that is below; never folded, and no line after the
 * last, so that nothing scrolls. */
static void put_lines(FILE *out, const char *lines, size_t len)
{
    fputs("\033[?7l\033[H", out);
    for (size_t at = 0; at < len;) {
        const char *end = memchr(lines + at, '\n', len - at);
        const size_t line_len = end == NULL ? len - at : (size_t)(end - lines) - at;
        fputs(at == 0 ? " " : "\r\n ", out);
        fwrite(lines + at, 1, line_len, out);
        fputs("\033[K", out);
        at += line_len + 1;
    }
    fputs("\033[J\033[?7h", out);
}

void terminal_draw(struct terminal *t, const char *lines, size_t len)
{
    char *frame = NULL;
    size_t frame_len = 0;
    if (!write_rest(t))
        return;
    FILE *out = open_memstream(&frame, &frame_len);
    if (out == NULL)
        return;
    if (!t->is_shown)
        fputs(SHOW, out);
    put_lines(out, lines, len);
    if (fclose(out) != 0) {
        free(frame);
        return;
    }
    t->is_shown = true;
    shown_fd = t->fd;
    write_frame(t, frame, frame_len);
}

/* The rest of a frame first, if the terminal takes it soon. */
static bool finish_frame(struct terminal *t)
{
    struct pollfd room = { .fd = t->fd, .events = POLLOUT };
    return write_rest(t) || (poll(&room, 1, HIDE_WAIT_MS) == 1 && write_rest(t));
}

void terminal_hide(struct terminal *t)
{
    if (!t->is_shown)
        return;
    (void)finish_frame(t);
    t->is_shown = false;
    shown_fd = -1;
    (void)write_some(t->fd, HIDE, sizeof HIDE - 1);
}

void terminal_close(struct terminal *t)
{
    terminal_hide(t);
    free(t->rest);
    t->rest = NULL;
    if (t->owns_fd)
        close(t->fd);
}

void terminal_restore(void)
{
    const int errno_before = errno;
    if (shown_fd >= 0)
        (void)!write(shown_fd, HIDE, sizeof HIDE - 1);
    shown_fd = -1;
    errno = errno_before;
}
