/* host_port — a host and a port as users write them. Plain data. */
#ifndef SQUALL_ENGINE_IO_HOST_PORT_H
#define SQUALL_ENGINE_IO_HOST_PORT_H

#include <stdbool.h>
#include <stdint.h>

#define HOST_PORT_HOST_MAX 256

struct host_port {
    char host[HOST_PORT_HOST_MAX]; /* without brackets; "" = none stood there */
    uint16_t port;
};

/* Reads "HOST:PORT", "[::1]:PORT" or ":PORT". False when it is none of them. */
bool host_port_parse(struct host_port *ret_host_port, const char *text);

#endif
