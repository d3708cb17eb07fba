#include "tools/live/keys.h"

const struct key_row key_rows[] = {
    { KEY_MORE, '+', '=', "more users" },
    { KEY_FEWER, '-', '_', "fewer users" },
    { KEY_PAUSE, 'p', 'P', "pause, and go on" },
    { KEY_RESET, 'r', 'R', "begin the numbers anew" },
    { KEY_STOP, 'q', 'Q', "stop, as Ctrl-C does" },
    { KEY_HELP, '?', 'h', "show the keys, or hide them" },
};

const size_t key_row_count = sizeof key_rows / sizeof key_rows[0];

enum key key_of(char byte)
{
    for (size_t i = 0; i < key_row_count; i++)
        if (byte != '\0' && (byte == key_rows[i].letter || byte == key_rows[i].other))
            return key_rows[i].key;
    return KEY_NONE;
}
