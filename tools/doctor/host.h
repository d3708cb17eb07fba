/* host — what this machine says about itself that decides how large a load it can make.
 *
 * Facts only, read from /proc and /sys below a root; checks.h judges them. A number that could not
 * be read is READING_UNKNOWN, a text is empty.
 */
#ifndef SQUALL_TOOLS_DOCTOR_HOST_H
#define SQUALL_TOOLS_DOCTOR_HOST_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/doctor/cgroup.h"
#include "tools/doctor/interfaces.h"
#include "tools/doctor/reading.h"

struct host_kernel {
    char release[64];
    int64_t major, minor;
    int64_t io_uring_disabled; /* 0 for nobody, 1 but for root and a group, 2 for all */
    int64_t io_uring_group;
};

/* What a real ring said, see ring_probe.h. */
struct host_ring {
    int error;          /* 0, or negative errno of opening one */
    char features[192]; /* in use, comma-separated */
};

struct host_cpus {
    cpu_set_t online, allowed;
    cpu_set_t one_per_core; /* the first allowed CPU of each core: the others are its siblings */
    char governor[32];      /* of the allowed CPUs, the first that is not "performance" if any */
    int64_t steal_ticks, all_ticks; /* since boot, of all CPUs */
    char clocksource[32];
    char clocksources[128]; /* there to choose from */
    int64_t timer_slack_ns;
};

struct host_limits {
    int64_t files_soft, files_hard;
    int64_t locked_bytes; /* that this user may lock: the soft limit */
    bool locks_freely;    /* CAP_IPC_LOCK on the host itself: that limit does not count */
};

struct host_network {
    int64_t port_first, port_last;
    int64_t ports_reserved; /* of those */
    int64_t tw_reuse;       /* of ports in TIME_WAIT: 0 never, 1 always, 2 on loopback */
    int64_t tw_reuse_delay_ms;
    int64_t tw_buckets; /* so many connections are kept in TIME_WAIT at most */
    int64_t timestamps; /* without them nothing is used again */
    int64_t fin_timeout_s;
    int64_t somaxconn, syn_backlog;
    int64_t tracked, tracked_max, tracked_time_wait_s; /* by netfilter; unknown = not loaded */
};

struct host_memory {
    int64_t available_bytes; /* MemAvailable */
};

struct host {
    struct host_kernel kernel;
    struct host_ring ring; /* not read: see ring_probe.h */
    struct host_cpus cpus;
    struct interfaces interfaces;
    struct host_limits limits;
    struct host_network network;
    struct host_memory memory;
    struct cgroup cgroup;
    const char *tls_built, *tls_running; /* versions of OpenSSL; NULL = not linked */
};

/* Everything but the ring. */
void host_read(struct host *h, const char *root);

/* Only what a plan is held against: limits, network, memory and the cgroup. */
void host_read_limits(struct host *h, const char *root);

/* Bytes that may still be taken, by the whole machine and by the cgroup; READING_UNKNOWN = not
 * known. */
int64_t host_memory_left(const struct host *h);

#endif
