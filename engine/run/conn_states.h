/* conn_states — the life of a connection: its states, what can happen to it, and where that leads.
 *
 * The table next_state[] in conn.c is the design; enter functions there do the work.
 */
#ifndef SQUALL_ENGINE_RUN_CONN_STATES_H
#define SQUALL_ENGINE_RUN_CONN_STATES_H

#define CONN_STATES(X)                                                                             \
    X(BAD, "not a state: marks an event that may not happen here")                                 \
    X(IDLE, "no socket, nothing in flight")                                                        \
    X(CONNECTING, "connect in flight")                                                             \
    X(TUNNELLING, "connected to a proxy, which is asked for the way through")                      \
    X(HANDSHAKING, "connected, TLS not agreed on yet")                                             \
    X(OPEN, "ready for a request")                                                                 \
    X(EXCHANGING, "requests leaving or responses arriving")                                        \
    X(DRAINING, "closing: waiting until nothing is in flight")

#define CONN_EVENTS(X)                                                                             \
    X(ASKED, "a request wants to be sent")                                                         \
    X(CONNECTED, "the connect succeeded")                                                          \
    X(TUNNELLING, "the connect to a proxy succeeded, a tunnel is to follow")                       \
    X(SECURING, "the way is there, TLS is to follow")                                              \
    X(SECURED, "the TLS handshake is done")                                                        \
    X(REQUESTED, "a request was handed to the kernel")                                             \
    X(ANSWERED, "every request in flight has its response")                                        \
    X(FAILED, "an operation failed or a response was not valid")                                   \
    X(TIMED_OUT, "a request or the connect took too long")                                         \
    X(PEER_CLOSED, "the server closed its side")                                                   \
    X(RETIRED, "we have no more use for it")                                                       \
    X(QUIET, "closed, and no operation is left in flight")

enum conn_state {
#define X(id, sentence) CONN_##id,
    CONN_STATES(X)
#undef X
        CONN_STATE_COUNT
};

enum conn_event {
#define X(id, sentence) EV_##id,
    CONN_EVENTS(X)
#undef X
        CONN_EVENT_COUNT
};

const char *conn_state_name(enum conn_state s);
const char *conn_event_name(enum conn_event e);

/* The table itself, for tests and for drawing: CONN_BAD where an event is not allowed. */
enum conn_state conn_next_state(enum conn_state from, enum conn_event e);

#endif
