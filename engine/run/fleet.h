/* fleet — all cores of a run: split the plan, open, pin, start together, watch, join.
 *
 * Words that cross threads, all of them: `stop`, the users wanted with their spawn rate, those that
 * are gone for good, and the cells of the shards.
 * Changing the load live is one atomic store: no lock, no message.
 *
 * Called from one controlling thread, except where said otherwise.
 */
#ifndef SQUALL_ENGINE_RUN_FLEET_H
#define SQUALL_ENGINE_RUN_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/io/host_port.h"
#include "engine/io/sources.h"
#include "engine/plan/plan.h"
#include "stats/address_tally.h"
#include "stats/shard.h"

struct fleet;

struct tls_options;

struct fleet_options {
    uint32_t threads; /* 0 = one per CPU of `cpus`, or per CPU this process may use */
    const int *cpus;  /* CPUs to pin to, in order; NULL = those this process may use */
    uint32_t cpu_count;
    uint32_t users_max;    /* that fleet_set_users() may ask for; 0 = the plan's. More are reserved,
                              but cost address space only until they start */
    const char *ring_mask; /* features not to use (see ring.h), NULL = none */
    uint32_t ring_entries; /* of a core's queues to the kernel, for tests; 0 = enough */
    bool kernel_stamps;    /* on some connections, to split their latency */
    bool no_memo;          /* parse every head, for measurements and tests */
    bool no_discard;       /* copy every body, likewise */
    const struct tls_options *tls; /* for https:// */
    const char *sni;               /* whom servers have to prove to be; NULL = each its host */
    bool busy_poll;                /* workers never sleep: lowest lateness, all of their CPUs */
    uint64_t gather_ns; /* a wait goes on so long for half of the answers that are owed: fewer
                           waits, latencies so much longer; 0 = the first one ends it */
    uint64_t resolve_every_ns;          /* names are looked up again so often; 0 = never */
    const struct host_port *connect_to; /* instead of where the plan's URLs lead; NULL = there */
    const char *unix_path;              /* likewise, a socket of Unix */
    const struct sources *sources; /* local addresses to connect from; NULL = the kernel's choice */
};

/* Why a fleet could not be opened: one line and its remedy, for the user. */
struct fleet_fault {
    char message[256];
    char remedy[256];
};

/* Reserves everything: after this nothing on a worker thread allocates. 0 or -errno with *ret_fault
 * filled: those of reach_open() and of ring_open(), -EINVAL also of TLS (a file, versions or
 * ciphers that cannot be used). The plan and what `options` point to must outlive the fleet. */
int fleet_open(struct fleet **ret_fleet, const struct plan *plan,
               const struct fleet_options *options, struct fleet_fault *ret_fault);

/* Starts all workers at once. 0 or -errno. */
int fleet_start(struct fleet *f);

bool fleet_is_done(const struct fleet *f); /* every worker has finished; any thread */
void fleet_stop(struct fleet *f);          /* no new requests, drain, then done; signal-safe */
void fleet_stop_now(struct fleet *f);      /* done at the next turn; signal-safe */

/* No new requests until it is taken back; those in flight end. The run's clock stands still: all
 * that was to come, its end too, comes as much later. No effect on a run that stops. Any thread. */
void fleet_pause(struct fleet *f, bool is_paused);

/* So many users from now on, started or stopped at the spawn rate, which counts from the moment
 * each worker notices; num 0 = the plan's rate. More than fleet_users_max() are cut to that. A rate
 * is rounded down to thousandths. Users of a plan with stages follow those, whatever is asked for.
 * Any thread. */
void fleet_set_users(struct fleet *f, uint32_t users, struct ratio spawn_rate);

uint32_t fleet_users_wanted(const struct fleet *f); /* any thread */
uint32_t fleet_users_max(const struct fleet *f);

/* Waits for every worker. 0, or -errno of the first ring that broke. */
int fleet_join(struct fleet *f);
void fleet_close(struct fleet *f);

uint32_t fleet_threads(const struct fleet *f);
int fleet_cpu(const struct fleet *f, uint32_t thread); /* -1 = not pinned */
const struct shard *fleet_shard(const struct fleet *f, uint32_t thread);
const char *fleet_ring_features(const struct fleet *f); /* in use, comma separated */
/* What became of the connections to every address there is, each once, in the order of the origins;
 * malloc'd. 0 or -ENOMEM. */
int fleet_addresses(const struct fleet *f, struct address_tally **ret_addresses,
                    uint32_t *ret_count);
uint64_t
fleet_started_ns(const struct fleet *f); /* monotonic time zero of the run; 0 = not started */

#endif
