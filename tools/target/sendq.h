/* sendq — what a connection has still to send, in order: answers gathered in memory of its own,
 * then a tail sent from memory that does not move (an image, a block of pattern, a large page). One
 * piece is in the kernel at a time; its bytes are left alone until it has landed. No I/O here.
 */
#ifndef SQUALL_TOOLS_TARGET_SENDQ_H
#define SQUALL_TOOLS_TARGET_SENDQ_H

#include "tools/target/outbox.h"

/* Gathered bytes beyond which no further request is read. */
#define SENDQ_FULL (256u * 1024u)
/* A tail up to this size is copied when another answer follows it. */
#define SENDQ_TAIL_JOIN 4096u
/* Bytes given to the kernel at once. */
#define SENDQ_PIECE_MAX (1024u * 1024u)

struct sendq_tail {
    const char *bytes;
    uint64_t left;
    size_t piece_max; /* of a block: its size; each piece starts at its beginning */
    bool is_block;
};

struct sendq {
    struct outbox gathered; /* the next piece, growing */
    struct outbox flying;   /* the piece in the kernel, when it was gathered */
    struct outbox page;     /* the tail's memory, when it is a page of this connection */
    struct sendq_tail tail;
    bool holds_tail; /* the tail waits for a timer */
    bool is_flying;
    bool uses_page;    /* `page` is needed until the tail has landed */
    bool has_coda;     /* a chunked body ends behind the tail */
    uint32_t coda_len; /* bytes of its last chunk, 0 = none */
};

/* May another answer be added? */
bool sendq_is_open(const struct sendq *q);
/* Nothing gathered, no tail, nothing in the kernel. */
bool sendq_is_empty(const struct sendq *q);

/* Bytes queued and not yet given to the kernel. */
uint64_t sendq_unsent(const struct sendq *q);

/* Where small answers are written; only while open. */
struct outbox *sendq_gather(struct sendq *q);
/* Adds an image: without a copy when it is alone. Only while open. */
void sendq_add_image(struct sendq *q, struct span image);
/* Adds a body of `len` bytes of pattern behind the gathered head. */
void sendq_add_pattern(struct sendq *q, uint64_t len);
/* Adds a chunked body of `len` bytes of pattern behind the gathered head. */
void sendq_add_chunks(struct sendq *q, uint64_t len);
/* Makes what was written into q->page the tail. */
void sendq_add_page(struct sendq *q);
/* Writes `len` bytes of pattern, from byte `offset` of the body on. */
void sendq_gather_pattern(struct sendq *q, uint64_t offset, size_t len);

/* The next piece for the kernel; false when there is none now. */
bool sendq_next(struct sendq *q, const char **ret_bytes, size_t *ret_len);
/* The piece is out of the kernel. */
void sendq_landed(struct sendq *q);

bool sendq_is_short(const struct sendq *q); /* memory was refused: the stream is no longer whole */
void sendq_clear(struct sendq *q);
void sendq_close(struct sendq *q);

#endif
