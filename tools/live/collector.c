#include "tools/live/collector.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define NS_PER_S    1e9
#define TAIL_NS_MIN (COLLECTOR_PERIOD_NS / 10)

#define ZERO_LOOKS_MAX 100

int collector_open(struct collector **ret_collector, const struct collector_setup *setup)
{
    struct collector *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    c->setup = *setup;
    c->point_ns = c->base_ns = setup->started_ns;
    series_init(&c->series);
    c->cpu_share = calloc(setup->shard_count + 1u, sizeof *c->cpu_share);
    c->cpu_ns = calloc(setup->shard_count + 1u, sizeof *c->cpu_ns);
    int rc = c->cpu_share == NULL || c->cpu_ns == NULL ? -ENOMEM : 0;
    struct tally **const tallies[] = { &c->now, &c->point, &c->base, &c->difference };
    for (size_t i = 0; i < sizeof tallies / sizeof tallies[0] && rc == 0; i++)
        rc = tally_open(tallies[i], setup->endpoint_count);
    if (rc == 0 && setup->zero != NULL)
        rc = tally_open(&c->taken, setup->endpoint_count);
    if (rc == 0)
        rc = interval_log_open(&c->intervals, setup->endpoint_count, COLLECTOR_INTERVALS_MAX);
    if (rc != 0) {
        collector_close(c);
        return rc;
    }
    for (uint32_t i = 0; i < setup->shard_count; i++)
        c->cpu_share[i] = NAN;
    for (uint32_t i = 0; i < setup->shard_count && setup->zero != NULL; i++)
        c->cpu_ns[i] = cell_read(&setup->shards[i]->cpu_ns);
    *ret_collector = c;
    return 0;
}

void collector_close(struct collector *c)
{
    if (c == NULL)
        return;
    summary_close(c->total);
    summary_close(c->second);
    series_close(&c->series);
    interval_log_close(c->intervals);
    tally_close(c->now);
    tally_close(c->point);
    tally_close(c->base);
    tally_close(c->difference);
    tally_close(c->taken);
    free(c->cpu_share);
    free(c->cpu_ns);
    free(c);
}

uint64_t collector_due_ns(const struct collector *c)
{
    const uint64_t started_ns = c->setup.started_ns;
    const uint64_t periods = (c->point_ns - started_ns) / COLLECTOR_PERIOD_NS;
    return started_ns + (periods + 1) * COLLECTOR_PERIOD_NS;
}

void collector_watch(struct collector *c)
{
    uint64_t users = 0;
    for (uint32_t i = 0; i < c->setup.shard_count; i++)
        users += cell_read(&c->setup.shards[i]->users_now);
    c->users_now = users;
    if (users > c->users_high)
        c->users_high = users;
    if (users > c->users_peak)
        c->users_peak = users;
}

uint64_t collector_requests_done(const struct collector *c)
{
    uint64_t scheduled = 0, in_flight = 0;
    for (uint32_t i = 0; i < c->setup.shard_count; i++) {
        const struct shard *s = c->setup.shards[i];
        scheduled += cell_read(&s->counters[COUNTER_SCHEDULED]);
        in_flight += cell_read(&s->in_flight_now);
    }
    return scheduled > in_flight ? scheduled - in_flight : 0;
}

static void take_shards(struct collector *c)
{
    struct tally *all = c->taken != NULL ? c->taken : c->now;
    collector_watch(c);
    tally_clear(all);
    for (uint32_t i = 0; i < c->setup.shard_count; i++)
        tally_take(all, c->setup.shards[i]);
    if (c->taken == NULL)
        return;
    tally_since(c->now, all, c->setup.zero);
    c->now->started_ns = c->setup.started_ns;
    c->now->ended_ns = all->ended_ns;
}

static uint64_t count_failed(const struct tally *t)
{
    uint64_t failed = 0;
    for (uint32_t i = 0; i < t->endpoint_count; i++)
        failed += t->endpoints[i].latency[OUTCOME_FAILED].total;
    return failed;
}

static uint64_t count_reasons(const struct tally *t)
{
    uint64_t reasons = t->failures_overflow;
    for (uint32_t i = 0; i < t->failure_count; i++)
        reasons += t->failures[i].count;
    return reasons;
}

/* A request that fails is written down in two places. Looks until none was caught between them,
 * which takes more than one look hardly ever. */
static void take_between_failures(const struct collector *c, struct tally *t)
{
    for (unsigned look = 0; look < ZERO_LOOKS_MAX; look++) {
        tally_clear(t);
        for (uint32_t i = 0; i < c->setup.shard_count; i++)
            tally_take(t, c->setup.shards[i]);
        if (count_failed(t) == count_reasons(t))
            return;
    }
}

int collector_take_zero(const struct collector *c, struct tally **ret_zero)
{
    struct tally *t = NULL;
    const int rc = tally_open(&t, c->setup.endpoint_count);
    if (rc != 0)
        return rc;
    take_between_failures(c, t);
    uint64_t over = t->counters[COUNTER_DROPPED] + t->counters[COUNTER_IN_FLIGHT_AT_END] +
                    t->counters[COUNTER_NOT_SENT] + count_failed(t);
    for (uint32_t i = 0; i < t->endpoint_count; i++)
        over += t->endpoints[i].latency[OUTCOME_OK].total;
    t->counters[COUNTER_SCHEDULED] = over;
    *ret_zero = t;
    return 0;
}

const struct tally *collector_latest(const struct collector *c)
{
    return c->is_finished ? c->now : c->point;
}

static void take_cpu(struct collector *c, uint64_t interval_ns)
{
    for (uint32_t i = 0; i < c->setup.shard_count; i++) {
        const uint64_t cpu_ns = cell_read(&c->setup.shards[i]->cpu_ns);
        const double share = (double)(cpu_ns - c->cpu_ns[i]) / (double)interval_ns;
        c->cpu_share[i] = share < 1.0 ? share : 1.0;
        c->cpu_ns[i] = cpu_ns;
    }
}

static void swap(struct tally **a, struct tally **b)
{
    struct tally *was = *a;
    *a = *b;
    *b = was;
}

/* Makes the point and the interval from the tally at `from_ns` to the one just taken. */
static int add_point(struct collector *c, const struct tally *from, uint64_t from_ns,
                     uint64_t to_ns)
{
    tally_since(c->difference, c->now, from);
    const uint64_t interval_ns = to_ns > from_ns ? to_ns - from_ns : 1;
    const uint64_t since_start_ns = to_ns - c->setup.started_ns;
    int rc = interval_log_add(c->intervals, c->difference, since_start_ns);
    if (rc != 0)
        return rc;
    rc = series_add(&c->series, c->difference, (double)since_start_ns / NS_PER_S,
                    (double)interval_ns / NS_PER_S);
    if (rc != 0)
        interval_log_drop_last(c->intervals);
    return rc;
}

/* Makes a summary anew; without memory for it the one before stays. */
static void renew(struct summary **summary, const struct collector *c, const struct tally *t,
                  uint64_t duration_ns)
{
    struct summary *made = NULL;
    if (summary_make(&made, t, c->setup.names, duration_ns) != 0)
        return;
    summary_close(*summary);
    *summary = made;
}

int collector_tick(struct collector *c, uint64_t now_ns)
{
    const uint64_t interval_ns = now_ns > c->point_ns ? now_ns - c->point_ns : 1;
    take_shards(c);
    const int rc = add_point(c, c->point, c->point_ns, now_ns);
    if (rc != 0)
        return rc; /* the next point will cover this second too */
    take_cpu(c, interval_ns);
    renew(&c->total, c, c->now, now_ns - c->setup.started_ns);
    renew(&c->second, c, c->difference, interval_ns);
    /* base <- point <- now, and the oldest is the next to be filled. */
    swap(&c->base, &c->point);
    swap(&c->point, &c->now);
    c->base_ns = c->point_ns;
    c->point_ns = now_ns;
    c->users_high_before = c->users_high;
    c->users_high = c->users_now;
    return 0;
}

/* Users may have come and gone between two looks, in a run too short for many of them. */
static void mend_peak(struct collector *c)
{
    const uint64_t started = c->now->counters[COUNTER_USERS_STARTED];
    const uint64_t peak = started < c->setup.users_max ? started : c->setup.users_max;
    if (peak > c->users_peak)
        c->users_peak = peak;
    if (c->series.count == 0)
        c->users_high = c->users_peak;
}

int collector_finish(struct collector *c, uint64_t ended_ns)
{
    take_shards(c);
    c->is_finished = true;
    mend_peak(c);
    if (c->series.count > 0 && ended_ns <= c->base_ns)
        return 0; /* it ended before the last points, which have it all */
    const uint64_t to_ns = ended_ns > c->base_ns ? ended_ns : c->base_ns;
    /* All users are gone by now; those that were there until then describe the time before. */
    c->now->users_now = c->users_high;
    if (c->series.count == 0 || to_ns >= c->point_ns + TAIL_NS_MIN)
        return add_point(c, c->point, c->point_ns, to_ns);
    c->series.count--;
    interval_log_drop_last(c->intervals);
    if (c->users_high_before > c->users_high)
        c->now->users_now = c->users_high_before;
    return add_point(c, c->base, c->base_ns, to_ns);
}
