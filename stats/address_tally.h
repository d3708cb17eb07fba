/* address_tally — the connections to one address of a server, counted. Plain data. */
#ifndef SQUALL_STATS_ADDRESS_TALLY_H
#define SQUALL_STATS_ADDRESS_TALLY_H

#include <stdint.h>

#define ADDRESS_TEXT_MAX 128

struct address_tally {
    char text[ADDRESS_TEXT_MAX]; /* "127.0.0.1:80", "[::1]:80" or "unix:/run/a.sock" */
    uint64_t opened, failed;     /* connects that succeeded, that did not */
};

#endif
