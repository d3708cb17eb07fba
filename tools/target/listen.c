#include "tools/target/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_BACKLOG 4096

static bool parse_port(const char *text, uint16_t *ret)
{
    unsigned port = 0;
    if (*text == '\0' || strlen(text) > 5)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned)(*text - '0');
    }
    *ret = (uint16_t)port;
    return port <= UINT16_MAX;
}

const char *listen_parse(const char *text, struct route *ret)
{
    char host[256] = "127.0.0.1";
    uint16_t port;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !parse_port(colon + 1, &port))
        return "expected an address such as '127.0.0.1:8080' or ':8080'";
    size_t len = (size_t)(colon - text);
    const bool has_brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    if (has_brackets) {
        text++;
        len -= 2;
    }
    if (len >= sizeof host || (!has_brackets && memchr(text, ':', len) != NULL))
        return "expected an IPv6 address in brackets, such as '[::1]:8080'";
    if (len > 0) {
        memcpy(host, text, len);
        host[len] = '\0';
    }
    const char *why = NULL;
    return resolve_host(host, port, ret, 1, &why) < 0 ? why : NULL;
}

int listen_open(struct route *at, bool shares)
{
    const int fd = socket(at->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    /* Inherited by the sockets accepted here: an answer that is not the last is not held back. */
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (shares)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    socklen_t len = sizeof at->address;
    if (bind(fd, (const struct sockaddr *)&at->address, at->address_len) < 0 ||
        listen(fd, LISTEN_BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&at->address, &len) < 0) {
        const int err = errno;
        close(fd);
        return -err;
    }
    return fd;
}

void listen_write_url(const struct route *at, char *out, size_t cap)
{
    char address[ROUTE_TEXT_MAX];
    resolve_write(at, address);
    snprintf(out, cap, "http://%s", address);
}
