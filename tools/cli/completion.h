/* completion — what a shell needs to complete squall's command lines, written from the table of
 * options and that of the commands. The build calls it through `squall pages`. */
#ifndef SQUALL_TOOLS_CLI_COMPLETION_H
#define SQUALL_TOOLS_CLI_COMPLETION_H

#include <stdio.h>

#include "tools/cli/command.h"

void completion_write_bash(FILE *out, const struct invocation *call);
void completion_write_zsh(FILE *out, const struct invocation *call);
void completion_write_fish(FILE *out, const struct invocation *call);

#endif
