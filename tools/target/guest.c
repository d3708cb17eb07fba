#include "tools/target/guest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "engine/io/clock.h"
#include "engine/io/op.h"
#include "tools/target/pages.h"
#include "tools/target/server.h"

#define GUEST_IN_HOLD  (256u * 1024u) /* unread bytes beyond which nothing is received */
#define GUEST_IN_KEEP  (16u * 1024u)
#define LINGER_NS      UINT64_C(100000000)
#define DRIP_TURN_NS   UINT64_C(10000000)
#define DRIP_PIECE_MAX (256u * 1024u)

static uint64_t guest_tag(const struct guest *g, enum op_kind kind)
{
    return op_pack((struct op_tag){ .kind = kind, .gen = g->gen, .slot = g->file });
}

static bool is_armed(const struct guest *g, enum op_kind kind)
{
    return (g->armed & OP_BIT(kind)) != 0;
}

static size_t unread(const struct guest *g)
{
    return g->in.len - g->in_start;
}

/* ---- ending ---- */

static void cancel(struct server *s, struct guest *g, enum op_kind kind, enum op_kind target)
{
    if (!is_armed(g, target) || is_armed(g, kind))
        return;
    g->armed |= OP_BIT(kind);
    ring_cancel(s->ring, guest_tag(g, kind), guest_tag(g, target));
}

/* A closing guest: nothing may be in flight on a file that is closed. */
static void guest_settle(struct server *s, struct guest *g)
{
    cancel(s, g, OP_CANCEL_RECV, OP_RECV);
    cancel(s, g, OP_CANCEL_SEND, OP_SEND);
    if (g->armed != 0)
        return;
    g->armed = OP_BIT(OP_CLOSE);
    ring_close_file(s->ring, guest_tag(g, OP_CLOSE), g->file);
}

static void guest_begin_close(struct server *s, struct guest *g)
{
    if (g->state != GUEST_OPEN)
        return;
    g->state = GUEST_CLOSING;
    timers_cancel(s->timers, g->file);
}

static void guest_end(struct server *s, struct guest *g)
{
    g->state = GUEST_FREE;
    cell_add(&s->census.open, UINT64_MAX); /* one less */
    outbox_clear(&g->in, GUEST_IN_KEEP);
    sendq_clear(&g->queue);
    veil_end(&g->veil);
    if (g->intake != NULL)
        intake_end(g->intake);
}

void guest_close(struct guest *g)
{
    outbox_close(&g->in);
    sendq_close(&g->queue);
    veil_close(&g->veil);
    if (g->intake != NULL)
        intake_close(g->intake);
    free(g->intake);
}

/* Everything has been sent: what was decided for then happens now. */
static void guest_drained(struct server *s, struct guest *g)
{
    switch (g->after) {
    case AFTER_CLOSES:
        guest_begin_close(s, g);
        break;
    case AFTER_LINGERS:
        /* Closing now, with bytes of the client unread, would make an RST of it that can overtake
         * the answer. */
        if (g->wait == WAIT_LINGER)
            break;
        g->wait = WAIT_LINGER;
        timers_set(s->timers, g->file, s->now_ns + LINGER_NS);
        break;
    case AFTER_RESETS:
        if (is_armed(g, OP_CONNECT))
            break;
        g->armed |= OP_BIT(OP_CONNECT);
        ring_reset_file(s->ring, guest_tag(g, OP_CONNECT), g->file);
        guest_begin_close(s, g);
        break;
    default:
        break;
    }
}

/* ---- reading ---- */

/* May the next request be read? */
static bool guest_is_ready(const struct guest *g)
{
    return g->state == GUEST_OPEN && g->after == AFTER_STAYS && g->wait == WAIT_NONE &&
           sendq_is_open(&g->queue);
}

static void burn(const struct server *s)
{
    const uint64_t until_ns = clock_thread_cpu_ns() + s->target->work_ns;
    while (clock_thread_cpu_ns() < until_ns)
        continue;
}

static cell *guest_count(struct server *s, const struct page *page, const struct request *rq)
{
    cell *row = census_row(&s->census, method_name(rq->method),
                           page->row != NULL ? span_of(page->row) : rq->path);
    cell_add(row, 1);
    cell_add(&s->census.requests, 1);
    return row;
}

/* Counts and answers a whole request of `raw` bytes; returns its row, NULL when it is not counted.
 */
static cell *guest_answer(struct server *s, struct guest *g, const struct page *page,
                          const struct request *rq, uint64_t raw)
{
    cell *row = NULL;
    if (page->is_stats) {
        cell_add(&s->census.stats_requests, 1);
        cell_add(&s->census.bytes_in, -raw);
    } else {
        row = guest_count(s, page, rq);
        if (s->target->work_ns > 0)
            burn(s);
    }
    s->memoable = (struct span){ NULL, 0 };
    const uint64_t before = sendq_unsent(&g->queue);
    page_answer(page, s, g, rq);
    if (page->is_stats)
        g->uncounted += sendq_unsent(&g->queue) - before;
    if (!rq->keeps_alive && g->after == AFTER_STAYS)
        g->after = AFTER_CLOSES;
    return row;
}

static void guest_refuse(struct server *s, struct guest *g, int status)
{
    cell_add(&s->census.bad_requests, 1);
    page_refuse(s, g, status);
    g->after = AFTER_LINGERS;
    g->is_taking = false;
}

static void guest_begin_intake(struct server *s, struct guest *g, const struct request *rq,
                               struct span head)
{
    if (g->intake == NULL)
        g->intake = calloc(1, sizeof *g->intake);
    if (g->intake == NULL || intake_begin(g->intake, head, page_find(rq->path)->wants_body) < 0) {
        guest_refuse(s, g, 503);
        return;
    }
    g->is_taking = true;
}

/* Reads the request that begins at `bytes`. Returns how many of them were read: 0 when its head is
 * not whole. */
static size_t guest_read_head(struct server *s, struct guest *g, const char *bytes, size_t len)
{
    struct request rq;
    size_t head_len = 0;
    int status = 0;
    const enum request_state state = request_read(&rq, &head_len, &status, bytes, len, &g->scanned);
    if (state == REQUEST_PARTIAL)
        return 0;
    g->scanned = 0;
    if (state == REQUEST_BAD) {
        guest_refuse(s, g, status);
        return len;
    }
    if (rq.is_chunked || rq.content_length > len - head_len) {
        guest_begin_intake(s, g, &rq, (struct span){ bytes, head_len });
        if (rq.expects_continue && len == head_len)
            outbox_add_text(sendq_gather(&g->queue), "HTTP/1.1 100 Continue\r\n\r\n");
        return head_len;
    }
    const size_t size = head_len + (size_t)rq.content_length;
    rq.body = (struct span){ bytes + head_len, (size_t)rq.content_length };
    cell *row = guest_answer(s, g, page_find(rq.path), &rq, size);
    if (row != NULL && s->memoable.len > 0 && rq.keeps_alive && size == head_len)
        memo_keep(&s->memo, (struct span){ bytes, head_len }, s->memoable, row);
    return size;
}

static size_t guest_read_body(struct server *s, struct guest *g, const char *bytes, size_t len)
{
    struct intake *in = g->intake;
    size_t used = 0;
    int status = 0;
    switch (intake_read(in, bytes, len, &used, &status)) {
    case INTAKE_PARTIAL:
        break;
    case INTAKE_BAD:
        guest_refuse(s, g, status);
        return len;
    case INTAKE_WHOLE:
        g->is_taking = false;
        guest_answer(s, g, page_find(in->request.path), &in->request, in->raw);
        intake_end(in);
        break;
    }
    return used;
}

/* Reads and answers as many requests as may be. Returns how many bytes were read. */
static size_t guest_read(struct server *s, struct guest *g, const char *bytes, size_t len)
{
    size_t used = 0;
    while (used < len && guest_is_ready(g)) {
        if (g->is_taking) {
            used += guest_read_body(s, g, bytes + used, len - used);
            continue;
        }
        const struct memo_entry *known = memo_find(&s->memo, bytes + used, len - used);
        if (known != NULL) {
            cell_add(known->row, 1);
            cell_add(&s->census.requests, 1);
            if (s->target->work_ns > 0)
                burn(s);
            sendq_add_image(&g->queue, known->image);
            g->scanned = 0;
            used += known->head_len;
            continue;
        }
        const size_t read = guest_read_head(s, g, bytes + used, len - used);
        if (read == 0)
            break;
        used += read;
    }
    /* After a request that ends the connection nothing more is read. */
    return g->after != AFTER_STAYS ? len : used;
}

static void guest_keep_unread(struct guest *g, const char *bytes, size_t len)
{
    if (g->in_start > 0) {
        memmove(g->in.bytes, g->in.bytes + g->in_start, unread(g));
        g->in.len -= g->in_start;
        g->in_start = 0;
    }
    outbox_add(&g->in, (struct span){ bytes, len });
}

/* Reads what was kept. True when some of it could be read. */
static bool guest_read_kept(struct server *s, struct guest *g)
{
    if (unread(g) == 0 || !guest_is_ready(g))
        return false;
    const size_t used = guest_read(s, g, g->in.bytes + g->in_start, unread(g));
    g->in_start += used;
    if (unread(g) == 0) {
        outbox_clear(&g->in, GUEST_IN_HOLD);
        g->in_start = 0;
    }
    return used > 0;
}

/* ---- moving on ---- */

/* The next bytes for the kernel, `ret_plain` of answers in them. */
static bool guest_next(struct guest *g, const char **ret_bytes, size_t *ret_len, size_t *ret_plain)
{
    if (g->veil.tls != NULL) {
        if (g->after == AFTER_CLOSES && sendq_is_empty(&g->queue))
            veil_say_end(&g->veil);
        return veil_next(&g->veil, &g->queue, ret_bytes, ret_len, ret_plain);
    }
    const bool is_there = sendq_next(&g->queue, ret_bytes, ret_len);
    *ret_plain = *ret_len;
    return is_there;
}

static void guest_pump(struct server *s, struct guest *g)
{
    const char *bytes;
    size_t len = 0, plain;
    if (g->state != GUEST_OPEN || is_armed(g, OP_SEND))
        return;
    if (sendq_is_short(&g->queue) || g->in.is_short || veil_is_short(&g->veil)) {
        guest_begin_close(s, g);
    } else if (guest_next(g, &bytes, &len, &plain)) {
        g->armed |= OP_BIT(OP_SEND);
        ring_send(s->ring, guest_tag(g, OP_SEND), g->file, bytes, len, false);
        const uint64_t left_out = g->uncounted < plain ? g->uncounted : plain;
        g->uncounted -= left_out;
        cell_add(&s->census.bytes_out, plain - left_out);
    } else if (sendq_is_empty(&g->queue) && (g->wait == WAIT_NONE || g->wait == WAIT_LINGER)) {
        guest_drained(s, g);
    }
}

static void guest_watch(struct server *s, struct guest *g)
{
    const bool is_full = unread(g) >= GUEST_IN_HOLD;
    if (is_full)
        cancel(s, g, OP_CANCEL_RECV, OP_RECV);
    else if (!is_armed(g, OP_RECV) && !g->peer_closed) {
        g->armed |= OP_BIT(OP_RECV);
        ring_recv(s->ring, guest_tag(g, OP_RECV), g->file);
    }
}

/* Does all that can be done now: send, read what was kept, receive or close. */
static void guest_go_on(struct server *s, struct guest *g)
{
    do
        guest_pump(s, g);
    while (guest_read_kept(s, g));
    if (g->peer_closed && g->wait == WAIT_NONE && sendq_is_empty(&g->queue) &&
        (g->veil.tls == NULL || !is_armed(g, OP_SEND)))
        guest_begin_close(s, g);
    if (g->state == GUEST_OPEN)
        guest_watch(s, g);
    if (g->state == GUEST_CLOSING)
        guest_settle(s, g);
}

void guest_begin(struct server *s, struct guest *g)
{
    assert(g->state == GUEST_FREE);
    g->gen = (g->gen + 1) & OP_GEN_MAX;
    g->armed = 0;
    g->state = GUEST_OPEN;
    g->after = AFTER_STAYS;
    g->wait = WAIT_NONE;
    g->is_taking = false;
    g->peer_closed = false;
    g->in_start = 0;
    g->scanned = 0;
    g->uncounted = 0;
    cell_add(&s->census.accepted, 1);
    cell_add(&s->census.open, 1);
    if (s->tls != NULL && veil_begin(&g->veil, s->tls) < 0)
        guest_begin_close(s, g);
    if (g->state == GUEST_OPEN)
        guest_watch(s, g);
    else
        guest_settle(s, g);
}

/* ---- completions ---- */

static void received(struct server *s, struct guest *g, const char *bytes, size_t len)
{
    cell_add(&s->census.bytes_in, len);
    if (g->after != AFTER_STAYS)
        return; /* nothing more is read from this guest */
    if (unread(g) > 0) {
        guest_keep_unread(g, bytes, len);
        return;
    }
    const size_t used = guest_read(s, g, bytes, len);
    if (used < len)
        guest_keep_unread(g, bytes + used, len - used);
}

/* The client has closed its side: what it has asked for is still answered, unless that takes time.
 */
static void peer_closed(struct server *s, struct guest *g)
{
    g->peer_closed = true;
    if (g->wait != WAIT_NONE)
        guest_begin_close(s, g);
}

/* Answers to the handshake leave like answers to requests. */
static void received_sealed(struct server *s, struct guest *g, const char *bytes, size_t len)
{
    enum tls_verdict verdict = TLS_READY;
    veil_feed(&g->veil, bytes, len);
    while (verdict == TLS_READY && g->state == GUEST_OPEN) {
        size_t plain = 0;
        verdict = veil_read(&g->veil, s->plain, &plain);
        if (plain > 0)
            received(s, g, s->plain, plain);
    }
    if (verdict == TLS_CLOSED)
        peer_closed(s, g);
    else if (verdict == TLS_BROKEN)
        g->after = AFTER_CLOSES; /* once the alert has left */
}

static void recv_completed(struct server *s, struct guest *g, const struct completion *got)
{
    if (got->result > 0 && g->veil.tls != NULL)
        received_sealed(s, g, got->bytes, (size_t)got->result);
    else if (got->result > 0)
        received(s, g, got->bytes, (size_t)got->result);
    else if (got->result == 0)
        peer_closed(s, g);
    else if (got->result != -ENOBUFS && got->result != -ECANCELED)
        guest_begin_close(s, g);
}

void guest_complete(struct server *s, struct guest *g, unsigned kind, const struct completion *got)
{
    assert(g->armed & OP_BIT(kind));
    if (!got->more)
        g->armed &= ~OP_BIT(kind);
    if (kind == OP_CLOSE) {
        guest_end(s, g);
        return;
    }
    if (kind == OP_SEND) {
        if (g->veil.tls != NULL)
            veil_landed(&g->veil);
        else
            sendq_landed(&g->queue);
        if (got->result < 0)
            guest_begin_close(s, g);
    } else if (kind == OP_RECV && g->state == GUEST_OPEN) {
        recv_completed(s, g, got);
    }
    guest_go_on(s, g);
}

/* ---- answers that take time ---- */

void guest_delay(struct server *s, struct guest *g, uint64_t after_ns)
{
    sendq_add_page(&g->queue);
    g->queue.holds_tail = true;
    g->wait = WAIT_DELAY;
    timers_set(s->timers, g->file, clock_now_ns() + after_ns);
}

void guest_drip(struct server *s, struct guest *g, uint64_t total, uint64_t bytes_per_s)
{
    g->drip =
        (struct guest_drip){ .began_ns = s->now_ns, .bytes_per_s = bytes_per_s, .total = total };
    g->wait = WAIT_DRIP;
    timers_set(s->timers, g->file, s->now_ns + DRIP_TURN_NS);
}

/* Queues what is due by now, and looks again later unless all is. */
static void drip_fire(struct server *s, struct guest *g)
{
    struct guest_drip *d = &g->drip;
    if (sendq_is_open(&g->queue)) {
        const double due = (double)(s->now_ns - d->began_ns) * 1e-9 * (double)d->bytes_per_s;
        uint64_t more = due >= (double)d->total ? d->total - d->sent : (uint64_t)due - d->sent;
        more = more < DRIP_PIECE_MAX ? more : DRIP_PIECE_MAX;
        sendq_gather_pattern(&g->queue, d->sent, (size_t)more);
        d->sent += more;
    }
    if (d->sent < d->total)
        timers_set(s->timers, g->file, s->now_ns + DRIP_TURN_NS);
    else
        g->wait = WAIT_NONE;
}

void guest_fire(struct server *s, struct guest *g)
{
    switch (g->wait) {
    case WAIT_DELAY:
        g->queue.holds_tail = false;
        g->wait = WAIT_NONE;
        break;
    case WAIT_DRIP:
        drip_fire(s, g);
        break;
    default:
        guest_begin_close(s, g);
    }
    guest_go_on(s, g);
}
