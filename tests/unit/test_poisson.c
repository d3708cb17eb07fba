/* test_poisson — goal: arrivals by chance are as independent as they claim, from one core and from
 * many together.
 *
 * A hundred seeds, 20,000 gaps each; of a million each, about a minute:
 *
 *     build/tests/unit/test_poisson 1000000
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/run/pace.h"

#define SEEDS        100u
#define RATE         1000u
#define MEAN_NS      1e6
#define CORES_MAX    4u
#define REJECTED_MAX 1u /* of SEEDS, at one in a thousand each */

static size_t gap_count = 20000;

/* All cores' arrivals of one run in the order of time. */
struct stream {
    struct arrivals cores[CORES_MAX];
    uint32_t core_count;
    uint64_t last_ns;
};

static void stream_init(struct stream *s, struct plan_load *load, uint32_t cores, uint64_t seed)
{
    *load = (struct plan_load){
        .is_open = true, .rate = { RATE, 1 }, .is_poisson = true, .seed = seed
    };
    s->core_count = cores;
    s->last_ns = 0;
    for (uint32_t c = 0; c < cores; c++)
        arrivals_init(&s->cores[c], load, c, cores, 0);
}

/* The time to the next arrival of any core. */
static double stream_gap_ns(struct stream *s)
{
    struct arrivals *next = &s->cores[0];
    for (uint32_t c = 1; c < s->core_count; c++)
        if (s->cores[c].due_ns < next->due_ns)
            next = &s->cores[c];
    const double gap_ns = (double)(next->due_ns - s->last_ns);
    s->last_ns = next->due_ns;
    arrivals_next(next);
    return gap_ns;
}

static int compare_gaps(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* sqrt(n) times the largest distance between the sorted gaps and 1 - exp(-x): above 1.9495 in one
 * of a thousand samples (Kolmogorov). */
static double kolmogorov_smirnov(const double *sorted, size_t n)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        const double share = -expm1(-sorted[i] / MEAN_NS);
        largest = fmax(largest, share - (double)i / (double)n);
        largest = fmax(largest, (double)(i + 1) / (double)n - share);
    }
    return sqrt((double)n) * largest;
}

/* The same with the ends weighing more: above 6.0 in one of a thousand (Anderson and Darling, with
 * nothing estimated). A gap of 0 ns stands for all below half a nanosecond. */
static double anderson_darling(const double *sorted, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double low = fmax(sorted[i], 0.25) / MEAN_NS;
        const double high = fmax(sorted[n - 1 - i], 0.25) / MEAN_NS;
        sum += (double)(2 * i + 1) * (log(-expm1(-low)) - high);
    }
    return -(double)n - sum / (double)n;
}

static void check_gaps(uint32_t cores)
{
    double *gaps = calloc(gap_count, sizeof *gaps);
    unsigned far = 0, uneven = 0;
    assert_non_null(gaps);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct plan_load load;
        struct stream s;
        stream_init(&s, &load, cores, seed);
        for (size_t i = 0; i < gap_count; i++)
            gaps[i] = stream_gap_ns(&s);
        qsort(gaps, gap_count, sizeof *gaps, compare_gaps);
        far += kolmogorov_smirnov(gaps, gap_count) > 1.9495;
        uneven += anderson_darling(gaps, gap_count) > 6.0;
    }
    printf("%u cores: of %u seeds with %zu gaps %u are rejected by Kolmogorov and Smirnov, %u by "
           "Anderson and Darling\n",
           cores, SEEDS, gap_count, far, uneven);
    free(gaps);
    assert_true(far <= REJECTED_MAX && uneven <= REJECTED_MAX);
}

static void gaps_of_one_core_are_exponential(void **state)
{
    (void)state;
    check_gaps(1);
}

static void gaps_of_many_cores_together_are_exponential(void **state)
{
    (void)state;
    check_gaps(CORES_MAX);
}

/* Counts in windows of ten arrivals on average: their variance is their mean. Of 100,000 windows
 * the standard error is 0.0045. */
static void counts_in_windows_vary_as_they_should(void **state)
{
    (void)state;
    enum { WINDOWS = 100000 };
    for (uint32_t cores = 1; cores <= CORES_MAX; cores += CORES_MAX - 1) {
        struct plan_load load;
        struct stream s;
        double sum = 0, squares = 0, seen = 0;
        uint64_t window = 0;
        stream_init(&s, &load, cores, 7);
        while (window < WINDOWS) {
            stream_gap_ns(&s);
            for (; s.last_ns >= (window + 1) * 10 * (uint64_t)MEAN_NS; window++) {
                sum += seen;
                squares += seen * seen;
                seen = 0;
            }
            seen++;
        }
        const double mean = sum / (double)window;
        assert_true(fabs(mean - 10) < 0.05);
        assert_true(fabs((squares / (double)window - mean * mean) / mean - 1) < 0.02);
    }
}

/* What a core does tells nothing of what another does: no two streams have an arrival in common. */
static void cores_have_streams_of_their_own(void **state)
{
    (void)state;
    struct plan_load load;
    struct stream s;
    size_t together = 0;
    stream_init(&s, &load, CORES_MAX, 1);
    for (size_t i = 0; i < 100000; i++)
        together += stream_gap_ns(&s) == 0;
    assert_true(together <= 2); /* 0.1 are expected to share a nanosecond */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_of_one_core_are_exponential),
        cmocka_unit_test(gaps_of_many_cores_together_are_exponential),
        cmocka_unit_test(counts_in_windows_vary_as_they_should),
        cmocka_unit_test(cores_have_streams_of_their_own),
    };
    if (argc > 1)
        gap_count = strtoull(argv[1], NULL, 10);
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("poisson", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
