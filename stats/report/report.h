/* report — a result as bytes. Each writer returns 0 or -ENOMEM; `*ret_text` is malloc'd and
 * NUL-terminated. */
#ifndef SQUALL_STATS_REPORT_REPORT_H
#define SQUALL_STATS_REPORT_REPORT_H

#include "stats/report/result.h"

/* The result as one JSON object, schema squall/1, ending in a newline. Strings from the server are
 * escaped; bytes that are no UTF-8 become U+FFFD. */
int report_json(char **ret_text, const struct result *r);

/* What changes while a run goes on, for those who look at it again and again: the same object
 * without "heat" and "histogram", and of its timelines only the points that end after `since_s`. */
int report_json_since(char **ret_text, const struct result *r, double since_s);

/* The latency of each endpoint in each interval of the run as HdrHistogram's interval log, version
 * 1.3, with a tag for each endpoint; an interval without requests of an endpoint has no line for
 * it. The lines of a tag add up to its row of the report, to the last request. */
int report_hlog(char **ret_text, const struct result *r);

struct report_text_style {
    bool color;
    bool unicode;
    unsigned columns;  /* width of the terminal; at least 60 is assumed */
    bool distribution; /* -L: the full latency distribution */
};

/* The report for a terminal: verdict, requests table, percentiles, failures. Control bytes from
 * servers are shown as \xNN. */
int report_text(char **ret_text, const struct result *r, const struct report_text_style *style);

#endif
