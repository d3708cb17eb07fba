/* tally — what one or more shards had recorded at some moment, in plain integers.
 *
 * shard --tally_take--> tally; tally + tally for cores; later - earlier for seconds. One
 * associative operation for all. Owned by one thread.
 */
#ifndef SQUALL_STATS_TALLY_H
#define SQUALL_STATS_TALLY_H

#include <stdint.h>

#include "stats/shard.h"

struct tally_endpoint {
    struct hist_view latency[OUTCOME_COUNT];
    struct hist_view service[OUTCOME_COUNT];
    uint64_t bytes_in, bytes_body, bytes_out;
    struct books_view books;
};

struct tally_failure {
    uint32_t endpoint;
    enum failure_class class;
    char message[FAILURE_MESSAGE_MAX];
    uint64_t count;
};

#define TALLY_FAILURES_MAX 1024

struct tally {
    uint64_t counters[COUNTER_COUNT];
    uint64_t closes[CLOSE_REASON_COUNT];
    uint64_t users_now, in_flight_now, cpu_ns;
    uint64_t run_delay_ns, preempted;
    uint64_t started_ns, ended_ns; /* earliest start, latest end; 0 = none */
    uint64_t status[STATUS_CODES];
    struct hist_view lateness;
    uint64_t generator_ns[SHARE_SLOTS];
    struct books_view arrivals;
    struct hist_view phases[PHASE_COUNT];
    const char *tls_version, *tls_cipher; /* of one of the latest handshakes; NULL = none */
    uint32_t failure_count;
    uint64_t failures_overflow;
    struct tally_failure failures[TALLY_FAILURES_MAX];
    uint32_t endpoint_count;
    struct tally_endpoint *endpoints;
    void *memory; /* one mapping, lazily touched */
    size_t memory_size;
};

/* 0 or -ENOMEM. A new tally is empty: the neutral element of tally_add. */
int tally_open(struct tally **ret_tally, uint32_t endpoint_count);
void tally_close(struct tally *t);
void tally_clear(struct tally *t);

/* Adds what `live` has recorded so far. Any thread. */
void tally_take(struct tally *t, const struct shard *live);

/* Adds `more` (same endpoint_count). Associative and commutative: merge order never changes a
 * report. */
void tally_add(struct tally *sum, const struct tally *more);

/* t := later - earlier, two tallies of the same shards. users_now and in_flight_now are later's. */
void tally_since(struct tally *t, const struct tally *later, const struct tally *earlier);

/* Adds the latency of every finished request of `t`, successes and failures of all endpoints, into
 * `v`. */
void tally_add_latency(const struct tally *t, struct hist_view *v);

#endif
