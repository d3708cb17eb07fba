/* random_hlogs — writes random runs as interval logs, and on stdout what a reader must find in
 * them.
 *
 *     random_hlogs FOLDER COUNT
 *
 * The figures of an interval are taken from the values as they are drawn, those of a sum from the
 * shard that recorded the whole run, so neither has seen an encoded byte. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/prng.h"
#include "stats/report/report.h"

#define ENDPOINTS     3u
#define INTERVALS_MAX 6u
#define STARTED_AT_S  1767225600

static const struct endpoint_name names[ENDPOINTS] = {
    { "GET", "/api/tweets/" },
    { "POST", "/caf\xc3\xa9 au lait, 100%" },
    { "", "a" },
};
static const char *const tags[ENDPOINTS] = {
    "GET:/api/tweets/",
    "POST:/caf%C3%A9%20au%20lait%2C%20100%25",
    ":a",
};
static const unsigned in_order[ENDPOINTS] = { 2, 0, 1 }; /* as a sorted map has the tags */

struct run {
    struct prng random;
    struct shard *shard;
    struct tally *before, *now, *difference;
    struct interval_log *log;
    struct hist_view drawn;
};

static void require(bool holds)
{
    if (!holds) {
        fputs("random_hlogs: no memory, or a file cannot be written\n", stderr);
        exit(EXIT_FAILURE);
    }
}

static void print_figures(const struct hist_view *v)
{
    static const uint64_t quantiles[][2] = {
        { 50, 100 }, { 90, 100 }, { 99, 100 }, { 999, 1000 }, { 9999, 10000 },
    };
    uint64_t hash = UINT64_C(0xcbf29ce484222325), buckets = 0;

    for (uint32_t i = v->index_first; i < v->index_last; i++) {
        if (v->counts[i] == 0)
            continue;
        hash = (hash ^ hist_high_ns(i)) * UINT64_C(0x100000001b3);
        hash = (hash ^ v->counts[i]) * UINT64_C(0x100000001b3);
        buckets++;
    }
    printf("%" PRIu64 " %" PRIu64 " %" PRIx64, v->total, buckets, hash);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
        printf(" %" PRIu64, hist_view_quantile_ns(v, quantiles[i][0], quantiles[i][1]));
    printf(" %" PRIu64 "\n", hist_high_ns(v->index_last - 1u));
}

/* From a nanosecond to some minutes, each octave as likely; often the same few values. */
static uint64_t draw_latency_ns(struct prng *p)
{
    const uint64_t value = prng_next(p) >> (26u + prng_below(p, 38));
    return prng_below(p, 3) == 0 ? UINT64_C(1) << prng_below(p, 40) : value;
}

static void play_endpoint(struct run *r, uint32_t endpoint)
{
    const uint64_t count = prng_below(&r->random, 4) == 0 ? 0 : prng_below(&r->random, 2000);

    hist_view_clear(&r->drawn);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t latency_ns = draw_latency_ns(&r->random);
        const struct shard_result result = {
            .endpoint = endpoint,
            .outcome = prng_below(&r->random, 5) == 0 ? OUTCOME_FAILED : OUTCOME_OK,
            .latency_ns = latency_ns,
            .service_ns = latency_ns,
        };
        shard_finish(r->shard, &result);
        hist_view_add_bucket(&r->drawn, hist_index(latency_ns), 1);
    }
}

static void play_interval(struct run *r, uint64_t from_ms, uint64_t to_ms)
{
    for (uint32_t e = 0; e < ENDPOINTS; e++) {
        play_endpoint(r, e);
        if (r->drawn.total == 0)
            continue;
        printf("%s %" PRIu64 " %" PRIu64 " ", tags[e], STARTED_AT_S * UINT64_C(1000) + from_ms,
               STARTED_AT_S * UINT64_C(1000) + to_ms);
        print_figures(&r->drawn);
    }
    tally_clear(r->now);
    tally_take(r->now, r->shard);
    tally_since(r->difference, r->now, r->before);
    require(interval_log_add(r->log, r->difference, to_ms * 1000000u) == 0);
    tally_clear(r->before);
    tally_add(r->before, r->now);
}

static void print_sums(struct run *r)
{
    for (size_t i = 0; i < ENDPOINTS; i++) {
        const struct tally_endpoint *e = &r->now->endpoints[in_order[i]];
        hist_view_clear(&r->drawn);
        hist_view_add(&r->drawn, &e->latency[OUTCOME_OK]);
        hist_view_add(&r->drawn, &e->latency[OUTCOME_FAILED]);
        if (r->drawn.total == 0)
            continue;
        r->drawn.min_ns = 0; /* as exact as a bucket, for a fair comparison */
        r->drawn.max_ns = UINT64_MAX;
        printf("sum %s ", tags[in_order[i]]);
        print_figures(&r->drawn);
    }
}

static void write_log(const struct run *r, const char *path)
{
    const struct result result = {
        .version = "0", .started_at_s = STARTED_AT_S, .names = names, .intervals = r->log
    };
    char *text;
    FILE *out = fopen(path, "w");

    require(out != NULL && report_hlog(&text, &result) == 0);
    require(fputs(text, out) >= 0 && fclose(out) == 0);
    free(text);
}

static void play(const char *folder, unsigned seed)
{
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct run r = { 0 };
    char path[4096];
    uint64_t now_ms = 0;

    require(counts != NULL && shard_open(&r.shard, ENDPOINTS) == 0);
    require(tally_open(&r.before, ENDPOINTS) == 0 && tally_open(&r.now, ENDPOINTS) == 0);
    require(tally_open(&r.difference, ENDPOINTS) == 0);
    require(interval_log_open(&r.log, ENDPOINTS, SIZE_MAX) == 0);
    hist_view_init(&r.drawn, counts);
    prng_init(&r.random, seed, 0);
    printf("log %04u.hlog\n", seed);
    for (uint64_t left = 1 + prng_below(&r.random, INTERVALS_MAX); left > 0; left--) {
        const uint64_t length_ms = 1 + prng_below(&r.random, 3000);
        play_interval(&r, now_ms, now_ms + length_ms);
        now_ms += length_ms;
    }
    print_sums(&r);
    (void)snprintf(path, sizeof(path), "%s/%04u.hlog", folder, seed);
    write_log(&r, path);
    interval_log_close(r.log);
    tally_close(r.before);
    tally_close(r.now);
    tally_close(r.difference);
    shard_close(r.shard);
    free(counts);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return EXIT_FAILURE;
    for (unsigned seed = 1; seed <= strtoul(argv[2], NULL, 10); seed++)
        play(argv[1], seed);
    return EXIT_SUCCESS;
}
