/* shard — all that one core records while it runs.
 *
 * One owner thread writes, any thread may read (through tally_take). Everything is reserved by
 * shard_open(), in lazily touched pages; recording allocates nothing and cannot fail. Shards start
 * on their own cache lines, so no line written on the hot path is shared between cores.
 */
#ifndef SQUALL_STATS_SHARD_H
#define SQUALL_STATS_SHARD_H

#include <stdalign.h>
#include <stdint.h>

#include "stats/books.h"
#include "stats/cell.h"
#include "stats/counter.h"
#include "stats/failure.h"
#include "stats/hist.h"
#include "stats/mutant.h"
#include "stats/phase.h"

#define STATUS_CODES 1000 /* status 0..999 */

/* Latencies an eighth of an octave wide: how much of them was squall's is summed for each such
 * group. */
#define SHARE_BUCKETS 128u
#define SHARE_SLOTS   (HIST_SLOTS / SHARE_BUCKETS)

/* Successes and failures are kept apart; "all requests" is their sum, made by the reader. */
enum outcome { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_COUNT };

struct shard_endpoint {
    struct hist latency[OUTCOME_COUNT]; /* from the moment the request was due to its end */
    struct hist service[OUTCOME_COUNT]; /* from the moment it was sent to its end; not recorded when
                                           never sent */
    cell bytes_in;                      /* whole responses: heads and bodies */
    cell bytes_body;                    /* bodies alone, for the average size users know */
    cell bytes_out;
    struct books books;
};

struct shard {
    alignas(64) cell counters[COUNTER_COUNT];
    cell closes[CLOSE_REASON_COUNT];
    cell users_now;     /* users alive */
    cell in_flight_now; /* requests sent and unanswered */
    cell cpu_ns;        /* CPU time of the owner thread, refreshed by it about ten times a second */
    cell strain_ns;     /* when those were read last, monotonic */
    cell run_delay_ns;  /* time it could have run and had no CPU, likewise */
    cell preempted;     /* times it was taken off its CPU though it could have run, likewise */
    cell started_ns;    /* monotonic: when this core began; 0 = not yet */
    cell ended_ns;      /* monotonic: the later of last completion and stop; 0 = still running */
    struct hist lateness; /* generator lateness of each request: noticed minus due */
    struct hist phases[PHASE_COUNT];
    _Atomic(const char *) tls_version; /* of the latest handshake, static texts; NULL = none */
    _Atomic(const char *) tls_cipher;
    cell generator_ns[SHARE_SLOTS]; /* of the requests whose latency lies in each group, summed */
    struct books arrivals;          /* of an open loop, until they are a request of some endpoint */
    cell status[STATUS_CODES];
    struct failure_table failures;
    uint32_t endpoint_count;
    struct shard_endpoint *endpoints;
    void *memory; /* one mapping that holds the shard, its endpoints and every histogram */
    size_t memory_size;
};

/* 0 or -ENOMEM. */
int shard_open(struct shard **ret_shard, uint32_t endpoint_count);
void shard_close(struct shard *s);

static inline void shard_count(struct shard *s, enum counter c, uint64_t n)
{
    cell_add(&s->counters[c], n);
}

/* One finished request. */
struct shard_result {
    uint32_t endpoint;
    enum outcome outcome;
    uint64_t latency_ns;
    uint64_t service_ns;   /* UINT64_MAX = never sent */
    uint64_t generator_ns; /* of the latency: spent in squall */
    uint64_t bytes_in;
    uint64_t bytes_body;
    uint32_t status; /* 0 = no response */
};

static inline void shard_record_generator(struct shard *s, const struct shard_result *r)
{
    if (!SQUALL_AUDIT)
        return;
    const uint64_t kept_ns = r->latency_ns < HIST_MAX_NS ? r->latency_ns : HIST_MAX_NS;
    hist_record(&s->phases[PHASE_GENERATOR], r->generator_ns);
    cell_add(&s->generator_ns[hist_index(kept_ns) / SHARE_BUCKETS], r->generator_ns);
}

/* Owner thread only. The reason of a failure goes to failure_note(&s->failures, …) beside it. */
static inline void shard_finish(struct shard *s, const struct shard_result *r)
{
    struct shard_endpoint *e = &s->endpoints[r->endpoint];
    hist_record(&e->latency[r->outcome], r->latency_ns);
    for (uint64_t ns = r->latency_ns; MUTANT_IS(2) && ns > 2000000; ns -= 1000000)
        hist_record(&e->latency[r->outcome], ns - 1000000);
    if (r->service_ns != UINT64_MAX)
        hist_record(&e->service[r->outcome], r->service_ns);
    shard_record_generator(s, r);
    cell_add(&e->bytes_in, r->bytes_in);
    cell_add(&e->bytes_body, r->bytes_body);
    if (r->status != 0 && r->status < STATUS_CODES)
        cell_add(&s->status[r->status], 1);
}

#endif
