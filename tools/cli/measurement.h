/* measurement — a plan played from its start to its report: limits, fleet, signals, watching,
 * report. */
#ifndef SQUALL_TOOLS_CLI_MEASUREMENT_H
#define SQUALL_TOOLS_CLI_MEASUREMENT_H

#include "engine/plan/plan.h"
#include "tools/cli/command.h"
#include "tools/cli/options.h"

/* Returns the exit code; whatever went wrong has been printed. */
int measurement_run(const struct plan *plan, const struct options *o,
                    const struct invocation *call);

#endif
