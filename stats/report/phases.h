/* phases — where requests spend their time before they are answered, and what TLS was like. */
#ifndef SQUALL_STATS_REPORT_PHASES_H
#define SQUALL_STATS_REPORT_PHASES_H

#include "stats/report/report.h"

struct json_writer;
struct sink;

/* A line for TLS where there was any, and one for the phases of which something was measured. */
void text_phases(struct sink *out, const struct result *r, const struct report_text_style *style);

/* The keys "phases_us" and "tls" (null where there was none) into the open object. */
void json_phases(struct json_writer *w, const struct result *r);

#endif
