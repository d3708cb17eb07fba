/* world — virtual time for a whole run: a clock, events in order, one source of chance, a log that
 * hashes itself.
 *
 * Nothing moves unless somebody waits: code runs in no time at all, and the clock jumps from event
 * to event. Everything that happens is a function of the seed. One thread; several cores of a run
 * take turns as fibers, each running until it waits.
 *
 * A rule broken by the code under test is a violation: the first one is kept as a sentence and ends
 * the run.
 */
#ifndef SQUALL_TESTS_SIM_WORLD_H
#define SQUALL_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/plan/prng.h"
#include "tests/sim/fault.h"

#define WORLD_START_NS                                                                             \
    UINT64_C(1000000000) /* the clock never begins at 0, as a real one does not */
#define WORLD_FIBERS_MAX    16u
#define WORLD_VIOLATION_MAX 256u

struct world;
struct server;
struct link;

/* Something that will happen. */
struct event {
    uint64_t at_ns;
    uint64_t order; /* of those at the same moment, the first scheduled fires first; set by
                       world_schedule() */
    void (*fire)(struct world *w, const struct event *e);
    void *subject;
    void (*link_fire)(struct link *l, uint64_t number); /* see link_schedule() */
    char *bytes; /* malloc'd and freed after firing, or NULL */
    uint64_t number;
};

/* Somebody who waits: a ring. Ready as soon as `completions` is not 0. */
struct waiter {
    uint64_t until_ns;
    uint32_t completions;
    uint32_t too_few; /* so many completions do not end the wait */
    bool is_waiting;
    uint32_t fiber; /* that runs again when the wait is over */
};

struct fiber;

struct world {
    uint64_t now_ns;
    struct event *heap;
    size_t event_count, event_capacity;
    uint64_t order_next;
    uint64_t fired;
    uint64_t fired_max; /* more is a violation: a run that does not end */

    struct prng prng;
    const uint16_t *chances; /* FAULT_COUNT of them, NULL = no faults */
    uint64_t strikes[FAULT_COUNT];
    uint64_t faults_end_ns; /* after it nothing is injected any more */

    uint64_t hash;
    bool is_traced;
    char violation[WORLD_VIOLATION_MAX];

    struct waiter *waiters[WORLD_FIBERS_MAX];
    uint32_t waiter_count;
    struct fiber *fibers;
    uint32_t fiber_count, fiber_now;
    uint64_t asleep_from_ns, asleep_to_ns; /* in between nobody who waits runs */
    int64_t (*wall_offset_ns)(uint64_t age_ns);

    void (*elapsed)(void *context,
                    uint64_t ns); /* told of every jump of the clock, before it; may be NULL */
    void *elapsed_context;

    struct server *server;
    struct link **links; /* all that live */
    size_t link_count, link_capacity;
    uint64_t links_made;
    uint64_t latency_ns, jitter_ns; /* one way */

    bool leaves_open;              /* a ring may be closed with files open and operations armed */
    uint32_t buf_count, buf_bytes; /* 0 = what the ring is asked for */
    struct {
        uint64_t connects, opened, closed; /* sockets asked for, established, closed */
        uint64_t bytes_taken, bytes_given; /* received, and handed over to be sent */
        uint64_t sends, discards;
    } rings; /* what went through all rings */
};

/* Makes the world that clock and rings opened from now on live in. One at a time. */
void world_open(struct world *w, uint64_t seed);
void world_close(struct world *w);
struct world *world_now(void);

/* Takes ownership of the event's bytes. What lies in the past happens now. */
void world_schedule(struct world *w, const struct event *wanted);

/* What was to happen to `subject` does not: it is about to go. */
void world_forget(struct world *w, const void *subject);

/* Lets time pass until `me` has a completion or `until_ns` has come; false when nothing can ever
 * happen. */
bool world_wait(struct world *w, struct waiter *me, uint64_t until_ns);

/* Fires all that is left, whoever waits; at most `limit_ns` of virtual time. */
void world_drain(struct world *w, uint64_t limit_ns);

/* Runs `body(context, i)` for i < count as fibers that take turns at their waits, until all have
 * returned. */
void world_run_fibers(struct world *w, uint32_t count, void (*body)(void *context, uint32_t index),
                      void *context);

/* True when chance wants fault `f` to happen now. */
bool world_strikes(struct world *w, enum fault f);
/* Uniform in [0, bound], bound included. */
uint64_t world_pick(struct world *w, uint64_t bound);

/* One line of the log: hashed always, printed on stderr when traced. */
void world_note(struct world *w, const char *what, uint64_t a, uint64_t b);

/* Keeps the first broken rule. */
void world_violate(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline bool world_is_broken(const struct world *w)
{
    return w->violation[0] != '\0';
}

#endif
