#include "tools/live/strain.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/doctor/cgroup.h"
#include "tools/doctor/reading.h"

#define POINTS_FIRST 64u

/* Ticks that a CPU, -1 for all, was taken away by the hypervisor: the 8th number of its line. */
static int64_t steal_ticks(const struct reading *stat, int cpu)
{
    char key[24] = "cpu ";
    if (cpu >= 0)
        (void)snprintf(key, sizeof key, "cpu%d ", cpu);
    const char *at = reading_field(stat, key);
    int64_t number = READING_UNKNOWN;
    for (int i = 0; i < 8 && at != NULL; i++)
        number = reading_next_number(&at);
    return number;
}

int strain_open(struct strain **ret_strain, const struct strain_setup *setup)
{
    struct strain *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->setup = *setup;
    s->cores = calloc(setup->shard_count + 1u, sizeof *s->cores);
    for (uint32_t i = 0; s->cores != NULL && i < setup->shard_count; i++) {
        s->cores[i].turn_counts = calloc(HIST_SLOTS, sizeof *s->cores[i].turn_counts);
        if (s->cores[i].turn_counts == NULL)
            break;
    }
    struct reading *stat = calloc(1, sizeof *stat);
    if (stat == NULL || s->cores == NULL ||
        (setup->shard_count > 0 && s->cores[setup->shard_count - 1u].turn_counts == NULL)) {
        free(stat);
        strain_close(s);
        return -ENOMEM;
    }
    (void)reading_take(stat, "", "proc/stat");
    for (uint32_t i = 0; i < setup->shard_count; i++) {
        s->cores[i].strain_ns = setup->started_ns;
        s->cores[i].steal_ticks = steal_ticks(stat, setup->cpus[i]);
    }
    s->throttled = s->throttled_first = cgroup_read("").throttled;
    free(stat);
    *ret_strain = s;
    return 0;
}

void strain_close(struct strain *s)
{
    if (s == NULL)
        return;
    for (uint32_t i = 0; s->cores != NULL && i < s->setup.shard_count; i++)
        free(s->cores[i].turn_counts);
    free(s->cores);
    free(s->points);
    free(s);
}

uint64_t strain_throttled(const struct strain *s)
{
    return s->throttled_first >= 0 && s->throttled > s->throttled_first
               ? (uint64_t)(s->throttled - s->throttled_first)
               : 0;
}

static double weighted(double a, double a_s, double b, double b_s)
{
    if (isnan(a) || isnan(b))
        return isnan(a) ? b : a;
    return (a * a_s + b * b_s) / (a_s + b_s);
}

/* `later` becomes both; their spans are of so many seconds. */
static void merge_points(const struct result_strain *a, double a_s, struct result_strain *later,
                         double b_s)
{
    later->cpu = weighted(a->cpu, a_s, later->cpu, b_s);
    later->run_delay = weighted(a->run_delay, a_s, later->run_delay, b_s);
    later->steal = weighted(a->steal, a_s, later->steal, b_s);
    later->preempted += a->preempted;
    later->throttled += a->throttled;
    later->overflows += a->overflows;
    later->buffers_dry += a->buffers_dry;
    later->turn_max_us = fmax(a->turn_max_us, later->turn_max_us);
}

/* Halves the number of points: each becomes one with its core's next. */
static void merge_neighbours(struct strain *s)
{
    const uint32_t cores = s->setup.shard_count;
    size_t kept = 0;
    double from_s = 0;
    for (size_t i = 0; i + 2u * cores <= s->count; i += 2u * cores) {
        const double middle_s = s->points[i].t_s, to_s = s->points[i + cores].t_s;
        for (uint32_t c = 0; c < cores; c++) {
            struct result_strain later = s->points[i + cores + c];
            merge_points(&s->points[i + c], middle_s - from_s, &later, to_s - middle_s);
            s->points[kept++] = later;
        }
        from_s = to_s;
    }
    for (size_t i = s->count / (2u * cores) * 2u * cores; i < s->count; i++)
        s->points[kept++] = s->points[i];
    s->count = kept;
}

static bool reserve(struct strain *s)
{
    if (s->count >= STRAIN_POINTS_MAX)
        merge_neighbours(s);
    if (s->count + s->setup.shard_count <= s->capacity)
        return true;
    const size_t capacity = 2u * s->capacity + s->setup.shard_count + POINTS_FIRST;
    struct result_strain *points = realloc(s->points, capacity * sizeof *points);
    if (points == NULL)
        return false;
    s->points = points;
    s->capacity = capacity;
    return true;
}

/* The longest turn since the last point, as far as its bucket tells. */
static double longest_turn_us(struct strain_core *c, const struct hist *turns)
{
    double longest_us = 0;
    for (uint32_t i = 0; i < (uint32_t)cell_read(&turns->index_last); i++) {
        const uint64_t count = cell_read(&turns->counts[i]);
        if (count == c->turn_counts[i])
            continue; /* nor are pages touched that hold no counts */
        longest_us = (double)hist_high_ns(i) / 1e3;
        c->turn_counts[i] = count;
    }
    return longest_us;
}

static uint64_t since(uint64_t *before, uint64_t now)
{
    const uint64_t difference = now - *before;
    *before = now;
    return difference;
}

/* Of a span; NaN when there was none. */
static double share_of(uint64_t part, uint64_t whole)
{
    return whole == 0 ? NAN : (double)part / (double)whole;
}

static void fill_point(struct result_strain *p, struct strain_core *c, const struct shard *live)
{
    const uint64_t span_ns = since(&c->strain_ns, cell_read(&live->strain_ns) > c->strain_ns
                                                      ? cell_read(&live->strain_ns)
                                                      : c->strain_ns);
    p->cpu = share_of(since(&c->cpu_ns, cell_read(&live->cpu_ns)), span_ns);
    p->run_delay = share_of(since(&c->run_delay_ns, cell_read(&live->run_delay_ns)), span_ns);
    p->preempted = since(&c->preempted, cell_read(&live->preempted));
    p->overflows = since(&c->overflows, cell_read(&live->counters[COUNTER_OVERFLOWS]));
    p->buffers_dry = since(&c->buffers_dry, cell_read(&live->counters[COUNTER_BUFFERS_DRY]));
    p->turn_max_us = longest_turn_us(c, &live->phases[PHASE_TURN]);
}

/* The share of the time since the last point. Ticks are coarse: a hundredth of a second. */
static double steal_share(struct strain_core *c, int64_t ticks, double span_s)
{
    const int64_t before = c->steal_ticks;
    c->steal_ticks = ticks;
    if (before < 0 || ticks < before || span_s <= 0)
        return NAN;
    return (double)(ticks - before) / (double)sysconf(_SC_CLK_TCK) / span_s;
}

void strain_tick(struct strain *s, uint64_t now_ns)
{
    struct reading *stat = calloc(1, sizeof *stat);
    if (stat == NULL || !reserve(s)) {
        free(stat);
        return;
    }
    (void)reading_take(stat, "", "proc/stat");
    const int64_t throttled = cgroup_read("").throttled;
    const double t_s = (double)(now_ns - s->setup.started_ns) / 1e9;
    const double before_s = s->count > 0 ? s->points[s->count - 1u].t_s : 0;
    for (uint32_t i = 0; i < s->setup.shard_count; i++) {
        struct result_strain *p = &s->points[s->count++];
        *p = (struct result_strain){ .t_s = t_s, .core = i };
        fill_point(p, &s->cores[i], s->setup.shards[i]);
        p->steal = steal_share(&s->cores[i], steal_ticks(stat, s->setup.cpus[i]), t_s - before_s);
        if (s->throttled >= 0 && throttled > s->throttled)
            p->throttled = (uint64_t)(throttled - s->throttled);
    }
    s->throttled = throttled;
    free(stat);
}
