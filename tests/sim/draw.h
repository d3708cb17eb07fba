/* draw — a small random run made from a seed: plan or scenario, network, server and faults, and
 * what the server answers. */
#ifndef SQUALL_TESTS_SIM_DRAW_H
#define SQUALL_TESTS_SIM_DRAW_H

#include "tests/sim/draw_scenario.h"
#include "tests/sim/sim.h"
#include "tests/sim/sketch.h"

/* How the drawn server answers, in parts of 100 where nothing else is said. */
struct draw_server {
    uint64_t delay_ns, delay_spread_ns, pause_ns;
    uint32_t body_bytes_max;
    uint32_t chunked, close_delimited, says_close, http10, lingers, informs, not_fine, bodiless;
    uint32_t redirects, cookies, json;
};

struct draw {
    uint64_t seed;
    struct plan *plan;
    struct sketch sketch;              /* that is it, or … */
    char scenario[DRAWN_SCENARIO_MAX]; /* … what it was read from; empty = a sketch */
    struct sim_config config;
    struct draw_server server;
};

/* Fills `d`, which must stay where it is while its plan and configuration are in use. */
void draw_run(struct draw *d, uint64_t seed);
void draw_close(struct draw *d);

/* One line for people: what was drawn. Returns `out`. */
char *draw_describe(const struct draw *d, char *out, size_t cap);

#endif
