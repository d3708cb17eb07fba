/* fault — what a simulated run may be made to suffer, and how likely each is. One list for drawing,
 * counting and tracing.
 *
 * A chance is in parts of 10,000, tried once per occasion named in the list.
 */
#ifndef SQUALL_TESTS_SIM_FAULT_H
#define SQUALL_TESTS_SIM_FAULT_H

#include <stdint.h>

#define FAULTS(X)                                                                                  \
    X(SOCKET_UNMADE, "socket_unmade")             /* ring_connect() itself fails: -EMFILE, ... */  \
    X(CONNECT_REFUSED, "connect_refused")         /* -ECONNREFUSED */                              \
    X(CONNECT_UNREACHABLE, "connect_unreachable") /* -EHOSTUNREACH or -ENETUNREACH */              \
    X(CONNECT_SILENT, "connect_silent")           /* no answer, ever */                            \
    X(CONNECT_SLOW, "connect_slow")               /* the handshake takes up to 50 ms more */       \
    X(SEND_RESET, "send_reset")                   /* -ECONNRESET or -EPIPE instead of sending */   \
    X(SEND_SLOW, "send_slow")                     /* bytes of a loud send leave in pieces */       \
    X(SEND_STUCK, "send_stuck")                   /* … or stop leaving until cancelled */        \
    X(RECV_RESET, "recv_reset")                   /* -ECONNRESET instead of bytes */               \
    X(RECV_ENDS_EARLY, "recv_ends_early")         /* bytes with more = false */                    \
    X(RECV_DRY, "recv_dry")                       /* -ENOBUFS though buffers are there */          \
    X(RECV_CUT, "recv_cut")                       /* fewer bytes than are there */                 \
    X(CANCEL_LATE, "cancel_late")                 /* its completion comes up to 1 ms later */      \
    X(CANCEL_RUNNING, "cancel_running")           /* -EALREADY: ask again */                       \
    X(CANCELLED_LATE, "cancelled_late")           /* the target ends up to 1 ms later */           \
    X(CLOSE_LATE, "close_late")                   /* the close completes up to 1 ms later */       \
    X(WAIT_INTERRUPTED, "wait_interrupted") /* a wait returns before its time, as on EINTR */      \
    X(REORDER, "reorder")                   /* completions of different files are shuffled */      \
    X(ANSWER_NEVER, "answer_never")         /* the server swallows the request */                  \
    X(ANSWER_STOPS, "answer_stops")         /* the response stops in the middle */                 \
    X(ANSWER_LATE, "answer_late")           /* the response comes up to 1 s later */               \
    X(ANSWER_CUT, "answer_cut")             /* the server closes before or in the middle */        \
    X(ANSWER_RESET, "answer_reset")         /* the server resets before or in the middle */        \
    X(ANSWER_MALFORMED, "answer_malformed") /* not HTTP/1.1 */                                     \
    X(ANSWER_TRAILED, "answer_trailed")     /* bytes follow the response */                        \
    X(ANSWER_CLOSES, "answer_closes")       /* whole, then closed without a word */                \
    X(SEGMENTED, "segmented")               /* a response leaves in pieces over time */            \
    X(UNSOLICITED, "unsolicited")           /* the server speaks first on a connection */

enum fault {
#define X(id, name) FAULT_##id,
    FAULTS(X)
#undef X
        FAULT_COUNT
};

#define FAULT_CERTAIN 10000u

const char *fault_name(enum fault f);

#endif
