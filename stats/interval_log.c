#include "stats/interval_log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stats/hist_codec.h"
#include "stats/mutant.h"

#define INTERVALS_FIRST 64u

int interval_log_open(struct interval_log **ret_log, uint32_t endpoint_count, size_t size_max)
{
    struct interval_log *log = calloc(1, sizeof(*log));
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));

    if (log == NULL || counts == NULL) {
        free(counts);
        free(log);
        return -ENOMEM;
    }
    log->endpoint_count = endpoint_count;
    log->size_max = size_max;
    hist_view_init(&log->scratch, counts);
    *ret_log = log;
    return 0;
}

void interval_log_close(struct interval_log *log)
{
    if (log == NULL)
        return;
    for (size_t i = 0; i < log->count; i++)
        free(log->intervals[i].bytes);
    free(log->intervals);
    free(log->draft);
    free(log->scratch.counts);
    free(log);
}

/* Room for one more interval. */
static int reserve(struct interval_log *log)
{
    if (log->count < log->capacity)
        return 0;
    const size_t capacity = log->capacity == 0 ? INTERVALS_FIRST : 2u * log->capacity;
    struct interval *intervals = realloc(log->intervals, capacity * sizeof(*intervals));
    if (intervals == NULL)
        return -ENOMEM;
    log->intervals = intervals;
    log->capacity = capacity;
    return 0;
}

/* Where the counts of an endpoint end in the bytes of an interval; they begin where the others end.
 */
static size_t end_of(const struct interval_log *log, const uint8_t *bytes, uint32_t endpoint)
{
    uint32_t end;

    memcpy(&end, bytes + endpoint * sizeof(end), sizeof(end));
    return log->endpoint_count * sizeof(end) + end;
}

static size_t begin_of(const struct interval_log *log, const uint8_t *bytes, uint32_t endpoint)
{
    return endpoint == 0 ? log->endpoint_count * sizeof(uint32_t)
                         : end_of(log, bytes, endpoint - 1u);
}

static int draft_reserve(struct interval_log *log, size_t more)
{
    if (log->draft_capacity - log->draft_size >= more)
        return 0;
    const size_t capacity = 2u * log->draft_capacity + more;
    uint8_t *draft = realloc(log->draft, capacity);
    if (draft == NULL)
        return -ENOMEM;
    log->draft = draft;
    log->draft_capacity = capacity;
    return 0;
}

/* Begins a draft with the ends, to be filled in. */
static int draft_begin(struct interval_log *log)
{
    log->draft_size = 0;
    const int rc = draft_reserve(log, log->endpoint_count * sizeof(uint32_t));
    if (rc == 0)
        log->draft_size = log->endpoint_count * sizeof(uint32_t);
    return rc;
}

/* Appends the failures and the counts of the scratch view, those of the next endpoint. */
static int draft_endpoint(struct interval_log *log, uint32_t endpoint, uint64_t failed)
{
    const int rc = draft_reserve(log, sizeof(failed) + hist_codec_counts_room(&log->scratch));
    if (rc != 0)
        return rc;
    if (log->scratch.total > 0) {
        memcpy(log->draft + log->draft_size, &failed, sizeof(failed));
        log->draft_size += sizeof(failed);
        log->draft_size += hist_codec_encode_counts(log->draft + log->draft_size, &log->scratch);
    }
    const uint32_t end = (uint32_t)(log->draft_size - begin_of(log, log->draft, 0));
    memcpy(log->draft + endpoint * sizeof(end), &end, sizeof(end));
    return 0;
}

/* Makes an interval of the draft. */
static int keep_draft(struct interval *ret_interval, const struct interval_log *log,
                      uint64_t from_ns, uint64_t to_ns)
{
    uint8_t *bytes = malloc(log->draft_size);

    if (bytes == NULL)
        return -ENOMEM;
    if (log->draft_size > 0) /* a run in which nothing is recorded has no rows */
        memcpy(bytes, log->draft, log->draft_size);
    *ret_interval = (struct interval){ from_ns, to_ns, log->draft_size, bytes };
    return 0;
}

void interval_log_take(const struct interval_log *log, size_t interval, uint32_t endpoint,
                       struct hist_view *v)
{
    assert(interval < log->count && endpoint < log->endpoint_count);
    const uint8_t *bytes = log->intervals[interval].bytes;
    const size_t begin = begin_of(log, bytes, endpoint);
    const size_t end = end_of(log, bytes, endpoint);
    if (begin == end)
        return;

    const size_t counts = begin + sizeof(uint64_t);
    const int rc = hist_codec_add_counts(v, bytes + counts, end - counts);
    assert(rc == 0);
    (void)rc;
}

uint64_t interval_log_failed(const struct interval_log *log, size_t interval, uint32_t endpoint)
{
    assert(interval < log->count && endpoint < log->endpoint_count);
    const uint8_t *bytes = log->intervals[interval].bytes;
    const size_t begin = begin_of(log, bytes, endpoint);
    uint64_t failed = 0;

    if (end_of(log, bytes, endpoint) > begin)
        memcpy(&failed, bytes + begin, sizeof(failed));
    return failed;
}

/* Two neighbours as one. */
static int merge_pair(struct interval *ret_interval, struct interval_log *log, size_t first)
{
    int rc = draft_begin(log);
    for (uint32_t e = 0; e < log->endpoint_count && rc == 0; e++) {
        hist_view_clear(&log->scratch);
        interval_log_take(log, first, e, &log->scratch);
        interval_log_take(log, first + 1u, e, &log->scratch);
        rc = draft_endpoint(
            log, e, interval_log_failed(log, first, e) + interval_log_failed(log, first + 1u, e));
    }
    return rc != 0 ? rc
                   : keep_draft(ret_interval, log, log->intervals[first].from_ns,
                                log->intervals[first + 1u].to_ns);
}

/* Halves the number of intervals. Without memory for it some stay as they were. */
static void merge_neighbours(struct interval_log *log)
{
    size_t kept = 0, i = 0;

    while (i < log->count) {
        struct interval merged;
        if (i + 1u == log->count || merge_pair(&merged, log, i) != 0) {
            log->intervals[kept++] = log->intervals[i++];
            continue;
        }
        log->size -= log->intervals[i].size + log->intervals[i + 1u].size - merged.size;
        free(log->intervals[i].bytes);
        free(log->intervals[i + 1u].bytes);
        log->intervals[kept++] = merged;
        i += 2u;
    }
    log->count = kept;
}

int interval_log_add(struct interval_log *log, const struct tally *difference, uint64_t to_ns)
{
    assert(difference->endpoint_count == log->endpoint_count);
    const uint64_t from_ns = log->count > 0 ? log->intervals[log->count - 1u].to_ns : 0;
    struct interval added;

    int rc = draft_begin(log);
    for (uint32_t e = 0; e < log->endpoint_count && rc == 0; e++) {
        hist_view_clear(&log->scratch);
        for (int o = 0; o < OUTCOME_COUNT; o++)
            hist_view_add(&log->scratch, &difference->endpoints[e].latency[o]);
        rc = draft_endpoint(log, e, difference->endpoints[e].latency[OUTCOME_FAILED].total);
    }
    if (rc != 0 || reserve(log) != 0 || keep_draft(&added, log, from_ns, to_ns) != 0)
        return -ENOMEM;
    const size_t size_max = MUTANT_IS(21) ? SIZE_MAX : log->size_max;
    for (size_t before = 0; log->size + added.size > size_max && log->count != before;) {
        before = log->count;
        merge_neighbours(log);
    }
    log->size += added.size;
    log->intervals[log->count++] = added;
    return 0;
}

void interval_log_drop_last(struct interval_log *log)
{
    if (log->count == 0)
        return;
    log->count--;
    log->size -= log->intervals[log->count].size;
    free(log->intervals[log->count].bytes);
}
