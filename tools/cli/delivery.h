/* delivery — the result brought to where it was asked for: text or JSON on stdout, files. */
#ifndef SQUALL_TOOLS_CLI_DELIVERY_H
#define SQUALL_TOOLS_CLI_DELIVERY_H

#include "stats/report/result.h"
#include "tools/cli/options.h"

/* Warns about files that cannot be written, before the run: it goes on, as the directory may yet
 * come to be. */
void delivery_probe(const struct options *o);

/* 0, or -errno of the first thing that could not be delivered; each has been told on stderr, and
 * all others were tried. */
int delivery_make(const struct result *r, const struct options *o);

#endif
