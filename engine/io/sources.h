/* sources — the local addresses that connections are made from, used in turn: single ones, ranges
 * and networks. Each address has all local ports to itself, so there can be as many more
 * connections to one server. Read once, then only looked at, by any thread. */
#ifndef SQUALL_ENGINE_IO_SOURCES_H
#define SQUALL_ENGINE_IO_SOURCES_H

#include <stdint.h>
#include <sys/socket.h>

#define SOURCES_MAX        65536u /* addresses of one list */
#define SOURCES_RANGES_MAX 64u

struct source_range {
    uint8_t first[16]; /* its first address in network order: 4 bytes of it, or 16 */
    uint32_t count;
    int family; /* AF_INET or AF_INET6 */
};

struct sources {
    uint32_t count; /* of all families; 0 = no list was given: the kernel chooses */
    uint32_t range_count;
    struct source_range ranges[SOURCES_RANGES_MAX];
};

/* Reads "127.0.0.2-127.0.0.40,10.0.0.0/28,::1". Of an IPv4 network of more than two addresses the
 * first and the last are left out: they are not a host's. NULL, or what was expected (static). */
const char *sources_parse(struct sources *ret_sources, const char *text);

/* How many are of `family`. */
uint32_t sources_count(const struct sources *s, int family);

/* Writes the `turn`-th address of `family`, port 0, going round; there must be one. Returns its
 * length. */
socklen_t sources_address(const struct sources *s, int family, uint32_t turn,
                          struct sockaddr_storage *ret_address);

#endif
