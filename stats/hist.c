#include "stats/hist.h"

#include <assert.h>
#include <math.h>

#include "stats/mutant.h"

#define STEP_BITS 10u
#define STEPS     (1u << STEP_BITS)

uint64_t hist_low_ns(uint32_t index)
{
    assert(index < HIST_SLOTS);
    const uint32_t octave = index >> STEP_BITS;

    /* The first two octaves together are the 2048 buckets that are one nanosecond wide. */
    if (octave < 2)
        return index;
    return (uint64_t)((index & (STEPS - 1u)) + STEPS) << (octave - 1u);
}

uint64_t hist_high_ns(uint32_t index)
{
    const uint32_t octave = index >> STEP_BITS;
    const uint32_t shift = octave < 2 ? 0 : octave - 1u;

    return hist_low_ns(index) + (UINT64_C(1) << shift) - 1u;
}

void hist_init(struct hist *h, cell *counts)
{
    h->counts = counts;
    cell_write(&h->index_first, HIST_SLOTS);
    cell_write(&h->index_last, 0);
    cell_write(&h->min_ns, UINT64_MAX);
    cell_write(&h->max_ns, 0);
    cell_write(&h->sum_ns_low, 0);
    cell_write(&h->sum_ns_high, 0);
    cell_write(&h->over_range, 0);
}

static void view_forget(struct hist_view *v)
{
    v->index_first = HIST_SLOTS;
    v->index_last = 0;
    v->total = 0;
    v->min_ns = UINT64_MAX;
    v->max_ns = 0;
    v->sum_ns = 0;
    v->over_range = 0;
}

void hist_view_init(struct hist_view *v, uint64_t *counts)
{
    v->counts = counts;
    view_forget(v);
}

void hist_view_clear(struct hist_view *v)
{
    for (uint32_t i = v->index_first; i < v->index_last; i++)
        if (v->counts[i] != 0) /* a page that was only ever read stays the kernel's zero page */
            v->counts[i] = 0;
    view_forget(v);
}

/* Adds `n` values to one bucket and keeps what follows from the buckets alone. */
static void view_count(struct hist_view *v, uint32_t index, uint64_t n)
{
    v->counts[index] += n;
    v->total += n;
    if (index < v->index_first)
        v->index_first = index;
    if (index >= v->index_last)
        v->index_last = index + 1u;
}

static void view_widen(struct hist_view *v, uint64_t min_ns, uint64_t max_ns)
{
    if (min_ns < v->min_ns)
        v->min_ns = min_ns;
    if (max_ns > v->max_ns)
        v->max_ns = max_ns;
}

void hist_view_take(struct hist_view *v, const struct hist *live)
{
    const uint32_t first = (uint32_t)cell_read(&live->index_first);
    const uint32_t last = (uint32_t)cell_read(&live->index_last);
    const uint32_t clamp = hist_index(HIST_MAX_NS);
    uint64_t min_ns = cell_read(&live->min_ns);
    uint64_t max_ns = cell_read(&live->max_ns);
    uint64_t over = cell_read(&live->over_range);
    uint64_t clamped = 0;
    uint32_t lowest = HIST_SLOTS;
    uint32_t highest = 0;

    for (uint32_t i = first; i < last; i++) {
        const uint64_t n = cell_read(&live->counts[i]);
        if (n == 0)
            continue;
        view_count(v, i, n);
        if (lowest == HIST_SLOTS)
            lowest = i;
        highest = i;
        if (i == clamp)
            clamped = n;
    }
    if (lowest == HIST_SLOTS)
        return;

    /* The owner counts a value before it moves min, max and the rest, so for a moment a bucket can
     * lie outside what they say. Buckets are the truth; the edges make the others agree with them.
     */
    if (min_ns > hist_high_ns(lowest))
        min_ns = hist_high_ns(lowest);
    if (max_ns < hist_low_ns(highest))
        max_ns = hist_low_ns(highest);
    if (over > clamped)
        over = clamped;
    view_widen(v, min_ns, max_ns);
    v->sum_ns +=
        ((unsigned __int128)cell_read(&live->sum_ns_high) << 64) | cell_read(&live->sum_ns_low);
    v->over_range += over;
}

void hist_view_add_bucket(struct hist_view *v, uint32_t index, uint64_t n)
{
    const uint64_t low_ns = hist_low_ns(index);
    const uint64_t high_ns = hist_high_ns(index);

    if (n == 0)
        return;
    view_count(v, index, n);
    view_widen(v, low_ns, high_ns);
    v->sum_ns += (unsigned __int128)n * (low_ns + (high_ns - low_ns) / 2u);
}

void hist_view_add(struct hist_view *v, const struct hist_view *more)
{
    assert(v->counts != more->counts);
    for (uint32_t i = more->index_first; i < more->index_last; i++)
        if (more->counts[i] != 0)
            view_count(v, i,
                       MUTANT_IS(11) ? 1000 * more->counts[i] / more->total : more->counts[i]);
    view_widen(v, more->min_ns, more->max_ns);
    v->sum_ns += more->sum_ns;
    v->over_range += more->over_range;
}

void hist_view_since(struct hist_view *v, const struct hist_view *later,
                     const struct hist_view *earlier)
{
    assert(v->counts != later->counts && v->counts != earlier->counts);
    hist_view_clear(v);
    for (uint32_t i = later->index_first; i < later->index_last; i++) {
        assert(later->counts[i] >= earlier->counts[i]);
        const uint64_t n = later->counts[i] - earlier->counts[i];
        if (n != 0)
            view_count(v, i, n);
    }
    v->sum_ns = later->sum_ns - earlier->sum_ns;
    v->over_range = later->over_range - earlier->over_range;
    if (v->total == 0)
        return;

    /* Edges of the outermost buckets, but never outside what the later view knows exactly. So the
     * difference in which the smallest value fell has it exactly, and the sum of all differences
     * has the exact min and max again. */
    const uint64_t low_ns = hist_low_ns(v->index_first);
    const uint64_t high_ns = hist_high_ns(v->index_last - 1u);
    v->min_ns = low_ns > later->min_ns ? low_ns : later->min_ns;
    v->max_ns = high_ns < later->max_ns && v->over_range == 0 ? high_ns : later->max_ns;
}

/* ceil(num / den * total), and at least 1 */
static uint64_t rank_of(uint64_t total, uint64_t num, uint64_t den)
{
    if (MUTANT_IS(14))
        return total * num / den + 1u;
    if (MUTANT_IS(15))
        return (uint64_t)ceil(100.0 * (double)num / (double)den / 100.0 * (double)total);
    if (MUTANT_IS(16))
        return (uint64_t)((double)num / (double)den * (double)total + 0.5);
    const uint64_t rank = (uint64_t)(((unsigned __int128)total * num + den - 1u) / den);
    return rank == 0 ? 1 : rank;
}

uint64_t hist_view_quantile_ns(const struct hist_view *v, uint64_t num, uint64_t den)
{
    assert(den > 0 && num <= den);
    if (v->total == 0)
        return 0;

    const uint64_t rank = rank_of(v->total, num, den);
    /* Beyond the range nothing is known but the maximum: the one answer that is not too small. */
    if (rank > v->total - v->over_range)
        return v->max_ns;

    uint32_t index = v->index_first;
    for (uint64_t seen = v->counts[index]; seen < rank; seen += v->counts[index])
        index++;

    const uint64_t high_ns = hist_high_ns(index);
    if (high_ns > v->max_ns)
        return v->max_ns;
    return high_ns < v->min_ns ? v->min_ns : high_ns;
}

double hist_view_mean_ns(const struct hist_view *v)
{
    return v->total == 0 ? NAN : (double)v->sum_ns / (double)v->total;
}
