/* ring_fake — a ring whose completions are written by hand, for tests of connections and workers.
 *
 * What the engine arms is kept in a list until the test completes it; nothing happens by itself.
 * The clock is a variable. One ring at a time.
 */
#ifndef SQUALL_TESTS_FAKE_RING_FAKE_H
#define SQUALL_TESTS_FAKE_RING_FAKE_H

#include "engine/io/op.h"
#include "engine/io/ring.h"

#define FAKE_OPS_MAX 64
#define FAKE_BUFS    16

struct fake_op {
    uint64_t tag;
    uint64_t target;   /* of a cancel */
    const void *bytes; /* of a send */
    uint64_t len;      /* of a send, a single receive or a discard */
};

/* Forgets everything; the clock stands at `now_ns`. */
void fake_reset(uint64_t now_ns);
void fake_set_clock(uint64_t now_ns);
uint64_t fake_clock_ns(void);

/* The oldest armed operation of this kind on `slot`, or NULL. */
const struct fake_op *fake_armed(enum op_kind kind, uint32_t slot);
unsigned fake_armed_count(void);
unsigned fake_connects(void); /* ever asked for */

/* Queues the last completion of an armed operation, delivered at the next reap. It must be armed.
 */
void fake_complete(enum op_kind kind, uint32_t slot, int32_t result);
/* Received bytes in a buffer of the ring; `more` keeps the receive armed. */
void fake_receive(uint32_t slot, const char *text, bool more);
void fake_receive_bytes(uint32_t slot, const char *bytes, size_t len, bool more);
/* A silent send that went well: it is gone without a word. */
void fake_sent(uint32_t slot);
/* A completion nobody armed, as for an earlier tenant of the slot. */
void fake_intrude(uint64_t tag, int32_t result);

/* The next ring_connect() returns this instead of arming. */
void fake_refuse_socket(int error);

unsigned fake_buffers_out(void);
uint64_t fake_wait_until_ns(void); /* what the last wait was asked for */

#endif
