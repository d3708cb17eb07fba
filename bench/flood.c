#include "bench/flood.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/io/op.h"
#include "engine/io/resolve.h"
#include "engine/io/ring.h"
#include "http/response.h"

/* The engine's own limits, see engine/run/conn.c and engine/run/conn_receive.c. */
#define SILENT_BYTES_MAX  4096u
#define ONE_SEGMENT_BYTES 1200u
#define SEND_BYTES_MAX    (64u * 1024u)
#define DISCARD_BYTES_MIN (32u * 1024u)
#define HEAD_BYTES        1024u

struct flood_conn {
    uint64_t got;       /* bytes of the answer that has begun */
    uint32_t in_flight; /* requests sent and unanswered */
    uint32_t flush_next;
    bool in_flush;
    bool is_sending; /* a send that is not silent is under way: one at a time */
};

struct flood {
    struct flood_setup setup;
    struct route route;
    struct ring *ring;
    struct flood_conn *conns;
    char *requests; /* `pipeline` times the same */
    size_t request_len;
    uint64_t answer_bytes;
    bool is_silent;
    bool discards; /* answers are large: the head is received, the rest thrown away */
    uint64_t answered;
    uint32_t connected;
    uint32_t flush_first; /* connection + 1 that wants to send; 0 = none */
    int error;
};

/* ---- learning ---- */

static int dial(const struct route *route)
{
    const int fd = socket(route->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&route->address, route->address_len) < 0) {
        const int err = errno;
        close(fd);
        return -err;
    }
    return fd;
}

/* Feeds what comes until one answer is whole. */
static int learn_from(struct flood *f, int fd)
{
    static struct response response;
    static char bytes[64 * 1024];
    enum response_verdict verdict = RESPONSE_MORE;

    if (send(fd, f->requests, f->request_len, MSG_NOSIGNAL) != (ssize_t)f->request_len)
        return -EIO;
    response_begin(&response, false, NULL, NULL);
    while (verdict == RESPONSE_MORE) {
        size_t used = 0;
        const ssize_t len = recv(fd, bytes, sizeof bytes, 0);
        if (len <= 0)
            return len < 0 ? -errno : -ECONNRESET;
        verdict = response_feed(&response, NULL, bytes, (size_t)len, &used, NULL);
    }
    const struct response_head *head = response_head(&response);
    if (verdict != RESPONSE_DONE || head->status != 200 || !head->keep_alive)
        return -EBADMSG;
    f->answer_bytes = response_bytes(&response);
    f->discards = response_body_bytes(&response) >= DISCARD_BYTES_MIN && f->setup.pipeline == 1;
    return 0;
}

static int learn(struct flood *f)
{
    const int fd = dial(&f->route);
    if (fd < 0)
        return fd;
    const int rc = learn_from(f, fd);
    close(fd);
    return rc;
}

/* ---- sending and receiving ---- */

static uint64_t tag_of(const struct flood *f, const struct flood_conn *c, enum op_kind kind)
{
    return op_pack((struct op_tag){ .kind = kind, .slot = (uint32_t)(c - f->conns) });
}

static void arm_receive(struct flood *f, struct flood_conn *c)
{
    const uint32_t file = (uint32_t)(c - f->conns);
    if (!f->discards)
        ring_recv(f->ring, tag_of(f, c, OP_RECV), file);
    else if (f->answer_bytes - c->got > HEAD_BYTES && c->got > 0)
        ring_discard(f->ring, tag_of(f, c, OP_DISCARD), file, f->answer_bytes - c->got);
    else
        ring_recv_once(f->ring, tag_of(f, c, OP_RECV), file, HEAD_BYTES);
}

static void want_flush(struct flood *f, struct flood_conn *c)
{
    if (c->in_flush)
        return;
    c->in_flush = true;
    c->flush_next = f->flush_first;
    f->flush_first = (uint32_t)(c - f->conns) + 1;
}

/* Refilled at half depth, many requests go out in one send. */
static void flush(struct flood *f)
{
    while (f->flush_first != 0) {
        struct flood_conn *c = &f->conns[f->flush_first - 1];
        const uint32_t room = f->setup.pipeline - c->in_flight;
        f->flush_first = c->flush_next;
        c->in_flush = false;
        if (c->is_sending || room == 0 || (c->in_flight > 0 && room < f->setup.pipeline / 2))
            continue;
        c->in_flight += room;
        c->is_sending = !f->is_silent;
        ring_send(f->ring, tag_of(f, c, f->is_silent ? OP_SEND_SILENT : OP_SEND),
                  (uint32_t)(c - f->conns), f->requests, room * f->request_len, f->is_silent);
    }
}

static void take_bytes(struct flood *f, struct flood_conn *c, uint64_t bytes)
{
    c->got += bytes;
    uint64_t whole = c->got == f->answer_bytes;
    if (c->got > f->answer_bytes)
        whole = c->got / f->answer_bytes;
    if (whole == 0)
        return;
    if (whole > c->in_flight) {
        f->error = -EBADMSG; /* more than was asked for: the answers are not equally long */
        return;
    }
    c->got -= whole * f->answer_bytes;
    c->in_flight -= (uint32_t)whole;
    f->answered += whole;
    want_flush(f, c);
}

static void deliver_failure(struct flood *f, struct flood_conn *c, int err)
{
    if (err == -ENOBUFS)
        arm_receive(f, c);
    else
        f->error = err;
}

static void deliver(void *owner, const struct completion *got)
{
    struct flood *f = owner;
    const struct op_tag tag = op_unpack(got->tag);
    struct flood_conn *c = &f->conns[tag.slot];

    if (got->result < 0) {
        deliver_failure(f, c, got->result);
    } else if (tag.kind == OP_CONNECT) {
        f->connected++;
        arm_receive(f, c);
        want_flush(f, c);
    } else if (tag.kind == OP_SEND) {
        c->is_sending = false;
        want_flush(f, c);
    } else if (got->result == 0) {
        f->error = -ECONNRESET;
    } else if (tag.kind == OP_RECV || tag.kind == OP_DISCARD) {
        take_bytes(f, c, (uint64_t)got->result);
        if (!got->more)
            arm_receive(f, c);
    }
    if (got->buf_id != BUF_NONE)
        ring_give_back(f->ring, got->buf_id);
}

int flood_turn(struct flood *f)
{
    flush(f);
    const int rc = ring_submit_and_wait(f->ring, 0, UINT64_MAX);
    ring_reap(f->ring, deliver, f);
    return rc < 0 ? rc : f->error;
}

/* ---- opening ---- */

/* The very bytes that squall sends for a URL. */
static int write_requests(struct flood *f)
{
    char one[1024];
    const int len = snprintf(one, sizeof one,
                             "GET %s HTTP/1.1\r\nHost: %s:%u\r\n"
                             "User-Agent: squall/" SQUALL_VERSION "\r\nAccept: */*\r\n\r\n",
                             f->setup.path, f->setup.host, f->setup.port);
    if (len < 0 || (size_t)len >= sizeof one || (size_t)len * f->setup.pipeline > SILENT_BYTES_MAX)
        return -E2BIG;
    f->request_len = (size_t)len;
    f->requests = malloc(f->request_len * f->setup.pipeline);
    for (uint32_t i = 0; f->requests != NULL && i < f->setup.pipeline; i++)
        memcpy(f->requests + i * f->request_len, one, f->request_len);
    return f->requests == NULL ? -ENOMEM : 0;
}

static int connect_all(struct flood *f)
{
    const struct socket_options options = {
        .no_delay = f->setup.pipeline > 1 || f->request_len > ONE_SEGMENT_BYTES,
    };
    for (uint32_t i = 0; i < f->setup.connections; i++) {
        const int rc = ring_connect(f->ring, tag_of(f, &f->conns[i], OP_CONNECT), i,
                                    (const struct sockaddr *)&f->route.address,
                                    f->route.address_len, &options);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int begin(struct flood *f, const char **ret_why)
{
    const char *reason;
    *ret_why = "resolve the host";
    const int found = resolve_host(f->setup.host, f->setup.port, &f->route, 1, &reason);
    if (found < 0)
        return found;
    *ret_why = "write the request";
    int rc = write_requests(f);
    if (rc < 0)
        return rc;
    *ret_why = "get a first answer of status 200 that keeps the connection";
    rc = learn(f);
    if (rc < 0)
        return rc;
    *ret_why = "open a ring";
    f->conns = calloc(f->setup.connections, sizeof *f->conns);
    rc = f->conns == NULL ? -ENOMEM
                          : ring_open(&f->ring, &(struct ring_setup){
                                                    .files = f->setup.connections,
                                                });
    if (rc == 0)
        rc = ring_start(f->ring);
    if (rc < 0)
        return rc;
    *ret_why = "connect";
    return connect_all(f);
}

int flood_open(struct flood **ret_flood, const struct flood_setup *setup, const char **ret_why)
{
    assert(setup->connections > 0 && setup->pipeline > 0);
    struct flood *f = calloc(1, sizeof *f);
    *ret_why = "allocate";
    if (f == NULL)
        return -ENOMEM;
    f->setup = *setup;
    const int rc = begin(f, ret_why);
    if (rc < 0) {
        flood_close(f);
        return rc;
    }
    *ret_flood = f;
    return 0;
}

void flood_close(struct flood *f)
{
    if (f == NULL)
        return;
    ring_close(f->ring);
    free(f->conns);
    free(f->requests);
    free(f);
}

uint64_t flood_answered(const struct flood *f)
{
    return f->answered;
}

bool flood_is_connected(const struct flood *f)
{
    return f->connected == f->setup.connections;
}

uint64_t flood_answer_bytes(const struct flood *f)
{
    return f->answer_bytes;
}

const char *flood_ring_features(const struct flood *f)
{
    return ring_features_used(f->ring);
}
