/* keys — what the keyboard does while a run is watched: one row each, read by the live view, by
 * those who act on a key and by the man page. */
#ifndef SQUALL_TOOLS_LIVE_KEYS_H
#define SQUALL_TOOLS_LIVE_KEYS_H

#include <stddef.h>

enum key { KEY_NONE, KEY_MORE, KEY_FEWER, KEY_PAUSE, KEY_RESET, KEY_STOP, KEY_HELP };

struct key_row {
    enum key key;
    char letter;
    char other; /* does the same: the key beside it, or without shift; 0 = none */
    const char *sentence;
};

extern const struct key_row key_rows[];
extern const size_t key_row_count;

/* KEY_NONE for a byte that means nothing. */
enum key key_of(char byte);

#endif
