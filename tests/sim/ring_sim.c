/* The ring of the simulated world: same promises as io_uring's, every one of them checked.
 *
 * Operations wait in `queue` until they are submitted, take effect then, and end in `done`, from
 * where they are reaped. Received bytes lie in a block of exactly their size, freed when given
 * back, so a sanitizer sees every use beyond.
 */
#include "engine/io/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/op.h"
#include "tests/sim/network.h"
#include "tests/sim/ring_state.h"

#define MS                UINT64_C(1000000)
#define BUF_COUNT_DEFAULT 64u
#define BUF_BYTES_DEFAULT (64u * 1024u)
#define SHUFFLE_MAX       128u

const char *ring_feature_names(void)
{
    return "";
}

const char *ring_features_used(const struct ring *r)
{
    (void)r;
    return "simulated";
}

int ring_open(struct ring **ret_ring, const struct ring_setup *setup)
{
    struct world *w = world_now();
    struct ring *r = calloc(1, sizeof *r);
    assert(r != NULL && w->waiter_count < WORLD_FIBERS_MAX);
    r->world = w;
    r->file_count = setup->files;
    r->files = calloc(r->file_count, sizeof *r->files);
    r->buf_count = w->buf_count       ? w->buf_count
                   : setup->buf_count ? setup->buf_count
                                      : BUF_COUNT_DEFAULT;
    r->buf_bytes = w->buf_bytes       ? w->buf_bytes
                   : setup->buf_bytes ? setup->buf_bytes
                                      : BUF_BYTES_DEFAULT;
    r->bufs = calloc(r->buf_count, sizeof *r->bufs);
    assert(r->files != NULL && r->bufs != NULL);
    w->waiters[w->waiter_count++] = &r->waiter;
    *ret_ring = r;
    return 0;
}

int ring_start(struct ring *r)
{
    r->is_started = true;
    return 0;
}

static void ring_check_home(struct ring *r)
{
    struct world *w = r->world;
    for (uint32_t i = 0; i < r->file_count; i++) {
        const struct file *f = &r->files[i];
        if (f->ops != NULL)
            world_violate(w, "ring closed with %s of file %u armed", flight_name(f->ops->tag), i);
        if (f->is_open)
            world_violate(w, "ring closed with file %u open", i);
    }
    if (r->bufs_taken != 0)
        world_violate(w, "ring closed with %u buffers not given back", r->bufs_taken);
    if (r->queue_count != 0 || r->done_count != 0)
        world_violate(w, "ring closed with %zu operations to submit and %zu completions to reap",
                      r->queue_count, r->done_count);
}

void ring_close(struct ring *r)
{
    if (r == NULL)
        return;
    struct world *w = r->world;
    if (r->is_started && !w->leaves_open)
        ring_check_home(r);
    for (uint32_t i = 0; i < w->waiter_count; i++)
        if (w->waiters[i] == &r->waiter)
            w->waiters[i] = w->waiters[--w->waiter_count];
    for (uint32_t i = 0; i < r->file_count; i++) {
        if (r->files[i].link != NULL)
            link_close(r->files[i].link);
        for (struct flight *o = r->files[i].ops, *next; o != NULL; o = next) {
            next = o->next;
            world_forget(w, o);
            free(o);
        }
    }
    for (uint32_t i = 0; i < r->buf_count; i++)
        free(r->bufs[i].bytes);
    free(r->files);
    free(r->bufs);
    free(r->queue);
    free(r->done);
    free(r);
}

/* Completions of different files may come in any order, those of one file may not. */
static void ring_shuffle(struct ring *r)
{
    if (r->done_count < 2 || r->done_count > SHUFFLE_MAX || !world_strikes(r->world, FAULT_REORDER))
        return;
    for (size_t i = r->done_count; i-- > 1;) {
        const size_t j = world_pick(r->world, i);
        const uint32_t slot = op_unpack(r->done[j].completion.tag).slot;
        bool moves = true;
        for (size_t k = j + 1; k <= i; k++)
            moves = moves && op_unpack(r->done[k].completion.tag).slot != slot;
        if (!moves)
            continue;
        const struct posted one = r->done[j];
        memmove(&r->done[j], &r->done[j + 1], (i - j) * sizeof one);
        r->done[i] = one;
    }
}

void ring_gather(struct ring *r, unsigned count, uint64_t span_ns)
{
    r->gather_count = count;
    r->gather_ns = span_ns;
}

static bool ring_wait_gathering(struct ring *r, uint64_t until_ns)
{
    struct world *w = r->world;
    const uint64_t gathered_ns = w->now_ns + r->gather_ns;
    if (r->done_count > 0 || until_ns <= w->now_ns)
        return true;
    r->waiter.too_few = r->gather_count - 1;
    const bool is_whole =
        world_wait(w, &r->waiter, gathered_ns < until_ns ? gathered_ns : until_ns);
    r->waiter.too_few = 0;
    return is_whole;
}

int ring_submit_and_wait(struct ring *r, uint64_t now_ns, uint64_t until_ns)
{
    struct world *w = r->world;
    if (!r->is_started)
        world_violate(w, "a wait before ring_start()");
    if (now_ns > w->now_ns)
        world_violate(w, "the caller's clock is ahead of the world's");
    if (r->bufs_with_owner != 0)
        world_violate(w, "%u buffers not given back before the next wait", r->bufs_with_owner);
    for (size_t i = 0; i < r->queue_count && !world_is_broken(w); i++)
        flight_begin(r->queue[i]);
    r->queue_count = 0;
    if (world_is_broken(w))
        return -EIO;
    if (r->gather_count > 1 && !ring_wait_gathering(r, until_ns))
        return -EIO;
    if (r->done_count == 0 && until_ns > w->now_ns) {
        if (until_ns > w->now_ns + MS && world_strikes(w, FAULT_WAIT_INTERRUPTED))
            until_ns =
                w->now_ns + world_pick(w, until_ns == UINT64_MAX ? MS : until_ns - w->now_ns);
        if (!world_wait(w, &r->waiter, until_ns))
            return -EIO;
    }
    ring_shuffle(r);
    return 0;
}

bool ring_has_overflowed(const struct ring *r)
{
    (void)r;
    return false;
}

unsigned ring_reap(struct ring *r, completion_fn *deliver, void *owner)
{
    const size_t count = r->done_count;
    for (size_t i = 0; i < count; i++) {
        const struct posted one = r->done[i]; /* a copy: the list may move */
        const struct completion *c = &one.completion;
        world_note(r->world, flight_name(c->tag), op_unpack(c->tag).slot | UINT64_C(1) << 32,
                   (uint64_t)(int64_t)c->result);
        if (c->buf_id != BUF_NONE) {
            r->bufs[c->buf_id].state = BUF_WITH_OWNER;
            r->bufs_with_owner++;
        }
        if (one.last_of != NULL) {
            if (one.last_of->action == ACT_CONNECT && c->result == 0)
                r->world->rings.opened++;
            if (one.last_of->action == ACT_CLOSE)
                r->files[one.last_of->file].is_open = false;
            flight_forget(one.last_of);
        }
        deliver(owner, c);
    }
    r->done_count -= count;
    for (size_t i = 0; i < r->done_count; i++)
        r->done[i] = r->done[count + i];
    r->waiter.completions = (uint32_t)r->done_count;
    return (unsigned)count;
}

void ring_give_back(struct ring *r, uint32_t buf_id)
{
    if (buf_id >= r->buf_count || r->bufs[buf_id].state != BUF_WITH_OWNER) {
        world_violate(r->world, "buffer %u given back by somebody who does not have it", buf_id);
        return;
    }
    free(r->bufs[buf_id].bytes);
    r->bufs[buf_id] = (struct buf){ .state = BUF_FREE };
    r->bufs_taken--;
    r->bufs_with_owner--;
}

/* ---- arming ---- */

static struct flight *flight_arm(struct ring *r, enum action action, uint64_t tag, uint32_t file)
{
    struct world *w = r->world;
    const struct op_tag t = op_unpack(tag);
    struct flight *o = calloc(1, sizeof *o);
    assert(o != NULL && file < r->file_count);
    *o = (struct flight){ .ring = r, .action = action, .tag = tag, .file = file };
    struct file *f = &r->files[file];
    if (t.slot != file || t.gen != f->gen)
        world_violate(w, "%s of file %u has slot %u, generation %u where %u lives",
                      flight_name(tag), file, t.slot, t.gen, f->gen);
    if (!f->is_open)
        world_violate(w, "%s of file %u, which is not open", flight_name(tag), file);
    for (const struct flight *other = f->ops; other != NULL; other = other->next) {
        if (other->action == ACT_CLOSE)
            world_violate(w, "%s of file %u, which is being closed", flight_name(tag), file);
        if (other->tag == tag && !(other->is_silent && action == ACT_SEND))
            world_violate(w, "%s of file %u is armed already", flight_name(tag), file);
        if (action == ACT_CLOSE && other->action != ACT_CANCEL)
            world_violate(w, "file %u closed with %s armed", file, flight_name(other->tag));
        if (action >= ACT_RECV && action <= ACT_DISCARD && other->action >= ACT_RECV &&
            other->action <= ACT_DISCARD)
            world_violate(w, "two receives of file %u at once", file);
    }
    o->next = f->ops;
    f->ops = o;
    if (r->queue_count == r->queue_capacity) {
        r->queue_capacity = r->queue_capacity ? 2 * r->queue_capacity : 64;
        r->queue = realloc(r->queue, r->queue_capacity * sizeof(struct flight *));
        assert(r->queue != NULL);
    }
    r->queue[r->queue_count++] = o;
    return o;
}

int ring_connect(struct ring *r, uint64_t tag, uint32_t file, const struct sockaddr *to,
                 uint32_t to_len, const struct socket_options *options)
{
    static const int errors[] = { -EMFILE, -EADDRNOTAVAIL, -ENOMEM, -ENOBUFS };
    struct world *w = r->world;
    (void)options;
    if (to == NULL || to_len == 0)
        world_violate(w, "a connect of file %u to nowhere", file);
    w->rings.connects++;
    if (world_strikes(w, FAULT_SOCKET_UNMADE))
        return errors[world_pick(w, sizeof errors / sizeof errors[0] - 1)];
    struct file *f = &r->files[file];
    if (f->is_open)
        world_violate(w, "file %u is open already", file);
    const uint32_t gen = op_unpack(tag).gen;
    if (f->was_open && gen == f->gen)
        world_violate(w, "file %u has a new tenant with the old generation %u", file, gen);
    f->gen = gen;
    f->is_open = f->was_open = true;
    flight_arm(r, ACT_CONNECT, tag, file);
    return 0;
}

void ring_send(struct ring *r, uint64_t tag, uint32_t file, const void *bytes, size_t len,
               bool silent)
{
    struct flight *o = flight_arm(r, ACT_SEND, tag, file);
    o->bytes = bytes;
    o->len = len;
    o->is_silent = silent;
    if (len == 0 || silent != (op_unpack(tag).kind == OP_SEND_SILENT))
        world_violate(r->world, "a send of %zu bytes, silent or not, with a wrong kind", len);
}

void ring_recv(struct ring *r, uint64_t tag, uint32_t file)
{
    flight_arm(r, ACT_RECV, tag, file);
}

void ring_recv_once(struct ring *r, uint64_t tag, uint32_t file, uint32_t len)
{
    flight_arm(r, ACT_RECV_ONCE, tag, file)->len = len;
}

void ring_discard(struct ring *r, uint64_t tag, uint32_t file, uint64_t len)
{
    flight_arm(r, ACT_DISCARD, tag, file)->len = len;
}

void ring_cancel(struct ring *r, uint64_t tag, uint64_t target)
{
    flight_arm(r, ACT_CANCEL, tag, op_unpack(tag).slot)->target = target;
}

void ring_close_file(struct ring *r, uint64_t tag, uint32_t file)
{
    flight_arm(r, ACT_CLOSE, tag, file);
}

void ring_accept(struct ring *r, uint64_t tag, int listen_fd)
{
    (void)tag;
    (void)listen_fd;
    world_violate(r->world, "ring_accept(): the simulated world has its own server");
}
