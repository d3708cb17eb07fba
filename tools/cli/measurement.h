/* measurement — a plan played from its start to its report: limits, fleet, signals, watching,
 * report.
 *
 * measurement_run() does it all. Who watches a run in another way takes the steps: open, start,
 * measurement_look() until the fleet is done, end, any number of records, close. They are called
 * from one thread at a time; what goes wrong has been told (fault.h).
 */
#ifndef SQUALL_TOOLS_CLI_MEASUREMENT_H
#define SQUALL_TOOLS_CLI_MEASUREMENT_H

#include <stdbool.h>

#include "engine/plan/plan.h"
#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/record.h"

struct measurement {
    const struct plan *plan;
    const struct options *options;
    const struct invocation *call;
    struct fleet *fleet;
    const struct shard **shards;
    int *cpus; /* of the workers */
    struct strain *strain;
    struct collector *collector;
    struct settling *settling;
    struct tally *zero; /* what is left out since the figures began anew; NULL = nothing is */
    int64_t started_at_s;
    struct verdict_changes changes; /* made while it ran, as far as the figures go */
    uint64_t paused_ns;             /* how long it stood still; in no duration and no rate */
    int signal;                     /* that stopped the run; 0 = none */
    int errno_of;                   /* of the ring that broke; 0 = none */
};

/* Returns the exit code. */
int measurement_run(const struct plan *plan, const struct options *o,
                    const struct invocation *call);

/* Reserves everything for `plan`, `options` and `call`, all else zero, and for up to `users_max`
 * users. EXIT_DONE or the exit code; measurement_close() is needed after both. */
int measurement_open(struct measurement *m, uint32_t users_max);

/* From the first request on. EXIT_DONE or the exit code. */
int measurement_start(struct measurement *m);

/* Looks at the run, and adds a point when one is due. True when it did. */
bool measurement_look(struct measurement *m, uint64_t now_ns);

/* All figures begin anew while the run goes on. 0 or -ENOMEM; then they go on as they are. */
int measurement_begin_anew(struct measurement *m, uint64_t now_ns);

/* The fleet is done or was told to stop: waits for it, and adds what came after the last point. */
void measurement_end(struct measurement *m);

/* What is known by now; `has_evidence` as in record.h. 0 or -ENOMEM. */
int measurement_record(struct record **ret_record, const struct measurement *m, bool has_evidence);
void measurement_close(struct measurement *m);

#endif
