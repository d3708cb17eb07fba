/* readiness — a plan held against this host before anything is reserved: what cannot work is
 * refused with the sum, what may run into a limit is said. */
#ifndef SQUALL_TOOLS_CLI_READINESS_H
#define SQUALL_TOOLS_CLI_READINESS_H

#include <stdbool.h>

#include "engine/plan/plan.h"
#include "engine/run/fleet.h"

/* `options` with the number of threads decided. False when the plan is refused; every verdict has
 * been told on stderr, warnings only if `tells_warnings`. */
bool readiness_check(const struct plan *plan, const struct fleet_options *options,
                     bool tells_warnings);

#endif
