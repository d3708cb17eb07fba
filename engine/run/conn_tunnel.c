/* conn_tunnel — on the way to a TLS server through a proxy, the proxy is asked for a tunnel first
 * (CONNECT, RFC 9110 section 9.3.6). */
#include "engine/run/conn.h"

#include <stdio.h>

#include "engine/run/worker_state.h"

static void tunnel_fails(struct worker *w, struct conn *c, const char *message)
{
    conn_end(w, c, EV_FAILED, CLOSE_CONNECT_FAILED, FAILURE_PROXY, message);
}

void conn_begin_tunnel(struct worker *w, struct conn *c)
{
    const struct span ask = w->plan->origins[c->origin].tunnel_request;
    /* Like an answer to HEAD, one that opens a tunnel has no body, whatever its headers say. */
    response_begin(&c->response, true, NULL, w);
    conn_arm_receive(w, c);
    conn_send(w, c, ask.bytes, ask.len, false);
}

void conn_receive_tunnel(struct worker *w, struct conn *c, const char *bytes, size_t len)
{
    size_t used = 0;
    switch (response_feed(&c->response, NULL, bytes, len, &used, NULL)) {
    case RESPONSE_MORE:
        return;
    case RESPONSE_BROKEN:
        tunnel_fails(w, c, response_reason(&c->response));
        return;
    case RESPONSE_DONE:
        break;
    }
    const unsigned status = response_head(&c->response)->status;
    if (status / 100 != 2) {
        snprintf(w->message, sizeof w->message, "the proxy answered CONNECT with status %u",
                 status);
        tunnel_fails(w, c, w->message);
    } else if (used < len) {
        tunnel_fails(w, c, "the proxy sent more than its answer to CONNECT");
    } else {
        conn_step(w, c, EV_SECURING);
    }
}
