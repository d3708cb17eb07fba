/* user — one simulated user: a little machine that takes the steps of a plan. In an open loop it
 * rests between arrivals.
 *
 * This is its life: it starts, waits, asks, stops. Which step comes next is flow.h's. A user has at
 * most one request under way; that exchange (due, sent) lives here. Owner thread only.
 */
#ifndef SQUALL_ENGINE_RUN_USER_H
#define SQUALL_ENGINE_RUN_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/io/timers.h"
#include "engine/plan/prng.h"

struct worker;

enum user_state {
    USER_ABSENT,   /* not started, or stopped */
    USER_WAITING,  /* its timer says when it goes on */
    USER_RESTING,  /* open loop: in the list of those an arrival may take */
    USER_QUEUED,   /* its request waits for a connection */
    USER_IN_FLIGHT /* its request is sent */
};

/* What its steps belong to. */
enum user_phase {
    PHASE_SETUP,    /* first values of its variables */
    PHASE_ON_START, /* of its set */
    PHASE_CHOOSING, /* between tasks */
    PHASE_TASK,
    PHASE_ON_STOP /* of its set, which it leaves */
};

struct user {
    struct timer timer;
    uint32_t next; /* in the one list it is in, as index + 1 */
    uint32_t step; /* next one to take, in plan.steps */
    struct prng random;
    uint64_t due_ns;       /* when its request should have begun: latency counts from here */
    uint64_t ready_ns;     /* when we knew: from here on it wants a connection */
    uint64_t sent_ns;      /* when it was handed to the kernel; 0 = not yet */
    uint64_t generator_ns; /* of the time since it was due: our own doing */
    uint64_t task_began_ns;
    uint32_t request;    /* index into plan.requests */
    uint32_t conn;       /* that carries it */
    uint32_t sent_bytes; /* of it, as it was sent */
    uint32_t chain;      /* its request after a redirect, index + 1 in worker.chains; 0 = none */
    uint32_t iteration;  /* tasks begun */
    uint16_t set;        /* that it is in, in plan.sets */
    uint16_t kind;
    uint16_t status; /* of its last answer, 0 = none came */
    uint8_t state;
    uint8_t phase;
    bool ok;         /* its last request was a success */
    bool leaving;    /* stops as soon as its request is over */
    bool departs;    /* it stops, and takes the steps of on_stop before */
    bool is_gone;    /* stops and never starts again */
    bool task_asked; /* the task has sent a request: it may begin again at once */
    bool set_asked;  /* so has its stay in the set: it may be left at once */
    bool is_arrival; /* open loop: its next request is the arrival it took, counted already */
    bool is_resend;  /* its request was sent before, on a connection that ended unanswered */
    uint32_t cookie_step : 24, /* in plan.steps: it could not set its cookie … */
        cookie_fault : 8;      /* … for this errno, so the next request fails; 0 = none */
};

void user_start(struct worker *w, struct user *u, uint64_t due_ns);
void user_stop(struct worker *w, struct user *u);

/* Stops now, on_stop before; nothing of it may be queued, in flight or armed. */
void user_leave(struct worker *w, struct user *u);

/* Is absent from now on; nothing of it may be queued, in flight or armed. */
void user_vanish(struct worker *w, struct user *u);

void user_timer_fired(struct worker *w, struct user *u);

/* An arrival of the open loop takes a resting user. `noticed_ns`: when we saw that it was due. */
void user_take_arrival(struct worker *w, struct user *u, uint64_t due_ns, uint64_t noticed_ns);

/* Its request is over and counted. `goes_on`: take the next step; else the rest of the task is left
 * out. */
void user_request_over(struct worker *w, struct user *u, bool ok, bool goes_on);

/* ---- for its steps ---- */

/* The arrival it took and has not sent yet is not going to be sent. */
void user_drop_arrival(struct worker *w, struct user *u);

void user_wait_until(struct worker *w, struct user *u, uint64_t due_ns);

/* Takes its next step, which is `request`: hands it to a connection, unless the number of requests
 * is used up. Or it waits first, and takes the step then. */
void user_ask(struct worker *w, struct user *u, uint32_t request);

/* The next request of its chain goes to a connection of `origin`. */
void user_ask_on(struct worker *w, struct user *u, uint32_t origin);

#endif
