#include "tools/doctor/sums.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

struct figure sums_figure(double value)
{
    return value == floor(value) ? figure_decimal(value, 0) : figure_rate(value);
}

int64_t sums_ports(const struct host_network *n)
{
    if (n->port_first < 0 || n->port_last < n->port_first || n->port_last > UINT16_MAX)
        return READING_UNKNOWN;
    return n->port_last - n->port_first + 1 - n->ports_reserved;
}

void sums_write_ports(const struct host_network *n, char out[SUMS_TEXT_MAX])
{
    char reserved[48] = "";
    if (n->ports_reserved > 0)
        (void)snprintf(reserved, sizeof reserved, " - %" PRId64 " reserved", n->ports_reserved);
    (void)snprintf(out, SUMS_TEXT_MAX, "%" PRId64 " - %" PRId64 " + 1%s = %" PRId64, n->port_last,
                   n->port_first, reserved, sums_ports(n));
}

double sums_port_rest_s(const struct host_network *n, bool is_loopback)
{
    const bool is_reused = n->tw_reuse == 1 || (n->tw_reuse == 2 && is_loopback);
    return is_reused && n->timestamps != 0 ? (double)n->tw_reuse_delay_ms / 1e3 : SUMS_TIME_WAIT_S;
}

double sums_opened_per_s(const struct host_network *n, bool is_loopback)
{
    const int64_t ports = sums_ports(n);
    if (ports == READING_UNKNOWN)
        return NAN;
    if (n->tw_buckets != READING_UNKNOWN && n->tw_buckets < ports)
        return INFINITY;
    return (double)ports / sums_port_rest_s(n, is_loopback);
}

void sums_write_opened(const struct host_network *n, bool is_loopback, char out[SUMS_TEXT_MAX])
{
    (void)snprintf(out, SUMS_TEXT_MAX, "%" PRId64 " ports / %.32s s = %.32s", sums_ports(n),
                   sums_figure(sums_port_rest_s(n, is_loopback)).text,
                   sums_figure(sums_opened_per_s(n, is_loopback)).text);
}

int64_t sums_files_per_ring(const struct host_limits *l)
{
    return l->files_hard < SUMS_RING_FILES_MAX ? l->files_hard : SUMS_RING_FILES_MAX;
}

double sums_memory(uint64_t connections, uint64_t users, uint64_t more_bytes)
{
    return (double)connections * (double)(SUMS_CONNECTION_BYTES + more_bytes) +
           (double)users * SUMS_USER_BYTES;
}
