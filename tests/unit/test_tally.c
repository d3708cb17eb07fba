/* test_tally.c — goal: however the samples are spread over cores and seconds, the sum is the same
 * to the last integer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/plan/prng.h"
#include "stats/tally.h"

#define ENDPOINTS  3u
#define SHARDS_MAX 8u

static struct shard *open_shard(uint32_t endpoints)
{
    struct shard *s = NULL;
    assert_int_equal(shard_open(&s, endpoints), 0);
    return s;
}

static struct tally *open_tally(uint32_t endpoints)
{
    struct tally *t = NULL;
    assert_int_equal(tally_open(&t, endpoints), 0);
    return t;
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

/* All but the gauges, which are no sums over time. */
static void assert_sums_equal(const struct tally *a, const struct tally *b)
{
    assert_memory_equal(a->counters, b->counters, sizeof(a->counters));
    assert_memory_equal(a->closes, b->closes, sizeof(a->closes));
    assert_memory_equal(a->status, b->status, sizeof(a->status));
    assert_int_equal(a->cpu_ns, b->cpu_ns);
    assert_int_equal(a->started_ns, b->started_ns);
    assert_int_equal(a->ended_ns, b->ended_ns);
    assert_int_equal(a->failures_overflow, b->failures_overflow);
    assert_int_equal(a->failure_count, b->failure_count);
    for (uint32_t i = 0; i < a->failure_count; i++) {
        assert_int_equal(a->failures[i].endpoint, b->failures[i].endpoint);
        assert_int_equal(a->failures[i].class, b->failures[i].class);
        assert_string_equal(a->failures[i].message, b->failures[i].message);
        assert_int_equal(a->failures[i].count, b->failures[i].count);
    }
    assert_views_equal(&a->lateness, &b->lateness);
    assert_int_equal(a->endpoint_count, b->endpoint_count);
    for (uint32_t e = 0; e < a->endpoint_count; e++) {
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            assert_views_equal(&a->endpoints[e].latency[o], &b->endpoints[e].latency[o]);
            assert_views_equal(&a->endpoints[e].service[o], &b->endpoints[e].service[o]);
        }
        assert_int_equal(a->endpoints[e].bytes_in, b->endpoints[e].bytes_in);
        assert_int_equal(a->endpoints[e].bytes_body, b->endpoints[e].bytes_body);
        assert_int_equal(a->endpoints[e].bytes_out, b->endpoints[e].bytes_out);
    }
}

static void assert_tallies_equal(const struct tally *a, const struct tally *b)
{
    assert_sums_equal(a, b);
    assert_int_equal(a->users_now, b->users_now);
    assert_int_equal(a->in_flight_now, b->in_flight_now);
}

/* One random request on one shard, the same numbers in the same order whichever shard it is. */
static void record_one(struct shard *s, struct prng *random)
{
    char message[32];
    const uint64_t latency_ns = prng_next(random) >> (20 + prng_below(random, 40));
    const struct shard_result result = {
        .endpoint = (uint32_t)prng_below(random, ENDPOINTS),
        .outcome = prng_below(random, 5) == 0 ? OUTCOME_FAILED : OUTCOME_OK,
        .latency_ns = latency_ns,
        .service_ns = prng_below(random, 9) == 0 ? UINT64_MAX : latency_ns / 2,
        .bytes_in = prng_below(random, 4000),
        .bytes_body = prng_below(random, 2000),
        .status = (uint32_t)(200 + prng_below(random, 300)),
    };

    snprintf(message, sizeof(message), "message %u", (unsigned)prng_below(random, 40));
    if (result.outcome == OUTCOME_FAILED)
        failure_note(&s->failures, result.endpoint, FAILURE_HTTP_ERROR, message);
    shard_finish(s, &result);
    shard_count(s, COUNTER_SCHEDULED, 1);
    shard_count(s, COUNTER_BYTES_OUT, 77);
    cell_add(&s->endpoints[result.endpoint].bytes_out, 77);
    cell_add(&s->closes[prng_below(random, CLOSE_REASON_COUNT)], 1);
    cell_add(&s->users_now, 1);
    cell_add(&s->cpu_ns, prng_below(random, 1000));
    hist_record(&s->lateness, prng_below(random, 100000));
}

static void shuffle(uint32_t order[], uint32_t count, struct prng *random)
{
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count; i > 1; i--) {
        const uint32_t other = (uint32_t)prng_below(random, i);
        const uint32_t kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static void any_split_over_shards_in_any_order_gives_the_same_tally(void **state)
{
    (void)state;
    struct tally *expected = open_tally(ENDPOINTS);

    for (uint32_t shard_count = 1; shard_count <= SHARDS_MAX; shard_count++) {
        struct shard *shards[SHARDS_MAX];
        struct tally *sum = open_tally(ENDPOINTS);
        struct tally *one = open_tally(ENDPOINTS);
        uint32_t order[SHARDS_MAX];
        struct prng samples, choices;

        prng_init(&samples, 11, 0);
        prng_init(&choices, shard_count, 1);
        for (uint32_t i = 0; i < shard_count; i++)
            shards[i] = open_shard(ENDPOINTS);
        for (int i = 0; i < 2000; i++)
            record_one(shards[prng_below(&choices, shard_count)], &samples);
        shuffle(order, shard_count, &choices);
        for (uint32_t i = 0; i < shard_count; i++) {
            tally_clear(one);
            tally_take(one, shards[order[i]]);
            tally_add(sum, one);
        }
        if (shard_count == 1)
            tally_add(expected, sum);
        assert_tallies_equal(sum, expected);

        /* Taking all into one tally, in plain order, is the same again. */
        tally_clear(one);
        for (uint32_t i = 0; i < shard_count; i++)
            tally_take(one, shards[i]);
        assert_tallies_equal(one, expected);
        for (uint32_t i = 0; i < shard_count; i++)
            shard_close(shards[i]);
        tally_close(one);
        tally_close(sum);
    }
    tally_close(expected);
}

static void grouping_does_not_matter(void **state)
{
    (void)state;
    struct tally *parts[3], *left = open_tally(ENDPOINTS), *right = open_tally(ENDPOINTS);
    struct prng random;

    prng_init(&random, 12, 0);
    for (int p = 0; p < 3; p++) {
        struct shard *s = open_shard(ENDPOINTS);
        for (int i = 0; i < 300; i++)
            record_one(s, &random);
        parts[p] = open_tally(ENDPOINTS);
        tally_take(parts[p], s);
        shard_close(s);
    }
    tally_add(left, parts[0]); /* (0 + 1) + 2 */
    tally_add(left, parts[1]);
    tally_add(left, parts[2]);
    tally_add(right, parts[2]); /* 0 + (1 + 2), the sum in brackets first */
    tally_add(right, parts[1]);
    tally_add(right, parts[0]);
    assert_tallies_equal(left, right);
    for (int p = 0; p < 3; p++)
        tally_close(parts[p]);
    tally_close(left);
    tally_close(right);
}

static void the_seconds_of_a_run_add_up_to_its_total(void **state)
{
    (void)state;
    struct shard *shards[2] = { open_shard(ENDPOINTS), open_shard(ENDPOINTS) };
    struct tally *earlier = open_tally(ENDPOINTS), *later = open_tally(ENDPOINTS);
    struct tally *difference = open_tally(ENDPOINTS), *sum = open_tally(ENDPOINTS);
    struct prng random;

    prng_init(&random, 13, 0);
    cell_write(&shards[0]->started_ns, 1000);
    cell_write(&shards[1]->started_ns, 900);
    for (int second = 0; second < 20; second++) {
        const uint64_t requests = prng_below(&random, 100);
        for (uint64_t i = 0; i < requests; i++)
            record_one(shards[i % 2], &random);
        if (second == 19)
            cell_write(&shards[1]->ended_ns, 5000);
        tally_clear(later);
        tally_take(later, shards[0]);
        tally_take(later, shards[1]);
        tally_since(difference, later, earlier);
        assert_int_equal(difference->counters[COUNTER_SCHEDULED], requests);
        assert_int_equal(difference->users_now, later->users_now);
        tally_add(sum, difference);
        tally_clear(earlier);
        tally_add(earlier, later);
    }
    assert_sums_equal(sum, later);
    tally_close(earlier);
    tally_close(later);
    tally_close(difference);
    tally_close(sum);
    shard_close(shards[0]);
    shard_close(shards[1]);
}

static void a_new_tally_is_neutral_and_a_cleared_one_is_new(void **state)
{
    (void)state;
    struct shard *s = open_shard(ENDPOINTS);
    struct tally *empty = open_tally(ENDPOINTS), *t = open_tally(ENDPOINTS);
    struct tally *before = open_tally(ENDPOINTS);
    struct prng random;

    prng_init(&random, 14, 0);
    for (int i = 0; i < 100; i++)
        record_one(s, &random);
    tally_take(t, s);
    tally_take(before, s);
    tally_add(t, empty);
    assert_tallies_equal(t, before);
    tally_clear(t);
    assert_tallies_equal(t, empty);
    shard_close(s);
    tally_close(empty);
    tally_close(t);
    tally_close(before);
}

static void start_is_the_earliest_and_end_the_latest(void **state)
{
    (void)state;
    static const uint64_t times[][2] = { { 0, 0 }, { 500, 0 }, { 300, 900 }, { 400, 800 } };
    struct tally *t = open_tally(0);

    for (int i = 0; i < 4; i++) {
        struct shard *s = open_shard(0);
        cell_write(&s->started_ns, times[i][0]);
        cell_write(&s->ended_ns, times[i][1]);
        tally_take(t, s);
        shard_close(s);
    }
    assert_int_equal(t->started_ns, 300);
    assert_int_equal(t->ended_ns, 900);
    tally_close(t);
}

static uint64_t count_failures(const struct tally *t)
{
    uint64_t count = t->failures_overflow;

    for (uint32_t i = 0; i < t->failure_count; i++)
        count += t->failures[i].count;
    return count;
}

/* Eight shards of 256 kinds, half of them shared with a neighbour: 1152 kinds for 1024 places. */
static void fill_with_failures(struct shard *shards[])
{
    char message[32];

    for (uint32_t s = 0; s < SHARDS_MAX; s++) {
        shards[s] = open_shard(1);
        for (uint32_t i = 0; i < FAILURES_MAX + 10; i++) {
            snprintf(message, sizeof(message), "kind %u", s * FAILURES_MAX / 2 + i);
            for (uint32_t n = 0; n <= i % 3; n++)
                failure_note(&shards[s]->failures, 0, FAILURE_PROTO_PARSE, message);
        }
    }
}

static void a_full_failure_table_loses_no_count_in_any_order(void **state)
{
    (void)state;
    struct shard *shards[SHARDS_MAX];
    struct tally *expected = open_tally(1), *sum = open_tally(1), *one = open_tally(1);
    uint64_t noted = 0;
    struct prng random;

    fill_with_failures(shards);
    for (uint32_t i = 0; i < FAILURES_MAX + 10; i++)
        noted += SHARDS_MAX * (i % 3 + 1);
    for (uint32_t s = 0; s < SHARDS_MAX; s++)
        tally_take(expected, shards[s]);
    assert_int_equal(expected->failure_count, TALLY_FAILURES_MAX);
    assert_true(expected->failures_overflow > 0);
    assert_int_equal(count_failures(expected), noted);

    prng_init(&random, 15, 0);
    for (int round = 0; round < 10; round++) {
        uint32_t order[SHARDS_MAX];
        shuffle(order, SHARDS_MAX, &random);
        tally_clear(sum);
        for (uint32_t s = 0; s < SHARDS_MAX; s++) {
            tally_clear(one);
            tally_take(one, shards[order[s]]);
            tally_add(sum, one);
        }
        assert_tallies_equal(sum, expected);
    }
    for (uint32_t s = 0; s < SHARDS_MAX; s++)
        shard_close(shards[s]);
    tally_close(expected);
    tally_close(sum);
    tally_close(one);
}

static void an_entry_pushed_out_of_a_full_table_is_not_counted_twice(void **state)
{
    (void)state;
    struct shard *shards[SHARDS_MAX];
    struct tally *earlier = open_tally(1), *later = open_tally(1);
    struct tally *difference = open_tally(1), *sum = open_tally(1);

    fill_with_failures(shards);
    for (uint32_t seconds = 1; seconds <= SHARDS_MAX; seconds++) {
        tally_clear(later);
        for (uint32_t s = SHARDS_MAX - seconds; s < SHARDS_MAX; s++)
            tally_take(later, shards[s]);
        tally_since(difference, later, earlier);
        assert_int_equal(count_failures(difference),
                         count_failures(later) - count_failures(earlier));
        tally_add(sum, difference);
        tally_clear(earlier);
        tally_add(earlier, later);
    }
    assert_sums_equal(sum, later);
    for (uint32_t s = 0; s < SHARDS_MAX; s++)
        shard_close(shards[s]);
    tally_close(earlier);
    tally_close(later);
    tally_close(difference);
    tally_close(sum);
}

static size_t count_resident(const struct shard *s)
{
    const size_t pages = s->memory_size / 4096;
    unsigned char *resident = calloc(pages, 1);
    size_t count = 0;

    assert_non_null(resident);
    assert_int_equal(mincore(s->memory, s->memory_size, resident), 0);
    for (size_t i = 0; i < pages; i++)
        count += resident[i] & 1u;
    free(resident);
    return count;
}

static void only_touched_pages_cost_memory(void **state)
{
    (void)state;
    struct shard *s = open_shard(100);
    struct tally *t = open_tally(100);
    const struct shard_result result = { .endpoint = 42,
                                         .latency_ns = 1000000,
                                         .service_ns = 900000 };

    const size_t fresh = count_resident(s);
    assert_true(fresh < 32);
    for (int i = 0; i < 1000; i++)
        shard_finish(s, &result);
    tally_take(t, s);
    assert_true(s->memory_size / 4096 > 26000);
    assert_true(count_resident(s) < fresh + 32);
    shard_close(s);
    tally_close(t);
}

static void shards_and_tallies_without_endpoints_work(void **state)
{
    (void)state;
    struct shard *s = open_shard(0);
    struct tally *t = open_tally(0);

    shard_count(s, COUNTER_SENT, 2);
    tally_take(t, s);
    assert_int_equal(t->counters[COUNTER_SENT], 2);
    shard_close(s);
    shard_close(NULL);
    tally_close(t);
    tally_close(NULL);
}

#define RACE_REQUESTS 60000u

static void *record_many(void *argument)
{
    struct shard *s = argument;
    char message[64];

    for (unsigned i = 0; i < RACE_REQUESTS; i++) {
        const struct shard_result result = { .outcome = OUTCOME_FAILED,
                                             .latency_ns = i,
                                             .service_ns = UINT64_MAX };
        snprintf(message, sizeof(message), "message number %u whole", i % 200);
        failure_note(&s->failures, 0, FAILURE_PROTO_PARSE, message);
        shard_finish(s, &result);
    }
    return NULL;
}

static void a_concurrent_reader_sees_whole_messages_and_in_the_end_everything(void **state)
{
    (void)state;
    struct shard *s = open_shard(1);
    struct tally *t = open_tally(1);
    pthread_t writer;
    uint64_t seen = 0;

    assert_int_equal(pthread_create(&writer, NULL, record_many, s), 0);
    while (seen < RACE_REQUESTS / 2) {
        tally_clear(t);
        tally_take(t, s);
        for (uint32_t i = 0; i < t->failure_count; i++) {
            const char *message = t->failures[i].message;
            assert_true(strlen(message) >= 22);
            assert_string_equal(message + strlen(message) - 6, " whole");
        }
        assert_true(count_failures(t) >= seen);
        seen = count_failures(t);
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    tally_clear(t);
    tally_take(t, s);
    assert_int_equal(count_failures(t), RACE_REQUESTS);
    assert_int_equal(t->failure_count, 200);
    assert_int_equal(t->endpoints[0].latency[OUTCOME_FAILED].total, RACE_REQUESTS);
    shard_close(s);
    tally_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_split_over_shards_in_any_order_gives_the_same_tally),
        cmocka_unit_test(grouping_does_not_matter),
        cmocka_unit_test(the_seconds_of_a_run_add_up_to_its_total),
        cmocka_unit_test(a_new_tally_is_neutral_and_a_cleared_one_is_new),
        cmocka_unit_test(start_is_the_earliest_and_end_the_latest),
        cmocka_unit_test(a_full_failure_table_loses_no_count_in_any_order),
        cmocka_unit_test(an_entry_pushed_out_of_a_full_table_is_not_counted_twice),
        cmocka_unit_test(only_touched_pages_cost_memory),
        cmocka_unit_test(shards_and_tallies_without_endpoints_work),
        cmocka_unit_test(a_concurrent_reader_sees_whole_messages_and_in_the_end_everything),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("tally", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
