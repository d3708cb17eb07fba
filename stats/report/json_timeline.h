/* json_timeline — the run over its time, in JSON: the keys "timeline" and "heat".
 *
 * All take `since_s`: points that end at or before it, to the millisecond as they are written, are
 * left out; below 0 they all stand there. Running out of memory sticks in the sink.
 */
#ifndef SQUALL_STATS_REPORT_JSON_TIMELINE_H
#define SQUALL_STATS_REPORT_JSON_TIMELINE_H

#include "stats/report/result.h"
#include "stats/timeline.h"

struct json_writer;

/* Seconds in the timeline of the whole run, before its points become longer. */
#define JSON_TIMELINE_POINTS_MAX 3600u

/* An array of objects, one for each second. */
void json_timeline_total(struct json_writer *w, const struct result *r, double since_s);

/* What the timelines of all endpoints have in common. */
struct json_timeline {
    const struct interval_log *log; /* NULL = there are no intervals */
    double since_s;
    size_t count;
    struct timeline_span spans[TIMELINE_STEPS_MAX];
    struct hist_view *scratch; /* borrowed */
};

void json_timeline_init(struct json_timeline *t, const struct result *r, double since_s,
                        struct hist_view *scratch);

/* An object of columns of the same length. `max_us` is the endpoint's slowest, NaN when there is
 * none. */
void json_timeline_endpoint(struct json_writer *w, const struct json_timeline *t, uint32_t endpoint,
                            double max_us);

/* Null when there is nothing to show. */
void json_heat(struct json_writer *w, const struct result *r);

#endif
