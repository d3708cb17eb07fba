/* command_line — the command of a run, to be typed again. */
#ifndef SQUALL_STATS_REPORT_COMMAND_LINE_H
#define SQUALL_STATS_REPORT_COMMAND_LINE_H

#include <stddef.h>

#include "stats/report/stored.h"

struct sink;

/* The words with blanks between, each quoted for a shell where it has to be. Nothing where the run
 * does not tell them. */
void command_line_write(struct sink *out, const struct stored *s);

/* How many bytes of a word of it may be passed on: all, or those up to the value of a header that
 * proves who one is, as in "-HAuthorization: Bearer ..". Reports are shown to others. */
size_t command_line_public_bytes(const char *word);

#endif
