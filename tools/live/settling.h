/* settling — the beginning of a run that does not count: so long as asked for, or found by itself.
 *
 * Owned by the thread that watches the run, as the collector is; time is an argument. What was
 * asked for is left out of the result. What is found (warmup.h, from the mean latency of each fifth
 * of a second) is told beside it, and nothing is left out unasked.
 */
#ifndef SQUALL_TOOLS_LIVE_SETTLING_H
#define SQUALL_TOOLS_LIVE_SETTLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/report/result.h"
#include "tools/live/collector.h"

#define SETTLING_SAMPLE_NS UINT64_C(200000000)

struct settling {
    struct collector *collector; /* borrowed */
    bool is_found;               /* the end is looked for, else it is … */
    uint64_t asked_ns;           /* … so long after the start; 0 = no warm-up */
    uint64_t paused_ns;          /* the run stood still for so much longer */
    struct tally *cut;           /* what was recorded up to there; NULL before */
    uint64_t cut_ns;             /* since the start */
    double *means;               /* of the latency in each sample, NaN = none finished */
    size_t count, capacity;
    uint64_t sample_ns, over, latency_ns; /* at the last one; the latter two modulo 2^64 */
};

/* 0 or -ENOMEM. */
int settling_open(struct settling **ret_settling, struct collector *c, bool is_found,
                  uint64_t asked_ns);
void settling_close(struct settling *s);

/* The run has stood still for so long in all: what was asked for ends as much later. */
void settling_postpone(struct settling *s, uint64_t paused_ns);

/* When settling_watch() has something to do next; UINT64_MAX = never. */
uint64_t settling_due_ns(const struct settling *s);

/* Takes the samples and makes the cut, with a point of the series that ends there. 0 or -ENOMEM. */
int settling_watch(struct settling *s, uint64_t now_ns);

/* After the first tick of the collector, or when it is finished: puts into `counted`, an empty
 * tally, what counts, and says what was cut and what comes out with and without it. 0 or -ENOMEM.
 */
int settling_finish(struct settling *s, struct tally *counted, struct result_warmup *ret_warmup);

#endif
