#include "engine/io/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

int resolve_host(const char *host, uint16_t port, struct route *out, int max, const char **ret_why)
{
    char service[8];
    snprintf(service, sizeof service, "%u", port);

    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    const int rc = getaddrinfo(host, service, &hints, &found);
    if (rc != 0) {
        *ret_why = gai_strerror(rc);
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
