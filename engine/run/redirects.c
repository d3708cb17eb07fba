#include "engine/run/redirects.h"

#include <errno.h>
#include <stdio.h>

#include "engine/plan/diag.h"
#include "engine/run/exchange.h"
#include "engine/run/jar.h"
#include "http/cookie.h"
#include "http/redirect.h"

/* A Host header that was not there, or is longer now; as much in the target, for a proxy. */
#define HOST_LINE_MAX 320u

size_t redirects_growth(const struct plan *plan)
{
    bool follows = false;
    for (uint32_t i = 0; i < plan->request_count; i++)
        follows |= plan->requests[i].redirects_max > 0;
    return follows ? REDIRECT_TARGET_MAX + 2 * HOST_LINE_MAX : 0;
}

static enum redirect_course refuse(struct worker *w, const char *why, struct span location)
{
    snprintf(w->message, sizeof w->message, "redirected to %s, %s", diag_quote(location).text, why);
    return REDIRECT_REFUSED;
}

/* Renders the next request into a chunk of its own, in place of the chain there was. */
static enum redirect_course prepare(struct worker *w, struct conn *c, struct user *u,
                                    uint32_t origin, struct span target, struct span location)
{
    const struct chain *before = redirects_chain(w, u);
    const uint32_t chunk = chunks_take(&w->chains);
    if (chunk == 0)
        return refuse(w, "but too many requests are redirected at once on one core", location);
    struct chain *chain = (struct chain *)(void *)chunks_at(&w->chains, chunk);
    *chain = (struct chain){
        .first_sent_ns = exchange_sent_ns(w, u),
        .bytes_in = (before != NULL ? before->bytes_in : 0) + response_bytes(&c->response),
        .origin = origin,
        .followed = (uint8_t)(before != NULL ? before->followed + 1 : 1),
    };
    const struct redirect_next next = {
        .status = response_head(&c->response)->status,
        .authority = plan_target_prefix(w->plan, &w->plan->origins[origin]),
        .target = target,
        .host_header = w->plan->origins[origin].host_header,
        .cookie = jar_header(w, u, origin, target),
        .imitates_locust = w->plan->load.imitates_locust,
        .is_other_host = origin != exchange_origin(w, u),
    };
    const int len =
        redirect_render(exchange_sent(w, c), &next, chain->bytes, w->chains.bytes - sizeof *chain,
                        &chain->is_head, &chain->is_idempotent);
    if (len < 0) {
        chunks_give_back(&w->chains, chunk);
        return refuse(w, "where its request cannot be sent", location);
    }
    chain->len = (uint32_t)len;
    redirects_forget(w, u);
    u->chain = chunk;
    shard_count(w->shard, COUNTER_REDIRECTS_FOLLOWED, 1);
    return REDIRECT_FOLLOWS;
}

enum redirect_course redirects_look(struct worker *w, struct conn *c)
{
    struct user *u = user_list_first(w, &c->flight);
    const struct plan_request *request = &w->plan->requests[u->request];
    if (!redirect_is_status(response_head(&c->response)->status))
        return REDIRECT_NONE;
    const struct span location = { chunks_at(&w->lines, c->location), c->location_len };
    const struct chain *chain = redirects_chain(w, u);
    if (chain != NULL && chain->followed == request->redirects_max) {
        snprintf(w->message, sizeof w->message, "redirected more than %u times",
                 request->redirects_max);
        return REDIRECT_REFUSED;
    }
    char target[REDIRECT_TARGET_MAX];
    struct url to;
    const int len =
        redirect_resolve(location, &w->bases[exchange_origin(w, u)],
                         exchange_target(exchange_sent(w, c)), &to, target, sizeof target);
    if (len < 0)
        return refuse(w, "which cannot be requested", location);
    const uint32_t origin = plan_find_origin(w->plan->origins, w->plan->origin_count, &to);
    if (origin == PLAN_NONE)
        return refuse(w, "a host that the scenario does not name: add it to 'hosts:'", location);
    return prepare(w, c, u, origin, (struct span){ target, (size_t)len }, location);
}
