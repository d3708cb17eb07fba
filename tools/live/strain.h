/* strain — what each core had to bear in each second: its own load, and what the host kept from
 * it.
 *
 * Owned by the thread that watches the run; reads cells of the shards, /proc/stat and the control
 * group. Time is an argument.
 */
#ifndef SQUALL_TOOLS_LIVE_STRAIN_H
#define SQUALL_TOOLS_LIVE_STRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "stats/report/result.h"
#include "stats/shard.h"

/* About two hours of two cores. When there are so many points, neighbours are merged. */
#define STRAIN_POINTS_MAX 16384u

struct strain_setup {
    const struct shard *const *shards; /* borrowed */
    uint32_t shard_count;
    const int *cpus; /* borrowed: of each shard's owner, -1 = any */
    uint64_t started_ns;
};

/* Of one core, at the last point. */
struct strain_core {
    uint64_t strain_ns, cpu_ns, run_delay_ns, preempted, overflows, buffers_dry;
    int64_t steal_ticks;   /* of its CPU */
    uint64_t *turn_counts; /* HIST_SLOTS */
};

struct strain {
    struct strain_setup setup;
    struct strain_core *cores;
    int64_t throttled; /* periods of the control group, at the last point; negative = unknown */
    int64_t throttled_first;      /* … and at the start */
    struct result_strain *points; /* of all cores at each tick, in order */
    size_t count, capacity;
};

/* 0 or -ENOMEM. */
int strain_open(struct strain **ret_strain, const struct strain_setup *setup);
void strain_close(struct strain *s);

/* Adds a point for every core. Without memory for them they are left out. */
void strain_tick(struct strain *s, uint64_t now_ns);

/* Periods of the control group in which the CPU time was used up, since the start; 0 when that is
 * not known. */
uint64_t strain_throttled(const struct strain *s);

#endif
