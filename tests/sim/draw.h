/* draw — a small random run made from a seed: plan, network, server and faults, and what the server
 * answers. */
#ifndef SQUALL_TESTS_SIM_DRAW_H
#define SQUALL_TESTS_SIM_DRAW_H

#include "tests/sim/sim.h"
#include "tests/sim/sketch.h"

/* How the drawn server answers, in parts of 100 where nothing else is said. */
struct draw_server {
    uint64_t delay_ns, delay_spread_ns, pause_ns;
    uint32_t body_bytes_max;
    uint32_t chunked, close_delimited, says_close, http10, lingers, informs, not_fine, bodiless;
};

struct draw {
    uint64_t seed;
    struct sketch sketch;
    struct sim_config config;
    struct draw_server server;
};

/* Fills `d`, which must stay where it is while its plan and configuration are in use. */
void draw_run(struct draw *d, uint64_t seed);

/* One line for people: what was drawn. Returns `out`. */
char *draw_describe(const struct draw *d, char *out, size_t cap);

#endif
