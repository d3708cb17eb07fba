/* test_hist.c — goal: no value is ever reported outside its bucket, and no quantile is ever a rank
 * off. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/prng.h"
#include "stats/hist.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    uint64_t num, den;
} quantiles[] = { { 50, 100 }, { 75, 100 },   { 90, 100 },    { 95, 100 },
                  { 99, 100 }, { 999, 1000 }, { 9999, 10000 } };

static void live_open(struct hist *h)
{
    cell *counts = calloc(HIST_SLOTS, sizeof(cell));
    assert_non_null(counts);
    hist_init(h, counts);
}

static void view_open(struct hist_view *v)
{
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(uint64_t));
    assert_non_null(counts);
    hist_view_init(v, counts);
}

static void assert_sum(const struct hist_view *v, uint64_t high, uint64_t low)
{
    assert_int_equal((uint64_t)(v->sum_ns >> 64), high);
    assert_int_equal((uint64_t)v->sum_ns, low);
}

static void assert_views_equal(const struct hist_view *a, const struct hist_view *b)
{
    assert_int_equal(a->total, b->total);
    assert_int_equal(a->min_ns, b->min_ns);
    assert_int_equal(a->max_ns, b->max_ns);
    assert_true(a->sum_ns == b->sum_ns);
    assert_int_equal(a->over_range, b->over_range);
    assert_int_equal(a->index_first, b->index_first);
    assert_int_equal(a->index_last, b->index_last);
    assert_memory_equal(a->counts, b->counts, HIST_SLOTS * sizeof(uint64_t));
}

static void a_value_lies_between_the_edges_of_its_bucket(void **state)
{
    (void)state;

    for (unsigned bit = 0; bit < 42; bit++) {
        const uint64_t power = UINT64_C(1) << bit;
        const uint64_t values[] = { power - 1, power, power + 1, power + power / 2, 2 * power - 1 };
        for (size_t i = 0; i < ARRAY_LEN(values); i++) {
            const uint32_t index = hist_index(values[i]);
            assert_true(index < HIST_SLOTS);
            assert_true(hist_low_ns(index) <= values[i]);
            assert_true(hist_high_ns(index) >= values[i]);
        }
    }
}

static void buckets_follow_each_other_without_a_gap(void **state)
{
    (void)state;

    assert_int_equal(hist_low_ns(0), 0);
    for (uint32_t i = 0; i + 1 < HIST_SLOTS; i++)
        assert_int_equal(hist_high_ns(i) + 1, hist_low_ns(i + 1));
    for (uint32_t i = 0; i < HIST_SLOTS; i++) {
        assert_int_equal(hist_index(hist_low_ns(i)), i);
        assert_int_equal(hist_index(hist_high_ns(i)), i);
    }
    assert_true(hist_index(HIST_MAX_NS) < HIST_SLOTS);
}

static void a_bucket_is_at_most_a_1024th_of_its_value_wide(void **state)
{
    (void)state;

    for (uint32_t i = 0; i < 2048; i++)
        assert_int_equal(hist_high_ns(i), hist_low_ns(i));
    for (uint32_t i = 2048; i < HIST_SLOTS; i++)
        assert_true((hist_high_ns(i) - hist_low_ns(i)) * 1024 <= hist_low_ns(i));
}

/* Indexes decoded by hand from the bytes that Java's HdrHistogram 2.1.11 writes for these values.
 */
static void the_layout_is_that_of_hdrhistogram(void **state)
{
    (void)state;
    static const struct {
        uint64_t value_ns;
        uint32_t index;
    } golden[] = { { 1, 1 },           { 1000, 1000 },      { 2047, 2047 },         { 2048, 2048 },
                   { 1000000, 11169 }, { 20000000, 15556 }, { 60000000000u, 27388 } };
    struct hist h;
    struct hist_view v;

    live_open(&h);
    view_open(&v);
    for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
        assert_int_equal(hist_index(golden[i].value_ns), golden[i].index);
        hist_record(&h, golden[i].value_ns);
    }
    hist_record(&h, 1000000);
    hist_view_take(&v, &h);
    assert_int_equal(hist_high_ns(27388), 60028878847);
    assert_int_equal(v.total, 8);
    assert_int_equal(hist_view_quantile_ns(&v, 50, 100), 2049);
    assert_int_equal(hist_view_quantile_ns(&v, 100, 100), 60000000000); /* the exact maximum */
    free(h.counts);
    free(v.counts);
}

/* One value sits on the rank, all others beside it: being one rank off shows. The rank is counted
 * up, not divided. */
static void no_quantile_is_a_rank_off_for_any_count_to_200000(void **state)
{
    (void)state;
    struct hist_view v;

    view_open(&v);
    for (size_t q = 0; q < ARRAY_LEN(quantiles); q++) {
        uint64_t rank = 0;
        for (uint64_t n = 1; n <= 200000; n++) {
            while (rank * quantiles[q].den < n * quantiles[q].num)
                rank++;
            v.counts[1] = rank - 1;
            v.counts[2] = 1;
            v.counts[3] = n - rank;
            v.index_first = 1;
            v.index_last = 4;
            v.total = n;
            v.min_ns = 1;
            v.max_ns = 3;
            assert_int_equal(hist_view_quantile_ns(&v, quantiles[q].num, quantiles[q].den), 2);
        }
    }
    free(v.counts);
}

static void ranks_are_exact_where_64_bits_overflow(void **state)
{
    (void)state;
    const uint64_t n = UINT64_MAX - 6; /* 9999 * n needs 78 bits */
    const uint64_t rank = n - n / 10000;
    struct hist_view v;

    view_open(&v);
    v.index_first = 1;
    v.index_last = 4;
    v.total = n;
    v.min_ns = 1;
    v.max_ns = 3;
    v.counts[1] = rank - 1;
    v.counts[2] = 1;
    v.counts[3] = n - rank;
    assert_int_equal(hist_view_quantile_ns(&v, 9999, 10000), 2);
    free(v.counts);
}

static int compare_values(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

/* Values 0..2047 ns have buckets of their own: recorded quantiles must be the sorted samples
 * themselves. */
static void quantiles_of_recorded_values_are_those_of_the_sorted_samples(void **state)
{
    (void)state;
    enum { SAMPLES = 2000 };
    static uint64_t samples[SAMPLES];
    struct prng random;
    struct hist h;
    struct hist_view v;
    size_t sorted = 0;

    live_open(&h);
    view_open(&v);
    prng_init(&random, 1, 0);
    for (size_t n = 1; n <= SAMPLES; n++) {
        const uint64_t value = prng_below(&random, 2048);
        size_t at = sorted++;
        for (; at > 0 && samples[at - 1] > value; at--)
            samples[at] = samples[at - 1];
        samples[at] = value;
        hist_record(&h, value);
        hist_view_clear(&v);
        hist_view_take(&v, &h);
        for (size_t q = 0; q < ARRAY_LEN(quantiles); q++) {
            uint64_t rank = n * quantiles[q].num / quantiles[q].den;
            rank += rank * quantiles[q].den < n * quantiles[q].num;
            assert_int_equal(hist_view_quantile_ns(&v, quantiles[q].num, quantiles[q].den),
                             samples[rank - 1]);
        }
    }
    free(h.counts);
    free(v.counts);
}

static void assert_near_above(uint64_t reported, uint64_t exact)
{
    assert_true(reported >= exact);
    assert_true((reported - exact) * 1024 <= exact);
}

static void a_reported_value_is_at_most_a_1024th_above_the_true_one(void **state)
{
    (void)state;
    static const size_t counts[] = { 1, 2, 3, 10, 999, 1000, 1001, 20000, 200000 };
    static uint64_t samples[200000];
    struct prng random;

    prng_init(&random, 2, 0);
    for (size_t c = 0; c < ARRAY_LEN(counts); c++) {
        const size_t n = counts[c];
        struct hist h;
        struct hist_view v;
        live_open(&h);
        view_open(&v);
        for (size_t i = 0; i < n; i++) {
            /* Uniform in the logarithm: every magnitude from 1 ns to over half an hour is met. */
            samples[i] = prng_next(&random) >> (23 + prng_below(&random, 41));
            hist_record(&h, samples[i]);
        }
        qsort(samples, n, sizeof(samples[0]), compare_values);
        hist_view_take(&v, &h);
        for (size_t q = 0; q < ARRAY_LEN(quantiles); q++) {
            const uint64_t rank = (n * quantiles[q].num + quantiles[q].den - 1) / quantiles[q].den;
            assert_near_above(hist_view_quantile_ns(&v, quantiles[q].num, quantiles[q].den),
                              samples[rank - 1]);
        }
        assert_int_equal(v.min_ns, samples[0]);
        assert_int_equal(v.max_ns, samples[n - 1]);
        free(h.counts);
        free(v.counts);
    }
}

static void an_empty_view_has_no_figures(void **state)
{
    (void)state;
    struct hist h;
    struct hist_view v;

    live_open(&h);
    view_open(&v);
    hist_view_take(&v, &h);
    assert_int_equal(v.total, 0);
    assert_int_equal(v.min_ns, UINT64_MAX);
    assert_int_equal(v.max_ns, 0);
    assert_int_equal(hist_view_quantile_ns(&v, 99, 100), 0);
    assert_true(isnan(hist_view_mean_ns(&v)));
    free(h.counts);
    free(v.counts);
}

static void a_value_over_the_range_is_kept_counted_and_never_reported_smaller(void **state)
{
    (void)state;
    struct hist h;
    struct hist_view v;

    live_open(&h);
    view_open(&v);
    hist_record(&h, 1000);
    hist_record(&h, HIST_MAX_NS); /* the last that fits */
    hist_record(&h, HIST_MAX_NS + 1);
    hist_record(&h, 5 * HIST_MAX_NS);
    hist_view_take(&v, &h);
    assert_int_equal(v.total, 4);
    assert_int_equal(v.over_range, 2);
    assert_int_equal(v.max_ns, 5 * HIST_MAX_NS);
    assert_int_equal(v.counts[hist_index(HIST_MAX_NS)], 3);
    assert_near_above(hist_view_quantile_ns(&v, 50, 100), HIST_MAX_NS);
    assert_int_equal(hist_view_quantile_ns(&v, 75, 100), 5 * HIST_MAX_NS);
    assert_int_equal(hist_view_quantile_ns(&v, 100, 100), 5 * HIST_MAX_NS);
    assert_sum(&v, 0, 1000 + HIST_MAX_NS + HIST_MAX_NS + 1 + 5 * HIST_MAX_NS);
    free(h.counts);
    free(v.counts);
}

static void the_sum_is_exact_past_64_bits(void **state)
{
    (void)state;
    struct hist h;
    struct hist_view v;

    live_open(&h);
    view_open(&v);
    for (int i = 0; i < 5; i++)
        hist_record(&h, UINT64_MAX);
    hist_record(&h, 7);
    hist_view_take(&v, &h);
    assert_sum(&v, 5, 2); /* 5 * (2^64 - 1) + 7 */
    hist_view_take(&v, &h);
    assert_sum(&v, 10, 4);
    assert_true(fabs(hist_view_mean_ns(&v) / (5.0 * 0x1p64 / 6.0) - 1) < 1e-12);
    free(h.counts);
    free(v.counts);
}

static void adding_views_is_recording_everything_in_one(void **state)
{
    (void)state;
    enum { CORES = 64 };
    struct hist whole, parts[CORES];
    struct hist_view v, sum, part[CORES];
    struct prng random;

    live_open(&whole);
    view_open(&v);
    view_open(&sum);
    for (int i = 0; i < CORES; i++) {
        live_open(&parts[i]);
        view_open(&part[i]);
    }
    prng_init(&random, 3, 0);
    for (int i = 0; i < 10000; i++) {
        const uint64_t value = prng_next(&random) >> (20 + prng_below(&random, 44));
        hist_record(&whole, value);
        hist_record(&parts[prng_below(&random, CORES)], value);
    }
    hist_view_take(&v, &whole);
    for (int i = CORES - 1; i >= 0; i--) {
        hist_view_take(&part[i], &parts[i]);
        hist_view_add(&sum, &part[i]);
        free(parts[i].counts);
        free(part[i].counts);
    }
    assert_views_equal(&sum, &v);
    free(whole.counts);
    free(v.counts);
    free(sum.counts);
}

static void a_cleared_view_is_all_zero_again(void **state)
{
    (void)state;
    struct hist h;
    struct hist_view v, fresh;

    live_open(&h);
    view_open(&v);
    view_open(&fresh);
    for (uint64_t value = 1; value < 4 * HIST_MAX_NS; value *= 3)
        hist_record(&h, value);
    hist_view_take(&v, &h);
    hist_view_clear(&v);
    assert_views_equal(&v, &fresh);
    free(h.counts);
    free(v.counts);
    free(fresh.counts);
}

static void the_sum_of_differences_is_the_last_view_exactly(void **state)
{
    (void)state;
    struct hist h;
    struct hist_view earlier, later, difference, sum;
    struct prng random;

    live_open(&h);
    view_open(&earlier);
    view_open(&later);
    view_open(&difference);
    view_open(&sum);
    prng_init(&random, 4, 0);
    for (int second = 0; second < 50; second++) {
        const uint64_t samples = prng_below(&random, 40); /* sometimes none */
        for (uint64_t i = 0; i < samples; i++)
            hist_record(&h, prng_next(&random) >> (18 + prng_below(&random, 30)));
        hist_view_clear(&later);
        hist_view_take(&later, &h);
        hist_view_since(&difference, &later, &earlier);
        assert_int_equal(difference.total, samples);
        assert_true(difference.total == 0 ||
                    (difference.min_ns >= later.min_ns && difference.min_ns <= difference.max_ns &&
                     difference.max_ns <= later.max_ns));
        hist_view_add(&sum, &difference);
        hist_view_clear(&earlier);
        hist_view_add(&earlier, &later);
    }
    assert_true(later.over_range > 0);
    assert_views_equal(&sum, &later);
    free(h.counts);
    free(earlier.counts);
    free(later.counts);
    free(difference.counts);
    free(sum.counts);
}

static void a_difference_knows_only_its_own_values(void **state)
{
    (void)state;
    struct hist h;
    struct hist_view earlier, later, difference;

    live_open(&h);
    view_open(&earlier);
    view_open(&later);
    view_open(&difference);
    hist_record(&h, 10);
    hist_record(&h, 90000000);
    hist_view_take(&earlier, &h);
    hist_record(&h, 50000);
    hist_view_take(&later, &h);
    hist_view_since(&difference, &later, &earlier);
    assert_int_equal(difference.total, 1);
    assert_int_equal(difference.min_ns, hist_low_ns(hist_index(50000)));
    assert_int_equal(difference.max_ns, hist_high_ns(hist_index(50000)));
    assert_sum(&difference, 0, 50000);
    free(h.counts);
    free(earlier.counts);
    free(later.counts);
    free(difference.counts);
}

#define RACE_SAMPLES 300000u
#define RACE_BASE                                                                                  \
    (UINT32_MAX - UINT64_C(1000)) /* counts carry into the upper half: a torn one would jump */

static void *record_many(void *argument)
{
    struct hist *h = argument;

    for (uint64_t i = 0; i < RACE_SAMPLES; i++)
        hist_record(h, 100000 + i % 7 * 1000);
    return NULL;
}

static void a_concurrent_reader_sees_no_torn_bucket_and_loses_no_finished_sample(void **state)
{
    (void)state;
    struct hist h;
    struct hist_view v;
    pthread_t writer;
    uint64_t seen = 0;

    live_open(&h);
    view_open(&v);
    hist_record(&h, 100000);
    cell_write(&h.counts[hist_index(100000)], RACE_BASE);
    assert_int_equal(pthread_create(&writer, NULL, record_many, &h), 0);
    for (int turn = 0; turn < 1000 || seen < RACE_BASE + RACE_SAMPLES / 2; turn++) {
        uint64_t total = 0;
        hist_view_clear(&v);
        hist_view_take(&v, &h);
        for (uint32_t i = v.index_first; i < v.index_last; i++)
            total += v.counts[i];
        assert_int_equal(v.total, total);
        assert_true(total >= seen && total <= RACE_BASE + RACE_SAMPLES);
        assert_true(hist_view_quantile_ns(&v, 99, 100) >= 100000);
        assert_true(v.min_ns == 100000 && v.max_ns >= hist_low_ns(v.index_last - 1));
        seen = total;
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    hist_view_clear(&v);
    hist_view_take(&v, &h);
    assert_int_equal(v.total, RACE_BASE + RACE_SAMPLES);
    assert_int_equal(v.max_ns, 106000);
    free(h.counts);
    free(v.counts);
}

/* What a reader may meet between two stores of the owner. */
static void a_bucket_counted_before_its_minimum_and_maximum_is_within_them(void **state)
{
    (void)state;
    struct hist h;
    struct hist_view v;

    live_open(&h);
    view_open(&v);
    hist_record(&h, 5000);
    cell_write(&h.counts[hist_index(1000000)], 1);
    cell_write(&h.index_last, hist_index(1000000) + 1);
    cell_write(&h.over_range, 1);
    hist_view_take(&v, &h);
    assert_int_equal(v.total, 2);
    assert_int_equal(v.max_ns, hist_low_ns(hist_index(1000000)));
    assert_int_equal(v.over_range, 0);
    assert_int_equal(hist_view_quantile_ns(&v, 99, 100), v.max_ns);
    free(h.counts);
    free(v.counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_lies_between_the_edges_of_its_bucket),
        cmocka_unit_test(buckets_follow_each_other_without_a_gap),
        cmocka_unit_test(a_bucket_is_at_most_a_1024th_of_its_value_wide),
        cmocka_unit_test(the_layout_is_that_of_hdrhistogram),
        cmocka_unit_test(no_quantile_is_a_rank_off_for_any_count_to_200000),
        cmocka_unit_test(ranks_are_exact_where_64_bits_overflow),
        cmocka_unit_test(quantiles_of_recorded_values_are_those_of_the_sorted_samples),
        cmocka_unit_test(a_reported_value_is_at_most_a_1024th_above_the_true_one),
        cmocka_unit_test(an_empty_view_has_no_figures),
        cmocka_unit_test(a_value_over_the_range_is_kept_counted_and_never_reported_smaller),
        cmocka_unit_test(the_sum_is_exact_past_64_bits),
        cmocka_unit_test(adding_views_is_recording_everything_in_one),
        cmocka_unit_test(a_cleared_view_is_all_zero_again),
        cmocka_unit_test(the_sum_of_differences_is_the_last_view_exactly),
        cmocka_unit_test(a_difference_knows_only_its_own_values),
        cmocka_unit_test(a_concurrent_reader_sees_no_torn_bucket_and_loses_no_finished_sample),
        cmocka_unit_test(a_bucket_counted_before_its_minimum_and_maximum_is_within_them),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("hist", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
