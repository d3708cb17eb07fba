/* series — the run second by second: a growing list of points made by the collector from tally
 * differences. */
#ifndef SQUALL_STATS_SERIES_H
#define SQUALL_STATS_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "stats/tally.h"

/* Four and a half hours of seconds. When there are so many points, neighbours are merged two by
 * two: a run may go on for weeks. */
#define SERIES_POINTS_MAX 16384u

struct series_point {
    double t_s; /* end of the interval, from the start of the run */
    uint64_t users;
    uint64_t count, failed; /* finished in this interval */
    uint64_t bytes_body;    /* of their answers */
    double rps, failures_per_s;
    double p50_us, p95_us, p99_us; /* NaN when nothing finished; of merged ones the highest */
};

struct series {
    struct series_point *points;
    size_t count, capacity;
    bool is_merged; /* some points are of more than one interval; the last never is */
};

void series_init(struct series *s);
void series_close(struct series *s);

/* Adds the point of one interval. `difference` is tally_since() of its two ends. 0 or -ENOMEM. */
int series_add(struct series *s, const struct tally *difference, double t_s, double interval_s);

#endif
