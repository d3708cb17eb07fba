#include "engine/io/ring.h"

#include <errno.h>
#include <liburing.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/io/clock.h"
#include "engine/io/op.h"

/* What a newer kernel offers and this one may lack, or a test may forbid. FEATURE(id, name in the
 * mask) */
#define RING_FEATURES(X)                                                                           \
    X(SINGLE_ISSUER, "single_issuer")                                                              \
    X(DEFER_TASKRUN, "defer_taskrun")                                                              \
    X(COOP_TASKRUN, "coop_taskrun")                                                                \
    X(NO_SQARRAY, "no_sqarray")                                                                    \
    X(REGISTERED_RING, "registered_ring")                                                          \
    X(DIRECT_FILES, "direct_files")                                                                \
    X(SILENT_SEND, "silent_send")                                                                  \
    X(MULTISHOT_RECV, "multishot_recv")

enum ring_feature {
#define X(id, name) FEATURE_##id,
    RING_FEATURES(X)
#undef X
        FEATURE_COUNT
};

#define FEATURE_BIT(id) (1u << FEATURE_##id)
#define FEATURES_ALL    ((1u << FEATURE_COUNT) - 1u)

static const char *const feature_names[FEATURE_COUNT] = {
#define X(id, name) [FEATURE_##id] = name,
    RING_FEATURES(X)
#undef X
};

/* liburing 2.3 does not know this flag of kernel 6.6; the value is the kernel's. */
#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif

#define OPS_MIN           64u
#define OPS_MAX           4096u
#define COMPLETIONS_MIN   256u
#define COMPLETIONS_MAX   65536u /* the kernel's own limit */
#define BUF_COUNT_DEFAULT 64u
#define BUF_BYTES_DEFAULT (64u * 1024u)
#define BUF_GROUP         0

struct ring {
    struct io_uring uring;
    unsigned features;
    uint32_t files;
    uint64_t spin_ns;
    int *fds;  /* file number -> descriptor, -1 = free; only without direct files */
    int error; /* of a submission that the kernel refused for good */
    struct io_uring_sqe nowhere; /* for operations of a broken ring */
    int socket_error;            /* why the ring could not make a socket, lately */
    uint32_t fds_next;           /* where the search for a free number begins */
    struct io_uring_buf_ring *bufs;
    size_t bufs_size;
    char *buf_memory;
    uint32_t buf_count, buf_bytes;
    uint32_t bufs_returned; /* given back and not yet shown to the kernel */
    char features_used[192];
};

static uint32_t round_up_to_power(uint32_t wanted, uint32_t low, uint32_t high)
{
    uint32_t power = low;
    while (power < wanted && power < high)
        power *= 2;
    return power;
}

/* Removes the features named in `mask` from *features. 0 or -EINVAL. */
static int mask_apply(const char *mask, unsigned *features)
{
    while (mask != NULL && *mask != '\0') {
        const size_t len = strcspn(mask, ",");
        unsigned found = 0;
        for (unsigned i = 0; i < FEATURE_COUNT; i++) {
            if (strlen(feature_names[i]) == len && memcmp(feature_names[i], mask, len) == 0)
                found = 1u << i;
        }
        if (found == 0 && len != 0)
            return -EINVAL;
        *features &= ~found;
        mask += len;
        mask += *mask == ',';
    }
    return 0;
}

static void features_write(char *out, size_t cap, unsigned features)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < FEATURE_COUNT; i++) {
        const size_t len = strlen(feature_names[i]);
        if ((features & (1u << i)) == 0 || used + len + 2 > cap)
            continue;
        if (used > 0)
            out[used++] = ',';
        memcpy(out + used, feature_names[i], len + 1);
        used += len;
    }
}

const char *ring_feature_names(void)
{
    static char names[192];
    if (names[0] == '\0')
        features_write(names, sizeof names, FEATURES_ALL);
    return names;
}

const char *ring_features_used(const struct ring *r)
{
    return r->features_used;
}

/* One attempt with the given features. The ring stays disabled until its owner thread starts it. */
static int ring_try_setup(struct ring *r, unsigned features, uint32_t ops, uint32_t completions)
{
    struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED |
                                          IORING_SETUP_CLAMP,
                                 .cq_entries = completions };
    if (features & FEATURE_BIT(SINGLE_ISSUER))
        p.flags |= IORING_SETUP_SINGLE_ISSUER;
    if ((features & FEATURE_BIT(DEFER_TASKRUN)) && (features & FEATURE_BIT(SINGLE_ISSUER)))
        p.flags |= IORING_SETUP_DEFER_TASKRUN;
    else if (features & FEATURE_BIT(COOP_TASKRUN))
        p.flags |= IORING_SETUP_COOP_TASKRUN;
    if ((features & FEATURE_BIT(NO_SQARRAY)) == 0)
        return io_uring_queue_init_params(ops, &r->uring, &p);

    /* liburing 2.3 would fill an index array that is not there: set up by hand, map with the
     * library. */
    p.flags |= IORING_SETUP_NO_SQARRAY;
    memset(&r->uring, 0, sizeof r->uring);
    const int fd = (int)syscall(__NR_io_uring_setup, ops, &p);
    if (fd < 0)
        return -errno;
    const int rc = io_uring_queue_mmap(fd, &p, &r->uring);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    r->uring.features = p.features;
    r->uring.flags = p.flags;
    r->uring.enter_ring_fd = fd;
    return 0;
}

/* Kernels that refuse a flag answer -EINVAL: give up the newest feature first. */
static int ring_setup_best(struct ring *r, uint32_t ops, uint32_t completions)
{
    static const unsigned give_up[] = { FEATURE_BIT(NO_SQARRAY), FEATURE_BIT(DEFER_TASKRUN),
                                        FEATURE_BIT(SINGLE_ISSUER), FEATURE_BIT(COOP_TASKRUN) };
    int rc = ring_try_setup(r, r->features, ops, completions);
    for (size_t i = 0; rc == -EINVAL && i < sizeof give_up / sizeof give_up[0]; i++) {
        if ((r->features & give_up[i]) == 0)
            continue;
        r->features &= ~give_up[i];
        rc = ring_try_setup(r, r->features, ops, completions);
    }
    if (rc == 0 && (r->uring.flags & IORING_SETUP_DEFER_TASKRUN))
        r->features &= ~FEATURE_BIT(COOP_TASKRUN);
    if (rc == 0 && (r->uring.features & IORING_FEAT_CQE_SKIP) == 0)
        r->features &= ~FEATURE_BIT(SILENT_SEND);
    return rc;
}

static int ring_open_files(struct ring *r)
{
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

static int ring_open_bufs(struct ring *r)
{
    const size_t memory = (size_t)r->buf_count * r->buf_bytes;
    r->bufs_size = (size_t)r->buf_count * sizeof(struct io_uring_buf);
    r->bufs = mmap(NULL, r->bufs_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    r->buf_memory = mmap(NULL, memory, PROT_READ | PROT_WRITE,
                         MAP_ANONYMOUS | MAP_PRIVATE | MAP_NORESERVE, -1, 0);
    if (r->bufs == MAP_FAILED || r->buf_memory == MAP_FAILED)
        return -ENOMEM;

    struct io_uring_buf_reg reg = { .ring_addr = (uint64_t)(uintptr_t)r->bufs,
                                    .ring_entries = r->buf_count,
                                    .bgid = BUF_GROUP };
    const int rc = io_uring_register_buf_ring(&r->uring, &reg, 0);
    if (rc < 0)
        return rc;
    io_uring_buf_ring_init(r->bufs);
    for (uint32_t i = 0; i < r->buf_count; i++)
        ring_give_back(r, i);
    return 0;
}

int ring_open(struct ring **ret_ring, const struct ring_setup *setup)
{
    struct ring *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    r->files = setup->files;
    r->buf_count = setup->buf_count ? setup->buf_count : BUF_COUNT_DEFAULT;
    r->buf_bytes = setup->buf_bytes ? setup->buf_bytes : BUF_BYTES_DEFAULT;
    r->spin_ns = setup->spin_ns;
    r->features = FEATURES_ALL;
    r->bufs = MAP_FAILED;
    r->buf_memory = MAP_FAILED;
    r->uring.ring_fd = -1;

    int rc = mask_apply(setup->mask, &r->features);
    if (rc == 0)
        rc = ring_setup_best(r, round_up_to_power(2 * r->files, OPS_MIN, OPS_MAX),
                             round_up_to_power(2 * r->files, COMPLETIONS_MIN, COMPLETIONS_MAX));
    if (rc < 0) {
        free(r);
        return rc;
    }
    rc = ring_open_files(r);
    if (rc == 0)
        rc = ring_open_bufs(r);
    if (rc < 0) {
        ring_close(r);
        return rc;
    }
    features_write(r->features_used, sizeof r->features_used, r->features);
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
    features_write(r->features_used, sizeof r->features_used, r->features);
    return 0;
}

void ring_close(struct ring *r)
{
    if (r == NULL)
        return;
    io_uring_queue_exit(&r->uring);
    for (uint32_t i = 0; r->fds != NULL && i < r->files; i++) {
        if (r->fds[i] >= 0)
            close(r->fds[i]);
    }
    free(r->fds);
    if (r->bufs != MAP_FAILED)
        munmap(r->bufs, r->bufs_size);
    if (r->buf_memory != MAP_FAILED)
        munmap(r->buf_memory, (size_t)r->buf_count * r->buf_bytes);
    free(r);
}

/* ---- waiting and reaping ---- */

static void ring_show_returned(struct ring *r)
{
    if (r->bufs_returned == 0)
        return;
    io_uring_buf_ring_advance(r->bufs, (int)r->bufs_returned);
    r->bufs_returned = 0;
}

void ring_give_back(struct ring *r, uint32_t buf_id)
{
    io_uring_buf_ring_add(r->bufs, r->buf_memory + (size_t)buf_id * r->buf_bytes, r->buf_bytes,
                          (unsigned short)buf_id, io_uring_buf_ring_mask(r->buf_count),
                          (int)r->bufs_returned);
    r->bufs_returned++;
}

/* The kernel being busy, a signal and the end of the wait are nothing to report: the caller turns
 * once more. */
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

int ring_submit_and_wait(struct ring *r, uint64_t now_ns, uint64_t until_ns)
{
    if (r->error < 0)
        return r->error;
    ring_show_returned(r);
    if (until_ns <= now_ns || io_uring_cq_ready(&r->uring) > 0)
        return wait_result(io_uring_submit_and_get_events(&r->uring));
    if (until_ns == UINT64_MAX)
        return wait_result(io_uring_submit_and_wait(&r->uring, 1));

    uint64_t span_ns = until_ns - now_ns;
    if (span_ns <= r->spin_ns)
        return ring_spin(r, until_ns);
    span_ns -= r->spin_ns;
    struct __kernel_timespec limit = { .tv_sec = (int64_t)(span_ns / 1000000000u),
                                       .tv_nsec = (long long)(span_ns % 1000000000u) };
    struct io_uring_cqe *first;
    return wait_result(io_uring_submit_and_wait_timeout(&r->uring, &first, 1, &limit, NULL));
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
            got.bytes = r->buf_memory + (size_t)got.buf_id * r->buf_bytes;
        }
        count++;
        const enum op_kind kind = op_unpack(got.tag).kind;
        if (kind == OP_SOCKET) {
            /* It could not be made: the connect behind it fails for want of it, and says why. */
            if (got.result < 0)
                r->socket_error = got.result;
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

/* Never fails: a full submission queue is handed to the kernel first. When the kernel will not have
 * it, the ring is broken: the next wait says so, and what is armed until then goes nowhere. */
static struct io_uring_sqe *ring_next_sqe(struct ring *r)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
    while (sqe == NULL && r->error == 0) {
        ring_show_returned(r);
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

static int socket_make(const struct sockaddr *to, const struct socket_options *options)
{
    const int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    const int on = 1;
    if (options->no_delay && to->sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (options->source != NULL) {
        /* The port is chosen at connect, so one local port can serve many destinations. */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, options->source, options->source_len) < 0) {
            const int err = errno;
            close(fd);
            return -err;
        }
    }
    return fd;
}

/* A socket with nothing to set on it is made by the ring itself: four system calls less. It is made
 * as it is submitted, so the connect behind it finds it. */
static bool ring_make_socket(struct ring *r, uint64_t tag, uint32_t file, const struct sockaddr *to,
                             const struct socket_options *options)
{
    if (r->fds != NULL || options->no_delay || options->source != NULL)
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
    if (!ring_make_socket(r, tag, file, to, options)) {
        const int rc = ring_install_socket(r, file, to, options);
        if (rc < 0)
            return rc;
    }
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

/* Into a buffer of the ring. Answers are never there yet when a receive is armed: poll first saves
 * one futile attempt. */
static void sqe_finish_receive(struct ring *r, struct io_uring_sqe *sqe, uint64_t tag,
                               uint32_t file)
{
    sqe_finish(r, sqe, tag, file);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUF_GROUP;
    sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
}

void ring_recv(struct ring *r, uint64_t tag, uint32_t file)
{
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    if (r->features & FEATURE_BIT(MULTISHOT_RECV))
        io_uring_prep_recv_multishot(sqe, 0, NULL, 0, 0);
    else
        io_uring_prep_recv(sqe, 0, NULL, 0, 0);
    sqe_finish_receive(r, sqe, tag, file);
}

void ring_recv_once(struct ring *r, uint64_t tag, uint32_t file, uint32_t len)
{
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_recv(sqe, 0, NULL, len, 0);
    sqe_finish_receive(r, sqe, tag, file);
}

void ring_discard(struct ring *r, uint64_t tag, uint32_t file, uint64_t len)
{
    struct io_uring_sqe *sqe = ring_next_sqe(r);
    io_uring_prep_recv(sqe, 0, NULL, len > INT_MAX ? INT_MAX : len, MSG_TRUNC);
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
