/* cost — what a plan costs the generator, told before it is run: from what its tasks do, and what
 * the benches measured for that on one machine. An estimate, good to a factor of two. */
#ifndef SQUALL_ENGINE_PLAN_COST_H
#define SQUALL_ENGINE_PLAN_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/plan/plan.h"

/* Of a list of steps, each taken once; of 'if' and 'else' both. */
struct cost {
    uint32_t requests;
    uint32_t slots;   /* values put into requests and variables */
    uint64_t bytes;   /* sent, without those of the values */
    uint64_t user_ns; /* of CPU, in squall */
    uint64_t kernel_ns;
    bool repeats; /* some steps are taken more than once */
};

struct cost cost_of_steps(const struct plan *p, uint32_t first_step);

/* What one user takes, in bytes. */
struct cost_sizes {
    uint64_t user;       /* its own state and timer */
    uint64_t word;       /* of its memory: a loop counter, a place in a sequence, a row of a feed */
    uint64_t variable;   /* one of its variables, what it holds not counted */
    uint64_t connection; /* without the socket */
};

uint64_t cost_of_user(const struct plan *p, const struct cost_sizes *sizes);

#endif
