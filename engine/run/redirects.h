/* redirects — a request that is sent on from one place to the next, as answers say: a chain, which
 * is counted as one request. Owner thread only. */
#ifndef SQUALL_ENGINE_RUN_REDIRECTS_H
#define SQUALL_ENGINE_RUN_REDIRECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/run/worker_state.h"

/* The latest request of a chain, and what is to be counted of those before it. Lives in a chunk of
 * its own until it is answered. */
struct chain {
    uint64_t first_sent_ns;
    uint64_t bytes_in; /* of the answers so far */
    uint32_t origin;
    uint32_t len;
    uint8_t followed;
    bool is_head, is_idempotent;
    char bytes[];
};

/* How many bytes longer than before redirects make a request of the plan; 0 = none is followed. */
size_t redirects_growth(const struct plan *plan);

enum redirect_course {
    REDIRECT_NONE,    /* the answer is the last one */
    REDIRECT_FOLLOWS, /* the next request is ready to be asked for */
    REDIRECT_REFUSED  /* it cannot be followed: worker.message says why */
};

/* Where the answer of the oldest request of `c` leads, which has a Location. To be asked while the
 * bytes of that request are still there. */
enum redirect_course redirects_look(struct worker *w, struct conn *c);

/* NULL when its request is the first of its own. */
static inline struct chain *redirects_chain(const struct worker *w, const struct user *u)
{
    return u->chain == 0 ? NULL : (struct chain *)(void *)chunks_at(&w->chains, u->chain);
}

/* The chain is over. */
static inline void redirects_forget(struct worker *w, struct user *u)
{
    if (u->chain == 0)
        return;
    chunks_give_back(&w->chains, u->chain);
    u->chain = 0;
}

#endif
