#include "tools/live/keyboard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

struct keyboard {
    int fd;
    bool is_taken;
    bool is_gone; /* the terminal was hung up */
};

/* What keyboard_restore() needs. A handler may run at any moment: the words are written before the
 * flag goes up. */
static struct termios before;
static int fd_before;
static volatile sig_atomic_t is_changed;

struct keyboard *keyboard_open(int fd)
{
    if (!isatty(fd) || tcgetattr(fd, &before) != 0)
        return NULL;
    struct keyboard *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NULL;
    k->fd = fd_before = fd;
    (void)keyboard_take(k);
    return k;
}

void keyboard_close(struct keyboard *k)
{
    if (k == NULL)
        return;
    keyboard_release(k);
    free(k);
}

/* In the background the kernel would stop us for changing the terminal, and the keys are the
 * shell's. */
static bool is_in_foreground(const struct keyboard *k)
{
    return tcgetpgrp(k->fd) == getpgrp();
}

bool keyboard_take(struct keyboard *k)
{
    struct termios keys;
    if (k == NULL || k->is_gone)
        return false;
    k->is_taken = false;
    if (!is_in_foreground(k) || tcgetattr(k->fd, &keys) != 0)
        return false;
    k->is_taken = true;
    if (is_changed && !(keys.c_lflag & (ICANON | ECHO)))
        return true;
    is_changed = 1;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    keys.c_cc[VMIN] = 0;
    keys.c_cc[VTIME] = 0;
    k->is_taken = tcsetattr(k->fd, TCSANOW, &keys) == 0;
    return k->is_taken;
}

void keyboard_release(struct keyboard *k)
{
    if (k == NULL)
        return;
    if (is_in_foreground(k))
        keyboard_restore();
    is_changed = 0;
    k->is_taken = false;
}

void keyboard_restore(void)
{
    const int errno_before = errno;
    if (is_changed)
        (void)tcsetattr(fd_before, TCSANOW, &before);
    is_changed = 0;
    errno = errno_before;
}

int keyboard_fd(const struct keyboard *k)
{
    return k != NULL && k->is_taken ? k->fd : -1;
}

static bool has_byte(const struct keyboard *k)
{
    struct pollfd look = { .fd = k->fd, .events = POLLIN };
    return poll(&look, 1, 0) == 1;
}

char keyboard_read(struct keyboard *k)
{
    char bytes[32];
    if (!keyboard_take(k) || !has_byte(k))
        return 0;
    const ssize_t got = read(k->fd, bytes, 1);
    if (got != 1) {
        k->is_gone = got == 0 || errno != EINTR;
        k->is_taken = !k->is_gone;
        return 0;
    }
    if (bytes[0] != '\033')
        return bytes[0];
    /* An arrow or a function key: the rest of its sequence came with it. */
    if (has_byte(k))
        (void)!read(k->fd, bytes, sizeof bytes);
    return 0;
}
