/* planning — from options to a plan. Prints what is wrong, as all commands would do it alike. */
#ifndef SQUALL_TOOLS_CLI_PLANNING_H
#define SQUALL_TOOLS_CLI_PLANNING_H

#include <stdbool.h>

#include "engine/plan/plan.h"
#include "tools/cli/options.h"

struct invocation;

/* EXIT_DONE with *ret_plan, or the exit code after the mistakes have been printed. */
int planning_from_url(struct plan **ret_plan, const struct options *o);

/* The same for the scenario that is the subject; without one users get the front page of the host.
 */
int planning_from_file(struct plan **ret_plan, const struct options *o);

/* command_begin() of commands that take a scenario, which is read. True with *ret_options and
 * *ret_plan; false when the command is over, with *ret_code. */
bool planning_begin(struct plan **ret_plan, struct options *ret_options, enum option_form form,
                    const struct invocation *call, const char *usage, int *ret_code);

#endif
