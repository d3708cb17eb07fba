/* conn — one connection of a worker: a socket, the requests waiting for it, those in flight on it,
 * and the response being received. States and events: conn_states.h. Owner thread only.
 */
#ifndef SQUALL_ENGINE_RUN_CONN_H
#define SQUALL_ENGINE_RUN_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/io/op.h"
#include "engine/io/ring.h"
#include "engine/io/timers.h"
#include "engine/run/conn_states.h"
#include "http/response.h"
#include "stats/counter.h"
#include "stats/failure.h"

struct tls;
struct worker;
struct user;

/* A first-in first-out list of users, linked through user.next. */
struct user_list {
    uint32_t first, last; /* index + 1, 0 = empty */
    uint32_t count;
};

/* Bytes rendered for one send, kept until every request in them is answered. */
struct conn_tx {
    uint32_t chunk; /* index + 1 in the worker's pool, 0 = none */
    uint32_t unanswered;
    uint32_t answered_bytes; /* of the requests before those */
};

#define CONN_TX_MAX 2 /* one leaving while the other's answers arrive */

/* What TLS has made of requests, and what it has still to be made of. */
struct conn_sealed {
    uint32_t chunk;    /* index + 1 in the worker's pool, 0 = none */
    uint32_t from, to; /* bytes in it that were not handed to the kernel yet */
    uint64_t began_ns; /* the handshake */
    struct span rest;  /* of what is being sent: not sealed yet */
};

struct conn {
    struct timer timer;      /* deadline of the oldest request or the connect; or end of a pause */
    uint32_t gen;            /* tenancy, in every operation's tag */
    uint32_t armed;          /* OP_BIT of every operation in flight */
    uint32_t cancelled;      /* those of them that were found by a cancel: about to complete */
    struct user_list queue;  /* wait to be sent */
    struct user_list flight; /* sent, in order */
    uint32_t flush_next;     /* in the worker's list of connections to flush, index + 1 */
    struct conn_tx tx[CONN_TX_MAX];
    uint32_t body; /* buffer for a watched body, index + 1 */
    uint32_t line; /* buffer for a watched header that came in pieces, index + 1 */
    uint32_t body_len;
    uint32_t location;             /* buffer for where a response redirects to, index + 1 */
    uint32_t pool_next, pool_prev; /* neighbours in its place of a pool, as index + 1 */
    uint64_t headers_seen;         /* bit per capture of this response whose header came */
    struct tls *tls;               /* NULL = the connection has none */
    struct conn_sealed sealed;
    const char *capture_fault; /* a header capture of this response failed */
    uint32_t failures_in_row;  /* since the last response: decides the next pause */
    uint64_t carried;          /* requests sent on this socket */
    uint64_t deadline_ns;      /* of the connect */
    uint64_t retry_at_ns;      /* no connect before */
    uint16_t origin;           /* where it leads, in plan.origins */
    uint16_t location_len;
    uint16_t route; /* which of the addresses there */
    bool is_trial;  /* it is being connected to an address that may not answer */
    uint8_t state;
    uint8_t pool_place; /* enum pool_place */
    uint8_t coding;     /* enum content_coding of the body that is watched */
    bool has_file;
    bool in_flush;
    bool body_overflowed;
    bool body_is_lost; /* no buffer was left for it */
    bool is_multishot; /* the receive in flight is one that goes on */
    struct response response;
};

void conn_step(struct worker *w, struct conn *c, enum conn_event ev);

/* A user of this connection has a request: it is sent now, or when the connection can. */
void conn_ask(struct worker *w, struct conn *c, struct user *u);

/* Sends what is queued, as far as pipelining allows. Called once per turn for connections in the
 * flush list. */
void conn_flush(struct worker *w, struct conn *c);

/* Ends the connection. Requests in flight fail with `class` (`message` NULL = its sentence), or are
 * queued again when `class` is FAILURE_NONE. Queued ones stay for the next connection. */
void conn_end(struct worker *w, struct conn *c, enum conn_event ev, enum close_reason reason,
              enum failure_class class, const char *message);

/* The server closed or reset it with requests in flight. When it had answered before, but nothing
 * of these, and repeating them does no harm, it had closed an idle connection just as they left:
 * they are sent again, once, on the next connection (RFC 9112 section 9.3.1). Otherwise they fail
 * with `class`. */
void conn_cut(struct worker *w, struct conn *c, enum conn_event ev, enum failure_class class,
              const char *message);

/* Closing: cancels what is armed, closes the socket once nothing is, and is idle once that is done.
 */
void conn_drain(struct worker *w, struct conn *c);

/* Puts it in the list of those flushed at the end of this turn, when it has something to send. */
void conn_want_flush(struct worker *w, struct conn *c);

uint64_t conn_tag(const struct worker *w, const struct conn *c, enum op_kind kind);

void conn_timer_fired(struct worker *w, struct conn *c);

/* Every completion of a worker comes through here. */
void conn_deliver(void *worker, const struct completion *got);

/* conn_tunnel.c: the way through a proxy. */
void conn_begin_tunnel(struct worker *w, struct conn *c);
void conn_receive_tunnel(struct worker *w, struct conn *c, const char *bytes, size_t len);

/* conn_receive.c: bytes on their way to responses. */
void conn_receive(struct worker *w, struct conn *c, const char *bytes, size_t len);
void conn_receive_eof(struct worker *w, struct conn *c);
void conn_receive_discarded(struct worker *w, struct conn *c, uint64_t bytes);
void conn_begin_response(struct worker *w, struct conn *c);

/* Hands `bytes` to the kernel. `is_alone`: nothing else is on its way; it need not tell when it has
 * left if it is short. */
void conn_send(struct worker *w, struct conn *c, const char *bytes, size_t len, bool is_alone);

/* conn_tls.c: between conn and its bytes, when there is TLS. */
void conn_begin_tls(struct worker *w, struct conn *c);
void conn_receive_sealed(struct worker *w, struct conn *c, const char *bytes, size_t len);
void conn_receive_sealed_eof(struct worker *w, struct conn *c);
/* `bytes` must live until they are answered. */
void conn_send_sealed(struct worker *w, struct conn *c, const char *bytes, size_t len);
/* A send that tells has left: what has to follow it does. */
void conn_sealed_left(struct worker *w, struct conn *c);
/* Gives memory back that no send in flight reads. */
void conn_release_sealed(struct worker *w, struct conn *c);
/* Tells the server that we close. */
void conn_say_close(struct worker *w, struct conn *c);
void conn_end_tls(struct worker *w, struct conn *c);

/* Room that the sealed bytes of one send of up to `len` bytes need, and those of a handshake. */
size_t conn_sealed_bytes(const struct worker *w, size_t len);

/* Arms the receive that suits what is expected next, unless one is armed. */
void conn_arm_receive(struct worker *w, struct conn *c);
/* Cancels a receive that goes on, when what comes now is better received another way. */
void conn_suit_receive(struct worker *w, struct conn *c);
void conn_cancel_receive(struct worker *w, struct conn *c);

#endif
