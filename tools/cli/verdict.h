/* verdict — who limited a run, as far as its own numbers tell: squall itself, think time, the rate
 * asked for, or the server. */
#ifndef SQUALL_TOOLS_CLI_VERDICT_H
#define SQUALL_TOOLS_CLI_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From this share of a CPU on a worker has no time left: latencies include waiting in squall. */
#define VERDICT_CPU_BUSY 0.9

/* CPU times are refreshed about ten times a second, and a start is not a run. */
#define VERDICT_RUN_TELLING_S 0.1

struct verdict_facts {
    uint32_t workers;
    const double *cpu;  /* share that each used over the run, 0..1 */
    uint64_t count, ok; /* requests finished */
    double duration_s;
    double user_s; /* users alive, summed over time */
    double latency_mean_s;
    bool has_waits;    /* some users wait between tasks */
    double rate_asked; /* per second; NaN = closed loop */
    int signal;        /* that stopped it; 0 = none */
    uint64_t bugs;     /* counts that are 0 unless squall has a bug */
};

#define VERDICT_REASONS_MAX 4

struct verdict {
    const char *word; /* "ok", "generator" or "interrupted" */
    char bottleneck[256];
    size_t reason_count;
    char reasons[VERDICT_REASONS_MAX][256];
};

struct verdict verdict_of(const struct verdict_facts *f);

#endif
