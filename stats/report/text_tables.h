/* text_tables — the tables of the terminal report: requests, percentiles, distribution, failures.
 */
#ifndef SQUALL_STATS_REPORT_TEXT_TABLES_H
#define SQUALL_STATS_REPORT_TEXT_TABLES_H

#include "stats/report/report.h"

struct sink;

void text_requests(struct sink *out, const struct result *r, const struct report_text_style *style);
void text_percentiles(struct sink *out, const struct result *r,
                      const struct report_text_style *style);

/* Every percentile of the whole run with how many requests were within it and how many were slower.
 */
void text_distribution(struct sink *out, const struct result *r,
                       const struct report_text_style *style);

/* The most frequent kinds first, cut after TEXT_FAILURES_MAX with a line that counts the others. */
#define TEXT_FAILURES_MAX 20
void text_failures(struct sink *out, const struct result *r, const struct report_text_style *style);

#endif
