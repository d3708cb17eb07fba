/* keyboard — single keys from the terminal, without Enter and without waiting.
 *
 * The terminal is changed (no echo, no lines; Ctrl-C and Ctrl-Z stay signals) only while this
 * process is in its foreground, and put back by keyboard_close(), keyboard_release() and
 * keyboard_restore(). One at a time, owned by one thread.
 */
#ifndef SQUALL_TOOLS_LIVE_KEYBOARD_H
#define SQUALL_TOOLS_LIVE_KEYBOARD_H

#include <stdbool.h>

struct keyboard;

/* NULL when `fd` is no terminal, or without memory. */
struct keyboard *keyboard_open(int fd);
void keyboard_close(struct keyboard *k);

/* Changes the terminal, if this process is in its foreground and it is not as wanted: a shell puts
 * it back while a job is stopped. Cheap, so call it now and then. False while others have the
 * keyboard. */
bool keyboard_take(struct keyboard *k);

/* Puts the terminal back, before the process is stopped. */
void keyboard_release(struct keyboard *k);

/* The same for the one that is open, if any. Signal-safe, for ends that nobody planned. */
void keyboard_restore(void);

/* The descriptor to wait for, or -1 while others have the keyboard. */
int keyboard_fd(const struct keyboard *k);

/* The next key, 0 = none. Never waits. Of the sequences that special keys send nothing is seen. */
char keyboard_read(struct keyboard *k);

#endif
