#include "engine/run/conn.h"

#include "engine/run/answer.h"
#include "engine/run/exchange.h"

/* Small answers come through a receive that goes on, into the ring's buffers. A body of known
 * length that nobody reads is thrown away in the kernel once its head is here; for that the head is
 * received alone, so little of the body is copied. Break-even with copying through large buffers
 * lies at about 16 KiB; the switch is worth its two operations from 32 KiB. */
#define DISCARD_BYTES_MIN (32u * 1024u)
#define HEAD_BYTES        1024u
#define ONLY_ANSWER_BYTES (64u * 1024u)

/* ---- which receive ---- */

static bool body_is_large(const struct worker *w, const struct conn *c)
{
    const struct user *u = user_list_first(w, &c->flight);
    if (u == NULL)
        u = user_list_first(w, &c->queue);
    const uint32_t request = u == NULL ? 0 : u->request;
    return !w->setup.no_discard && c->tls == NULL && w->plan->load.pipeline == 1 &&
           w->body_expected[request] >= DISCARD_BYTES_MIN && !w->plan->requests[request].wants_body;
}

static uint64_t body_to_discard(const struct worker *w, const struct conn *c)
{
    if (w->setup.no_discard || c->tls != NULL || c->flight.count != 1 ||
        !response_has_head(&c->response))
        return 0;
    return response_discardable(&c->response);
}

void conn_arm_receive(struct worker *w, struct conn *c)
{
    /* Nor while one is being cancelled: that cancel, on its way, might hit the new one. */
    if (c->armed & (OP_BIT(OP_RECV) | OP_BIT(OP_DISCARD) | OP_BIT(OP_CANCEL_RECV)))
        return;
    const uint32_t file = worker_conn_index(w, c);
    const uint64_t discard = body_to_discard(w, c);
    c->is_multishot = false;
    if (discard > HEAD_BYTES) {
        c->armed |= OP_BIT(OP_DISCARD);
        ring_discard(w->ring, conn_tag(w, c, OP_DISCARD), file, discard);
        return;
    }
    c->armed |= OP_BIT(OP_RECV);
    if (w->plan->load.requests_per_connection == 1) {
        /* Nothing to cancel when its only answer has come. */
        ring_recv_once(w->ring, conn_tag(w, c, OP_RECV), file, ONLY_ANSWER_BYTES);
        return;
    }
    if (body_is_large(w, c)) {
        ring_recv_once(w->ring, conn_tag(w, c, OP_RECV), file, HEAD_BYTES);
        return;
    }
    c->is_multishot = true;
    ring_recv(w->ring, conn_tag(w, c, OP_RECV), file);
}

void conn_suit_receive(struct worker *w, struct conn *c)
{
    if ((c->armed & OP_BIT(OP_RECV)) && c->is_multishot &&
        (body_is_large(w, c) || body_to_discard(w, c) >= DISCARD_BYTES_MIN))
        conn_cancel_receive(w, c);
}

/* ---- responses ---- */

void conn_begin_response(struct worker *w, struct conn *c)
{
    const struct user *u = user_list_first(w, &c->flight);
    const struct response_watch *watch = w->watches[u->request];
    if (watch != NULL)
        answer_begin(c);
    response_begin(&c->response, exchange_is_head(w, u), watch, w);
}

/* The server has answered everything before all of it had left: it will not read the rest. */
static bool conn_is_sending_in_vain(const struct conn *c)
{
    return c->flight.count == 0 && (c->armed & OP_BIT(OP_SEND)) != 0;
}

/* The chunk that held this request is free when all in it are answered, and the kernel has read it.
 */
static void conn_release_tx(struct worker *w, struct conn *c, const struct user *u)
{
    if (c->tx[0].chunk == 0)
        return;
    c->tx[0].answered_bytes += u->sent_bytes;
    if (--c->tx[0].unanswered > 0)
        return;
    if (conn_is_sending_in_vain(c))
        return; /* given back when the connection is idle */
    chunks_give_back(&w->tx, c->tx[0].chunk);
    c->tx[0] = c->tx[1];
    c->tx[1] = (struct conn_tx){ 0 };
}

static void conn_forget_sent(struct worker *w, struct conn *c, const struct user *u)
{
    conn_release_tx(w, c, u);
    if (c->flight.count > 0)
        return;
    /* A silent send was taken whole when it was made: the answer tells that it is over. */
    c->armed &= ~OP_BIT(OP_SEND_SILENT);
    if (c->tls != NULL)
        conn_release_sealed(w, c);
    conn_step(w, c, EV_ANSWERED);
}

/* After the answer to the request number `answered` of the plan. */
static bool conn_is_used_up(const struct worker *w, const struct conn *c, uint32_t answered)
{
    const uint64_t limit = w->plan->load.requests_per_connection;
    if (c->flight.count > 0)
        return false;
    return (limit > 0 && c->carried >= limit) || w->plan->requests[answered].says_close;
}

/* The oldest request has its whole response. False when the connection is closing after it. */
static bool conn_answered(struct worker *w, struct conn *c, bool has_trailing)
{
    const bool keep_alive = response_head(&c->response)->keep_alive;
    const bool is_unsolicited = has_trailing && c->flight.count == 1;
    enum redirect_course course = REDIRECT_NONE;
    if (c->location != 0 && !is_unsolicited)
        course = redirects_look(w, c);
    struct user *u = user_list_pop(w, &c->flight);
    const uint32_t answered = u->request;
    c->failures_in_row = 0;
    conn_forget_sent(w, c, u);
    const uint32_t gen = c->gen;
    if (is_unsolicited)
        conn_end(w, c, EV_RETIRED, CLOSE_UNSOLICITED, FAILURE_NONE, NULL);
    exchange_answered(w, c, u, course, is_unsolicited);
    answer_release(w, c);

    if (c->gen != gen || (c->state != CONN_OPEN && c->state != CONN_EXCHANGING))
        return false; /* its user has left */
    if (!keep_alive || conn_is_sending_in_vain(c))
        conn_end(w, c, EV_RETIRED, CLOSE_SERVER_SAID, FAILURE_NONE, NULL);
    else if (conn_is_used_up(w, c, answered))
        conn_end(w, c, EV_RETIRED, CLOSE_USE_LIMIT, FAILURE_NONE, NULL);
    else if (c->flight.count > 0)
        conn_begin_response(w, c);
    return c->state == CONN_OPEN || c->state == CONN_EXCHANGING;
}

static void note_first_byte(struct worker *w, const struct conn *c)
{
    const uint64_t sent_ns = w->users[c->flight.first - 1].sent_ns;
    if (w->plan->load.pipeline == 1 && !response_has_begun(&c->response))
        hist_record(&w->shard->phases[PHASE_FIRST_BYTE],
                    w->now_ns > sent_ns ? w->now_ns - sent_ns : 0);
}

void conn_receive(struct worker *w, struct conn *c, const char *bytes, size_t len)
{
    while (len > 0) {
        if (c->flight.count == 0) {
            conn_end(w, c, EV_RETIRED, CLOSE_UNSOLICITED, FAILURE_NONE, NULL);
            return;
        }
        note_first_byte(w, c);
        size_t used = 0;
        bool memoised = false;
        w->watched = c;
        const enum response_verdict verdict =
            response_feed(&c->response, &w->memo, bytes, len, &used, &memoised);
        if (memoised)
            shard_count(w->shard, COUNTER_HEADS_MEMOISED, 1);
        if (verdict == RESPONSE_BROKEN) {
            conn_end(w, c, EV_FAILED, CLOSE_PROTOCOL, response_failure(&c->response),
                     response_reason(&c->response));
            return;
        }
        if (verdict == RESPONSE_MORE)
            break;
        bytes += used;
        len -= used;
        if (!conn_answered(w, c, len > 0))
            return;
    }
    conn_want_flush(w, c);
    conn_suit_receive(w, c);
}

void conn_receive_discarded(struct worker *w, struct conn *c, uint64_t bytes)
{
    if (response_discarded(&c->response, bytes) != RESPONSE_DONE)
        return;
    shard_count(w->shard, COUNTER_BODIES_DISCARDED, 1);
    if (conn_answered(w, c, false))
        conn_want_flush(w, c);
}

void conn_receive_eof(struct worker *w, struct conn *c)
{
    if (c->flight.count == 0) {
        conn_end(w, c, EV_PEER_CLOSED, CLOSE_SERVER_CLOSED, FAILURE_NONE, NULL);
        return;
    }
    if (response_eof(&c->response) == RESPONSE_DONE)
        conn_answered(w, c, false); /* not kept alive: closes */
    else
        conn_cut(w, c, EV_PEER_CLOSED, response_failure(&c->response),
                 response_reason(&c->response));
}
