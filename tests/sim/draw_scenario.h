/* draw_scenario — a small random scenario, as text: every kind of step, sets within sets, loops,
 * captures and checks, whatever they may lead to. */
#ifndef SQUALL_TESTS_SIM_DRAW_SCENARIO_H
#define SQUALL_TESTS_SIM_DRAW_SCENARIO_H

#include <stddef.h>

#include "engine/plan/prng.h"

#define DRAWN_SCENARIO_MAX 32768u

/* Writes YAML that the reader takes, with a NUL behind it. Files it names are in tests/data/scenes.
 */
void draw_scenario(struct prng *p, char *out, size_t cap);

#endif
