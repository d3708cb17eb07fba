/* conn_ops — what each kind of completion does to its connection: one row per operation, handlers
 * below it. */
#include "engine/run/conn.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "engine/run/worker_state.h"

/* ---- connect ---- */

static void connect_done(struct worker *w, struct conn *c, const struct completion *got)
{
    if (c->state != CONN_CONNECTING)
        return;
    hist_record(&w->shard->phases[PHASE_CONNECT],
                w->now_ns + w->plan->load.timeout_ns - c->deadline_ns);
    c->is_trial = false;
    if (w->plan->origins[c->origin].is_tls) {
        conn_step(w, c, w->plan->is_proxied ? EV_TUNNELLING : EV_SECURING);
        return;
    }
    conn_step(w, c, EV_CONNECTED);
    conn_want_flush(w, c);
}

static enum failure_class connect_failure(int err)
{
    switch (err) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ENOENT: /* no socket of Unix at its path */
        return FAILURE_CONNECT_REFUSED;
    case ETIMEDOUT:
        return FAILURE_CONNECT_TIMEOUT;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
        return FAILURE_LOCAL_PORT;
    case EMFILE:
    case ENFILE:
        return FAILURE_LOCAL_FD;
    case ENOMEM:
    case ENOBUFS:
        return FAILURE_LOCAL_MEMORY;
    default:
        return FAILURE_CONNECT_UNREACHABLE;
    }
}

static void connect_failed(struct worker *w, struct conn *c, int err)
{
    if (c->state == CONN_CONNECTING)
        conn_end(w, c, EV_FAILED, CLOSE_CONNECT_FAILED, connect_failure(err),
                 err == ENOENT ? "there is no socket of Unix at this path" : NULL);
}

/* ---- send ---- */

static bool conn_is_live(const struct conn *c)
{
    return c->state == CONN_OPEN || c->state == CONN_EXCHANGING;
}

static void send_done(struct worker *w, struct conn *c, const struct completion *got)
{
    if (c->tls != NULL)
        conn_sealed_left(w, c);
    if (conn_is_live(c))
        conn_want_flush(w, c);
}

/* A silent send completes only when it did not go out whole: the connection was cut in the middle
 * of it. */
static void silent_send_done(struct worker *w, struct conn *c, const struct completion *got)
{
    if (c->flight.count > 0)
        conn_cut(w, c, EV_FAILED, FAILURE_SEND_RESET, NULL);
}

static void send_failed(struct worker *w, struct conn *c, int err)
{
    if (!conn_is_live(c) || c->flight.count == 0)
        return;
    if (err == EPIPE || err == ECONNRESET || err == ETIMEDOUT || err == ENOTCONN)
        conn_cut(w, c, EV_FAILED, FAILURE_SEND_RESET, NULL);
    else
        conn_end(w, c, EV_FAILED, CLOSE_LOCAL, FAILURE_LOCAL_RING, strerrordesc_np(err));
}

/* ---- receive ---- */

/* Is there something to receive, answers or what comes before them? */
static bool conn_is_listening(const struct conn *c)
{
    return conn_is_live(c) || c->state == CONN_HANDSHAKING || c->state == CONN_TUNNELLING;
}

static void recv_tunnel_done(struct worker *w, struct conn *c, const struct completion *got)
{
    if (got->result == 0)
        conn_end(w, c, EV_FAILED, CLOSE_CONNECT_FAILED, FAILURE_PROXY,
                 "the proxy closed instead of answering CONNECT");
    else
        conn_receive_tunnel(w, c, got->bytes, (size_t)got->result);
    if (conn_is_listening(c))
        conn_arm_receive(w, c);
}

static void recv_sealed_done(struct worker *w, struct conn *c, const struct completion *got)
{
    if (got->result == 0)
        conn_receive_sealed_eof(w, c);
    else
        conn_receive_sealed(w, c, got->bytes, (size_t)got->result);
    if (conn_is_listening(c))
        conn_arm_receive(w, c);
}

/* Bytes came, copied into a buffer or thrown away; none: the peer closed its side. */
static void recv_done(struct worker *w, struct conn *c, const struct completion *got)
{
    shard_count(w->shard, COUNTER_BYTES_IN, (uint64_t)got->result);
    if (!conn_is_listening(c))
        return;
    if (c->state == CONN_TUNNELLING) {
        recv_tunnel_done(w, c, got);
        return;
    }
    if (c->tls != NULL) {
        recv_sealed_done(w, c, got);
        return;
    }
    if (got->result == 0) {
        conn_receive_eof(w, c);
        return;
    }
    if (got->bytes != NULL)
        conn_receive(w, c, got->bytes, (size_t)got->result);
    else
        conn_receive_discarded(w, c, (uint64_t)got->result);
    if (conn_is_live(c))
        conn_arm_receive(w, c);
}

static void recv_failed(struct worker *w, struct conn *c, int err)
{
    if (!conn_is_listening(c))
        return;
    switch (err) {
    case ENOBUFS: /* the buffers ran dry: they are on their way back */
        shard_count(w->shard, COUNTER_BUFFERS_DRY, 1);
        conn_arm_receive(w, c);
        return;
    case ECANCELED: /* another way of receiving suits better now */
    case EINTR:
    case EAGAIN:
        conn_arm_receive(w, c);
        return;
    case ECONNRESET:
    case EPIPE:
    case ETIMEDOUT:
        if (c->state == CONN_TUNNELLING)
            conn_end(w, c, EV_FAILED, CLOSE_CONNECT_FAILED, FAILURE_PROXY,
                     "the proxy reset instead of answering CONNECT");
        else if (c->state == CONN_HANDSHAKING)
            conn_end(w, c, EV_FAILED, CLOSE_TLS_FAILED, FAILURE_TLS_EOF, "reset in the handshake");
        else if (c->flight.count == 0)
            conn_end(w, c, EV_PEER_CLOSED, CLOSE_SERVER_CLOSED, FAILURE_NONE, NULL);
        else
            conn_cut(w, c, EV_FAILED, FAILURE_RESET_MID_RESPONSE, NULL);
        return;
    default:
        conn_end(w, c, EV_FAILED, CLOSE_LOCAL, FAILURE_LOCAL_RING, strerrordesc_np(err));
    }
}

/* ---- cancel and close ---- */

/* It was found, so its own completion follows. Silent sends share one tag: ask again after each,
 * until none is found. */
static void cancel_connect_done(struct worker *w, struct conn *c, const struct completion *got)
{
    c->cancelled |= c->armed & OP_BIT(OP_CONNECT);
}

static void cancel_send_done(struct worker *w, struct conn *c, const struct completion *got)
{
    const uint32_t target = c->armed & OP_BIT(OP_SEND) ? OP_BIT(OP_SEND) : OP_BIT(OP_SEND_SILENT);
    c->cancelled |= c->armed & target;
}

static void cancel_recv_done(struct worker *w, struct conn *c, const struct completion *got)
{
    c->cancelled |= c->armed & (OP_BIT(OP_RECV) | OP_BIT(OP_DISCARD));
    if (conn_is_live(c))
        conn_arm_receive(w, c);
}

static void cancel_recv_failed(struct worker *w, struct conn *c, int err)
{
    if (conn_is_live(c))
        conn_arm_receive(w, c);
}

/* Not found: it has completed, and a silent one said nothing about it. EALREADY: it runs at this
 * moment; a connection that is closing asks again. */
static void cancel_send_failed(struct worker *w, struct conn *c, int err)
{
    if (err == ENOENT)
        c->armed &= ~OP_BIT(OP_SEND_SILENT);
}

static void cancel_connect_failed(struct worker *w, struct conn *c, int err)
{
}

static void close_done(struct worker *w, struct conn *c, const struct completion *got)
{
}

static void close_failed(struct worker *w, struct conn *c, int err)
{
}

struct op_handler {
    void (*done)(struct worker *, struct conn *, const struct completion *);
    void (*failed)(struct worker *, struct conn *, int err);
};

static const struct op_handler op_handlers[OP_KIND_COUNT] = {
    [OP_CONNECT] = { connect_done, connect_failed },
    [OP_SEND] = { send_done, send_failed },
    [OP_SEND_SILENT] = { silent_send_done, send_failed },
    [OP_RECV] = { recv_done, recv_failed },
    [OP_DISCARD] = { recv_done, recv_failed },
    [OP_CANCEL_CONNECT] = { cancel_connect_done, cancel_connect_failed },
    [OP_CANCEL_SEND] = { cancel_send_done, cancel_send_failed },
    [OP_CANCEL_RECV] = { cancel_recv_done, cancel_recv_failed },
    [OP_CLOSE] = { close_done, close_failed },
};

/* Clears the in-flight mark. False when the completion belongs to an earlier tenant of the slot. A
 * silent send stays marked when it fails, as there may be another with its tag: cancelling tells
 * when none is left. */
static bool conn_retire(struct conn *c, struct op_tag tag, bool more)
{
    if (tag.gen != c->gen || (c->armed & OP_BIT(tag.kind)) == 0)
        return false;
    if (more)
        return true;
    c->cancelled &= ~OP_BIT(tag.kind);
    if (tag.kind != OP_SEND_SILENT)
        c->armed &= ~OP_BIT(tag.kind);
    return true;
}

void conn_deliver(void *worker, const struct completion *got)
{
    struct worker *w = worker;
    const struct op_tag tag = op_unpack(got->tag);
    struct conn *c = &w->conns[tag.slot];

    if (conn_retire(c, tag, got->more)) {
        const struct op_handler *h = &op_handlers[tag.kind];
        w->arrived_ns = got->stamp_ns == 0 ? 0 : worker_moment_ns(w, got->stamp_ns);
        if (got->result >= 0)
            h->done(w, c, got);
        else
            h->failed(w, c, -got->result);
        if (c->state == CONN_DRAINING)
            conn_drain(w, c);
    } else if (tag.kind != OP_SEND_SILENT) {
        /* A silent send that runs on another thread of the kernel's is not found by a cancel, and
         * may fail afterwards. */
        shard_count(w->shard, COUNTER_STALE_COMPLETIONS, 1);
    }

    /* The only place where a received buffer returns to the kernel, whatever happened above. */
    if (got->buf_id != BUF_NONE)
        ring_give_back(w->ring, got->buf_id);
}
