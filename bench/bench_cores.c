#include <pthread.h>
#include <stdalign.h>

#include "bench/harness.h"
#include "bench/machine.h"
#include "stats/shard.h"

/* No line written on the hot path is shared between cores: recording beside another core takes as
 * long as alone. What sharing a line would cost is shown too, or the claim would prove nothing. */
#define LATENCY_NS UINT64_C(1000000)
#define STEPS      1024u

static struct shard *own, *others;
static alignas(64) struct {
    cell own, others;
} one_line;
static pthread_t neighbour;
static _Atomic bool is_over;

static void record_into(struct shard *s, uint64_t rounds)
{
    for (uint64_t i = 0; i < rounds; i++) {
        const struct shard_result result = { .outcome = OUTCOME_OK,
                                             .latency_ns = LATENCY_NS + i % STEPS,
                                             .service_ns = LATENCY_NS,
                                             .bytes_in = 200,
                                             .bytes_body = 100,
                                             .status = 200 };
        shard_count(s, COUNTER_SENT, 1);
        shard_finish(s, &result);
    }
}

static void *record_beside(void *nothing)
{
    (void)nothing;
    machine_pin(bench_other_cpu());
    while (!atomic_load(&is_over))
        record_into(others, STEPS);
    return NULL;
}

static void *add_beside(void *nothing)
{
    (void)nothing;
    machine_pin(bench_other_cpu());
    while (!atomic_load(&is_over)) {
        for (unsigned i = 0; i < STEPS; i++)
            cell_add(&one_line.others, 1);
    }
    return NULL;
}

static void prepare_alone(void)
{
    bench_check(shard_open(&own, 1) == 0);
    bench_check(shard_open(&others, 1) == 0);
    atomic_store(&is_over, true);
}

static void begin_neighbour(void *(*what)(void *))
{
    if (bench_other_cpu() < 0) {
        bench_skip("it needs two CPUs");
        return;
    }
    atomic_store(&is_over, false);
    bench_check(pthread_create(&neighbour, NULL, what, NULL) == 0);
}

static void prepare_beside(void)
{
    prepare_alone();
    begin_neighbour(record_beside);
}

static void prepare_on_one_line(void)
{
    prepare_alone();
    begin_neighbour(add_beside);
}

static void finish(void)
{
    if (!atomic_exchange(&is_over, true))
        pthread_join(neighbour, NULL);
    shard_close(own);
    shard_close(others);
}

static void record(uint64_t rounds)
{
    const uint64_t before = cell_read(&own->status[200]);
    record_into(own, rounds);
    bench_check(cell_read(&own->status[200]) == before + rounds);
}

static void add(uint64_t rounds)
{
    const uint64_t before = cell_read(&one_line.own);
    for (uint64_t i = 0; i < rounds; i++)
        cell_add(&one_line.own, 1);
    bench_check(cell_read(&one_line.own) == before + rounds);
}

int main(int argc, char **argv)
{
    const struct bench benches[] = {
        { "shard_finish_alone", 5 * 1000 * 1000, prepare_alone, record, finish },
        { "shard_finish_beside_another_core", 5 * 1000 * 1000, prepare_beside, record, finish,
          "shard_finish_alone" },
        { "cell_add_alone", 20 * 1000 * 1000, prepare_alone, add, finish },
        { "cell_add_on_a_shared_line", 20 * 1000 * 1000, prepare_on_one_line, add, finish,
          "cell_add_alone" },
    };
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
