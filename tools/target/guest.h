/* guest — one accepted connection: reads requests, has them answered in order, sends, closes.
 *
 * Requests are read where they were received; what cannot be read yet is kept. All answers to one
 * receive leave in one send; a guest with too much unsent is not read from until it has drained.
 */
#ifndef SQUALL_TOOLS_TARGET_GUEST_H
#define SQUALL_TOOLS_TARGET_GUEST_H

#include "engine/io/ring.h"
#include "engine/io/timers.h"
#include "tools/target/intake.h"
#include "tools/target/sendq.h"
#include "tools/target/veil.h"

struct server;

enum guest_state { GUEST_FREE, GUEST_OPEN, GUEST_CLOSING };

/* What happens when everything has been sent. */
enum guest_after { AFTER_STAYS, AFTER_CLOSES, AFTER_LINGERS, AFTER_RESETS };

/* What the next answer, or the end, waits for. */
enum guest_wait { WAIT_NONE, WAIT_DELAY, WAIT_DRIP, WAIT_FOREVER, WAIT_LINGER };

struct guest_drip {
    uint64_t began_ns, bytes_per_s;
    uint64_t sent, total;
};

struct guest {
    struct timer timer;
    uint32_t file; /* its number in the ring, its index in the server */
    uint32_t gen;
    uint32_t armed; /* OP_BITs of what is in the kernel */
    enum guest_state state;
    enum guest_after after;
    enum guest_wait wait;
    bool is_taking;   /* a request's body is being read by `intake` */
    bool peer_closed; /* its side */
    struct outbox in; /* received and not read yet, from in_start on */
    size_t in_start;
    size_t scanned;     /* of the head that begins there */
    uint64_t uncounted; /* bytes queued that the census leaves out */
    struct sendq queue;
    struct veil veil;
    struct guest_drip drip;
    struct intake *intake; /* made when first needed, kept with the slot */
};

void guest_begin(struct server *s, struct guest *g);
/* A completion of one of its operations (not stale). */
void guest_complete(struct server *s, struct guest *g, unsigned kind, const struct completion *got);
void guest_fire(struct server *s, struct guest *g);
void guest_close(struct guest *g); /* gives back its memory, at the server's end */

/* For pages: the answer is held until `after_ns` have passed. It has been written into queue.page.
 */
void guest_delay(struct server *s, struct guest *g, uint64_t after_ns);
/* For pages: `total` bytes of pattern follow the gathered head, bit by bit. */
void guest_drip(struct server *s, struct guest *g, uint64_t total, uint64_t bytes_per_s);

#endif
