/* costing — what a plan costs the generator, as a table for people. */
#ifndef SQUALL_TOOLS_CLI_COSTING_H
#define SQUALL_TOOLS_CLI_COSTING_H

#include <stdio.h>

#include "engine/plan/plan.h"

/* Each task of each set, then what a user takes. */
void costing_write(FILE *out, const struct plan *p);

#endif
