#include "engine/io/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

static const char *reason_of(int rc)
{
    switch (rc) {
    case EAI_NONAME:
        return "no host has this name";
    case EAI_NODATA:
        return "it has no address";
    case EAI_AGAIN:
        return "the name servers cannot tell";
    default:
        return gai_strerror(rc);
    }
}

int resolve_host(const char *host, uint16_t port, struct route *out, int max, const char **ret_why)
{
    char service[8];
    snprintf(service, sizeof service, "%u", port);

    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    const int rc = getaddrinfo(host, service, &hints, &found);
    if (rc != 0) {
        *ret_why = reason_of(rc);
        return -ENOENT;
    }

    int count = 0;
    for (const struct addrinfo *a = found; a != NULL && count < max; a = a->ai_next) {
        if (a->ai_addrlen > sizeof out[count].address)
            continue;
        memcpy(&out[count].address, a->ai_addr, a->ai_addrlen);
        out[count].address_len = a->ai_addrlen;
        count++;
    }
    freeaddrinfo(found);
    if (count == 0) {
        *ret_why = "no usable address";
        return -ENOENT;
    }
    return count;
}

int resolve_unix(const char *path, struct route *out)
{
    struct sockaddr_un *to = (struct sockaddr_un *)&out->address;
    const size_t len = strlen(path);
    if (len >= sizeof to->sun_path)
        return -ENAMETOOLONG;
    *out = (struct route){ .address_len =
                               (uint32_t)(offsetof(struct sockaddr_un, sun_path) + len + 1) };
    to->sun_family = AF_UNIX;
    memcpy(to->sun_path, path, len);
    return 0;
}

void resolve_write_host(const struct route *route, char out[ROUTE_TEXT_MAX])
{
    const void *bytes = &((const struct sockaddr_in *)&route->address)->sin_addr;
    if (route->address.ss_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)&route->address)->sin6_addr;
    if (inet_ntop(route->address.ss_family, bytes, out, ROUTE_TEXT_MAX) == NULL)
        out[0] = '\0';
}

void resolve_write(const struct route *route, char out[ROUTE_TEXT_MAX])
{
    char host[ROUTE_TEXT_MAX];
    if (route->address.ss_family == AF_UNIX) {
        snprintf(out, ROUTE_TEXT_MAX, "unix:%s",
                 ((const struct sockaddr_un *)&route->address)->sun_path);
        return;
    }
    const bool is_six = route->address.ss_family == AF_INET6;
    const in_port_t port = is_six ? ((const struct sockaddr_in6 *)&route->address)->sin6_port
                                  : ((const struct sockaddr_in *)&route->address)->sin_port;
    resolve_write_host(route, host);
    snprintf(out, ROUTE_TEXT_MAX, is_six ? "[%s]:%u" : "%s:%u", host, ntohs(port));
}
