/* machine — the computer that squall runs on, in the words of a report. */
#ifndef SQUALL_TOOLS_CLI_MACHINE_H
#define SQUALL_TOOLS_CLI_MACHINE_H

#include "stats/report/result.h"

/* What cannot be read is empty or 0. */
void machine_read(struct result_machine *ret_machine);

#endif
