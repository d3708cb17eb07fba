/* warmup — where a run's beginning ends: how much to leave out so that what is left is steady. */
#ifndef SQUALL_STATS_WARMUP_H
#define SQUALL_STATS_WARMUP_H

#include <stdbool.h>
#include <stddef.h>

#define WARMUP_GROUP 5u

struct warmup {
    size_t cut;      /* so many values from the first on, a multiple of WARMUP_GROUP */
    bool is_settled; /* false: the best cut is the latest one allowed, so no steady part was seen */
};

/* MSER-5 (White 1997; White, Cobb and Spratt 2000) on values at equal distances, such as the mean
 * latency of each fifth of a second: of the means z of WARMUP_GROUP values each, leaves out as many
 * as make the squared error of the mean of the others smallest,
 *
 *     sum over i > d of (z_i - mean_d)^2 / (m - d)^2,     d <= m / 2.
 *
 * A value that does not exist is NaN and is left out of its group. Of equal cuts, and where there
 * are fewer than two groups, the earliest. Any thread; allocates nothing. */
struct warmup warmup_find(const double *values, size_t count);

#endif
