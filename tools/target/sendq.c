#include "tools/target/sendq.h"

#include <assert.h>
#include <stdio.h>

#include "tools/target/pattern.h"

/* Memory kept between pieces and between connections of a slot. */
#define SENDQ_KEEP (512u * 1024u)
#define SENDQ_REST (16u * 1024u)
/* Bodies up to this size are copied behind their head: one send instead of two. */
#define SENDQ_COPY_MAX (16u * 1024u)

bool sendq_is_open(const struct sendq *q)
{
    return q->gathered.len < SENDQ_FULL && q->tail.left <= SENDQ_TAIL_JOIN && !q->tail.is_block &&
           !q->uses_page && !q->has_coda && !q->holds_tail;
}

bool sendq_is_empty(const struct sendq *q)
{
    return q->gathered.len == 0 && q->tail.left == 0 && !q->is_flying && !q->has_coda;
}

uint64_t sendq_unsent(const struct sendq *q)
{
    return q->gathered.len + q->tail.left;
}

struct outbox *sendq_gather(struct sendq *q)
{
    if (q->tail.left > 0) {
        assert(q->tail.left <= SENDQ_TAIL_JOIN && !q->tail.is_block);
        outbox_add(&q->gathered, (struct span){ q->tail.bytes, (size_t)q->tail.left });
        q->tail.left = 0;
    }
    return &q->gathered;
}

void sendq_add_image(struct sendq *q, struct span image)
{
    if ((q->gathered.len > 0 || q->tail.left > 0 || q->is_flying) && image.len <= SENDQ_TAIL_JOIN) {
        outbox_add(sendq_gather(q), image);
        return;
    }
    sendq_gather(q);
    q->tail = (struct sendq_tail){ .bytes = image.bytes,
                                   .left = image.len,
                                   .piece_max = SENDQ_PIECE_MAX };
}

void sendq_gather_pattern(struct sendq *q, uint64_t offset, size_t len)
{
    const struct span block = pattern_block();
    struct outbox *o = sendq_gather(q);
    size_t from = offset % PATTERN_LINE;
    while (len > 0) {
        const size_t piece = len < block.len - from ? len : block.len - from;
        outbox_add(o, (struct span){ block.bytes + from, piece });
        len -= piece;
        from = 0;
    }
}

void sendq_add_pattern(struct sendq *q, uint64_t len)
{
    const struct span block = pattern_block();
    if (len <= SENDQ_COPY_MAX) {
        sendq_gather_pattern(q, 0, (size_t)len);
        return;
    }
    sendq_gather(q);
    q->tail = (struct sendq_tail){
        .bytes = block.bytes, .left = len, .piece_max = block.len, .is_block = true
    };
}

static void add_coda(struct sendq *q, uint32_t len)
{
    char line[16];
    if (len > 0) {
        snprintf(line, sizeof line, "%x\r\n", len);
        outbox_add_text(&q->gathered, line);
        outbox_add(&q->gathered, (struct span){ pattern_block().bytes, len });
        outbox_add_text(&q->gathered, "\r\n");
    }
    outbox_add_text(&q->gathered, "0\r\n\r\n");
}

void sendq_add_chunks(struct sendq *q, uint64_t len)
{
    const struct span block = pattern_chunk_block();
    const uint64_t whole = len / PATTERN_CHUNK;
    const uint32_t rest = (uint32_t)(len % PATTERN_CHUNK);
    sendq_gather(q);
    if (whole <= 1) {
        outbox_add(&q->gathered, (struct span){ block.bytes, whole * PATTERN_CHUNK_WIRE });
        add_coda(q, rest);
        return;
    }
    q->tail = (struct sendq_tail){ .bytes = block.bytes,
                                   .left = whole * PATTERN_CHUNK_WIRE,
                                   .piece_max = block.len,
                                   .is_block = true };
    q->has_coda = true;
    q->coda_len = rest;
}

void sendq_add_page(struct sendq *q)
{
    assert(!q->uses_page);
    sendq_gather(q);
    q->tail = (struct sendq_tail){ .bytes = q->page.bytes,
                                   .left = q->page.len,
                                   .piece_max = SENDQ_PIECE_MAX };
    q->uses_page = true;
}

/* Takes a piece off the tail. */
static void tail_take(struct sendq_tail *tail, const char **ret_bytes, size_t *ret_len)
{
    const size_t len = tail->left < tail->piece_max ? (size_t)tail->left : tail->piece_max;
    *ret_bytes = tail->bytes;
    *ret_len = len;
    tail->left -= len;
    if (!tail->is_block)
        tail->bytes += len;
    else if (tail->left == 0)
        tail->is_block = false;
}

bool sendq_next(struct sendq *q, const char **ret_bytes, size_t *ret_len)
{
    if (q->is_flying)
        return false;
    if (q->gathered.len == 0 && q->tail.left == 0 && q->has_coda) {
        add_coda(q, q->coda_len);
        q->has_coda = false;
    }
    if (q->gathered.len > 0) {
        const struct outbox landed = q->flying;
        q->flying = q->gathered;
        q->gathered = landed;
        *ret_bytes = q->flying.bytes;
        *ret_len = q->flying.len;
    } else if (q->tail.left > 0 && !q->holds_tail) {
        tail_take(&q->tail, ret_bytes, ret_len);
    } else {
        return false;
    }
    q->is_flying = true;
    return true;
}

void sendq_landed(struct sendq *q)
{
    assert(q->is_flying);
    q->is_flying = false;
    outbox_clear(&q->flying, SENDQ_KEEP);
    if (q->uses_page && q->tail.left == 0) {
        q->uses_page = false;
        outbox_clear(&q->page, SENDQ_KEEP);
    }
}

bool sendq_is_short(const struct sendq *q)
{
    return q->gathered.is_short || q->flying.is_short || q->page.is_short;
}

void sendq_clear(struct sendq *q)
{
    outbox_clear(&q->gathered, SENDQ_REST);
    outbox_clear(&q->flying, SENDQ_REST);
    outbox_clear(&q->page, SENDQ_REST);
    *q = (struct sendq){ .gathered = q->gathered, .flying = q->flying, .page = q->page };
}

void sendq_close(struct sendq *q)
{
    outbox_close(&q->gathered);
    outbox_close(&q->flying);
    outbox_close(&q->page);
}
