/* ring_state — inside the ring of the simulated world; for ring_sim.c and flight.c only. */
#ifndef SQUALL_TESTS_SIM_RING_STATE_H
#define SQUALL_TESTS_SIM_RING_STATE_H

#include "engine/io/ring.h"
#include "tests/sim/world.h"

enum action { ACT_CONNECT, ACT_SEND, ACT_RECV, ACT_RECV_ONCE, ACT_DISCARD, ACT_CANCEL, ACT_CLOSE };

/* QUEUED -> LIVE -> SETTLED (its last completion is on its way) -> POSTED (in `done`) -> gone */
enum flight_state { STATE_QUEUED, STATE_LIVE, STATE_SETTLED, STATE_POSTED };

struct flight {
    struct ring *ring;
    struct flight *next; /* of the same file, newest first */
    uint64_t tag, target;
    enum action action;
    enum flight_state state;
    bool is_silent;
    bool is_slow; /* leaves in pieces: an event of the next one is on its way */
    uint32_t file;
    const char *bytes;
    uint64_t len, sent;
    int32_t result; /* once settled */
};

struct file {
    struct link *link;
    struct flight *ops;
    uint32_t gen;
    bool is_open, was_open;
};

struct posted {
    struct completion completion;
    struct flight *last_of; /* the operation that ends with this completion, or NULL */
};

enum buf_state { BUF_FREE, BUF_IN_RING, BUF_WITH_OWNER };

struct buf {
    char *bytes;
    enum buf_state state;
};

struct ring {
    struct world *world;
    struct waiter waiter;
    bool is_started;
    uint32_t gather_count;
    uint64_t gather_ns;
    struct file *files;
    uint32_t file_count;
    struct buf *bufs;
    uint32_t buf_count, buf_bytes, bufs_taken, bufs_with_owner;
    struct flight **queue;
    size_t queue_count, queue_capacity;
    struct posted *done;
    size_t done_count, done_capacity;
};

/* What an operation does once it is submitted. */
void flight_begin(struct flight *o);
/* Its last completion has been handed out. */
void flight_forget(struct flight *o);
const char *flight_name(uint64_t tag); /* CONNECT, SEND, ... */

#endif
