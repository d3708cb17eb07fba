/* ring — one core's way to the kernel: operations go in, completions come out.
 *
 * The seam of the engine: engine/io/ring.c is io_uring; tests link a hand-fed ring (tests/fake) or
 * a simulated network in virtual time (tests/sim) in its place. Nothing above this header knows
 * io_uring.
 *
 * Sockets are addressed by a number that the caller chooses, 0..files-1: the slot of its
 * connection.
 *
 * Received bytes lie in a buffer of the ring; who handles the completion gives it back with
 * ring_give_back() before the next wait.
 *
 * ring_open() may be called anywhere; from ring_start() on, the calling thread owns the ring.
 *
 * Every armed operation completes exactly once (several times with `more` set before the last),
 * cancelled ones too; a silent send completes only if it fails. Memory given to an operation must
 * live until then.
 */
#ifndef SQUALL_ENGINE_IO_RING_H
#define SQUALL_ENGINE_IO_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;
struct sockaddr;

#define BUF_NONE UINT32_MAX

struct ring_setup {
    uint32_t files;     /* sockets at most */
    uint32_t stamped;   /* every so-manieth file's received bytes come with the kernel's own time
                           stamp; 0 = none, 1 = all */
    uint32_t entries;   /* of both queues, at least; 0 = enough for the files */
    uint32_t buf_count; /* power of two; 0 = the default */
    uint32_t buf_bytes; /* 0 = the default */
    uint64_t spin_ns;   /* the end of a wait is spun for so long, to wake on time; 0 = slept,
                           UINT64_MAX = never slept */
    bool rests;         /* connections wait for bytes for long, most of the time: that takes little
                           memory, and one operation more when they come */
    const char *mask;   /* features not to use, see ring_feature_names(); NULL = none */
};

/* 0 or -errno: -EPERM and -ENOSYS (io_uring refused), -ENOMEM (also locked-memory limit), -EMFILE
 * (`files` over the descriptor limit), -EINVAL (a name in `mask` is unknown, or a kernel
 * before 6.1). */
int ring_open(struct ring **ret_ring, const struct ring_setup *setup);
int ring_start(struct ring *r); /* on the owner thread, before anything below */
void ring_close(struct ring *r);

/* Comma-separated names that `mask` knows. */
const char *ring_feature_names(void);
/* Comma-separated names in use by this ring, for the report; static per ring. */
const char *ring_features_used(const struct ring *r);

struct completion {
    uint64_t tag;      /* op_pack() of the operation that finished */
    int32_t result;    /* bytes, file or 0; negative errno on failure */
    uint32_t buf_id;   /* buffer to give back, or BUF_NONE */
    const char *bytes; /* received bytes, `result` of them; NULL when none */
    bool more;         /* another completion of this operation will follow */
    uint64_t stamp_ns; /* when the kernel had received the last of the bytes, since 1970; 0 = not
                          known */
};

typedef void completion_fn(void *owner, const struct completion *got);

/* Submits what is armed and waits until at least one completion is there or `until_ns` has come (0:
 * do not wait; UINT64_MAX: no limit). `now_ns` is the caller's latest reading. 0 or -errno of a
 * broken ring. */
int ring_submit_and_wait(struct ring *r, uint64_t now_ns, uint64_t until_ns);

/* The waits from now on go on until `count` completions are there (half of the buffers are enough:
 * answers come while they are handled), at most `span_ns` from their beginning; then one is enough
 * again. Fewer waits are cheaper, and what came first is seen so much later. `count` up to 1: the
 * first one ends a wait. */
void ring_gather(struct ring *r, unsigned count, uint64_t span_ns);

/* In the wait just over more came than the completion queue holds: the kernel keeps the rest, which
 * come late. */
bool ring_has_overflowed(const struct ring *r);

/* Hands every completion now in the ring to `deliver`, in order. Never blocks. Returns how many. */
unsigned ring_reap(struct ring *r, completion_fn *deliver, void *owner);

void ring_give_back(struct ring *r, uint32_t buf_id);

struct socket_options {
    bool no_delay;       /* small segments leave at once though others are unacknowledged */
    bool speaks_at_once; /* a send follows as soon as it is connected: it carries the last
                            acknowledgement of the handshake */
    const struct sockaddr *source; /* local address to bind, port 0; NULL = the kernel's choice */
    uint32_t source_len;
};

/* Makes a socket, installs it as `file` and connects it. 0, or -errno when the socket could not be
 * made (then nothing completes). `to` must live until the completion. */
int ring_connect(struct ring *r, uint64_t tag, uint32_t file, const struct sockaddr *to,
                 uint32_t to_len, const struct socket_options *options);

/* Sends all of `bytes`: completes with `len`, with a failure, or with less
 * than `len` when it failed midway. `silent`: no
 * completion on success; such a send carries the kind OP_SEND_SILENT in its tag. */
void ring_send(struct ring *r, uint64_t tag, uint32_t file, const void *bytes, size_t len,
               bool silent);

/* Receives again and again into the ring's buffers. result 0 = the peer closed its side. Ends (more
 * = false) on that, on failure, when cancelled, and with -ENOBUFS when the buffers have run dry:
 * arm again. May complete once only. */
void ring_recv(struct ring *r, uint64_t tag, uint32_t file);

/* Receives once, at most `len` bytes, waiting for them first. */
void ring_recv_once(struct ring *r, uint64_t tag, uint32_t file, uint32_t len);

/* Throws away up to `len` bytes of the stream without copying them: completes with how many. */
void ring_discard(struct ring *r, uint64_t tag, uint32_t file, uint64_t len);

/* Asks to end the operation `target`: completes with 0 (it was found and will complete), -ENOENT
 * (it is not there: it has completed, and a completion it had is before this one) or -EALREADY
 * (running: ask again). */
void ring_cancel(struct ring *r, uint64_t tag, uint64_t target);

/* Closes and frees the number. Nothing may be armed on it. */
void ring_close_file(struct ring *r, uint64_t tag, uint32_t file);

/* Cuts the connection: unsent bytes are dropped, the peer gets an RST, what is armed on the file
 * ends with an error. Completes with 0 or a failure; the file is still to be closed. */
void ring_reset_file(struct ring *r, uint64_t tag, uint32_t file);

/* Servers: accepts for ever on a listening descriptor (an ordinary one, not a file number). Each
 * completion's result is the new socket's file number, chosen by the ring; -ENFILE when all `files`
 * are taken. */
void ring_accept(struct ring *r, uint64_t tag, int listen_fd);

#endif
