/* delivery — the result brought to where it was asked for: text or JSON on stdout, files. */
#ifndef SQUALL_TOOLS_CLI_DELIVERY_H
#define SQUALL_TOOLS_CLI_DELIVERY_H

#include <stdbool.h>

#include "stats/report/result.h"
#include "tools/cli/options.h"

/* Before the run: false when a file that was asked for can not be written as things are; each is
 * told on stderr. */
bool delivery_probe(const struct options *o);

/* 0, or -errno of the first thing that could not be delivered; each has been told on stderr, and
 * all others were tried. Then the report for people is on stderr, if it is not on stdout. */
int delivery_make(const struct result *r, const struct options *o);

/* One file: `text`, which is freed, when `made` is 0, else only told on stderr why there is none,
 * as a failure to write it is. 0 or -errno. */
int delivery_write(const char *option, const char *path, char *text, int made);

#endif
