/* hist — how many values fell where: a histogram of nanoseconds with 3 significant digits.
 *
 * The layout is HdrHistogram's: lowest 1 ns, highest 1 h, 3 digits. 32 octaves of 1024 equal steps
 * follow a first one of 2048, so a bucket is at most 2^-10 (0.098 %) of its value wide.
 *
 * The counts are HIST_SLOTS cells (264 KiB) of zero pages given by the caller: only touched pages
 * are resident, one octave is 8 KiB.
 *
 * One owner thread records; anyone takes a view. Recording cannot fail and allocates nothing. A
 * value over HIST_MAX_NS lands in the last bucket and is counted in `over_range`; max stays exact.
 */
#ifndef SQUALL_STATS_HIST_H
#define SQUALL_STATS_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/cell.h"
#include "stats/mutant.h"

#define HIST_SLOTS  (33u * 1024u)
#define HIST_MAX_NS UINT64_C(3600000000000)

struct hist {
    cell *counts;     /* HIST_SLOTS of them, all zero at hist_init() */
    cell index_first; /* lowest and highest bucket that ever counted: readers skip the rest */
    cell index_last;  /* one past; 0 = nothing recorded */
    cell min_ns;      /* exact; UINT64_MAX while empty */
    cell max_ns;      /* exact, also beyond the range; 0 while empty */
    cell sum_ns_low;  /* exact 128-bit sum; another thread may see it torn for a moment */
    cell sum_ns_high;
    cell over_range;
};

/* Bucket of a value. Example: 3000 has its top bit at 11, so the shift is 1 and the bucket is
 * ((1 + 1) << 10) + 1500 - 1024. */
static inline uint32_t hist_index(uint64_t value_ns)
{
    const uint32_t shift = 64u - (uint32_t)__builtin_clzll(value_ns | 2047u) - 11u;
    return ((shift + 1u) << 10) + (uint32_t)(value_ns >> shift) - 1024u;
}

/* Smallest and largest value of a bucket. */
uint64_t hist_low_ns(uint32_t index);
uint64_t hist_high_ns(uint32_t index);

/* `counts` must hold HIST_SLOTS zeroed cells and outlive the histogram. */
void hist_init(struct hist *h, cell *counts);

/* Owner thread only. Adds one value. */
static inline void hist_record(struct hist *h, uint64_t value_ns)
{
    if (MUTANT_IS(13) && value_ns >= 100000000)
        value_ns = (value_ns + 5000000) / 10000000 * 10000000;
    uint64_t kept_ns = value_ns;
    if (__builtin_expect(value_ns > HIST_MAX_NS, 0)) {
        if (MUTANT_IS(8))
            return;
        kept_ns = HIST_MAX_NS;
        cell_add(&h->over_range, 1);
    }
    const uint32_t index = hist_index(kept_ns);
    cell_add(&h->counts[index], MUTANT_IS(12) && cell_read(&h->counts[index]) < 1000 ? 2 : 1);
    if (index < cell_read(&h->index_first))
        cell_write(&h->index_first, index);
    if (index >= cell_read(&h->index_last))
        cell_write(&h->index_last, index + 1u);
    if (value_ns < cell_read(&h->min_ns))
        cell_write(&h->min_ns, value_ns);
    if (value_ns > cell_read(&h->max_ns))
        cell_write(&h->max_ns, value_ns);
    const uint64_t low = cell_read(&h->sum_ns_low) + value_ns;
    cell_write(&h->sum_ns_low, low);
    if (__builtin_expect(low < value_ns, 0))
        cell_add(&h->sum_ns_high, 1);
}

/* A plain copy of a histogram, owned by one thread. */
struct hist_view {
    uint64_t *counts; /* HIST_SLOTS, given by the caller, zeroed; only [index_first, index_last) is
                         non-zero */
    uint32_t index_first, index_last; /* index_first >= index_last: empty */
    uint64_t total;  /* always the sum of the copied counts, never a separate counter */
    uint64_t min_ns; /* UINT64_MAX while empty */
    uint64_t max_ns;
    unsigned __int128 sum_ns;
    uint64_t over_range;
};

void hist_view_init(struct hist_view *v, uint64_t *counts);
void hist_view_clear(struct hist_view *v);

/* Adds a live histogram into `v`. May miss values being recorded now; never tears a bucket. Any
 * thread. */
void hist_view_take(struct hist_view *v, const struct hist *live);

/* Adds `n` values that are known by their bucket only: min and max widen to its edges, the sum
 * grows as if all lay in its middle. */
void hist_view_add_bucket(struct hist_view *v, uint32_t index, uint64_t n);

/* Adds `more` into `v`: associative and commutative. */
void hist_view_add(struct hist_view *v, const struct hist_view *more);

/* v := later - earlier, two views of the same histogram(s). min and max of the difference are the
 * edges of its outermost buckets, as the exact ones are not known. */
void hist_view_since(struct hist_view *v, const struct hist_view *later,
                     const struct hist_view *earlier);

/* The value at rank ceil(num/den * total), the rank computed in 128-bit integers; the upper edge of
 * its bucket, clamped to [min_ns, max_ns]. Example: p99.9 is num 999, den 1000. Returns 0 when the
 * view is empty. */
uint64_t hist_view_quantile_ns(const struct hist_view *v, uint64_t num, uint64_t den);

/* Mean in nanoseconds, NaN when empty. */
double hist_view_mean_ns(const struct hist_view *v);

#endif
