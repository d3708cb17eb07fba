#include "engine/io/ring.h"

#include <errno.h>
#include <liburing.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/io/buffers.h"
#include "engine/io/clock.h"
#include "engine/io/features.h"
#include "engine/io/op.h"
#include "engine/io/socket.h"
#include "engine/io/stamps.h"

/* liburing 2.3 does not know this command of kernel 6.7, which sets an option of a socket. */
#define SOCKET_CMD_SETSOCKOPT 3u

#define OPS_MIN           64u
#define OPS_MAX           4096u
#define COMPLETIONS_MIN   256u
#define COMPLETIONS_MAX   65536u /* the kernel's own limit */
#define BUF_COUNT_DEFAULT 64u
#define BUF_BYTES_DEFAULT (64u * 1024u)
#define BUF_GROUP         0
/* A body larger than half a MiB does not fit into what a socket receives at once: it comes in many
 * small pieces, each with a wake-up of ours and one of the sender, unless they are waited for. A
 * MiB at 16 connections costs 35 us like that instead of 75. Unread bytes are kernel memory: the
 * more connections, the less each may let stand. */
#define LOW_WATER_BODY (512u * 1024u)
#define LOW_WATER_MIN  (256u * 1024u) /* below, it costs more than it saves */
#define LOW_WATER_MAX  (1024u * 1024u)
#define LOW_WATER_ALL  (64u * 1024u * 1024u)

struct ring {
    struct io_uring uring;
    unsigned features;
    uint32_t files;
    uint64_t spin_ns;
    unsigned gather_count;
    uint64_t gather_ns;
    int *fds;  /* file number -> descriptor, -1 = free; only without direct files */
    int error; /* of a submission that the kernel refused for good */
    struct io_uring_sqe nowhere; /* for operations of a broken ring */
    int socket_error;            /* why the ring could not make a socket, lately */
    uint32_t fds_next;           /* where the search for a free number begins */
    uint32_t low_water_max;      /* 0 = never set */
    uint32_t *low_water;         /* file number -> bytes below which a wait goes on, 0 = not set */
    unsigned followed; /* place in the completion queue before which wake-ups were followed */
    struct buffers buffers;
    struct stamps stamps;
    char features_used[FEATURES_TEXT_SIZE];
};

static uint32_t round_up_to_power(uint32_t wanted, uint32_t low, uint32_t high)
{
    uint32_t power = low;
    while (power < wanted && power < high)
        power *= 2;
    return power;
}

const char *ring_feature_names(void)
{
    static char names[FEATURES_TEXT_SIZE];
    if (names[0] == '\0')
        features_write(FEATURES_ALL, names, sizeof names);
    return names;
}

const char *ring_features_used(const struct ring *r)
{
    return r->features_used;
}

static int ring_open_files(struct ring *r)
{
    r->low_water = calloc(r->files, sizeof *r->low_water);
    if (r->low_water == NULL)
        return -ENOMEM;
    if (r->features & FEATURE_BIT(DIRECT_FILES)) {
        const int rc = io_uring_register_files_sparse(&r->uring, r->files);
        if (rc != -EINVAL)
            return rc;
        r->features &= ~FEATURE_BIT(DIRECT_FILES);
    }
    r->fds = malloc(sizeof *r->fds * r->files);
    if (r->fds == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < r->files; i++)
        r->fds[i] = -1;
    return 0;
}

static int ring_open_queues(struct ring *r, uint32_t entries)
{
    if (entries > 0)
        return features_setup(&r->uring, &r->features, entries, entries);
    return features_setup(&r->uring, &r->features,
                          round_up_to_power(2 * r->files, OPS_MIN, OPS_MAX),
                          round_up_to_power(2 * r->files, COMPLETIONS_MIN, COMPLETIONS_MAX));
}

int ring_open(struct ring **ret_ring, const struct ring_setup *setup)
{
    struct ring *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    r->files = setup->files;
    r->spin_ns = setup->spin_ns;
    r->features = FEATURES_ALL;
    if (!setup->rests)
        r->features &= ~FEATURE_BIT(REST_BY_POLL);
    r->low_water_max = LOW_WATER_ALL / r->files;
    if (r->low_water_max > LOW_WATER_MAX)
        r->low_water_max = LOW_WATER_MAX;
    r->uring.ring_fd = -1;

    int rc = features_mask(&r->features, setup->mask);
    if (rc == 0)
        rc = ring_open_queues(r, setup->entries);
    if (rc < 0) {
        free(r);
        return rc;
    }
    rc = stamps_open(&r->stamps, r->files, setup->stamped);
    if (rc == 0)
        rc = ring_open_files(r);
    if (rc == 0)
        rc = buffers_open(&r->buffers, &r->uring, BUF_GROUP,
                          setup->buf_count ? setup->buf_count : BUF_COUNT_DEFAULT,
                          setup->buf_bytes ? setup->buf_bytes : BUF_BYTES_DEFAULT);
    if (rc < 0) {
        ring_close(r);
        return rc;
    }
    features_write(r->features, r->features_used, sizeof r->features_used);
    *ret_ring = r;
    return 0;
}

int ring_start(struct ring *r)
{
    /* liburing 2.3 declares io_uring_enable_rings() and does not export it. */
    if (syscall(__NR_io_uring_register, r->uring.ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) <
        0)
        return -errno;
    if ((r->features & FEATURE_BIT(REGISTERED_RING)) && io_uring_register_ring_fd(&r->uring) < 0)
        r->features &= ~FEATURE_BIT(REGISTERED_RING);
    features_write(r->features, r->features_used, sizeof r->features_used);
    return 0;
}

void ring_close(struct ring *r)
{
    if (r == NULL)
        return;
    io_uring_queue_exit(&r->uring);
    for (uint32_t i = 0; r->fds != NULL && i < r->files; i++)
        if (r->fds[i] >= 0)
            close(r->fds[i]);
    free(r->fds);
    free(r->low_water);
    stamps_close(&r->stamps);
    buffers_close(&r->buffers);
    free(r);
}

/* ---- waiting and reaping ---- */

void ring_give_back(struct ring *r, uint32_t buf_id)
{
    buffers_give_back(&r->buffers, buf_id);
}

/* After a busy kernel, a signal and the end of the wait the caller just turns once more. */
static int wait_result(int rc)
{
    return rc >= 0 || rc == -ETIME || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY ? 0 : rc;
}

/* Looks for completions until there is one or the time has come. */
static int ring_spin(struct ring *r, uint64_t until_ns)
{
    int rc;
    do {
        rc = wait_result(io_uring_submit_and_get_events(&r->uring));
    } while (rc == 0 && io_uring_cq_ready(&r->uring) == 0 && clock_now_ns() < until_ns);
    return rc;
}

/* Until `count` completions are there, at most for `span_ns`. */
static int ring_sleep(struct ring *r, unsigned count, uint64_t span_ns)
{
    struct __kernel_timespec limit = { .tv_sec = (int64_t)(span_ns / 1000000000u),
                                       .tv_nsec = (long long)(span_ns % 1000000000u) };
    struct io_uring_cqe *first;
    return wait_result(io_uring_submit_and_wait_timeout(&r->uring, &first, count, &limit, NULL));
}

static int ring_wait(struct ring *r, uint64_t now_ns, uint64_t until_ns)
{
    if (until_ns <= now_ns || io_uring_cq_ready(&r->uring) > 0)
        return wait_result(io_uring_submit_and_get_events(&r->uring));
    uint64_t span_ns = until_ns - now_ns;
    if (r->gather_count > 1) {
        const uint64_t gather_ns = r->gather_ns < span_ns ? r->gather_ns : span_ns;
        const int rc = ring_sleep(r, r->gather_count, gather_ns);
        span_ns -= gather_ns;
        if (rc < 0 || span_ns == 0 || io_uring_cq_ready(&r->uring) > 0)
            return rc;
    }
    if (until_ns == UINT64_MAX)
        return wait_result(io_uring_submit_and_wait(&r->uring, 1));
    if (span_ns <= r->spin_ns)
        return ring_spin(r, until_ns);
    return ring_sleep(r, 1, span_ns - r->spin_ns);
}

void ring_gather(struct ring *r, unsigned count, uint64_t span_ns)
{
    const uint32_t most = r->buffers.count / 2;
    r->gather_count = count < most ? count : most;
    r->gather_ns = span_ns;
}

/* Never fails: a full submission queue is handed to the kernel first. When the kernel will not have
 * it, the ring is broken: the next wait says so, and what is armed until then goes nowhere. */
static struct io_uring_sqe *ring_next_sqe(struct ring *r)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
    while (sqe == NULL && r->error == 0) {
        buffers_show(&r->buffers);
        r->error = wait_result(io_uring_submit(&r->uring));
        sqe = io_uring_get_sqe(&r->uring);
    }
    return sqe == NULL ? &r->nowhere : sqe;
}

/* get_sqe() does not clear user_data and prep_*() clears the rest: tag and file are set last, in
 * one place. */
static void sqe_finish(struct ring *r, struct io_uring_sqe *sqe, uint64_t tag, uint32_t file)
{
    if (r->fds != NULL) {
        sqe->fd = r->fds[file];
    } else {
        sqe->fd = (int)file;
        sqe->flags |= IOSQE_FIXED_FILE;
    }
    sqe->user_data = tag;
}

/* Into a buffer of the ring. */
static void sqe_finish_receive(struct ring *r, struct io_uring_sqe *sqe, uint64_t tag,
                               uint32_t file)
{
    sqe_finish(r, sqe, tag, file);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUF_GROUP;
}

/* What is there already. */
static void ring_recv_now(struct ring *r, uint64_t tag)
{
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_recv(sqe, 0, NULL, 0, 0);
    sqe_finish_receive(r, sqe, tag, op_unpack(tag).slot);
}

/* For what is armed after it. `value` is read in the next submission. */
static void ring_set_option(struct ring *r, uint64_t tag, uint32_t file, uint32_t level,
                            uint32_t option, const uint32_t *value)
{
    struct op_tag set = op_unpack(tag);
    set.kind = OP_OPTION;
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_rw(IORING_OP_URING_CMD, sqe, 0, NULL, 0, 0);
    sqe->cmd_op = SOCKET_CMD_SETSOCKOPT;
    sqe->addr = level | (uint64_t)option << 32;
    sqe->splice_fd_in = sizeof *value;
    sqe->addr3 = (uint64_t)(uintptr_t)value;
    sqe_finish(r, sqe, op_pack(set), file);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/* A receive in flight keeps 0.6 KiB of kernel memory. One that will wait for long is made when a
 * poll has found something to receive; that shows itself as its completion without a buffer. */
static bool is_wake_up(const struct ring *r, const struct io_uring_cqe *cqe)
{
    return (r->features & FEATURE_BIT(REST_BY_POLL)) && cqe->res > 0 &&
           (cqe->flags & IORING_CQE_F_BUFFER) == 0 && op_unpack(cqe->user_data).kind == OP_RECV;
}

/* Receives what has woken us, before the caller reads its clock. */
static int ring_follow_wake_ups(struct ring *r)
{
    struct io_uring_cqe *cqe;
    unsigned head;
    bool found = false;
    io_uring_for_each_cqe(&r->uring, head, cqe)
    {
        if (is_wake_up(r, cqe)) {
            ring_recv_now(r, cqe->user_data);
            found = true;
        }
    }
    r->followed = head;
    return found ? wait_result(io_uring_submit_and_get_events(&r->uring)) : 0;
}

int ring_submit_and_wait(struct ring *r, uint64_t now_ns, uint64_t until_ns)
{
    if (r->error < 0)
        return r->error;
    buffers_show(&r->buffers);
    const int rc = ring_wait(r, now_ns, until_ns);
    return rc == 0 && (r->features & FEATURE_BIT(REST_BY_POLL)) ? ring_follow_wake_ups(r) : rc;
}

bool ring_has_overflowed(const struct ring *r)
{
    return (IO_URING_READ_ONCE(*r->uring.sq.kflags) & IORING_SQ_CQ_OVERFLOW) != 0;
}

/* A descriptor accepted without direct files gets the next free number. */
static int32_t fds_install(struct ring *r, int fd)
{
    for (uint32_t tried = 0; tried < r->files; tried++) {
        const uint32_t file = r->fds_next;
        r->fds_next = file + 1 == r->files ? 0 : file + 1;
        if (r->fds[file] < 0) {
            r->fds[file] = fd;
            return (int32_t)file;
        }
    }
    close(fd);
    return -ENFILE;
}

unsigned ring_reap(struct ring *r, completion_fn *deliver, void *owner)
{
    struct io_uring_cqe *cqe;
    unsigned head;
    unsigned count = 0;

    io_uring_for_each_cqe(&r->uring, head, cqe)
    {
        struct completion got = { .tag = cqe->user_data,
                                  .result = cqe->res,
                                  .buf_id = BUF_NONE,
                                  .more = (cqe->flags & IORING_CQE_F_MORE) != 0 };
        if (cqe->flags & IORING_CQE_F_BUFFER) {
            got.buf_id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
            got.bytes = buffers_at(&r->buffers, got.buf_id);
        }
        count++;
        if (is_wake_up(r, cqe)) {
            if ((int)(head - r->followed) >= 0)
                ring_recv_now(r, got.tag);
            continue;
        }
        const enum op_kind kind = op_unpack(got.tag).kind;
        if (kind == OP_RECV && stamps_has(&r->stamps, op_unpack(got.tag).slot))
            got.stamp_ns = stamps_take(&r->stamps, op_unpack(got.tag).slot);
        if (kind == OP_SOCKET) {
            /* It could not be made: the connect behind it fails for want of it, and says why. */
            if (got.result < 0)
                r->socket_error = got.result;
            continue;
        }
        if (kind == OP_OPTION) { /* completes only when it could not be set */
            if (got.result == -EOPNOTSUPP)
                r->features &= ~FEATURE_BIT(SET_OPTION);
            continue;
        }
        if (kind == OP_CONNECT && got.result == -EBADF && r->socket_error != 0)
            got.result = r->socket_error;
        if (kind == OP_ACCEPT && r->fds != NULL && got.result >= 0)
            got.result = fds_install(r, got.result);
        if (kind == OP_SEND_SILENT && got.result >= 0 &&
            (r->features & FEATURE_BIT(SILENT_SEND)) == 0)
            continue; /* a kernel that cannot keep quiet about a success: the ring does it */
        deliver(owner, &got);
    }
    io_uring_cq_advance(&r->uring, count);
    return count;
}

/* ---- operations ---- */

/* A socket with nothing to set on it is made by the ring itself: four system calls less. It is made
 * as it is submitted, so the connect behind it finds it. */
static bool ring_make_socket(struct ring *r, uint64_t tag, uint32_t file, const struct sockaddr *to,
                             const struct socket_options *options)
{
    if (r->fds != NULL || options->no_delay || options->source != NULL ||
        stamps_has(&r->stamps, file))
        return false;
    struct op_tag made = op_unpack(tag);
    made.kind = OP_SOCKET;
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_socket_direct(sqe, to->sa_family, SOCK_STREAM, 0, file, 0);
    sqe->user_data = op_pack(made);
    if (r->features & FEATURE_BIT(SILENT_SEND))
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    return true;
}

static int ring_install_socket(struct ring *r, uint32_t file, const struct sockaddr *to,
                               const struct socket_options *options)
{
    const int fd = socket_make(to, options);
    if (fd >= 0 && stamps_has(&r->stamps, file))
        stamps_ask(fd);
    if (fd < 0)
        return fd;
    if (r->fds != NULL) {
        r->fds[file] = fd;
        return 0;
    }
    const int rc = io_uring_register_files_update(&r->uring, file, &(int){ fd }, 1);
    close(fd);
    return rc < 0 ? rc : 0;
}

int ring_connect(struct ring *r, uint64_t tag, uint32_t file, const struct sockaddr *to,
                 uint32_t to_len, const struct socket_options *options)
{
    assert(file < r->files);
    r->low_water[file] = 0;
    if (!ring_make_socket(r, tag, file, to, options)) {
        const int rc = ring_install_socket(r, file, to, options);
        if (rc < 0)
            return rc;
    }
    /* The last packet of the handshake waits for the request and leaves with it: 8 packets for a
     * connection with one exchange instead of 10, 6 % of its CPU time. */
    static const uint32_t on = 1;
    if (options->speaks_at_once && (r->features & FEATURE_BIT(SET_OPTION)))
        ring_set_option(r, tag, file, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on);
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_connect(sqe, 0, to, to_len);
    sqe_finish(r, sqe, tag, file);
    return 0;
}

void ring_send(struct ring *r, uint64_t tag, uint32_t file, const void *bytes, size_t len,
               bool silent)
{
    assert(len > 0);
    assert(silent == (op_unpack(tag).kind == OP_SEND_SILENT));
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_send(sqe, 0, bytes, len, MSG_WAITALL | MSG_NOSIGNAL);
    sqe_finish(r, sqe, tag, file);
    if (silent && (r->features & FEATURE_BIT(SILENT_SEND)))
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/* How little is worth a wake-up, for what is armed after it. */
static void ring_set_low_water(struct ring *r, uint64_t tag, uint32_t file, uint32_t bytes)
{
    if (r->low_water[file] == bytes)
        return;
    r->low_water[file] = bytes;
    ring_set_option(r, tag, file, SOL_SOCKET, SO_RCVLOWAT, &r->low_water[file]);
}

void ring_recv(struct ring *r, uint64_t tag, uint32_t file)
{
    if (stamps_has(&r->stamps, file)) {
        ring_recv_once(r, tag, file, r->buffers.bytes);
        return;
    }
    ring_set_low_water(r, tag, file, 0);
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    if (r->features & FEATURE_BIT(REST_BY_POLL)) {
        io_uring_prep_poll_add(sqe, 0, POLLIN | POLLRDHUP);
        sqe_finish(r, sqe, tag, file);
        return;
    }
    if (r->features & FEATURE_BIT(MULTISHOT_RECV))
        io_uring_prep_recv_multishot(sqe, 0, NULL, 0, 0);
    else
        io_uring_prep_recv(sqe, 0, NULL, 0, 0);
    /* Answers are never there yet when a receive is armed: this saves a futile attempt. */
    sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
    sqe_finish_receive(r, sqe, tag, file);
}

void ring_recv_once(struct ring *r, uint64_t tag, uint32_t file, uint32_t len)
{
    ring_set_low_water(r, tag, file, 0);
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    if (stamps_has(&r->stamps, file))
        io_uring_prep_recvmsg(sqe, 0, stamps_prepare(&r->stamps, file, len), 0);
    else
        io_uring_prep_recv(sqe, 0, NULL, len, 0);
    sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
    sqe_finish_receive(r, sqe, tag, file);
}

void ring_discard(struct ring *r, uint64_t tag, uint32_t file, uint64_t len)
{
    /* Once set it has to be set for the rest, too: a wait for more than is to come never ends. */
    const bool waits = (len > LOW_WATER_BODY && r->low_water_max >= LOW_WATER_MIN &&
                        (r->features & FEATURE_BIT(SET_OPTION)) != 0) ||
                       r->low_water[file] != 0;
    if (waits)
        ring_set_low_water(r, tag, file, len < r->low_water_max ? (uint32_t)len : r->low_water_max);
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_recv(sqe, 0, NULL, len > INT_MAX ? INT_MAX : len, MSG_TRUNC);
    if (waits)
        sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
    sqe_finish(r, sqe, tag, file);
}

void ring_cancel(struct ring *r, uint64_t tag, uint64_t target)
{
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_cancel64(sqe, target, 0);
    sqe->user_data = tag;
}

void ring_close_file(struct ring *r, uint64_t tag, uint32_t file)
{
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    if (r->fds != NULL) {
        io_uring_prep_close(sqe, r->fds[file]);
        r->fds[file] = -1;
    } else {
        io_uring_prep_close_direct(sqe, file);
    }
    sqe->user_data = tag;
}

void ring_reset_file(struct ring *r, uint64_t tag, uint32_t file)
{
    /* Connecting to no address is how a socket is told to disconnect; TCP does it with an RST.
     * Setting SO_LINGER through a ring would need kernel 6.7. */
    static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_connect(sqe, 0, &nowhere, sizeof nowhere);
    sqe_finish(r, sqe, tag, file);
}

void ring_accept(struct ring *r, uint64_t tag, int listen_fd)
{
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    if (r->fds != NULL)
        io_uring_prep_multishot_accept(sqe, listen_fd, NULL, NULL, SOCK_CLOEXEC);
    else
        io_uring_prep_multishot_accept_direct(sqe, listen_fd, NULL, NULL, 0);
    sqe->user_data = tag;
}
