/* sim — a whole run in virtual time: plan, network, faults and seed in; tally, server's truth and
 * verdict out.
 *
 * The engine under test is the real one; only ring and clock are others. After the run every
 * identity that must hold for any run is checked (audit.c); the first that does not is named in
 * `violation`.
 */
#ifndef SQUALL_TESTS_SIM_SIM_H
#define SQUALL_TESTS_SIM_SIM_H

#include "engine/plan/plan.h"
#include "stats/shard.h"
#include "stats/tally.h"
#include "tests/sim/server.h"

/* Looks at a run while it goes on, at a moment since its start. */
typedef void sim_watch_fn(void *context, const struct shard *const *shards, uint32_t count,
                          uint64_t at_ns);

struct sim_config {
    uint32_t cores;                 /* 0 = one */
    uint64_t latency_ns, jitter_ns; /* one way */
    uint16_t chances[FAULT_COUNT];
    uint64_t faults_end_ns; /* since the start; 0 = never: then nothing more is injected */
    struct server_script server;
    uint32_t buf_count, buf_bytes; /* of each ring, 0 = as the worker asks */
    uint64_t stop_at_ns;           /* since the start, 0 = never: the stop word becomes … */
    uint32_t stop_word;            /* … this */
    uint32_t addresses;            /* that an origin's name stands for; 0 = one */
    uint64_t move_at_ns;           /* since the start, 0 = never: names come to stand for others */
    uint64_t pause_at_ns;          /* since the start, 0 = never: it is paused, and goes … */
    uint64_t resume_at_ns;         /* … on */
    uint64_t retarget_at_ns;       /* since the start, 0 = never: the users' target becomes … */
    uint32_t retarget_users;       /* … this, … */
    uint32_t retarget_spawn_rate; /* … at so many thousandths of a user a second; 0 = the plan's */
    uint32_t users_max;           /* reserved; 0 = the plan's */
    uint64_t asleep_from_ns,
        asleep_to_ns; /* since the start: the engine does not run, as if it was stopped */
    int64_t (*wall_offset_ns)(uint64_t at_ns); /* of the wall clock, since the start; NULL = none */
    sim_watch_fn *watch;                       /* NULL = nobody looks */
    void *watch_context;
    uint64_t watch_every_ns;
    uint64_t events_max;       /* 0 = as many as a run of a few seconds has; more is a run that
                                  does not end */
    uint64_t service_floor_ns; /* no response can take less; 0 = not known */
    uint64_t gather_ns;        /* see fleet_options */
    bool no_memo, no_discard;
    bool is_scenario; /* its users may stop for good, tasks have any number of requests */
    bool is_traced;
};

struct sim_result {
    struct tally *tally;
    struct server_truth truth;
    uint64_t strikes[FAULT_COUNT];
    uint64_t hash; /* of everything that happened, in order */
    uint64_t turns, events;
    uint64_t elapsed_ns; /* from start to the end of the last core */
    unsigned __int128
        open_area; /* integral over time of requests begun and not over, in request * ns */
    unsigned __int128 in_flight_area; /* … and of requests sent and unanswered */
    char violation[WORLD_VIOLATION_MAX];
};

/* True when nothing was violated. Close the result either way. */
bool sim_run(const struct plan *plan, const struct sim_config *config, uint64_t seed,
             struct sim_result *ret_result);
void sim_result_close(struct sim_result *r);

/* Requests finished, over all endpoints. */
uint64_t tally_finished(const struct tally *t, enum outcome o);

/* audit.c: holds a finished run against the identities; violations go to the world. */
void audit_run(struct world *w, const struct plan *plan, const struct sim_config *config,
               const struct sim_result *r);

#endif
