/* histogram — the latencies of one row, or of all, as a few ranges for a picture: equal on a
 * logarithmic scale, ten to the decade. */
#ifndef SQUALL_TOOLS_WEB_HISTOGRAM_H
#define SQUALL_TOOLS_WEB_HISTOGRAM_H

#include <stdbool.h>

#include "stats/report/result.h"

/* { "edges_us": [..], "counts": [..] }, one edge more than counts; both empty when nothing
 * finished. `method` and `name` both NULL or "" stand for all rows. False when there is no such row
 * or no memory; else *ret_text for the caller to free. */
bool histogram_json(char **ret_text, const struct result *r, const char *method, const char *name);

#endif
