#include "tests/fake/ring_fake.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct ring {
    uint64_t now_ns, wait_until_ns;
    unsigned gather_count;
    uint64_t gather_ns;
    struct fake_op armed[FAKE_OPS_MAX];
    unsigned armed_count, connects;
    struct completion done[FAKE_OPS_MAX];
    unsigned done_count;
    char *bufs[FAKE_BUFS]; /* bytes of exact size, while they are out */
    unsigned bufs_out;     /* delivered and not given back */
    int socket_error;
};

static struct ring fake;

/* A test that asks for the impossible is wrong: stop at once, in release builds too. */
static void must(bool fact)
{
    if (!fact)
        abort();
}

void fake_reset(uint64_t now_ns)
{
    for (unsigned i = 0; i < FAKE_BUFS; i++)
        free(fake.bufs[i]);
    fake = (struct ring){ .now_ns = now_ns };
}

void fake_set_clock(uint64_t now_ns)
{
    must(now_ns >= fake.now_ns);
    fake.now_ns = now_ns;
}

uint64_t fake_clock_ns(void)
{
    return fake.now_ns;
}

/* ---- for tests ---- */

static struct fake_op *armed_find(enum op_kind kind, uint32_t slot)
{
    for (unsigned i = 0; i < fake.armed_count; i++) {
        const struct op_tag t = op_unpack(fake.armed[i].tag);
        if (t.kind == kind && t.slot == slot)
            return &fake.armed[i];
    }
    return NULL;
}

static uint64_t armed_remove(enum op_kind kind, uint32_t slot)
{
    struct fake_op *o = armed_find(kind, slot);
    must(o != NULL);
    const uint64_t tag = o->tag;
    fake.armed_count--;
    memmove(o, o + 1, (size_t)(fake.armed + fake.armed_count - o) * sizeof *o);
    return tag;
}

static void queue(const struct completion *c)
{
    must(fake.done_count < FAKE_OPS_MAX);
    fake.done[fake.done_count++] = *c;
}

const struct fake_op *fake_armed(enum op_kind kind, uint32_t slot)
{
    return armed_find(kind, slot);
}

unsigned fake_armed_count(void)
{
    return fake.armed_count;
}

unsigned fake_connects(void)
{
    return fake.connects;
}

void fake_complete(enum op_kind kind, uint32_t slot, int32_t result)
{
    queue(&(struct completion){
        .tag = armed_remove(kind, slot), .result = result, .buf_id = BUF_NONE });
}

void fake_receive(uint32_t slot, const char *text, bool more)
{
    fake_receive_bytes(slot, text, strlen(text), more);
}

void fake_receive_bytes(uint32_t slot, const char *bytes, size_t len, bool more)
{
    const struct fake_op *o = armed_find(OP_RECV, slot);
    uint32_t id = 0;
    must(o != NULL);
    while (id < FAKE_BUFS && fake.bufs[id] != NULL)
        id++;
    must(id < FAKE_BUFS);
    fake.bufs[id] = malloc(len);
    must(fake.bufs[id] != NULL);
    memcpy(fake.bufs[id], bytes, len);
    queue(&(struct completion){ .tag = more ? o->tag : armed_remove(OP_RECV, slot),
                                .result = (int32_t)len,
                                .buf_id = id,
                                .bytes = fake.bufs[id],
                                .more = more });
}

void fake_sent(uint32_t slot)
{
    armed_remove(OP_SEND_SILENT, slot);
}

void fake_intrude(uint64_t tag, int32_t result)
{
    queue(&(struct completion){ .tag = tag, .result = result, .buf_id = BUF_NONE });
}

void fake_refuse_socket(int error)
{
    fake.socket_error = error;
}

unsigned fake_buffers_out(void)
{
    return fake.bufs_out;
}

uint64_t fake_wait_until_ns(void)
{
    return fake.wait_until_ns;
}

/* ---- the ring ---- */

int ring_open(struct ring **ret_ring, const struct ring_setup *setup)
{
    (void)setup;
    *ret_ring = &fake;
    return 0;
}

int ring_start(struct ring *r)
{
    (void)r;
    return 0;
}

void ring_close(struct ring *r)
{
    (void)r;
}

const char *ring_feature_names(void)
{
    return "";
}

const char *ring_features_used(const struct ring *r)
{
    (void)r;
    return "fake";
}

int ring_submit_and_wait(struct ring *r, uint64_t now_ns, uint64_t until_ns)
{
    must(now_ns <= r->now_ns && r->bufs_out == 0);
    r->wait_until_ns = until_ns;
    return 0;
}

void ring_gather(struct ring *r, unsigned count, uint64_t span_ns)
{
    r->gather_count = count;
    r->gather_ns = span_ns;
}

bool ring_has_overflowed(const struct ring *r)
{
    (void)r;
    return false;
}

unsigned ring_reap(struct ring *r, completion_fn *deliver, void *owner)
{
    const unsigned count = r->done_count;
    for (unsigned i = 0; i < count; i++) {
        r->bufs_out += r->done[i].buf_id != BUF_NONE;
        deliver(owner, &r->done[i]);
    }
    r->done_count -= count;
    memmove(r->done, r->done + count, r->done_count * sizeof *r->done);
    return count;
}

void ring_give_back(struct ring *r, uint32_t buf_id)
{
    must(buf_id < FAKE_BUFS && r->bufs[buf_id] != NULL);
    free(r->bufs[buf_id]);
    r->bufs[buf_id] = NULL;
    r->bufs_out--;
}

static void arm(struct ring *r, const struct fake_op *o)
{
    must(r->armed_count < FAKE_OPS_MAX);
    r->armed[r->armed_count++] = *o;
}

int ring_connect(struct ring *r, uint64_t tag, uint32_t file, const struct sockaddr *to,
                 uint32_t to_len, const struct socket_options *options)
{
    const int error = r->socket_error;
    must(op_unpack(tag).slot == file && to != NULL && to_len > 0 && options != NULL);
    r->socket_error = 0;
    r->connects++;
    if (error != 0)
        return error;
    arm(r, &(struct fake_op){ .tag = tag });
    return 0;
}

void ring_send(struct ring *r, uint64_t tag, uint32_t file, const void *bytes, size_t len,
               bool silent)
{
    must(op_unpack(tag).slot == file && silent == (op_unpack(tag).kind == OP_SEND_SILENT));
    arm(r, &(struct fake_op){ .tag = tag, .bytes = bytes, .len = len });
}

void ring_recv(struct ring *r, uint64_t tag, uint32_t file)
{
    must(op_unpack(tag).slot == file);
    arm(r, &(struct fake_op){ .tag = tag });
}

void ring_recv_once(struct ring *r, uint64_t tag, uint32_t file, uint32_t len)
{
    must(op_unpack(tag).slot == file);
    arm(r, &(struct fake_op){ .tag = tag, .len = len });
}

void ring_discard(struct ring *r, uint64_t tag, uint32_t file, uint64_t len)
{
    must(op_unpack(tag).slot == file);
    arm(r, &(struct fake_op){ .tag = tag, .len = len });
}

void ring_cancel(struct ring *r, uint64_t tag, uint64_t target)
{
    arm(r, &(struct fake_op){ .tag = tag, .target = target });
}

void ring_close_file(struct ring *r, uint64_t tag, uint32_t file)
{
    must(op_unpack(tag).slot == file);
    arm(r, &(struct fake_op){ .tag = tag });
}

void ring_accept(struct ring *r, uint64_t tag, int listen_fd)
{
    (void)r;
    (void)tag;
    (void)listen_fd;
    must(false);
}
