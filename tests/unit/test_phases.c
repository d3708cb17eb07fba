/* goal: the parts of a request's way are added up over cores and told, where there were any; and
 * nobody can overlook that certificates were not verified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/report_run.h"

static char *text_of(struct run *run, bool unicode)
{
    char *text = NULL;
    const struct report_text_style style = { .columns = 80, .unicode = unicode };
    assert_int_equal(report_text(&text, run_result(run), &style), 0);
    return text;
}

static void assert_in_text(struct run *run, const char *line, bool is_there)
{
    char *text = text_of(run, false);
    if ((strstr(text, line) != NULL) != is_there)
        fail_msg("'%s' is %s in:\n%s", line, is_there ? "not" : "", text);
    free(text);
}

static void assert_in_json(struct run *run, const char *part)
{
    char *text = NULL;
    assert_int_equal(report_json(&text, run_result(run)), 0);
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
    free(text);
}

static void a_run_without_tls_says_nothing_of_it(void **state)
{
    (void)state;
    struct run *run = run_open(1);
    run->result.tls.is_insecure = true; /* asked for, of no effect */
    assert_in_text(run, "TLS", false);
    assert_in_text(run, "phases", false);
    assert_in_json(run, "\"tls\": null");
    assert_in_json(run, "\"connect\": { \"count\": 0, \"p50\": null, \"p90\": null, \"p99\": null, "
                        "\"max\": null }");
    run_close(run);
}

static void each_phase_has_its_line_and_its_key(void **state)
{
    (void)state;
    struct run *run = run_open(1);
    for (uint64_t i = 1; i <= 100; i++) {
        hist_record(&run->shard->phases[PHASE_CONNECT], i * 1000);
        hist_record(&run->shard->phases[PHASE_FIRST_BYTE], i * 1000000);
    }
    assert_in_text(run, " phases      connect p50 0.050, p90 0.090, p99 0.099, max 0.100 ms\n",
                   true);
    assert_in_text(run, "             first byte p50 50.00, p90 90.05, p99 99.02, max 100.0 ms\n",
                   true);
    assert_in_text(run, "TLS", false);
    assert_in_json(run, "\"connect\": { \"count\": 100, \"p50\": 50.015, \"p90\": 90.047, \"p99\": "
                        "99.007, \"max\": 100.0 }");
    run_close(run);
}

static void handshakes_are_told_and_how_many_were_resumed(void **state)
{
    (void)state;
    struct run *run = run_open(1);
    run->result.tls.is_used = true;
    assert_in_text(run, " TLS         0 handshakes\n", true);
    assert_in_json(
        run,
        "\"tls\": { \"handshakes\": 0, \"resumed\": 0, \"resumed_ratio\": null, "
        "\"handshakes_per_s\": 0.0, \"version\": null, \"cipher\": null, \"verified\": true }");
    shard_count(run->shard, COUNTER_TLS_HANDSHAKES, 120);
    shard_count(run->shard, COUNTER_TLS_RESUMED, 90);
    atomic_store(&run->shard->tls_version, "TLSv1.3");
    atomic_store(&run->shard->tls_cipher, "TLS_AES_128_GCM_SHA256");
    assert_in_text(run,
                   " TLS         120 handshakes, 2.00/s, 75.00% resumed,\n             TLSv1.3 "
                   "TLS_AES_128_GCM_SHA256\n",
                   true);
    assert_in_json(run, "\"tls\": { \"handshakes\": 120, \"resumed\": 90, \"resumed_ratio\": 0.75, "
                        "\"handshakes_per_s\": 2.0, \"version\": \"TLSv1.3\", "
                        "\"cipher\": \"TLS_AES_128_GCM_SHA256\", \"verified\": true }");
    run_close(run);
}

static void certificates_that_are_not_verified_are_shown(void **state)
{
    (void)state;
    struct run *run = run_open(1);
    run->result.tls.is_used = run->result.tls.is_insecure = true;
    assert_in_text(run, "certificates NOT VERIFIED", true);
    assert_in_json(run, "\"verified\": false");
    run_close(run);
}

static void phases_of_cores_and_of_seconds_are_added_and_subtracted(void **state)
{
    (void)state;
    struct shard *shards[2];
    struct tally *sum, *earlier, *later, *between;
    assert_int_equal(tally_open(&sum, 1), 0);
    assert_int_equal(tally_open(&earlier, 1), 0);
    assert_int_equal(tally_open(&later, 1), 0);
    assert_int_equal(tally_open(&between, 1), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(shard_open(&shards[i], 1), 0);
        hist_record(&shards[i]->phases[PHASE_TLS], 1000);
        tally_take(earlier, shards[i]);
    }
    hist_record(&shards[1]->phases[PHASE_TLS], 9000);
    for (int i = 0; i < 2; i++)
        tally_take(later, shards[i]);
    tally_since(between, later, earlier);
    assert_int_equal(later->phases[PHASE_TLS].total, 3);
    assert_int_equal(between->phases[PHASE_TLS].total, 1);
    assert_int_equal(hist_view_quantile_ns(&between->phases[PHASE_TLS], 50, 100) / 100, 90);
    tally_add(sum, earlier);
    tally_add(sum, between);
    assert_int_equal(sum->phases[PHASE_TLS].total, 3);
    assert_int_equal(sum->phases[PHASE_TLS].max_ns, 9000);
    for (int i = 0; i < 2; i++)
        shard_close(shards[i]);
    tally_close(sum);
    tally_close(earlier);
    tally_close(later);
    tally_close(between);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_without_tls_says_nothing_of_it),
        cmocka_unit_test(each_phase_has_its_line_and_its_key),
        cmocka_unit_test(handshakes_are_told_and_how_many_were_resumed),
        cmocka_unit_test(certificates_that_are_not_verified_are_shown),
        cmocka_unit_test(phases_of_cores_and_of_seconds_are_added_and_subtracted),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("phases", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
