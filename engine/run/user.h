/* user — one simulated user: chooses a task, takes its steps, waits. In an open loop it rests
 * between arrivals.
 *
 * A user has at most one request under way; that exchange (due, sent) lives here. Owner thread
 * only.
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
    USER_QUEUED,   /* its request waits for its connection */
    USER_IN_FLIGHT /* its request is sent */
};

#define TASK_ON_START UINT16_MAX
#define TASK_NONE     (UINT16_MAX - 1) /* between tasks: chosen when the wait is over */

struct user {
    struct timer timer;
    uint32_t next; /* in the one list it is in, as index + 1 */
    struct prng random;
    uint64_t due_ns;  /* when its request should have begun: latency counts from here */
    uint64_t sent_ns; /* when it was handed to the kernel; 0 = not yet */
    uint64_t task_began_ns;
    uint32_t request; /* index into plan.requests */
    uint32_t conn;
    uint16_t kind;
    uint16_t task; /* index into the kind's tasks, or TASK_ON_START */
    uint16_t step; /* next one to take */
    uint8_t state;
    bool leaving;    /* stops as soon as its request is over */
    bool task_asked; /* the task has sent a request: it may begin again at once */
    bool is_arrival; /* open loop: its next request is the arrival it took, counted already */
    bool is_resend;  /* its request was sent before, on a connection that ended unanswered */
};

void user_start(struct worker *w, struct user *u, uint64_t due_ns);
void user_stop(struct worker *w, struct user *u);
/* At once: nothing of it may be queued, in flight or armed. */
void user_leave(struct worker *w, struct user *u);
void user_timer_fired(struct worker *w, struct user *u);

/* An arrival of the open loop takes a resting user. */
void user_take_arrival(struct worker *w, struct user *u, uint64_t due_ns);

/* Its request is over and counted. `goes_on`: take the next step; else the rest of the task is left
 * out. */
void user_request_over(struct worker *w, struct user *u, bool ok, bool goes_on);

#endif
