/* sums — what a host's limits come to, and what a load takes of them: plain arithmetic, and the
 * same written out. */
#ifndef SQUALL_TOOLS_DOCTOR_SUMS_H
#define SQUALL_TOOLS_DOCTOR_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "stats/report/figure.h"
#include "tools/doctor/host.h"

/* The kernel holds a closed connection in TIME_WAIT for this long, on the side that closed first.
 * Fixed in Linux (TCP_TIMEWAIT_LEN); tcp_fin_timeout is another wait. */
#define SUMS_TIME_WAIT_S 60

/* Measured on Linux 6.18, x86-64, as the growth from 100 to 10,000 users who each keep a connection
 * that was used once and is idle: 0.7 KiB resident in squall, of which 144 bytes are the user, and
 * 8.6 KiB of the kernel's slabs for the two ends of a connection over loopback. */
#define SUMS_USER_BYTES            144
#define SUMS_CONNECTION_BYTES      568
#define SUMS_KERNEL_BYTES_BOTH     8800
#define SUMS_KERNEL_BYTES_OUR_SIDE (SUMS_KERNEL_BYTES_BOTH / 2)

/* What TLS adds to a connection: measured in the same way, against nginx, with OpenSSL 3.0. */
#define SUMS_TLS_BYTES 26000

/* A worker's largest ring in locked memory, where the kernel counts it (seen on Linux 6.18; it
 * refused a byte less): 65,536 completions of 16 bytes, 4096 operations of 64 and, without
 * no_sqarray, an index of 4 bytes for each, a page of heads and a page of buffers. */
#define SUMS_RING_LOCKED_BYTES (65536 * 16 + 4096 * 64 + 4096 * 4 + 2 * 4096)

/* Files that one ring can register: the kernel's own limit (IORING_MAX_FIXED_FILES). */
#define SUMS_RING_FILES_MAX (INT64_C(1) << 20)

/* New connections that one core can open in a second at the very most: 41 us of CPU time each were
 * measured. */
#define SUMS_OPENED_PER_CORE_S 25000

#define SUMS_TEXT_MAX 128 /* holds any of the texts below */

/* A rate, or a time in seconds, without decimals that say nothing: 470.5, 28232, 0.167. */
struct figure sums_figure(double value);

/* Ports for connections to one address and port; READING_UNKNOWN = not known. */
int64_t sums_ports(const struct host_network *n);

/* "60999 - 32768 + 1 = 28232", of known ports. */
void sums_write_ports(const struct host_network *n, char out[SUMS_TEXT_MAX]);

/* Seconds until a port can be used again after squall has closed its connection. */
double sums_port_rest_s(const struct host_network *n, bool is_loopback);

/* New connections per second to one address and port that can go on for ever when squall closes
 * them: ports / rest. INFINITY where the kernel keeps fewer in TIME_WAIT than there are ports; NAN
 * = not known. */
double sums_opened_per_s(const struct host_network *n, bool is_loopback);

/* "28232 ports / 60 s = 470.5", of a finite rate. */
void sums_write_opened(const struct host_network *n, bool is_loopback, char out[SUMS_TEXT_MAX]);

/* Connections that one ring can hold: it may register as many files as the process may open.
 * READING_UNKNOWN = not known. */
int64_t sums_files_per_ring(const struct host_limits *l);

/* Bytes that so many of each take, when a connection takes `more_bytes` beside our own. */
double sums_memory(uint64_t connections, uint64_t users, uint64_t more_bytes);

#endif
