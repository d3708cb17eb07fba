/* manual — the man page squall.1 in roff, written from the table of options and that of the
 * commands. The build calls it through `squall pages`. */
#ifndef SQUALL_TOOLS_CLI_MANUAL_H
#define SQUALL_TOOLS_CLI_MANUAL_H

#include <stdio.h>

#include "tools/cli/command.h"

void manual_write(FILE *out, const struct invocation *call);

#endif
