/* test_samples — goal: what a histogram says of values is what the sorted values themselves say, to
 * the rank and to a 1024th.
 *
 * Twenty distributions of 20,000 values; a thousand of a million, a few minutes:
 *
 *     build/tests/unit/test_samples 1000 1000000
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/prng.h"
#include "stats/hist.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    uint64_t num, den;
} quantiles[] = { { 50, 100 }, { 75, 100 },   { 90, 100 },    { 95, 100 },
                  { 99, 100 }, { 999, 1000 }, { 9999, 10000 } };

static size_t distribution_count = 20;
static size_t value_count = 20000;

struct recorded {
    struct hist live;
    struct hist_view view;
};

static void recorded_open(struct recorded *r)
{
    hist_init(&r->live, calloc(HIST_SLOTS, sizeof(cell)));
    hist_view_init(&r->view, calloc(HIST_SLOTS, sizeof(uint64_t)));
}

static void recorded_close(struct recorded *r)
{
    free(r->live.counts);
    free(r->view.counts);
}

static uint64_t rank_of(uint64_t n, size_t quantile)
{
    uint64_t rank = n * quantiles[quantile].num / quantiles[quantile].den;
    rank += rank * quantiles[quantile].den < n * quantiles[quantile].num;
    return rank;
}

/* ---- every number of values up to 200,000 ---- */

#define VALUES_MAX 200000u
#define KINDS      256u

/* How many of the values seen so far are at most so large (Fenwick 1994), and thereby the sorted
 * values without sorting. */
struct sorted_kinds {
    uint32_t tree[KINDS + 1];
};

static void sorted_add(struct sorted_kinds *s, uint32_t kind)
{
    for (uint32_t i = kind + 1; i <= KINDS; i += i & -i)
        s->tree[i]++;
}

static uint32_t sorted_at_rank(const struct sorted_kinds *s, uint64_t rank)
{
    uint32_t at = 0;
    for (uint32_t step = KINDS; step > 0; step /= 2)
        if (at + step <= KINDS && s->tree[at + step] < rank) {
            at += step;
            rank -= s->tree[at];
        }
    return at;
}

/* Each value has a bucket of its own, so a rank that is one off shows as another value. */
static void all_quantiles_are_right_for_every_number_of_values(void **state)
{
    (void)state;
    struct recorded r;
    struct sorted_kinds sorted = { { 0 } };
    struct prng random;
    uint64_t wrong = 0;

    recorded_open(&r);
    prng_init(&random, 5, 0);
    for (uint64_t n = 1; n <= VALUES_MAX; n++) {
        const uint32_t kind = (uint32_t)prng_below(&random, KINDS);
        sorted_add(&sorted, kind);
        hist_view_add_bucket(&r.view, hist_index(1000 + kind), 1);
        for (size_t q = 0; q < ARRAY_LEN(quantiles); q++)
            wrong += hist_view_quantile_ns(&r.view, quantiles[q].num, quantiles[q].den) !=
                     1000 + sorted_at_rank(&sorted, rank_of(n, q));
    }
    recorded_close(&r);
    assert_int_equal(wrong, 0);
}

/* ---- distributions ---- */

static uint64_t draw_uniform(struct prng *random, uint64_t scale)
{
    return prng_below(random, scale);
}

/* Every magnitude from 1 ns to an hour alike. */
static uint64_t draw_log_uniform(struct prng *random, uint64_t scale)
{
    uint64_t value_ns;
    do
        value_ns = prng_next(random) >> (22 + prng_below(random, 42));
    while (value_ns > HIST_MAX_NS);
    return value_ns;
}

/* Right at and beside the edges of buckets. */
static uint64_t draw_edges(struct prng *random, uint64_t scale)
{
    const uint64_t power = UINT64_C(1) << prng_below(random, 41);
    return power + prng_below(random, 3) - (power > 1);
}

static uint64_t draw_spikes(struct prng *random, uint64_t scale)
{
    return prng_below(random, 100) < 95 ? scale : scale * (2 + prng_below(random, 50));
}

static uint64_t (*const draws[])(struct prng *, uint64_t) = { draw_uniform, draw_log_uniform,
                                                              draw_edges, draw_spikes };

/* Least significant byte first, eight passes: a million values in a hundredth of a second each. */
static void sort_values(uint64_t *values, uint64_t *room, size_t n)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        size_t place[257] = { 0 };
        for (size_t i = 0; i < n; i++)
            place[(values[i] >> shift & 255) + 1]++;
        for (unsigned b = 0; b < 256; b++)
            place[b + 1] += place[b];
        for (size_t i = 0; i < n; i++)
            room[place[values[i] >> shift & 255]++] = values[i];
        memcpy(values, room, n * sizeof *values);
    }
}

/* Rank errors: the reported value's bucket is not that of the value at the rank. */
static unsigned count_wrong(const struct hist_view *v, const uint64_t *sorted, size_t n)
{
    unsigned wrong = 0;
    for (size_t q = 0; q < ARRAY_LEN(quantiles); q++) {
        const uint64_t found_ns = hist_view_quantile_ns(v, quantiles[q].num, quantiles[q].den);
        const uint64_t true_ns = sorted[rank_of(n, q) - 1];
        wrong += hist_index(found_ns) != hist_index(true_ns) || found_ns < true_ns ||
                 (found_ns - true_ns) * 1024 > true_ns;
    }
    return wrong;
}

static void any_distribution_is_kept_as_it_is(void **state)
{
    (void)state;
    uint64_t *values = calloc(2 * value_count, sizeof *values);
    struct recorded r;
    unsigned wrong = 0;

    assert_non_null(values);
    recorded_open(&r);
    for (size_t d = 0; d < distribution_count; d++) {
        struct prng random;
        unsigned __int128 sum_ns = 0;
        prng_init(&random, d, 17);
        const uint64_t scale = UINT64_C(1) << prng_below(&random, 35);
        hist_view_clear(&r.view);
        memset(r.live.counts, 0, HIST_SLOTS * sizeof(cell));
        hist_init(&r.live, r.live.counts);
        for (size_t i = 0; i < value_count; i++) {
            values[i] = draws[d % ARRAY_LEN(draws)](&random, scale);
            sum_ns += values[i];
            hist_record(&r.live, values[i]);
        }
        hist_view_take(&r.view, &r.live);
        sort_values(values, values + value_count, value_count);
        wrong += count_wrong(&r.view, values, value_count);
        assert_int_equal(r.view.total, value_count);
        assert_int_equal(r.view.min_ns, values[0]);
        assert_int_equal(r.view.max_ns, values[value_count - 1]);
        assert_true(r.view.sum_ns == sum_ns);
    }
    printf("%zu distributions of %zu values: %u wrong of %zu quantiles\n", distribution_count,
           value_count, wrong, distribution_count * ARRAY_LEN(quantiles));
    recorded_close(&r);
    free(values);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_quantiles_are_right_for_every_number_of_values),
        cmocka_unit_test(any_distribution_is_kept_as_it_is),
    };
    if (argc > 2) {
        distribution_count = strtoull(argv[1], NULL, 10);
        value_count = strtoull(argv[2], NULL, 10);
    }
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("samples", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
