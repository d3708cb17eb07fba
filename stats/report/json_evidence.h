/* json_evidence — what is known about the figures of a row, in JSON. */
#ifndef SQUALL_STATS_REPORT_JSON_EVIDENCE_H
#define SQUALL_STATS_REPORT_JSON_EVIDENCE_H

#include "stats/evidence.h"

struct json_writer;

/* Writes the keys "confidence" and "trend" into the open object. */
void json_evidence(struct json_writer *w, const struct evidence_row *row);

#endif
