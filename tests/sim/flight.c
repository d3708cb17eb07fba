#include "tests/sim/ring_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "engine/io/op.h"
#include "tests/sim/network.h"

#define MS UINT64_C(1000000)

const char *flight_name(uint64_t tag)
{
    static const char *const names[] = {
#define X(id) #id,
        OP_KINDS(X)
#undef X
    };
    return names[op_unpack(tag).kind];
}

/* ---- completions ---- */

static void ring_post(struct ring *r, const struct completion *c, struct flight *last_of)
{
    if (r->done_count == r->done_capacity) {
        r->done_capacity = r->done_capacity ? 2 * r->done_capacity : 64;
        r->done = realloc(r->done, r->done_capacity * sizeof *r->done);
        assert(r->done != NULL);
    }
    r->done[r->done_count++] = (struct posted){ .completion = *c, .last_of = last_of };
    r->waiter.completions++;
}

static void flight_finish(struct flight *o, int32_t result)
{
    o->state = STATE_POSTED;
    ring_post(o->ring, &(struct completion){ .tag = o->tag, .result = result, .buf_id = BUF_NONE },
              o);
}

static void flight_finish_settled(struct world *w, const struct event *e)
{
    (void)w;
    struct flight *o = e->subject;
    flight_finish(o, o->result);
}

/* Ends now, or some time within `limit_ns`. */
static void flight_finish_within(struct flight *o, int32_t result, uint64_t limit_ns)
{
    struct world *w = o->ring->world;
    if (limit_ns == 0) {
        flight_finish(o, result);
        return;
    }
    o->state = STATE_SETTLED;
    o->result = result;
    world_schedule(w, &(struct event){ .at_ns = w->now_ns + world_pick(w, limit_ns),
                                       .fire = flight_finish_settled,
                                       .subject = o });
}

void flight_forget(struct flight *o)
{
    struct flight **at = &o->ring->files[o->file].ops;
    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    free(o);
}

static struct flight *flight_live(const struct file *f, enum action from, enum action to)
{
    for (struct flight *o = f->ops; o != NULL; o = o->next)
        if (o->state == STATE_LIVE && o->action >= from && o->action <= to)
            return o;
    return NULL;
}

/* ---- receiving ---- */

/* A free buffer, in no particular order; BUF_NONE when all are out. */
static uint32_t buf_take(struct ring *r, size_t len)
{
    if (r->bufs_taken == r->buf_count)
        return BUF_NONE;
    uint32_t id = (uint32_t)world_pick(r->world, r->buf_count - 1);
    while (r->bufs[id].state != BUF_FREE)
        id = id + 1 == r->buf_count ? 0 : id + 1;
    r->bufs[id].state = BUF_IN_RING;
    r->bufs[id].bytes = malloc(len);
    assert(r->bufs[id].bytes != NULL);
    r->bufs_taken++;
    return id;
}

static void recv_bytes(struct flight *o, struct link *l)
{
    struct ring *r = o->ring;
    struct world *w = r->world;
    size_t len = link_readable(l);
    if (len > r->buf_bytes)
        len = r->buf_bytes;
    if (o->action == ACT_RECV_ONCE && len > o->len)
        len = o->len;
    if (len > 1 && world_strikes(w, FAULT_RECV_CUT))
        len = 1 + world_pick(w, len - 2);
    const uint32_t id = world_strikes(w, FAULT_RECV_DRY) ? BUF_NONE : buf_take(r, len);
    if (id == BUF_NONE) {
        flight_finish(o, -ENOBUFS);
        return;
    }
    link_take(l, r->bufs[id].bytes, len);
    w->rings.bytes_taken += len;
    const bool is_last = o->action == ACT_RECV_ONCE || world_strikes(w, FAULT_RECV_ENDS_EARLY);
    if (is_last)
        o->state = STATE_POSTED;
    ring_post(r,
              &(struct completion){ .tag = o->tag,
                                    .result = (int32_t)len,
                                    .buf_id = id,
                                    .bytes = r->bufs[id].bytes,
                                    .more = !is_last },
              is_last ? o : NULL);
}

static void discard_bytes(struct flight *o, struct link *l)
{
    struct world *w = o->ring->world;
    uint64_t len = link_readable(l);
    if (len > o->len)
        len = o->len;
    if (len > 1 && world_strikes(w, FAULT_RECV_CUT))
        len = 1 + world_pick(w, len - 2);
    link_take(l, NULL, len);
    w->rings.bytes_taken += len;
    w->rings.discards++;
    flight_finish(o, (int32_t)len);
}

/* Gives what the link has to the operation that waits for it. */
static void file_pump(struct ring *r, uint32_t file)
{
    struct file *f = &r->files[file];
    struct flight *connect = flight_live(f, ACT_CONNECT, ACT_CONNECT);
    if (connect != NULL && f->link->is_decided)
        flight_finish(connect, f->link->connect_error);

    struct flight *send = flight_live(f, ACT_SEND, ACT_SEND);
    if (send != NULL && !send->is_slow && f->link->is_reset) {
        const int error = link_take_error(f->link);
        flight_finish(send, error != 0 ? error : -EPIPE);
    }
    for (struct flight *o;
         f->link != NULL && (o = flight_live(f, ACT_RECV, ACT_DISCARD)) != NULL;) {
        struct link *l = f->link;
        if (link_readable(l) > 0 && world_strikes(r->world, FAULT_RECV_RESET)) {
            link_break(l);
            flight_finish(o, -ECONNRESET);
        } else if (link_readable(l) > 0) {
            if (o->action == ACT_DISCARD)
                discard_bytes(o, l);
            else
                recv_bytes(o, l);
        } else if (l->error != 0) {
            flight_finish(o, link_take_error(l));
        } else if (l->has_eof) {
            flight_finish(o, 0);
        } else {
            break;
        }
    }
}

static void file_changed(void *owner, uint32_t file)
{
    file_pump(owner, file);
}

/* ---- submitting ---- */

static void connect_begins(struct flight *o)
{
    struct file *f = &o->ring->files[o->file];
    f->link = link_open(o->ring->world, file_changed, o->ring, o->file);
}

static bool send_part(struct flight *o, uint64_t len)
{
    struct ring *r = o->ring;
    const int rc = link_send(r->files[o->file].link, o->bytes + o->sent, len);
    if (rc < 0) {
        flight_finish(o, rc);
        return false;
    }
    o->sent += len;
    return true;
}

static void send_done(struct flight *o)
{
    if (o->is_silent)
        flight_forget(o);
    else
        flight_finish(o, (int32_t)o->len);
}

static void send_goes_on(struct world *w, const struct event *e)
{
    struct flight *o = e->subject;
    if (o->state == STATE_SETTLED) { /* cancelled meanwhile */
        flight_finish(o, o->result);
        return;
    }
    if (!send_part(o, 1 + world_pick(w, o->len - o->sent - 1)))
        return;
    if (o->sent == o->len)
        send_done(o);
    else
        world_schedule(w, &(struct event){ .at_ns = w->now_ns + world_pick(w, 5 * MS),
                                           .fire = send_goes_on,
                                           .subject = o });
}

static void send_begins(struct flight *o)
{
    struct ring *r = o->ring;
    struct world *w = r->world;
    struct file *f = &r->files[o->file];
    w->rings.bytes_given += o->len;
    w->rings.sends++;
    if (f->link == NULL || !f->link->is_decided || f->link->connect_error != 0) {
        world_violate(w, "a send on file %u, which is not connected", o->file);
    } else if (world_strikes(w, FAULT_SEND_RESET)) {
        link_break(f->link);
        flight_finish(o, world_pick(w, 1) ? -ECONNRESET : -EPIPE);
        file_pump(r, o->file);
    } else if (!o->is_silent && world_strikes(w, FAULT_SEND_STUCK)) {
        const uint64_t part = world_pick(w, o->len - 1);
        if (part > 0)
            send_part(o, part);
    } else if (!o->is_silent && world_strikes(w, FAULT_SEND_SLOW)) {
        world_schedule(w, &(struct event){ .at_ns = w->now_ns + world_pick(w, 5 * MS),
                                           .fire = send_goes_on,
                                           .subject = o });
        o->is_slow = true;
    } else if (send_part(o, o->len)) {
        send_done(o);
    }
}

static struct flight *flight_find(struct ring *r, uint64_t tag)
{
    const uint32_t file = op_unpack(tag).slot;
    if (file >= r->file_count)
        return NULL;
    for (struct flight *o = r->files[file].ops; o != NULL; o = o->next)
        if (o->tag == tag && o->state != STATE_QUEUED)
            return o;
    return NULL;
}

static void target_is_cancelled(struct flight *target)
{
    struct world *w = target->ring->world;
    if (target->action == ACT_CONNECT && target->ring->files[target->file].link != NULL)
        target->ring->files[target->file].link->is_decided = true;
    if (target->is_slow) { /* the event of its next part is on its way and ends it */
        target->state = STATE_SETTLED;
        target->result = -ECANCELED;
    } else {
        flight_finish_within(target, -ECANCELED, world_strikes(w, FAULT_CANCELLED_LATE) ? MS : 0);
    }
}

static void cancel_begins(struct flight *o)
{
    struct world *w = o->ring->world;
    struct flight *target = flight_find(o->ring, o->target);
    const uint64_t late_ns = world_strikes(w, FAULT_CANCEL_LATE) ? MS : 0;
    if (target == NULL || target->state == STATE_POSTED) {
        flight_finish_within(o, -ENOENT, late_ns);
    } else if (target->state == STATE_SETTLED || world_strikes(w, FAULT_CANCEL_RUNNING)) {
        flight_finish_within(o, -EALREADY, late_ns);
    } else if (world_pick(w, 1)) { /* both orders happen */
        target_is_cancelled(target);
        flight_finish_within(o, 0, late_ns);
    } else {
        flight_finish_within(o, 0, late_ns);
        target_is_cancelled(target);
    }
}

static void close_begins(struct flight *o)
{
    struct ring *r = o->ring;
    struct file *f = &r->files[o->file];
    if (f->link != NULL)
        link_close(f->link);
    f->link = NULL;
    r->world->rings.closed++;
    flight_finish_within(o, 0, world_strikes(r->world, FAULT_CLOSE_LATE) ? MS : 0);
}

void flight_begin(struct flight *o)
{
    world_note(o->ring->world, flight_name(o->tag), o->file, (int64_t)o->len);
    if (o->action == ACT_SEND && flight_live(&o->ring->files[o->file], ACT_SEND, ACT_SEND) != NULL)
        world_violate(o->ring->world, "two sends of file %u at once: their bytes may mix", o->file);
    o->state = STATE_LIVE;
    switch (o->action) {
    case ACT_CONNECT:
        connect_begins(o);
        break;
    case ACT_SEND:
        send_begins(o);
        break;
    case ACT_RECV:
    case ACT_RECV_ONCE:
    case ACT_DISCARD:
        file_pump(o->ring, o->file);
        break;
    case ACT_CANCEL:
        cancel_begins(o);
        break;
    case ACT_CLOSE:
        close_begins(o);
        break;
    }
}
