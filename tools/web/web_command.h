/* web_command — `squall web [FILE…]`: runs started and watched from a browser. */
#ifndef SQUALL_TOOLS_WEB_WEB_COMMAND_H
#define SQUALL_TOOLS_WEB_WEB_COMMAND_H

#include "tools/cli/command.h"

int command_web(const struct invocation *call);

#endif
