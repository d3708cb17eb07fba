/* answer — what an answer means: the header lines and bodies that are looked at, values captured
 * out of them, checks. Owner thread only. */
#ifndef SQUALL_ENGINE_RUN_ANSWER_H
#define SQUALL_ENGINE_RUN_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/run/worker_state.h"

/* How answers to the requests of a plan are watched; NULL = not at all. The context is the worker,
 * with the connection in worker.watched. */
const struct response_watch *answer_watch(const struct plan *plan,
                                          const struct plan_request *request);

/* An answer that is watched is about to come. */
void answer_begin(struct conn *c);

void answer_give_back(struct worker *w, struct conn *c);

/* Its buffers are not needed any more. */
static inline void answer_release(struct worker *w, struct conn *c)
{
    if ((c->body | c->line | c->location) != 0)
        answer_give_back(w, c);
}

/* What is wrong with an answer. */
struct verdict {
    enum failure_class class; /* FAILURE_NONE: it is as it should be */
    const char *message;
    bool ends_task;
};

/* Captures and checks of a whole answer, the last of its chain, of which `at_sight` is known. */
struct verdict answer_judge(struct worker *w, const struct conn *c, struct user *u,
                            struct verdict at_sight);

/* No answer came: nothing was found in it. False when a capture that is required makes that the end
 * of the task. */
bool answer_missed(struct worker *w, const struct user *u);

#endif
