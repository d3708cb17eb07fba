/* conn_tls — what stands between a connection and its bytes when there is TLS: the handshake, then
 * sealing requests and opening answers. */
#include "engine/run/conn.h"

#include <assert.h>

#include "engine/io/tls.h"
#include "engine/run/worker_state.h"

/* A longer request is sealed piece by piece, the next when the one before has left. */
#define PIECE_BYTES_MAX (64u * 1024u)

/* A client says two things at most in a handshake that one answer may follow at once: its hello,
 * and the second hello, or what finishes the handshake. */
#define FLIGHTS_MAX 2u

size_t conn_sealed_bytes(const struct worker *w, size_t len)
{
    return FLIGHTS_MAX * tls_context_flight_max(w->setup.tls) +
           tls_sealed_max(len < PIECE_BYTES_MAX ? len : PIECE_BYTES_MAX);
}

/* ---- memory ---- */

/* Where to write what TLS says: behind what is on its way or has still to leave. */
static char *sealed_room(struct worker *w, struct conn *c, size_t *ret_cap)
{
    struct conn_sealed *s = &c->sealed;
    if (s->chunk == 0) {
        s->chunk = chunks_take(&w->sealed);
        assert(s->chunk != 0); /* the pool holds one for every connection */
        s->from = s->to = 0;
    }
    *ret_cap = w->sealed.bytes - s->to;
    return chunks_at(&w->sealed, s->chunk) + s->to;
}

void conn_release_sealed(struct worker *w, struct conn *c)
{
    struct conn_sealed *s = &c->sealed;
    if (s->chunk == 0 || s->from < s->to || (c->armed & (OP_BIT(OP_SEND) | OP_BIT(OP_SEND_SILENT))))
        return;
    chunks_give_back(&w->sealed, s->chunk);
    s->chunk = 0;
}

void conn_end_tls(struct worker *w, struct conn *c)
{
    if (c->sealed.chunk != 0)
        chunks_give_back(&w->sealed, c->sealed.chunk);
    c->sealed = (struct conn_sealed){ 0 };
    tls_close(c->tls);
    c->tls = NULL;
}

/* ---- sending ---- */

static bool sealed_is_leaving(const struct conn *c)
{
    return (c->armed & OP_BIT(OP_SEND)) != 0;
}

static void sealed_leave(struct worker *w, struct conn *c, bool is_alone)
{
    struct conn_sealed *s = &c->sealed;
    const char *bytes = chunks_at(&w->sealed, s->chunk) + s->from;
    const size_t len = s->to - s->from;
    s->from = s->to;
    if (len > 0)
        conn_send(w, c, bytes, len, is_alone);
}

/* Says why, if the server can still be told. */
static void conn_fail_tls(struct worker *w, struct conn *c)
{
    if (c->sealed.chunk != 0 && !sealed_is_leaving(c))
        sealed_leave(w, c, true);
    conn_end(w, c, EV_FAILED, CLOSE_TLS_FAILED, tls_failure(c->tls), tls_reason(c->tls));
}

static void seal_piece(struct worker *w, struct conn *c, bool is_first)
{
    struct conn_sealed *s = &c->sealed;
    const size_t len = s->rest.len < PIECE_BYTES_MAX ? s->rest.len : PIECE_BYTES_MAX;
    size_t cap = 0, sealed = 0;
    char *out = sealed_room(w, c, &cap);
    const enum tls_verdict verdict = tls_write(c->tls, s->rest.bytes, len, out, cap, &sealed);
    s->to += (uint32_t)sealed;
    s->rest = (struct span){ s->rest.bytes + len, s->rest.len - len };
    if (verdict == TLS_READY)
        sealed_leave(w, c, is_first && s->rest.len == 0);
    else
        conn_fail_tls(w, c);
}

void conn_send_sealed(struct worker *w, struct conn *c, const char *bytes, size_t len)
{
    c->sealed.rest = (struct span){ bytes, len };
    seal_piece(w, c, true);
}

void conn_sealed_left(struct worker *w, struct conn *c)
{
    struct conn_sealed *s = &c->sealed;
    if (c->state == CONN_DRAINING || s->chunk == 0)
        return;
    if (s->from == s->to)
        s->from = s->to = 0;
    if (s->rest.len > 0)
        seal_piece(w, c, false);
    else if (c->state == CONN_HANDSHAKING || c->queue.count == 0)
        sealed_leave(w, c, false);
    conn_release_sealed(w, c);
}

void conn_say_close(struct worker *w, struct conn *c)
{
    size_t cap = 0;
    if (sealed_is_leaving(c) || (c->armed & OP_BIT(OP_SEND_SILENT)))
        return; /* it would have to wait */
    char *out = sealed_room(w, c, &cap);
    c->sealed.to += (uint32_t)tls_write_close(c->tls, out, cap);
    sealed_leave(w, c, true);
}

/* ---- the handshake ---- */

static void handshake_done(struct worker *w, struct conn *c)
{
    shard_count(w->shard, COUNTER_TLS_HANDSHAKES, 1);
    shard_count(w->shard, COUNTER_TLS_RESUMED, tls_is_resumed(c->tls));
    hist_record(&w->shard->phases[PHASE_TLS], w->now_ns - c->sealed.began_ns);
    atomic_store_explicit(&w->shard->tls_version, tls_version_name(c->tls), memory_order_relaxed);
    atomic_store_explicit(&w->shard->tls_cipher, tls_cipher_name(c->tls), memory_order_relaxed);
    conn_step(w, c, EV_SECURED);
    /* What finishes it leaves together with the first request. */
    if (c->queue.count == 0 && !sealed_is_leaving(c))
        sealed_leave(w, c, false);
    conn_want_flush(w, c);
}

/* The next step, with the bytes that were fed. False when it is not the last one. */
static bool conn_shake(struct worker *w, struct conn *c)
{
    size_t cap = 0, said = 0;
    char *out = sealed_room(w, c, &cap);
    if (cap < tls_context_flight_max(w->setup.tls)) {
        conn_end(w, c, EV_FAILED, CLOSE_TLS_FAILED, FAILURE_TLS_PROTO,
                 "answers to what has not left yet");
        return false;
    }
    const enum tls_verdict verdict = tls_handshake(c->tls, out, cap, &said);
    c->sealed.to += (uint32_t)said;
    if (verdict == TLS_READY) {
        handshake_done(w, c);
        return true;
    }
    if (verdict == TLS_BROKEN)
        conn_fail_tls(w, c);
    else if (!sealed_is_leaving(c))
        sealed_leave(w, c, false);
    return false;
}

void conn_begin_tls(struct worker *w, struct conn *c)
{
    if (tls_open(&c->tls, w->setup.tls, c->origin) < 0) {
        conn_end(w, c, EV_FAILED, CLOSE_TLS_FAILED, FAILURE_LOCAL_MEMORY, NULL);
        return;
    }
    c->sealed.began_ns = w->now_ns;
    conn_arm_receive(w, c);
    conn_shake(w, c);
}

/* ---- receiving ---- */

void conn_receive_sealed(struct worker *w, struct conn *c, const char *bytes, size_t len)
{
    tls_feed(c->tls, bytes, len);
    if (c->state == CONN_HANDSHAKING && !conn_shake(w, c))
        return;
    while (c->state == CONN_OPEN || c->state == CONN_EXCHANGING) {
        size_t plain = 0;
        switch (tls_read(c->tls, w->plain, TLS_PLAIN_MAX, &plain)) {
        case TLS_READY:
            conn_receive(w, c, w->plain, plain);
            break;
        case TLS_MORE:
            return;
        case TLS_CLOSED:
            conn_receive_eof(w, c);
            return;
        case TLS_BROKEN:
            conn_fail_tls(w, c);
            return;
        }
    }
}

/* An idle connection is often closed without a word in TLS; but what is ended that way may have
 * been cut short by anyone. */
void conn_receive_sealed_eof(struct worker *w, struct conn *c)
{
    if (c->state != CONN_HANDSHAKING && c->flight.count == 0) {
        conn_receive_eof(w, c);
        return;
    }
    tls_eof(c->tls);
    if (c->state == CONN_HANDSHAKING)
        conn_end(w, c, EV_PEER_CLOSED, CLOSE_TLS_FAILED, tls_failure(c->tls), tls_reason(c->tls));
    else
        conn_cut(w, c, EV_PEER_CLOSED, tls_failure(c->tls), tls_reason(c->tls));
}
