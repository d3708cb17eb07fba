/* shape — how many users, or requests per second, a run wants at each moment: pieces of a line, in
 * integer arithmetic, so that nothing drifts. Pure: time is an argument, counted in nanoseconds
 * from the start of the run.
 *
 * Stages follow one another. A stage jumps to its level at once, or goes there in a straight line
 * from the level before (0 before the first). After the last one its level stays.
 *
 *   users         ____         { users: 3, over: 2s }    a ramp
 *            ____|    |        { users: 3, for: 2s }
 *          /          |        { users: 5, for: 2s }     a jump
 *        /            |____    { users: 1, for: 2s }
 */
#ifndef SQUALL_ENGINE_RUN_SHAPE_H
#define SQUALL_ENGINE_RUN_SHAPE_H

#include <stdint.h>

#include "engine/plan/plan.h"

/* Of stages of users, whose levels are whole: the level of the moment, rounded down. */
uint32_t shape_users(const struct plan_load *load, uint64_t at_ns);

/* The first moment after `at_ns` at which shape_users() is another number; UINT64_MAX = never. */
uint64_t shape_users_change_ns(const struct plan_load *load, uint64_t at_ns);

/* Arrivals of stages of rates, in the order of time. Plain data: a copy goes its own way. */
struct shape_cursor {
    const struct plan_load *load;
    uint64_t denominator;   /* of all levels */
    uint32_t stage;         /* in which the last arrival was */
    uint64_t start_ns;      /* of that stage */
    unsigned __int128 area; /* of the stages before it */
};

/* Levels are exact where their denominators have a product up to 1e12, else each is rounded down to
 * a billionth. */
void shape_cursor_init(struct shape_cursor *c, const struct plan_load *load);

/* When arrival `index` + `fraction` / 2^32 (from 0, over all cores, never less than the one before)
 * is due: the moment from which on the integral of the rate exceeds that number, rounded down;
 * UINT64_MAX = never. With one level num / den from the start that is floor(index * 1e9 * den /
 * num). */
uint64_t shape_arrival_ns(struct shape_cursor *c, uint64_t index, uint32_t fraction);

#endif
