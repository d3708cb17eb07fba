/* evidence — what the intervals of a run say about its figures: how far a percentile may be off,
 * and whether the run kept its level.
 *
 * The run is cut into batches of equal time, at most CONFIDENCE_BATCHES_MAX and none shorter than
 * an interval. Percentiles are those of summary.h, of the latency of all finished requests.
 */
#ifndef SQUALL_STATS_EVIDENCE_H
#define SQUALL_STATS_EVIDENCE_H

#include <stdint.h>

#include "stats/confidence.h"
#include "stats/interval_log.h"
#include "stats/summary.h"
#include "stats/trend.h"

/* A change of the level by less than this over the whole run does not matter. */
#define EVIDENCE_DRIFT_TOLERATED 0.10

struct evidence_quantile {
    struct confidence confidence;
    double low_us, high_us; /* NaN where there is no such bound */
};

struct evidence_row {
    struct evidence_quantile quantiles[SUMMARY_QUANTILE_COUNT];
    struct trend median;        /* of each batch, in microseconds over seconds */
    struct trend p99;           /* of each batch with enough requests to have one */
    struct trend median_writes; /* over requests finished by then that write: slope in microseconds
                                   a request; NaN where there were none */
};

struct evidence {
    uint32_t batch_count;
    struct evidence_row total;
    uint32_t row_count;
    struct evidence_row *rows; /* one per endpoint, in plan order */
};

/* `whole` is the tally of the run that `log` has the intervals of. 0 or -ENOMEM. */
int evidence_make(struct evidence **ret_evidence, const struct interval_log *log,
                  const struct tally *whole, const struct endpoint_name *names);
void evidence_close(struct evidence *e);

#endif
