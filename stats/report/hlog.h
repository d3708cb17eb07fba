/* hlog — the words of an interval log of HdrHistogram: how endpoints are named in it. */
#ifndef SQUALL_STATS_REPORT_HLOG_H
#define SQUALL_STATS_REPORT_HLOG_H

struct sink;

/* Writes METHOD:NAME in printable ASCII. Every other byte, and of these the blank, the comma and
 * '%', becomes %XX, so the tag can be read back: the method is what stands before the first ':'. */
void hlog_write_tag(struct sink *out, const char *method, const char *name);

#endif
