/* exchange — one request and its answer: rendered, sent, answered or failed, counted once. Owner
 * thread only. */
#ifndef SQUALL_ENGINE_RUN_EXCHANGE_H
#define SQUALL_ENGINE_RUN_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/run/redirects.h"
#include "http/span.h"
#include "stats/failure.h"

/* Cookies go with the request of `u`, which has no slots, or should go and cannot be set. */
bool exchange_has_cookies(struct worker *w, struct user *u);

/* The request of `u` can be sent from the plan's own bytes. */
static inline bool exchange_is_fixed(struct worker *w, struct user *u)
{
    return template_is_fixed(&w->plan->requests[u->request].template) && u->chain == 0 &&
           (w->plan->jar == PLAN_NONE || !exchange_has_cookies(w, u));
}

/* Renders the request of `u` into out[0..cap). 0, -ENOSPC when it does not fit beside what is there
 * already, or another -errno: then the request cannot be built and has been failed. */
int exchange_render(struct worker *w, struct user *u, char *out, size_t cap, size_t *ret_len);

/* The bytes of the oldest request in flight on `c`, as they were sent. */
struct span exchange_sent(const struct worker *w, const struct conn *c);

/* The target in the request line of a request. */
struct span exchange_target(struct span request);

/* Of its request as it is sent now, which redirects may have changed. */
static inline bool exchange_is_head(const struct worker *w, const struct user *u)
{
    return u->chain == 0 ? w->plan->requests[u->request].is_head : redirects_chain(w, u)->is_head;
}

bool exchange_is_idempotent(const struct worker *w, const struct user *u);
uint32_t exchange_origin(const struct worker *w, const struct user *u);

/* When its request left, the first one of a chain; 0 = not yet. */
static inline uint64_t exchange_sent_ns(const struct worker *w, const struct user *u)
{
    return u->chain == 0 ? u->sent_ns : redirects_chain(w, u)->first_sent_ns;
}

/* It is handed to the kernel in this turn. The connection could be had when the turn began, as it
 * is flushed in the turn in which it becomes free: what lies between is our own doing. */
static inline void exchange_note_sent(struct worker *w, struct user *u)
{
    if (!SQUALL_AUDIT)
        return;
    if (w->flush_ns > w->now_ns)
        u->generator_ns += w->flush_ns - w->now_ns;
    if (w->now_ns > u->ready_ns && !u->is_resend)
        hist_record(&w->shard->phases[PHASE_QUEUED], w->now_ns - u->ready_ns);
}

/* Its response is complete: captures, checks, counts; the user goes on, or the chain does, as
 * `course` says. `has_trailing`: bytes follow that nobody asked for. */
void exchange_answered(struct worker *w, struct conn *c, struct user *u,
                       enum redirect_course course, bool has_trailing);

/* It ended without a whole response; `partial` is what came of it, or NULL. Counts; the user goes
 * on. */
void exchange_failed(struct worker *w, struct user *u, const struct response *partial,
                     enum failure_class class, const char *message);

/* The run ends before it is over: counted as that, the user does not go on. */
void exchange_abandon(struct worker *w, struct user *u);

#endif
