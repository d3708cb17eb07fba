/* text_evidence — what is known about the figures, in the terminal report. */
#ifndef SQUALL_STATS_REPORT_TEXT_EVIDENCE_H
#define SQUALL_STATS_REPORT_TEXT_EVIDENCE_H

#include "stats/report/report.h"
#include "stats/report/table.h"

/* Adds a row with the interval of each percentile that has one, below that of the percentiles: a
 * cell in the columns Type, Name, each percentile and the maximum. No row where there is none. */
void text_add_bounds(struct table *t, const struct evidence_row *row);

/* How much the intervals rest on, whether the run kept its level and which endpoints did not. */
void text_evidence(struct sink *out, const struct result *r, const struct report_text_style *style);

#endif
