/* interval_log — the latency of every endpoint in every interval of a run, bit for bit and small.
 *
 * An interval is the difference of two tallies, so the intervals add up to the whole run exactly.
 * It is kept as the encoded counts of hist_codec.h: two or three bytes for each bucket that
 * counted, a few kilobytes a second for a busy endpoint. When all together would exceed a size,
 * neighbours are merged two by two: the log then is coarser where it is older, and still adds up.
 *
 * Owned by one thread, the one that takes the tallies.
 */
#ifndef SQUALL_STATS_INTERVAL_LOG_H
#define SQUALL_STATS_INTERVAL_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "stats/tally.h"

/* From the start of the run. Intervals follow each other without a gap. */
struct interval {
    uint64_t from_ns, to_ns;
    size_t size;
    uint8_t *bytes; /* for each endpoint where it ends, in 4 bytes; then, for each that finished
                       something, its failures in 8 bytes and its counts */
};

struct interval_log {
    uint32_t endpoint_count;
    size_t size_max, size; /* bytes of all intervals */
    size_t count, capacity;
    struct interval *intervals;
    struct hist_view scratch;
    uint8_t *draft; /* of the interval being encoded */
    size_t draft_size, draft_capacity;
};

/* 0 or -ENOMEM. `endpoint_count` is at least 1. `size_max` bytes are kept at most, or two intervals
 * when they alone exceed it. */
int interval_log_open(struct interval_log **ret_log, uint32_t endpoint_count, size_t size_max);
void interval_log_close(struct interval_log *log);

/* Adds an interval up to `to_ns`; `difference` is tally_since() of its two ends. What came before
 * may be merged, this one stays alone. 0 or -ENOMEM; then nothing is added. */
int interval_log_add(struct interval_log *log, const struct tally *difference, uint64_t to_ns);

/* Takes the last interval back, so that another one can be added in its place. Nothing happens when
 * there is none. */
void interval_log_drop_last(struct interval_log *log);

/* Adds the latency of all requests that one endpoint finished in one interval into `v`; min, max
 * and sum as far as buckets tell. */
void interval_log_take(const struct interval_log *log, size_t interval, uint32_t endpoint,
                       struct hist_view *v);

/* How many of them failed. */
uint64_t interval_log_failed(const struct interval_log *log, size_t interval, uint32_t endpoint);

#endif
