/* resolve — a host name to socket addresses. Blocks, so no worker calls it. */
#ifndef SQUALL_ENGINE_IO_RESOLVE_H
#define SQUALL_ENGINE_IO_RESOLVE_H

#include <stdint.h>
#include <sys/socket.h>

#define ROUTE_TEXT_MAX 128 /* holds any address as text */

struct route {
    struct sockaddr_storage address;
    uint32_t address_len;
};

/* Writes up to `max` stream addresses of host:port in the resolver's order; returns how many, or
 * -ENOENT (no such host) with one sentence in *ret_why (static). */
int resolve_host(const char *host, uint16_t port, struct route *out, int max, const char **ret_why);

/* The socket at `path`. 0 or -ENAMETOOLONG. */
int resolve_unix(const char *path, struct route *out);

/* "127.0.0.1" or "::1". */
void resolve_write_host(const struct route *route, char out[ROUTE_TEXT_MAX]);

/* "127.0.0.1:80", "[::1]:80" or "unix:/run/a.sock". */
void resolve_write(const struct route *route, char out[ROUTE_TEXT_MAX]);

#endif
