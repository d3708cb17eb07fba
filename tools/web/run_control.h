/* run_control — the one run that the page's server plays: started, changed, stopped and started
 * again in one process, watched by a thread of its own that does what `squall run` does.
 *
 * Everything may be called from one other thread, the server's; a call that looks at the run takes
 * the lock that the watching thread holds for a moment each second. Workers take no part in it.
 */
#ifndef SQUALL_TOOLS_WEB_RUN_CONTROL_H
#define SQUALL_TOOLS_WEB_RUN_CONTROL_H

#include "tools/cli/measurement.h"
#include "tools/web/form.h"
#include "tools/web/run_store.h"

struct run_control;

struct run_control_setup {
    const struct options *options; /* of the command line; borrowed */
    const struct invocation *call; /* likewise */
    struct run_store *store;       /* borrowed; NULL = finished runs are not kept */
};

/* Words as in Locust. */
enum run_state {
    RUN_READY, /* there was none yet */
    RUN_SPAWNING,
    RUN_RUNNING,
    RUN_STOPPING,
    RUN_STOPPED
};
const char *run_state_name(enum run_state s);

/* Why something was not done. */
struct run_refusal {
    unsigned status;     /* of the HTTP answer */
    char field[24];      /* of the form that is to blame; "" = none */
    char sentence[2048]; /* as the command line would say it */
};

/* What there is to see. All is borrowed, and valid until run_control_release(). */
struct run_view {
    enum run_state state;
    const char *id; /* NULL = there was no run yet; then so is all below */
    const char *name;
    const struct plan *plan;
    const struct options *options; /* it was started with */
    const struct measurement *measured;
    uint64_t version;              /* another one whenever the figures are others */
    double elapsed_s, time_left_s; /* NaN = no end is set */
    uint64_t users;
    uint32_t users_wanted, users_max;
    double spawn_rate; /* asked for last; NaN = all at once */
};

/* 0 or -errno. */
int run_control_open(struct run_control **ret_control, const struct run_control_setup *setup);

/* A run that goes on is told to stop; the first call of run_control_is_idle() that returns true
 * comes when it has ended and was kept. `at_once`: without waiting for requests in flight. */
void run_control_begin_close(struct run_control *c, bool at_once);
bool run_control_is_idle(struct run_control *c);
void run_control_close(struct run_control *c);

/* The run for looking at, and the end of looking. */
void run_control_hold(struct run_control *c, struct run_view *ret_view);
void run_control_release(struct run_control *c);

/* Starts a run with these fields over the options of the command line: users, spawn_rate, host,
 * run_time, rate, scenario, tags (several), name. Returns when it has started. True, or false with
 * *ret_refusal. */
bool run_control_start(struct run_control *c, const struct form *form,
                       struct run_refusal *ret_refusal);

/* Sets users and spawn_rate, as far as the form has them. */
bool run_control_edit(struct run_control *c, const struct form *form,
                      struct run_refusal *ret_refusal);

/* Tells the run to stop; it is stopping now. */
bool run_control_stop(struct run_control *c, struct run_refusal *ret_refusal);

/* All figures begin anew. */
bool run_control_reset(struct run_control *c, struct run_refusal *ret_refusal);

#endif
