/* test_audit — goal: a request that is lost, counted twice, timed wrong or missing from the seconds
 * breaks an equation that names it, and a run without such a thing breaks none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "stats/audit.h"

#define DUE_NS UINT64_C(1000000000)

static const struct endpoint_name names[] = { { "GET", "/a" }, { "POST", "/b" } };

/* One core with two endpoints and an open loop: three requests finished, one given up, one arrival
 * that became none. */
struct world {
    struct shard *shard;
    struct tally *tally;
    struct interval_log *log;
    struct series series;
    struct audit audit;
};

static void finish(struct world *w, uint32_t endpoint, uint64_t latency_ns)
{
    const struct shard_result r = { .endpoint = endpoint,
                                    .outcome = OUTCOME_OK,
                                    .latency_ns = latency_ns,
                                    .service_ns = latency_ns };
    shard_finish(w->shard, &r);
    books_end(&w->shard->endpoints[endpoint].books, DUE_NS, DUE_NS + latency_ns);
}

static void begin(struct world *w, uint32_t endpoint)
{
    shard_count(w->shard, COUNTER_SCHEDULED, 1);
    books_begin(&w->shard->arrivals, DUE_NS);
    books_end(&w->shard->arrivals, DUE_NS, DUE_NS);
    books_begin(&w->shard->endpoints[endpoint].books, DUE_NS);
}

static int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    assert_int_equal(shard_open(&w->shard, 2), 0);
    assert_int_equal(tally_open(&w->tally, 2), 0);
    assert_int_equal(interval_log_open(&w->log, 2, 1 << 20), 0);
    series_init(&w->series);
    for (uint32_t i = 0; i < 4; i++)
        begin(w, i % 2);
    finish(w, 0, 5000);
    finish(w, 1, 7000);
    finish(w, 1, 7000000);
    shard_count(w->shard, COUNTER_IN_FLIGHT_AT_END, 1);
    books_give_up(&w->shard->endpoints[0].books, 1, DUE_NS, DUE_NS + 300);
    shard_count(w->shard, COUNTER_SCHEDULED, 1);
    shard_count(w->shard, COUNTER_NOT_SENT, 1);
    books_begin(&w->shard->arrivals, DUE_NS);
    books_give_up(&w->shard->arrivals, 1, DUE_NS, DUE_NS + 20);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    shard_close(w->shard);
    tally_close(w->tally);
    interval_log_close(w->log);
    series_close(&w->series);
    free(w);
    return 0;
}

static const struct audit *hold(struct world *w)
{
    w->audit = (struct audit){ 0 };
    tally_clear(w->tally);
    tally_take(w->tally, w->shard);
    audit_tally(&w->audit, w->tally, 3, names);
    return &w->audit;
}

static void assert_only_finding(const struct audit *a, const char *text)
{
    assert_int_equal(a->broken, 1);
    assert_string_equal(a->shown[0].text, text);
}

static void a_run_in_which_nothing_is_lost_breaks_nothing(void **state)
{
    struct world *w = *state;
    assert_true(audit_is_ok(hold(w)));
    assert_int_equal(w->audit.equations, 5 + 4 + 2 * 4);
    assert_true(audit_look(w->shard, 0));
}

static void a_request_that_never_ends_is_missed(void **state)
{
    struct world *w = *state;
    begin(w, 0);
    assert_true(audit_look(w->shard, 1));
    assert_false(audit_look(w->shard, 0));
    const struct audit *a = hold(w);
    assert_int_equal(a->broken, 4);
    assert_string_equal(a->shown[0].text,
                        "core 3: scheduled = 6, but ok + failed + dropped + in flight at the end + "
                        "not sent = 5");
    assert_string_equal(a->shown[1].text,
                        "core 3, GET /a: requests begun = 3, but requests over = 2");
}

static void a_latency_that_is_a_nanosecond_off_is_found(void **state)
{
    struct world *w = *state;
    begin(w, 1);
    const struct shard_result r = { .endpoint = 1, .latency_ns = 1000, .service_ns = 1000 };
    shard_finish(w->shard, &r);
    books_end(&w->shard->endpoints[1].books, DUE_NS, DUE_NS + 1001);
    assert_false(audit_look(w->shard, 0));
    assert_only_finding(hold(w), "core 3, POST /b: ns under way by when requests began and ended = "
                                 "7008001, but ns of latency in the histograms and of ages = "
                                 "7008000");
}

static void a_request_that_ends_with_another_due_time_is_found(void **state)
{
    struct world *w = *state;
    begin(w, 0);
    const struct shard_result r = { .endpoint = 0, .latency_ns = 990, .service_ns = 990 };
    shard_finish(w->shard, &r);
    books_end(&w->shard->endpoints[0].books, DUE_NS + 10, DUE_NS + 1000);
    assert_true(audit_look(w->shard, 0)); /* during the run nobody can know yet */
    assert_int_equal(hold(w)->broken, 2);
}

static void a_request_under_another_endpoint_than_it_began_is_found(void **state)
{
    struct world *w = *state;
    begin(w, 0);
    finish(w, 1, 1000);
    assert_true(hold(w)->broken > 0);
    assert_non_null(strstr(w->audit.shown[0].text, "core 3, GET /a: requests begun = 3"));
}

static void a_failure_without_a_reason_is_found(void **state)
{
    struct world *w = *state;
    begin(w, 0);
    const struct shard_result r = {
        .endpoint = 0, .outcome = OUTCOME_FAILED, .latency_ns = 10, .service_ns = UINT64_MAX
    };
    shard_finish(w->shard, &r);
    books_end(&w->shard->endpoints[0].books, DUE_NS, DUE_NS + 10);
    assert_only_finding(hold(w), "core 3: failures noted = 0, but failed requests in the "
                                 "histograms = 1");
}

static void an_endpoint_with_a_long_name_fits(void **state)
{
    static char name[500];
    const struct endpoint_name longest[] = { { "OPTIONS", memset(name, 'x', sizeof name - 1) },
                                             { "POST", "/b" } };
    struct world *w = *state;
    begin(w, 0);
    (void)hold(w);
    w->audit = (struct audit){ 0 };
    audit_tally(&w->audit, w->tally, AUDIT_ALL_CORES, longest);
    for (uint32_t i = 0; i < w->audit.broken; i++)
        assert_null(strstr(w->audit.shown[i].text, name));
    assert_non_null(strstr(w->audit.shown[1].text, "requests over = 2"));
}

/* The log and the series get what `w` has recorded, as one interval. */
static void add_interval(struct world *w)
{
    (void)hold(w);
    assert_int_equal(interval_log_add(w->log, w->tally, 1000), 0);
    assert_int_equal(series_add(&w->series, w->tally, 1, 1), 0);
    w->audit = (struct audit){ 0 };
}

static void intervals_add_up_to_the_run(void **state)
{
    struct world *w = *state;
    add_interval(w);
    assert_int_equal(audit_intervals(&w->audit, w->log, &w->series, w->tally, names), 0);
    assert_true(audit_is_ok(&w->audit));
    assert_int_equal(w->audit.equations, 3 + 1 + 1);
}

static void a_request_missing_from_the_intervals_is_found(void **state)
{
    struct world *w = *state;
    add_interval(w);
    begin(w, 1);
    finish(w, 1, 90);
    (void)hold(w);
    w->audit = (struct audit){ 0 };
    assert_int_equal(audit_intervals(&w->audit, w->log, &w->series, w->tally, names), 0);
    assert_int_equal(w->audit.broken, 2);
    assert_string_equal(w->audit.shown[0].text,
                        "all cores, POST /b: requests of a bucket in all intervals = 0, but in the "
                        "run's histogram = 1");
    assert_string_equal(w->audit.shown[1].text, "all cores: requests of all points of the timeline "
                                                "= 3, but requests in the histograms = 4");
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_run_in_which_nothing_is_lost_breaks_nothing),
        T(a_request_that_never_ends_is_missed),
        T(a_latency_that_is_a_nanosecond_off_is_found),
        T(a_request_that_ends_with_another_due_time_is_found),
        T(a_request_under_another_endpoint_than_it_began_is_found),
        T(a_failure_without_a_reason_is_found),
        T(an_endpoint_with_a_long_name_fits),
        T(intervals_add_up_to_the_run),
        T(a_request_missing_from_the_intervals_is_found),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                        : EXIT_FAILURE;
}
