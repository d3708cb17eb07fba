/* report_run — a whole result with everything it borrows, for the tests of reports. */
#ifndef SQUALL_TESTS_UNIT_REPORT_RUN_H
#define SQUALL_TESTS_UNIT_REPORT_RUN_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/report.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define ENDPOINTS_MAX    8

struct run {
    struct shard *shard;
    struct tally *tally;
    struct summary *summary;
    struct series series;
    struct endpoint_name names[ENDPOINTS_MAX];
    struct result_expectation expectations[2];
    const char *reasons[2];
    int cpus[2];
    double cpu[2];
    struct result result;
};

static inline struct run *run_open(uint32_t endpoints)
{
    static const struct endpoint_name names[ENDPOINTS_MAX] = {
        { "GET", "/api/tweets/" },         { "GET", "/api/tweets/[id]/" },
        { "POST", "/api/tweets/" },        { "POST", "/api-token-auth/" },
        { "DELETE", "/api/tweets/[id]/" },
    };
    struct run *run = calloc(1, sizeof(*run));

    assert_non_null(run);
    assert_int_equal(shard_open(&run->shard, endpoints), 0);
    assert_int_equal(tally_open(&run->tally, endpoints), 0);
    memcpy(run->names, names, sizeof(names));
    series_init(&run->series);
    run->result = (struct result){
        .version = "0.1.0",
        .host = "http://127.0.0.1:8000",
        .seed = 1,
        .started_at_s = 1767225600,
        .load = { .kind = "connections",
                  .spawn_rate = NAN,
                  .rate = NAN,
                  .connections = 64,
                  .pipeline = 1,
                  .threads = 2,
                  .cpus = run->cpus },
        .generator = { .verdict = "ok",
                       .cpu = run->cpu,
                       .bottleneck = "The server limited this run: the workers used 34 % of "
                                     "their CPU" },
        .names = run->names,
    };
    run->cpus[1] = -1;
    run->cpu[0] = 0.34;
    run->cpu[1] = 0.125;
    return run;
}

static inline void run_close(struct run *run)
{
    shard_close(run->shard);
    tally_close(run->tally);
    summary_close(run->summary);
    series_close(&run->series);
    free(run);
}

static inline void run_finish(struct run *run, uint32_t endpoint, uint64_t latency_ns,
                              uint32_t status, enum failure_class failure, const char *message)
{
    const struct shard_result result = {
        .endpoint = endpoint,
        .outcome = failure == FAILURE_NONE ? OUTCOME_OK : OUTCOME_FAILED,
        .latency_ns = latency_ns,
        .service_ns = latency_ns,
        .bytes_in = 300,
        .bytes_body = 120,
        .status = status,
    };

    if (failure != FAILURE_NONE)
        failure_note(&run->shard->failures, endpoint, failure, message);
    shard_count(run->shard, COUNTER_SCHEDULED, 1);
    shard_finish(run->shard, &result);
}

static inline const struct result *run_result(struct run *run)
{
    tally_clear(run->tally);
    tally_take(run->tally, run->shard);
    summary_close(run->summary);
    assert_int_equal(summary_make(&run->summary, run->tally, run->names, UINT64_C(60000000000)), 0);
    run->result.tally = run->tally;
    run->result.summary = run->summary;
    run->result.series = &run->series;
    return &run->result;
}

/* Some of everything: five kinds of requests, failures, closes, expectations, reasons. */
static inline void run_fill(struct run *run)
{
    static const struct address_tally addresses[] = {
        { .text = "127.0.0.1:8000", .opened = 262 },
        { .text = "[::1]:8000", .failed = 3 },
    };
    run->result.scenario = "tweets.yaml";
    run->result.load.kind = "users";
    run->result.load.users = run->result.load.users_peak = 250;
    run->result.load.spawn_rate = 25;
    for (uint32_t i = 0; i < 5000; i++)
        run_finish(run, i % 4 == 3 ? 2 : i % 2, 42000 + i * 1000, 200, FAILURE_NONE, NULL);
    run_finish(run, 3, 1500000000, 200, FAILURE_NONE, NULL);
    for (int i = 0; i < 12; i++)
        run_finish(run, 2, 30000000000, 0, FAILURE_TIMEOUT_TOTAL, NULL);
    for (int i = 0; i < 40; i++)
        run_finish(run, 1, 900000, 404, FAILURE_HTTP_ERROR, "status 404 is not 200");
    shard_count(run->shard, COUNTER_OPENED, 262);
    shard_count(run->shard, COUNTER_REUSED, 4791);
    cell_add(&run->shard->closes[CLOSE_RUN_ENDED], 250);
    cell_add(&run->shard->closes[CLOSE_TIMEOUT], 12);
    for (uint64_t i = 1; i <= 100; i++)
        hist_record(&run->shard->lateness, i * 100);
    run->expectations[0] =
        (struct result_expectation){ "p99<50ms", EXPECTATION_TIME_US, 42123.5, true };
    run->expectations[1] =
        (struct result_expectation){ "fail_ratio<1%", EXPECTATION_SHARE, 0.0103, false };
    run->result.expectations = run->expectations;
    run->result.expectation_count = 2;
    run->result.addresses = addresses;
    run->result.address_count = ARRAY_LEN(addresses);
    (void)run_result(run);
    assert_int_equal(series_add(&run->series, run->tally, 1, 1), 0);
}

/* Bytes that a server may send, and what the JSON reader must get out. */
static const struct hostile {
    const char *sent, *in_json, *in_text;
} hostile[] = {
    { "\x1b[2J\x1b]0;owned\x07", "\x1b[2J\x1b]0;owned\x07", "\\x1B[2J\\x1B]0;owned\\x07" },
    { "line\nbreak\ttab\r", "line\nbreak\ttab\r", "line\\x0Abreak\\x09tab\\x0D" },
    { "quote\" back\\slash", "quote\" back\\slash", "quote\" back\\slash" },
    { "C1 \xC2\x9B"
      "31m",
      "C1 \xC2\x9B"
      "31m",
      "C1 \\xC2\\x9B31m" },
    { "bad \xFF\xC3(", "bad \xEF\xBF\xBD\xEF\xBF\xBD(", "bad \\xFF\\xC3(" },
    { "overlong \xC0\xAF", "overlong \xEF\xBF\xBD\xEF\xBF\xBD", "overlong \\xC0\\xAF" },
    { "surrogate \xED\xA0\x80", "surrogate \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
      "surrogate \\xED\\xA0\\x80" },
    { "high \xF4\x90\x80\x80", "high \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
      "high \\xF4\\x90\\x80\\x80" },
    { "cut \xE2\x82", "cut \xEF\xBF\xBD\xEF\xBF\xBD", "cut \\xE2\\x82" },
    { "turned \xE2\x80\xAE"
      "around",
      "turned \xE2\x80\xAE"
      "around",
      "turned \\xE2\\x80\\xAE"
      "around" },
    { "fine \xC3\xA9 \xE4\xB8\xAD \xF0\x9F\xA6\x86", "fine \xC3\xA9 \xE4\xB8\xAD \xF0\x9F\xA6\x86",
      "fine \xC3\xA9 \xE4\xB8\xAD \xF0\x9F\xA6\x86" },
};

#endif
