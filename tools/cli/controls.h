/* controls — what a run is told while it goes on: the keys of the terminal, and what they did.
 *
 * Owned by the controlling thread. Without a keyboard nothing is ever told.
 */
#ifndef SQUALL_TOOLS_CLI_CONTROLS_H
#define SQUALL_TOOLS_CLI_CONTROLS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/cli/measurement.h"
#include "tools/live/keyboard.h"

struct controls {
    struct measurement *measurement;
    struct keyboard *keyboard; /* NULL = none */
    bool shows_keys, is_paused;
    bool has_settled;         /* the warm-up is over */
    uint64_t paused_at_ns;    /* is_paused: since when */
    uint64_t paused_ns;       /* before that, in all */
    uint64_t paused_reset_ns; /* of all pauses, before the last reset, or in the warm-up */
    char notice[160];
    uint64_t notice_until_ns;
};

/* The run has started, and outlives the controls. `fd`: of the terminal that the keys come from. */
void controls_open(struct controls *c, struct measurement *m, int fd);
void controls_close(struct controls *c, uint64_t now_ns);

/* Why the keys cannot change the users of a run; NULL = they can. */
const char *controls_fixed_users(const struct measurement *m);

/* Acts on every key that was pressed, and tells the measurement what was changed. True when there
 * is something new to see. Never waits. */
bool controls_act(struct controls *c, uint64_t now_ns);

/* What the last key did; NULL when that is long ago. */
const char *controls_notice(const struct controls *c, uint64_t now_ns);

/* How long the run stood still until now, in all. */
uint64_t controls_paused_ns(const struct controls *c, uint64_t now_ns);

/* How many users more or fewer a key asks for: a tenth of their order of magnitude. */
uint64_t controls_step(uint64_t users);

#endif
