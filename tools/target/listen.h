/* listen — the address a server is reached at: text -> listening sockets. */
#ifndef SQUALL_TOOLS_TARGET_LISTEN_H
#define SQUALL_TOOLS_TARGET_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/io/resolve.h"

/* 'HOST:PORT', '[::1]:PORT' or ':PORT' (of 127.0.0.1). NULL, or one sentence: what was expected and
 * what was found, in static memory. */
const char *listen_parse(const char *text, struct route *ret);

/* A listening socket. With `shares` others may listen at the same address. Port 0: *at is given the
 * chosen one. The descriptor or -errno. */
int listen_open(struct route *at, bool shares);

/* "http://127.0.0.1:8080", or of another scheme */
void listen_write_url(const struct route *at, const char *scheme, char *out, size_t cap);

#endif
