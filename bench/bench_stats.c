#include <math.h>
#include <stdlib.h>

#include "bench/harness.h"
#include "engine/plan/prng.h"
#include "stats/hist.h"

#define SAMPLES      (1u << 16)
#define SAMPLES_MASK (SAMPLES - 1u)
#define MERGE_VALUES 100000u

static uint64_t samples_ns[SAMPLES];
static struct hist hist;
static struct hist_view view, sum;

/* Log-normal latencies around 1 ms, as servers have them. */
static void prepare(void)
{
    struct prng p;
    prng_init(&p, 1, 0);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        double normal = -6;
        for (int k = 0; k < 12; k++)
            normal += prng_unit(&p);
        samples_ns[i] = (uint64_t)(1e6 * exp(0.8 * normal));
    }
    cell *counts = calloc(HIST_SLOTS, sizeof *counts);
    uint64_t *view_counts = calloc(HIST_SLOTS, sizeof *view_counts);
    uint64_t *sum_counts = calloc(HIST_SLOTS, sizeof *sum_counts);
    bench_check(counts != NULL && view_counts != NULL && sum_counts != NULL);
    hist_init(&hist, counts);
    hist_view_init(&view, view_counts);
    hist_view_init(&sum, sum_counts);
}

static void prepare_filled(void)
{
    prepare();
    for (uint32_t i = 0; i < MERGE_VALUES; i++)
        hist_record(&hist, samples_ns[i & SAMPLES_MASK]);
    hist_view_take(&view, &hist);
}

static void finish(void)
{
    free(hist.counts);
    free(view.counts);
    free(sum.counts);
}

static void record(uint64_t rounds)
{
    hist_view_clear(&view);
    hist_view_take(&view, &hist);
    const uint64_t before = view.total;
    for (uint64_t i = 0; i < rounds; i++)
        hist_record(&hist, samples_ns[i & SAMPLES_MASK]);
    hist_view_clear(&view);
    hist_view_take(&view, &hist);
    bench_check(view.total == before + rounds);
}

static void take(uint64_t rounds)
{
    for (uint64_t i = 0; i < rounds; i++) {
        hist_view_clear(&view);
        hist_view_take(&view, &hist);
    }
    bench_check(view.total == MERGE_VALUES);
}

static void merge(uint64_t rounds)
{
    hist_view_clear(&sum);
    for (uint64_t i = 0; i < rounds; i++)
        hist_view_add(&sum, &view);
    bench_check(sum.total == rounds * MERGE_VALUES);
}

static void quantile(uint64_t rounds)
{
    uint64_t last_ns = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        last_ns = hist_view_quantile_ns(&view, 99, 100);
        bench_keep(last_ns);
    }
    bench_check(last_ns >= hist_view_quantile_ns(&view, 1, 2) && last_ns <= view.max_ns);
}

int main(int argc, char **argv)
{
    const struct bench benches[] = {
        { "hist_record_log_normal", 10 * 1000 * 1000, prepare, record, finish },
        { "hist_view_take_of_100000_values", 2000, prepare_filled, take, finish },
        { "hist_view_add_of_100000_values", 5000, prepare_filled, merge, finish },
        { "hist_view_quantile_p99", 5000, prepare_filled, quantile, finish },
    };
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
