/* verdict — who was the bottleneck of a run, as far as its own numbers prove: the server, squall
 * itself, the users' think time, or nobody can tell.
 *
 * Squall was it when any of these holds; then its figures are not those of the server:
 *
 * - the 99th percentile of the time requests spent in squall exceeds 100 us and 5 % of that of
 *   their latency;
 * - a worker used 90 % of a CPU or more in more than 1 % of the seconds;
 * - a worker could have run and had no CPU, or the CPU was taken by the hypervisor, for more than
 *   1 % of the time;
 * - the control group's quota stopped it;
 * - its completion queue ran over;
 * - its event loop stood still for more than 1 % of the time.
 */
#ifndef SQUALL_TOOLS_CLI_VERDICT_H
#define SQUALL_TOOLS_CLI_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/blame.h"
#include "stats/report/result.h"

/* From this share of a CPU on a worker has no time left: latencies include waiting in squall. */
#define VERDICT_CPU_BUSY 0.9

/* What the generator may lose of its time, and of its seconds. */
#define VERDICT_LOST_TOLERATED 0.01

/* What it may take of a latency. */
#define VERDICT_SHARE_TOLERATED    0.05
#define VERDICT_SHARE_TOLERATED_US 100.0

/* A start is not a run. */
#define VERDICT_RUN_TELLING_S 0.1

/* What somebody changed while it ran. */
struct verdict_changes {
    uint64_t pauses;
    double paused_s; /* in all */
    uint64_t resets;
    double reset_at_s; /* the last, from the start */
    uint64_t users_changes;
    uint64_t users_last; /* how many were wanted in the end */
};

struct verdict_facts {
    uint32_t workers;
    const double *cpu;       /* share that each used over the run, 0..1; NaN = not known */
    const double *run_delay; /* share of the time that each waited for a CPU */
    size_t point_count;
    const struct result_strain *points; /* of each worker and second */
    uint64_t throttled;                 /* periods in which the quota was used up */
    uint64_t overflows;                 /* turns after which a completion queue had run over */
    struct blame blame;
    double p99_us;      /* of all latencies */
    uint64_t count, ok; /* requests finished */
    uint64_t scheduled; /* requests begun, … */
    uint64_t
        count_due; /* … and of these the first ones of tasks, which come at the rate asked for */
    double duration_s;
    double user_s; /* users alive, summed over time */
    double latency_mean_s;
    bool has_waits;    /* some users wait between tasks */
    double rate_asked; /* per second; NaN = closed loop */
    int signal;        /* that stopped it; 0 = none */
    struct verdict_changes changes;
    uint64_t bugs; /* counts that are 0 unless squall has a bug */
};

#define VERDICT_REASONS_MAX 13

struct verdict {
    const char *word;       /* "ok", "generator", "interrupted" or "invalid" */
    const char *limited_by; /* "server", "generator", "think time" or "unproven" */
    char bottleneck[320];   /* the same, and its reason in numbers */
    size_t reason_count;
    char reasons[VERDICT_REASONS_MAX][256];
};

struct verdict verdict_of(const struct verdict_facts *f);

#endif
