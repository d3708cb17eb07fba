/* choose — picking by weight and sampling waits. Building happens at load, picking on the hot path.
 */
#ifndef SQUALL_ENGINE_PLAN_CHOOSE_H
#define SQUALL_ENGINE_PLAN_CHOOSE_H

#include "engine/plan/plan.h"
#include "engine/plan/prng.h"

struct arena;

/* Vose's alias method (1991) in integers. At least one weight must be above 0; the sum must fit
 * 2^32 scaling (checked by the scenario reader). 0 or -ENOMEM. */
int alias_build(struct alias_table *ret_table, struct arena *a, const uint64_t *weights,
                uint32_t count);

/* Index picked. Exact to 2^-32. */
static inline uint32_t alias_choose(const struct alias_table *t, struct prng *p)
{
    if (t->count == 1)
        return 0;
    const uint32_t column = (uint32_t)prng_below(p, t->count);
    return (prng_next(p) >> 32) < t->threshold[column] ? column : t->alias[column];
}

#define CYCLE_MAX 65536u /* places in a cycle */

/* Indices in an order in which each comes as often as its weight says, spread as evenly as can be
 * (smooth weighted round robin), one round of it. Weights are divided by what they have in common.
 * *ret_count is 0 when all are 0. 0, -ENOMEM, or -E2BIG: more than CYCLE_MAX places. */
int cycle_build(const uint16_t **ret_cycle, uint32_t *ret_count, struct arena *a,
                const uint64_t *weights, uint32_t count);

/* Nanoseconds to wait after a task that began at `task_began_ns`, now being `now_ns`. */
uint64_t wait_sample_ns(const struct wait_rule *rule, struct prng *p, uint64_t task_began_ns,
                        uint64_t now_ns);

#endif
