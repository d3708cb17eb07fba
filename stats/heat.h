/* heat — how many requests took how long, over the time of a run: a column for each step of time, a
 * cell for each range of latencies.
 *
 * Ranges are equal on a logarithmic scale and their edges are round: 5, 10, 20 or 50 to the decade,
 * the most that make no more than HEAT_CELLS_MAX from the fastest request to the slowest. A request
 * counts where the middle of its histogram bucket lies.
 */
#ifndef SQUALL_STATS_HEAT_H
#define SQUALL_STATS_HEAT_H

#include "stats/timeline.h"

#define HEAT_COLUMNS_MAX 300u
#define HEAT_CELLS_MAX   64u

struct heat {
    uint32_t cell_count;                  /* of each column; 0 when nothing finished */
    double edges_us[HEAT_CELLS_MAX + 1u]; /* cell_count + 1 of them, ascending */
    size_t column_count;
    struct heat_column {
        double t_s; /* its end, from the start of the run */
        uint64_t counts[HEAT_CELLS_MAX];
    } columns[HEAT_COLUMNS_MAX];
};

/* All endpoints together. 0 or -ENOMEM; heat_close() frees. */
int heat_make(struct heat **ret_heat, const struct interval_log *log, bool is_running);
void heat_close(struct heat *h);

#endif
