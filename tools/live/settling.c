#include "tools/live/settling.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "stats/warmup.h"

#define MEANS_FIRST 64u
#define LATE_NS     UINT64_C(100000000) /* a second begins at most so much before it is cut */

int settling_open(struct settling **ret_settling, struct collector *c, bool is_found,
                  uint64_t asked_ns)
{
    struct settling *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->collector = c;
    s->is_found = is_found;
    s->asked_ns = asked_ns;
    s->sample_ns = c->setup.started_ns;
    *ret_settling = s;
    return 0;
}

void settling_close(struct settling *s)
{
    if (s == NULL)
        return;
    tally_close(s->cut);
    free(s->means);
    free(s);
}

uint64_t settling_due_ns(const struct settling *s)
{
    if (s->is_found)
        return s->sample_ns + SETTLING_SAMPLE_NS;
    if (s->asked_ns == 0 || s->cut != NULL)
        return UINT64_MAX;
    return s->collector->setup.started_ns + s->asked_ns + s->paused_ns;
}

void settling_postpone(struct settling *s, uint64_t paused_ns)
{
    s->paused_ns = paused_ns;
}

/* Requests finished so far, and their latencies summed. */
static void sum_finished(const struct collector_setup *c, uint64_t *ret_over,
                         uint64_t *ret_latency_ns)
{
    *ret_over = *ret_latency_ns = 0;
    for (uint32_t i = 0; i < c->shard_count; i++) {
        for (uint32_t e = 0; e < c->endpoint_count; e++) {
            const struct shard_endpoint *from = &c->shards[i]->endpoints[e];
            *ret_over += cell_read(&from->books.over) - cell_read(&from->books.given_up);
            for (int o = 0; o < OUTCOME_COUNT; o++)
                *ret_latency_ns += cell_read(&from->latency[o].sum_ns_low);
        }
    }
}

static int add_mean(struct settling *s, double mean)
{
    if (s->count == s->capacity) {
        const size_t capacity = 2u * s->capacity + MEANS_FIRST;
        double *means = realloc(s->means, capacity * sizeof *means);
        if (means == NULL)
            return -ENOMEM;
        s->means = means;
        s->capacity = capacity;
    }
    s->means[s->count++] = mean;
    return 0;
}

/* A sample that was missed is one without a mean. */
static int take_sample(struct settling *s, uint64_t now_ns)
{
    uint64_t over, latency_ns;
    int rc = 0;
    for (s->sample_ns += SETTLING_SAMPLE_NS; rc == 0 && s->sample_ns + SETTLING_SAMPLE_NS <= now_ns;
         s->sample_ns += SETTLING_SAMPLE_NS)
        rc = add_mean(s, NAN);
    sum_finished(&s->collector->setup, &over, &latency_ns);
    const uint64_t count = over - s->over;
    if (rc == 0)
        rc = add_mean(s, count == 0 ? NAN : (double)(latency_ns - s->latency_ns) / (double)count);
    s->over = over;
    s->latency_ns = latency_ns;
    return rc;
}

static int make_cut(struct settling *s, uint64_t now_ns)
{
    struct tally *cut = NULL;
    int rc = tally_open(&cut, s->collector->setup.endpoint_count);
    if (rc == 0)
        rc = collector_tick(s->collector, now_ns);
    if (rc != 0) {
        tally_close(cut);
        return rc;
    }
    tally_add(cut, s->collector->point);
    s->cut = cut;
    s->cut_ns = s->collector->point_ns - s->collector->setup.started_ns;
    return 0;
}

int settling_watch(struct settling *s, uint64_t now_ns)
{
    if (now_ns < settling_due_ns(s))
        return 0;
    return s->is_found ? take_sample(s, now_ns) : make_cut(s, now_ns);
}

/* ---- the result ---- */

static double quantile_us(const struct hist_view *v, uint64_t num)
{
    return v->total == 0 ? NAN : (double)hist_view_quantile_ns(v, num, 100) / 1e3;
}

/* What finished in the seconds from the cut on. */
static void add_steady(const struct settling *s, struct hist_view *v)
{
    const struct interval_log *log = s->collector->intervals;
    for (size_t i = 0; i < log->count; i++)
        for (uint32_t e = 0;
             log->intervals[i].from_ns + LATE_NS >= s->cut_ns && e < log->endpoint_count; e++)
            interval_log_take(log, i, e, v);
}

static int find_end(struct settling *s, struct result_warmup *w)
{
    const struct warmup found = warmup_find(s->means, s->count);
    uint64_t *counts = calloc(HIST_SLOTS, sizeof *counts);
    struct hist_view steady;
    if (counts == NULL)
        return -ENOMEM;
    s->cut_ns = found.cut * SETTLING_SAMPLE_NS;
    hist_view_init(&steady, counts);
    add_steady(s, &steady);
    w->settled = found.is_settled && s->count >= 2u * WARMUP_GROUP;
    w->p50_us = quantile_us(&steady, 50);
    w->p99_us = quantile_us(&steady, 99);
    free(counts);
    return 0;
}

static int all_quantile_us(double *ret_us, const struct tally *t, uint64_t num)
{
    return summary_quantile_us(ret_us, t, SUMMARY_ALL_ROWS, num, 100);
}

int settling_finish(struct settling *s, struct tally *counted, struct result_warmup *ret_warmup)
{
    const struct tally *whole = collector_latest(s->collector);
    struct result_warmup w = { .is_found = s->is_found,
                               .is_asked = s->is_found || s->asked_ns != 0,
                               .settled = true };
    if (s->cut != NULL)
        tally_since(counted, whole, s->cut);
    else
        tally_add(counted, whole);
    int rc = all_quantile_us(&w.whole_p50_us, whole, 50);
    if (rc == 0)
        rc = all_quantile_us(&w.whole_p99_us, whole, 99);
    if (rc == 0)
        rc = all_quantile_us(&w.p50_us, counted, 50);
    if (rc == 0)
        rc = all_quantile_us(&w.p99_us, counted, 99);
    if (rc == 0 && s->is_found)
        rc = find_end(s, &w);
    w.cut_s = (double)s->cut_ns / 1e9;
    *ret_warmup = w;
    return rc;
}
