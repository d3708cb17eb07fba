/* planning — from options to a plan. Prints what is wrong, as all commands would do it alike. */
#ifndef SQUALL_TOOLS_CLI_PLANNING_H
#define SQUALL_TOOLS_CLI_PLANNING_H

#include "engine/plan/plan.h"
#include "tools/cli/options.h"

/* Each returns EXIT_DONE with *ret_plan, or the exit code after the mistakes have been printed. */
int planning_from_url(struct plan **ret_plan, const struct options *o);
int planning_from_file(struct plan **ret_plan, const struct options *o);

#endif
