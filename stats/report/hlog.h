/* hlog — the words of an interval log of HdrHistogram: how endpoints are named in it. */
#ifndef SQUALL_STATS_REPORT_HLOG_H
#define SQUALL_STATS_REPORT_HLOG_H

#include "stats/report/stored.h"

struct sink;

/* Writes METHOD:NAME in printable ASCII. Every other byte, and of these the blank, the comma and
 * '%', becomes %XX, so the tag can be read back: the method is what stands before the first ':'. */
void hlog_write_tag(struct sink *out, const char *method, const char *name);

/* The interval log of a stored run, see report_hlog(): its histograms are those of the whole run,
 * so there is one interval. 0 or -ENOMEM; `*ret_text` is malloc'd and NUL-terminated. */
int report_hlog_stored(char **ret_text, const struct stored *s);

#endif
