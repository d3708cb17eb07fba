#include "stats/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Whose equations are being looked at. */
struct place {
    uint32_t core;
    const struct endpoint_name *name; /* NULL = all endpoints */
};

static void name_place(char *out, size_t size, const struct place *at)
{
    char core[24] = "all cores";

    if (at->core != AUDIT_ALL_CORES)
        (void)snprintf(core, sizeof(core), "core %" PRIu32, at->core);
    if (at->name == NULL)
        (void)snprintf(out, size, "%s", core);
    else
        (void)snprintf(out, size, "%s, %.16s %.48s", core, at->name->method, at->name->name);
}

/* One equation: both sides, in words. */
static void must_equal(struct audit *a, const struct place *at, const char *left_is, uint64_t left,
                       const char *right_is, uint64_t right)
{
    char place[96];

    a->equations++;
    if (left == right)
        return;
    if (a->broken < AUDIT_SHOWN_MAX) {
        struct audit_finding *f = &a->shown[a->broken];
        name_place(place, sizeof(place), at);
        (void)snprintf(f->text, sizeof(f->text), "%s: %s = %" PRIu64 ", but %s = %" PRIu64, place,
                       left_is, left, right_is, right);
    }
    a->broken++;
}

/* Of the latencies of a row, modulo 2^64. */
static uint64_t latency_sum_ns(const struct tally_endpoint *e)
{
    return (uint64_t)(e->latency[OUTCOME_OK].sum_ns + e->latency[OUTCOME_FAILED].sum_ns);
}

static uint64_t finished(const struct tally_endpoint *e)
{
    return e->latency[OUTCOME_OK].total + e->latency[OUTCOME_FAILED].total;
}

static void audit_books(struct audit *a, const struct place *at, const struct books_view *b,
                        uint64_t in_histograms, uint64_t latency_ns)
{
    must_equal(a, at, "requests begun", b->begun, "requests over", b->over);
    must_equal(a, at, "moments due, summed as requests began", b->begun_due_ns,
               "summed as they ended", b->over_due_ns);
    must_equal(a, at, "requests in the histograms", in_histograms, "requests over and not given up",
               b->over - b->given_up);
    must_equal(a, at, "ns under way by when requests began and ended",
               b->over_at_ns - b->begun_due_ns, "ns of latency in the histograms and of ages",
               latency_ns + b->given_up_ns);
}

static void audit_counts(struct audit *a, const struct place *at, const struct tally *t)
{
    const uint64_t *c = t->counters;
    const uint64_t unfinished =
        c[COUNTER_DROPPED] + c[COUNTER_IN_FLIGHT_AT_END] + c[COUNTER_NOT_SENT];
    uint64_t begun = t->arrivals.given_up, given_up = t->arrivals.given_up;
    uint64_t in_histograms = 0, failed = 0, noted = t->failures_overflow;

    for (uint32_t i = 0; i < t->endpoint_count; i++) {
        begun += t->endpoints[i].books.begun;
        given_up += t->endpoints[i].books.given_up;
        in_histograms += finished(&t->endpoints[i]);
        failed += t->endpoints[i].latency[OUTCOME_FAILED].total;
    }
    for (uint32_t i = 0; i < t->failure_count; i++)
        noted += t->failures[i].count;
    must_equal(a, at, "scheduled", c[COUNTER_SCHEDULED],
               "ok + failed + dropped + in flight at the end + not sent",
               in_histograms + unfinished);
    must_equal(a, at, "scheduled", c[COUNTER_SCHEDULED],
               "requests begun by endpoints + arrivals that became none", begun);
    must_equal(a, at, "dropped + in flight at the end + not sent", unfinished, "requests given up",
               given_up);
    must_equal(a, at, "failures noted", noted, "failed requests in the histograms", failed);
    must_equal(a, at, "looks at which the books did not agree", c[COUNTER_BOOKS_BROKEN],
               "what is allowed", 0);
}

void audit_tally(struct audit *a, const struct tally *t, uint32_t core,
                 const struct endpoint_name *names)
{
    if (!SQUALL_AUDIT)
        return;
    const struct place at = { core, NULL };

    audit_counts(a, &at, t);
    audit_books(a, &at, &t->arrivals, t->arrivals.over - t->arrivals.given_up, 0);
    for (uint32_t i = 0; i < t->endpoint_count; i++) {
        const struct tally_endpoint *e = &t->endpoints[i];
        const struct place row = { core, &names[i] };
        audit_books(a, &row, &e->books, finished(e), latency_sum_ns(e));
    }
    if (core == AUDIT_ALL_CORES)
        a->looks = t->counters[COUNTER_BOOKS_LOOKS];
}

/* One equation for each bucket that counted on either side. */
static void audit_buckets(struct audit *a, const struct place *at, const struct hist_view *sum,
                          const struct tally_endpoint *e)
{
    for (uint32_t i = 0; i < HIST_SLOTS; i++) {
        const uint64_t whole =
            e->latency[OUTCOME_OK].counts[i] + e->latency[OUTCOME_FAILED].counts[i];
        if (whole != 0 || sum->counts[i] != 0)
            must_equal(a, at, "requests of a bucket in all intervals", sum->counts[i],
                       "in the run's histogram", whole);
    }
}

/* Each second alone, as long as neither the log nor the series has merged some. */
static uint64_t audit_points(struct audit *a, const struct place *at, struct hist_view *scratch,
                             const struct interval_log *log, const struct series *series)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < series->count; i++) {
        sum += series->points[i].count;
        if (series->is_merged || log->count != series->count)
            continue;
        hist_view_clear(scratch);
        for (uint32_t e = 0; e < log->endpoint_count; e++)
            interval_log_take(log, i, e, scratch);
        must_equal(a, at, "requests of a point of the timeline", series->points[i].count,
                   "in the histograms of its interval", scratch->total);
    }
    return sum;
}

int audit_intervals(struct audit *a, const struct interval_log *log, const struct series *series,
                    const struct tally *whole, const struct endpoint_name *names)
{
    const struct place all = { AUDIT_ALL_CORES, NULL };
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    uint64_t in_histograms = 0;
    struct hist_view sum;

    if (counts == NULL)
        return -ENOMEM;
    hist_view_init(&sum, counts);
    for (uint32_t e = 0; e < whole->endpoint_count; e++) {
        const struct place at = { AUDIT_ALL_CORES, &names[e] };
        hist_view_clear(&sum);
        for (size_t i = 0; i < log->count; i++)
            interval_log_take(log, i, e, &sum);
        audit_buckets(a, &at, &sum, &whole->endpoints[e]);
        in_histograms += finished(&whole->endpoints[e]);
    }
    const uint64_t in_series = audit_points(a, &all, &sum, log, series);
    must_equal(a, &all, "requests of all points of the timeline", in_series,
               "requests in the histograms", in_histograms);
    free(counts);
    return 0;
}

bool audit_look(const struct shard *s, uint64_t open)
{
    uint64_t under_way = cell_read(&s->arrivals.begun) - cell_read(&s->arrivals.over);

    for (uint32_t i = 0; i < s->endpoint_count; i++) {
        const struct shard_endpoint *e = &s->endpoints[i];
        const struct books *b = &e->books;
        const uint64_t latency_ns = cell_read(&e->latency[OUTCOME_OK].sum_ns_low) +
                                    cell_read(&e->latency[OUTCOME_FAILED].sum_ns_low);
        if (cell_read(&b->over_at_ns) - cell_read(&b->over_due_ns) !=
            latency_ns + cell_read(&b->given_up_ns))
            return false;
        under_way += cell_read(&b->begun) - cell_read(&b->over);
    }
    return under_way == open;
}
