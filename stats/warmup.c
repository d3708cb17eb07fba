#include "stats/warmup.h"

#include <math.h>

#include "stats/mutant.h"

/* Mean of one group; NaN when none of its values exists. */
static double mean_of(const double *values)
{
    double sum = 0;
    unsigned count = 0;

    for (unsigned i = 0; i < WARMUP_GROUP; i++) {
        if (isnan(values[i]))
            continue;
        sum += values[i];
        count++;
    }
    return count == 0 ? NAN : sum / count;
}

struct warmup warmup_find(const double *values, size_t count)
{
    struct warmup best = { 0, true };
    const size_t groups = count / WARMUP_GROUP;
    double best_error = INFINITY;
    double mean = 0, squares = 0, left = 0; /* of the groups from the last one down to d */

    /* From the end to the beginning, each group is added to what is left by Welford's update, which
     * loses no digits where the mean is large and the deviations are small. */
    for (size_t d = groups; d-- > 0;) {
        const double z = mean_of(values + d * WARMUP_GROUP);
        if (!isnan(z)) {
            const double before = z - mean;
            left++;
            mean += before / left;
            squares += before * (z - mean);
        }
        const double error = left > 0 ? squares / (left * left) : INFINITY;
        if (d <= (MUTANT_IS(25) ? 0 : groups / 2u) && error <= best_error) {
            best_error = error;
            best.cut = d * WARMUP_GROUP;
        }
    }
    best.is_settled = best.cut == 0 || best.cut < groups / 2u * WARMUP_GROUP;
    return best;
}
