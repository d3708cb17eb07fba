/* expectations — what a run must show: the sentences of the scenario's `expect` and of --expect,
 * together in this order. */
#ifndef SQUALL_TOOLS_CLI_EXPECTATIONS_H
#define SQUALL_TOOLS_CLI_EXPECTATIONS_H

#include <stdbool.h>

#include "engine/plan/plan.h"
#include "stats/report/result.h"
#include "tools/cli/options.h"

/* Before the run: whether the plan can answer each --expect; says what is wrong otherwise. Those of
 * the scenario were checked when it was read. */
bool expectations_check(const struct plan *plan, const struct options *o);

/* After it: whether they hold; malloc'd. What `ret` tells is borrowed from plan and options, which
 * have been checked. 0 or -ENOMEM. */
int expectations_evaluate(struct result_expectation **ret, size_t *ret_count,
                          const struct plan *plan, const struct options *o, const struct summary *s,
                          const struct tally *t);

#endif
