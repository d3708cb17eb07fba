/* preflight — whether this host can carry a load, told before it starts: each limit that the load
 * would run into, with the sum. A pure function of a plan's numbers and a host's facts.
 *
 * Refused is only what cannot work; what depends on the server's behaviour is a warning.
 */
#ifndef SQUALL_TOOLS_DOCTOR_PREFLIGHT_H
#define SQUALL_TOOLS_DOCTOR_PREFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/doctor/host.h"

struct preflight_load {
    bool is_open;            /* requests come at `rate_per_s` */
    double rate_per_s;       /* of an open loop */
    uint64_t users;          /* at a time, at most */
    double spawn_rate_per_s; /* of users; INFINITY = all at once */
    uint64_t connections;    /* reserved for each origin */
    uint32_t pipeline;       /* users that a connection has */
    bool is_shared; /* connections have no users of their own: as few are opened as will do */
    uint64_t requests_per_connection; /* then squall closes it; 0 = never */
    uint64_t requests_max;            /* 0 = no limit */
    double duration_s;                /* INFINITY = no limit */
    double wait_s;                    /* every user waits so long between tasks at least */
    uint32_t task_requests_max;       /* that a user sends between two waits */
    uint32_t threads;
    uint32_t origins;     /* addresses and ports of servers; a user may have to do with some only */
    uint32_t sources;     /* local addresses */
    bool may_be_loopback; /* not surely elsewhere */
    bool is_tls;          /* every connection is */
    bool is_unix;         /* over sockets of Unix, which need no ports */
    bool may_be_many;     /* a server's name may stand for several addresses */
};

struct preflight_verdict {
    bool is_refused; /* else a warning */
    char sentence[320];
    char remedy[160];
};

#define PREFLIGHT_MAX 4 /* verdicts at most: descriptors, ports, TIME_WAIT, memory */

/* Needs of the host what host_read_limits() reads; a limit that is not known refuses nothing.
 * Returns how many verdicts there are. */
size_t preflight(const struct preflight_load *l, const struct host *h,
                 struct preflight_verdict ret_verdicts[PREFLIGHT_MAX]);

#endif
