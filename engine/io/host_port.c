#include "engine/io/host_port.h"

#include <stddef.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *ret_port)
{
    unsigned port = 0;
    if (*text == '\0' || strlen(text) > 5)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (unsigned)(*text - '0');
    }
    *ret_port = (uint16_t)port;
    return port <= UINT16_MAX;
}

bool host_port_parse(struct host_port *ret_host_port, const char *text)
{
    uint16_t port;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !parse_port(colon + 1, &port))
        return false;
    size_t len = (size_t)(colon - text);
    const bool has_brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    if (has_brackets) {
        text++;
        len -= 2;
    }
    if (len >= sizeof ret_host_port->host || (!has_brackets && memchr(text, ':', len) != NULL))
        return false;
    memcpy(ret_host_port->host, text, len);
    ret_host_port->host[len] = '\0';
    ret_host_port->port = port;
    return true;
}
