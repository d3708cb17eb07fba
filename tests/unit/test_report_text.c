/* test_report_text.c — goal: the terminal report is true, aligned, and harmless whatever a server
 * sends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/glyph.h"
#include "stats/report/report.h"
#include "stats/report/sink.h"
#include "tests/unit/report_run.h"

static char *text_of(const struct result *r, unsigned columns, bool unicode, bool color)
{
    const struct report_text_style style = {
        .columns = columns, .unicode = unicode, .color = color, .distribution = true
    };
    char *text = NULL;

    assert_int_equal(report_text(&text, r, &style), 0);
    return text;
}

/* Only harmless characters, no line wider than the terminal, none ending in a blank. */
static void assert_lines_fit(const char *text, unsigned columns, bool unicode)
{
    for (const char *line = text; *line != '\0';) {
        const size_t len = strcspn(line, "\n");
        for (size_t at_byte = 0; at_byte < len;) {
            const struct glyph g = glyph_next(line + at_byte, len - at_byte);
            assert_true(g.is_visible);
            assert_true(unicode || g.code < 0x80);
            at_byte += g.bytes;
        }
        if (glyph_columns(line, len) > columns)
            fail_msg("wider than %u: %.*s", columns, (int)len, line);
        assert_true(len == 0 || line[len - 1] != ' ');
        assert_int_equal(line[len], '\n');
        line += len + 1;
    }
}

static void hostile_strings_do_nothing_to_a_terminal(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        struct run *run = run_open(2);
        run->names[0].name = run->names[1].method = hostile[i].sent;
        run->result.host = run->result.scenario = hostile[i].sent;
        run->reasons[0] = run->result.generator.bottleneck = hostile[i].sent;
        run->result.generator.reasons = run->reasons;
        run->result.generator.reason_count = 1;
        run_finish(run, 0, 1000, 500, FAILURE_HTTP_ERROR, hostile[i].sent);
        run_finish(run, 1, 1000, 500, FAILURE_HTTP_ERROR, hostile[i].sent);
        char *wide = text_of(run_result(run), 200, true, false);
        assert_lines_fit(wide, 200, true);
        assert_non_null(strstr(wide, hostile[i].in_text));
        free(wide);
        char *plain = text_of(&run->result, 80, false, false);
        assert_lines_fit(plain, 80, false);
        free(plain);
        run_close(run);
    }
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    (void)state;
    static const char long_name[] =
        "/api/v1/organisations/\xE4\xB8\xAD\xE6\x96\x87\xE4\xB8\xAD\xE6\x96\x87/members/with/a/"
        "very/"
        "long/path/that/no/terminal/of/eighty/columns/could/ever/show/in/one/piece/[id]/";
    struct run *run = run_open(5);

    run_fill(run);
    run->names[1].name = long_name;
    run->names[2].method = "PROPFIND-AND-MORE";
    run->result.host = long_name;
    /* A month at full speed: counts of 13 digits. */
    cell_add(&run->shard->counters[COUNTER_SCHEDULED], UINT64_C(2000000000000));
    for (int o = 0; o < OUTCOME_COUNT; o++)
        cell_add(&run->shard->endpoints[1].latency[o].counts[hist_index(900000)],
                 UINT64_C(1000000000000));
    for (unsigned columns = 1; columns <= 240; columns++) {
        for (int unicode = 0; unicode <= 1; unicode++) {
            char *text = text_of(run_result(run), columns, unicode, false);
            assert_lines_fit(text, columns < 60 ? 60 : columns, unicode);
            free(text);
        }
    }
    run_close(run);
}

/* `line` must be a line of the text, whole. */
static void assert_line(const char *text, const char *line)
{
    const size_t len = strlen(line);

    for (const char *from = text; from != NULL;) {
        if (strncmp(from, line, len) == 0 && from[len] == '\n')
            return;
        from = strchr(from, '\n');
        from = from == NULL ? NULL : from + 1;
    }
    fail_msg("'%s' is no line of:\n%s", line, text);
}

static void the_report_of_a_scenario_reads_as_locust_users_know_it(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    run_fill(run);
    char *text = text_of(run_result(run), 100, false, false);
    assert_non_null(strstr(text, "Accounting balanced."));
    assert_line(text, " http://127.0.0.1:8000, tweets.yaml, 60.0 s, 250 users, 64 connections, "
                      "2 threads");
    static const char first[] = " 52 of 5053 requests failed, most often: ";
    assert_int_equal(strncmp(text, first, sizeof first - 1), 0);
    assert_non_null(strstr(text, " 1 of 2 expectations "));
    assert_line(text, " Type   Name              # reqs # fails   (%)   Avg   Min   Max   Med "
                      "req/s failures/s");
    assert_line(text, " GET    /api/tweets/[id]/   1290      40 3.10% 2.490 0.043 5.039 2.460 "
                      "21.50       0.67");
    assert_line(text, " DELETE /api/tweets/[id]/      0       0     -     -     -     -     - "
                      "    0          0");
    assert_line(text, "        Aggregated          5053      52 1.03% 74.06 0.042 30000 2.529 "
                      "84.22       0.87");
    assert_line(text, " accounting  5053 scheduled = 5001 ok + 52 failed");
    assert_non_null(strstr(text, "ok only"));
    assert_non_null(strstr(text, "status 404 is not 200"));
    assert_non_null(strstr(text, "timeout_total"));
    assert_non_null(strstr(text, "p99<50ms holds: 42.12 ms"));
    assert_non_null(strstr(text, "fail_ratio<1% does not hold: 1.03%"));
    free(text);
    run_close(run);
}

static void on_a_narrow_terminal_names_are_cut_and_labels_are_not(void **state)
{
    (void)state;
    struct run *run = run_open(5);
    const struct blame blame = { .share_us = { 1.25 } };

    run_fill(run);
    run->names[0].name = "/a/very/long/name/of/an/endpoint/that/has/no/room";
    const struct result *r = run_result(run);
    run->result.load.rate = 100;
    run->result.generator.blame = &blame;
    for (unsigned columns = 60; columns <= 80; columns += 10) {
        char *text = text_of(r, columns, false, false);
        assert_non_null(strstr(text, "by generator"));
        assert_non_null(strstr(text, "ok only"));
        assert_non_null(strstr(text, "since sent"));
        assert_null(strstr(text, run->names[0].name));
        free(text);
    }
    run_close(run);
}

static void several_addresses_have_a_line_and_one_has_none(void **state)
{
    struct address_tally addresses[10] = { { "" } };
    struct run *run = run_open(1);
    const struct report_text_style style = { .columns = 100 };
    char *text = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        snprintf(addresses[i].text, sizeof addresses[i].text, "10.0.0.%zu:80", i);
        addresses[i].opened = 6;
        addresses[i].failed = i == 1;
    }
    run->result.addresses = addresses;
    run->result.address_count = 1;
    assert_int_equal(report_text(&text, run_result(run), &style), 0);
    assert_null(strstr(text, "addresses"));
    free(text);
    run->result.address_count = 2;
    assert_int_equal(report_text(&text, run_result(run), &style), 0);
    assert_line(text, " addresses   10.0.0.0:80: 6 opened, 10.0.0.1:80: 6 opened, 1 failed");
    free(text);
    run->result.address_count = ARRAY_LEN(addresses);
    assert_int_equal(report_text(&text, run_result(run), &style), 0);
    assert_non_null(strstr(text, "and 2 more"));
    free(text);
    run_close(run);
}

static void each_expectation_shows_what_was_measured(void **state)
{
    (void)state;
    static const struct result_expectation expectations[] = {
        { "count>=100", EXPECTATION_NUMBER, 412, true },
        { "rps>1k", EXPECTATION_NUMBER, 98.765, false },
        { "p99{GET /never}<1s", EXPECTATION_TIME_US, NAN, false },
        { "a\x1b[2Jb<1", EXPECTATION_SHARE, 0, true },
    };
    struct run *run = run_open(1);

    run_finish(run, 0, 42000, 200, FAILURE_NONE, NULL);
    run->result.expectations = expectations;
    run->result.expectation_count = ARRAY_LEN(expectations);
    char *text = text_of(run_result(run), 100, false, false);
    static const char first[] =
        " 1 request, none failed. 2 of 4 expectations not met. Bottleneck: ";
    assert_int_equal(strncmp(text, first, sizeof first - 1), 0);
    assert_line(text, " expected    count>=100 holds: 412");
    assert_line(text, "             rps>1k does not hold: 98.77");
    assert_line(text, "             p99{GET /never}<1s does not hold: nothing was measured");
    assert_line(text, "             a\\x1B[2Jb<1 holds: 0%");
    free(text);
    run_close(run);
}

static size_t count_parts(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *found = text; (found = strstr(found, part)) != NULL; found++)
        count++;
    return count;
}

static void a_url_with_one_kind_of_request_has_no_second_row(void **state)
{
    (void)state;
    struct run *run = run_open(1);

    run_finish(run, 0, 42000, 200, FAILURE_NONE, NULL);
    char *text = text_of(run_result(run), 80, true, false);
    assert_null(strstr(text, "Aggregated"));
    assert_null(strstr(text, "Failures"));
    assert_int_equal(count_parts(text, "/api/tweets/"), 2); /* requests and percentiles */
    free(text);

    run->result.scenario = "one.yaml";
    text = text_of(&run->result, 80, true, false);
    assert_int_equal(count_parts(text, "Aggregated"), 2);
    free(text);
    run_close(run);
}

static void an_unbalanced_run_says_so_first(void **state)
{
    (void)state;
    static const char first[] = " ✗ No request finished. ACCOUNTING DOES NOT BALANCE.\n";
    struct run *run = run_open(1);

    shard_count(run->shard, COUNTER_SCHEDULED, 1);
    char *text = text_of(run_result(run), 200, true, false);
    assert_int_equal(strncmp(text, first, sizeof(first) - 1), 0);
    free(text);
    run_close(run);
}

static void the_first_line_names_the_failure_that_all_share(void **state)
{
    (void)state;
    static const char first[] = " 2 of 2 requests failed: connection refused. Bottleneck: ";
    struct run *run = run_open(2);

    run_finish(run, 0, 1000, 0, FAILURE_CONNECT_REFUSED, "connection refused");
    run_finish(run, 1, 1000, 0, FAILURE_CONNECT_REFUSED, "connection refused");
    char *text = text_of(run_result(run), 100, false, false);
    assert_int_equal(strncmp(text, first, sizeof(first) - 1), 0);
    free(text);
    run_close(run);
}

static void the_first_line_names_the_most_frequent_of_several_failures(void **state)
{
    (void)state;
    static const char first[] = " 3 of 4 requests failed, most often: status 500. Bottleneck: ";
    struct run *run = run_open(1);

    run_finish(run, 0, 1000, 0, FAILURE_CONNECT_REFUSED, "connection refused");
    run_finish(run, 0, 1000, 500, FAILURE_HTTP_ERROR, "status 500");
    run_finish(run, 0, 1000, 500, FAILURE_HTTP_ERROR, "status 500");
    run_finish(run, 0, 1000, 200, FAILURE_NONE, NULL);
    char *text = text_of(run_result(run), 100, false, false);
    assert_int_equal(strncmp(text, first, sizeof(first) - 1), 0);
    free(text);
    run_close(run);
}

static void what_is_in_no_row_is_told_where_there_is_some(void **state)
{
    (void)state;
    struct run *run = run_open(1);

    run_finish(run, 0, 1000, 200, FAILURE_NONE, NULL);
    char *text = text_of(run_result(run), 120, true, false);
    assert_null(strstr(text, "redirect"));
    assert_null(strstr(text, "recorded"));
    free(text);
    shard_count(run->shard, COUNTER_REDIRECTS_FOLLOWED, 1);
    shard_count(run->shard, COUNTER_UNRECORDED, 3);
    shard_count(run->shard, COUNTER_UNRECORDED_FAILED, 2);
    text = text_of(run_result(run), 120, true, false);
    assert_non_null(strstr(text, "1 redirect followed"));
    assert_non_null(strstr(text, "3 requests not recorded, 2 failed"));
    free(text);
    run_close(run);
}

static void a_rate_that_was_not_kept_is_no_success(void **state)
{
    (void)state;
    static const char first[] =
        " ! 498 requests, none failed. 2 of 100 due requests were never sent. Bottleneck: ";
    struct run *run = run_open(1);

    run->result.load.rate = 100;
    for (unsigned i = 0; i < 100; i++)
        books_begin(&run->shard->arrivals, 0);
    for (unsigned i = 0; i < 498; i++) /* 400 of them followed within tasks */
        run_finish(run, 0, 1000, 200, FAILURE_NONE, NULL);
    shard_count(run->shard, COUNTER_SCHEDULED, 2);
    shard_count(run->shard, COUNTER_NOT_SENT, 2);
    char *text = text_of(run_result(run), 100, true, false);
    assert_int_equal(strncmp(text, first, sizeof(first) - 1), 0);
    assert_non_null(strstr(text, " · 100 req/s due · up to 64 connections · 2 threads\n"));
    free(text);

    run->result.load.has_stages = true;
    text = text_of(&run->result, 100, true, false);
    assert_non_null(strstr(text, " · up to 100 req/s due · up to 64 connections · "));
    free(text);
    run_close(run);
}

static void a_cpu_share_that_is_not_known_is_no_number(void **state)
{
    (void)state;
    struct run *run = run_open(1);

    run->cpu[1] = NAN;
    char *text = text_of(run_result(run), 80, false, false);
    assert_line(text, " generator   cpu 34 %, -");
    free(text);
    run_close(run);
}

static void a_run_that_was_over_before_its_warm_up_says_so(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    run_fill(run);
    (void)run_result(run);
    run->result.warmup = (struct result_warmup){ .is_asked = true, .settled = true };
    char *text = text_of(&run->result, 100, false, false);
    assert_line(text, " warm-up     the run was over before it: all of it is counted");
    free(text);
    run_close(run);
}

static void color_changes_nothing_but_the_color(void **state)
{
    (void)state;
    struct run *run = run_open(5);

    run_fill(run);
    char *plain = text_of(run_result(run), 80, true, false);
    char *colored = text_of(&run->result, 80, true, true);
    assert_null(strchr(plain, '\x1b'));
    assert_non_null(strchr(colored, '\x1b'));
    char *to = colored;
    for (const char *from = colored; *from != '\0';) {
        if (*from == '\x1b')
            from += strcspn(from, "m") + 1;
        else
            *to++ = *from++;
    }
    *to = '\0';
    assert_string_equal(plain, colored);
    free(plain);
    free(colored);
    run_close(run);
}

static void the_distribution_counts_every_request(void **state)
{
    (void)state;
    struct run *run = run_open(2);

    for (uint64_t i = 1; i <= 1000; i++)
        run_finish(run, i % 2, i, 200, FAILURE_NONE, NULL);
    run_finish(run, 0, 5000000, 0, FAILURE_TIMEOUT_TOTAL, NULL);
    char *text = text_of(run_result(run), 80, false, false);
    /* 1001 requests: the 501st at the median, the 991st at 99 %, the 1000th at 99.9 %. */
    assert_line(text, " 50%          0.001           501      500");
    assert_line(text, " 99%          0.001           991       10");
    assert_line(text, " 99.9%        0.001          1000        1");
    assert_line(text, " 99.999%      5.000          1001        0");
    assert_line(text, " 100% (max)   5.000          1001        0");
    free(text);
    run_close(run);
}

static void every_cut_of_a_text_ends_between_characters(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE4\xB8\xAD"
                               "e\xCC\x81\xF0\x9F\xA6\x86z";
    const size_t len = sizeof(text) - 1;

    assert_int_equal(glyph_columns(text, len), 1 + 1 + 2 + 1 + 0 + 2 + 1);
    for (size_t columns = 0; columns <= 9; columns++) {
        const size_t start = glyph_fit_start(text, len, columns);
        const size_t end = glyph_fit_end(text, len, columns);
        assert_true(glyph_columns(text, start) <= columns);
        assert_true(glyph_columns(text + len - end, end) <= columns);
        assert_true(start == len || ((unsigned char)text[start] & 0xC0) != 0x80);
        assert_true(end == 0 || ((unsigned char)text[len - end] & 0xC0) != 0x80);
    }
    for (size_t cut = 0; cut <= len; cut++) {
        char *exact = malloc(cut + 1); /* exactly as many bytes, so that a read past them is seen */
        assert_non_null(exact);
        char *shrunk = realloc(exact, cut == 0 ? 1 : cut);
        assert_non_null(shrunk);
        memcpy(shrunk, text, cut);
        (void)glyph_columns(shrunk, cut);
        free(shrunk);
    }
}

static void more_kinds_of_failures_than_fit_are_counted_in_one_line(void **state)
{
    (void)state;
    struct run *run = run_open(1);
    char message[32];

    for (int i = 0; i < 300; i++) {
        snprintf(message, sizeof(message), "kind %d", i);
        for (int n = 0; n <= (i == 77); n++)
            run_finish(run, 0, 1000, 200, FAILURE_HTTP_ERROR, message);
    }
    char *text = text_of(run_result(run), 80, false, false);
    assert_non_null(strstr(text, "and 280 more failures of other kinds"));
    assert_true(strstr(text, "kind 77") < strstr(text, "kind 0")); /* most frequent first */
    free(text);
    run_close(run);
}

static void a_result_of_nothing_is_a_report_all_the_same(void **state)
{
    (void)state;
    struct run *run = run_open(0);

    (void)run_result(run);
    run->result.series = NULL;
    run->result.host = NULL;
    run->result.generator = (struct result_generator){ 0 };
    run->result.load = (struct result_load){ .spawn_rate = NAN, .rate = NAN };
    char *text = text_of(&run->result, 80, false, false);
    assert_lines_fit(text, 80, false);
    assert_non_null(strstr(text, "status      none"));
    free(text);
    run_close(run);
}

static struct evidence_quantile bounds(double low_us, double high_us)
{
    return (struct evidence_quantile){
        .confidence = { .state = CONFIDENCE_HELD, .batches = 20, .worth = 826.4 },
        .low_us = low_us,
        .high_us = high_us,
    };
}

/* Two kinds of requests, of which the second gets slower. */
static void fill_evidence(struct evidence *e, struct evidence_row rows[2])
{
    const struct trend steady = { .verdict = TREND_STATIONARY,
                                  .level = 1000,
                                  .slope = 0.01,
                                  .slope_low = -0.02,
                                  .slope_high = 0.03,
                                  .detectable = 0.04 };
    const struct trend drifting = { .verdict = TREND_DRIFTING,
                                    .level = 6000,
                                    .slope = 1,
                                    .slope_low = 0.9,
                                    .slope_high = 1.2,
                                    .detectable = 0.2 };

    for (int i = 0; i < SUMMARY_QUANTILE_COUNT; i++)
        rows[0].quantiles[i] = rows[1].quantiles[i] = bounds(1000 * (i + 1), 1100 * (i + 2));
    rows[0].quantiles[SUMMARY_P99] = bounds(11940, NAN);
    rows[0].quantiles[SUMMARY_P75].confidence.state = CONFIDENCE_TOO_SHORT;
    rows[0].median = rows[0].p99 = steady;
    rows[1].median = rows[1].p99 = rows[1].median_writes = drifting;
    *e = (struct evidence){ .batch_count = 20, .total = rows[0], .row_count = 2, .rows = rows };
    e->total.quantiles[SUMMARY_P99] = bounds(11940, 13060);
}

static void the_range_of_a_percentile_stands_below_it(void **state)
{
    (void)state;
    struct run *run = run_open(2);
    struct evidence_row rows[2] = { { { { { 0 } } } } };
    struct evidence e;

    run_finish(run, 0, 12000000, 200, FAILURE_NONE, NULL);
    run_finish(run, 1, 12000000, 200, FAILURE_NONE, NULL);
    fill_evidence(&e, rows);
    run_result(run);
    run->result.evidence = &e;
    char *text = text_of(&run->result, 120, false, false);
    assert_non_null(
        strstr(text, "95 % range        1.00-2.20           3.00-4.40 4.00-5.50     >11.9"));
    assert_non_null(strstr(text, "11.9-13.1"));
    assert_non_null(strstr(text, "95 % ranges from 20 batches; for p99 the requests are worth 826 "
                                 "independent ones"));
    assert_non_null(strstr(text, "p50 is steady: +0.060 % per minute (-0.120 to +0.180)"));
    assert_non_null(strstr(text, "GET /api/tweets/[id]/: p50 drifts by +1.00 % per minute (+0.900 "
                                 "to +1.20); +1.00 ms per 1000 writes"));
    assert_null(strstr(text, "GET /api/tweets/: p50"));
    free(text);
    for (unsigned columns = 60; columns < 130; columns += 7) {
        text = text_of(&run->result, columns, columns % 2 == 0, true);
        free(text);
        text = text_of(&run->result, columns, columns % 2 == 0, false);
        assert_lines_fit(text, columns, columns % 2 == 0);
        free(text);
    }
    run_close(run);
}

static void a_run_too_short_for_ranges_says_so(void **state)
{
    (void)state;
    struct run *run = run_open(2);
    struct evidence_row rows[2] = { { { { { 0 } } } } };
    struct evidence e;

    run_finish(run, 0, 12000000, 200, FAILURE_NONE, NULL);
    fill_evidence(&e, rows);
    for (int i = 0; i < SUMMARY_QUANTILE_COUNT; i++)
        e.total.quantiles[i].confidence =
            (struct confidence){ .state = CONFIDENCE_TOO_SHORT, .lengthen = 3.4 };
    memcpy(rows[0].quantiles, e.total.quantiles, sizeof(rows[0].quantiles));
    memcpy(rows[1].quantiles, e.total.quantiles, sizeof(rows[1].quantiles));
    e.total.median.detectable = e.total.p99.detectable = NAN;
    e.rows[1].median.verdict = TREND_UNDECIDED;
    run_result(run);
    run->result.evidence = &e;
    char *text = text_of(&run->result, 120, false, false);
    assert_null(strstr(text, "95 % range  "));
    assert_non_null(strstr(text, "no 95 % range of p99: the run is too short to tell; 4 times as "
                                 "long should do"));
    assert_null(strstr(text, "trend"));
    free(text);
    run_close(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_strings_do_nothing_to_a_terminal),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(the_report_of_a_scenario_reads_as_locust_users_know_it),
        cmocka_unit_test(on_a_narrow_terminal_names_are_cut_and_labels_are_not),
        cmocka_unit_test(several_addresses_have_a_line_and_one_has_none),
        cmocka_unit_test(each_expectation_shows_what_was_measured),
        cmocka_unit_test(a_url_with_one_kind_of_request_has_no_second_row),
        cmocka_unit_test(an_unbalanced_run_says_so_first),
        cmocka_unit_test(the_first_line_names_the_failure_that_all_share),
        cmocka_unit_test(the_first_line_names_the_most_frequent_of_several_failures),
        cmocka_unit_test(a_rate_that_was_not_kept_is_no_success),
        cmocka_unit_test(a_cpu_share_that_is_not_known_is_no_number),
        cmocka_unit_test(a_run_that_was_over_before_its_warm_up_says_so),
        cmocka_unit_test(color_changes_nothing_but_the_color),
        cmocka_unit_test(the_distribution_counts_every_request),
        cmocka_unit_test(every_cut_of_a_text_ends_between_characters),
        cmocka_unit_test(more_kinds_of_failures_than_fit_are_counted_in_one_line),
        cmocka_unit_test(what_is_in_no_row_is_told_where_there_is_some),
        cmocka_unit_test(a_result_of_nothing_is_a_report_all_the_same),
        cmocka_unit_test(the_range_of_a_percentile_stands_below_it),
        cmocka_unit_test(a_run_too_short_for_ranges_says_so),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("report_text", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                              : EXIT_FAILURE;
}
