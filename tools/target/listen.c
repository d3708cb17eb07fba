#include "tools/target/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/io/host_port.h"

#define LISTEN_BACKLOG 4096

const char *listen_parse(const char *text, struct route *ret)
{
    struct host_port at;
    if (!host_port_parse(&at, text))
        return "expected an address such as '127.0.0.1:8080', '[::1]:8080' or ':8080'";
    const char *why = NULL;
    const char *host = at.host[0] != '\0' ? at.host : "127.0.0.1";
    return resolve_host(host, at.port, ret, 1, &why) < 0 ? why : NULL;
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

void listen_write_url(const struct route *at, const char *scheme, char *out, size_t cap)
{
    char address[ROUTE_TEXT_MAX];
    resolve_write(at, address);
    snprintf(out, cap, "%s://%s", scheme, address);
}
