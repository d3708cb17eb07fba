#include "engine/io/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/io/resolve.h"
#include "engine/io/ring.h"

int socket_make(const struct sockaddr *to, const struct socket_options *options)
{
    const int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    const int on = 1;
    if (options->no_delay && to->sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (options->source != NULL) {
        /* The port is chosen at connect, so one local port can serve many destinations. */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, options->source, options->source_len) < 0) {
            const int err = errno;
            close(fd);
            return -err;
        }
    }
    return fd;
}

int socket_try_source(const struct route *source)
{
    const struct socket_options options = {
        .source = (const struct sockaddr *)&source->address,
        .source_len = source->address_len,
    };
    const int fd = socket_make(options.source, &options);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}
