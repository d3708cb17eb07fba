/* stored_file — a run in a file, as -o FILE.json left it. */
#ifndef SQUALL_TOOLS_CLI_STORED_FILE_H
#define SQUALL_TOOLS_CLI_STORED_FILE_H

#include "stats/report/stored.h"

/* EXIT_DONE, or the exit code; then it has been said on stderr what is wrong with the file. */
int stored_file_read(struct stored **ret_stored, const char *path);

#endif
