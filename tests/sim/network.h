/* network — connections of the simulated world: two pipes each, with latency, between a ring's file
 * and the server.
 *
 * CLIENT    link_open .. link_close, called by the ring. What changes is told through `changed`;
 * the ring then looks. SERVER    link_push, link_shut, link_reset, called by the server, which is
 * told through server_*() of server.h. ORDER     bytes of one direction never overtake each other,
 * whatever the jitter. LIFE      a link is freed when its client has closed it and no event names
 * it any more.
 */
#ifndef SQUALL_TESTS_SIM_NETWORK_H
#define SQUALL_TESTS_SIM_NETWORK_H

#include "tests/sim/world.h"

struct server_side;

struct link {
    struct world *world;
    uint64_t number;                   /* from 1, in order of opening */
    size_t place;                      /* in world->links */
    uint32_t pending;                  /* events that name this link */
    uint64_t up_last_ns, down_last_ns; /* latest arrival scheduled in each direction */

    /* Client's end. */
    void (*changed)(void *owner,
                    uint32_t file); /* something to receive, or the connect was decided */
    void *owner;
    uint32_t file;
    bool is_closed;    /* by the client */
    bool is_decided;   /* the connect has ended, with … */
    int connect_error; /* … 0 or -errno */
    char *bytes;       /* received and not taken: [head, len) */
    size_t head, len, capacity;
    bool has_eof;
    bool is_reset; /* sends fail from now on */
    int error;     /* -errno that the next receive or send reports once, after the bytes */

    /* Server's end. */
    bool is_accepted;
    bool is_shut; /* the server has closed: what arrives is answered with a reset */
    struct server_side *server_side;
};

/* Begins a connection to the server. */
struct link *link_open(struct world *w, void (*changed)(void *owner, uint32_t file), void *owner,
                       uint32_t file);
/* Closes the client's end; `l` may be gone afterwards. */
void link_close(struct link *l);

size_t link_readable(const struct link *l);
/* Takes `len` of the readable bytes; `out` NULL = throws them away. */
void link_take(struct link *l, char *out, size_t len);
/* Reports and clears a pending error: 0 or -errno. */
int link_take_error(struct link *l);
/* All of `bytes` leave now. 0, -ECONNRESET or -EPIPE. */
int link_send(struct link *l, const char *bytes, size_t len);
/* The connection breaks at once, at both ends; the client's next operation gets -ECONNRESET. */
void link_break(struct link *l);

void link_push(struct link *l, const char *bytes, size_t len);
void link_shut(struct link *l);  /* FIN, and no more reading */
void link_reset(struct link *l); /* RST */

/* Calls `fire` with the link as subject at `at_ns`, keeping the link alive until then. */
void link_schedule(struct link *l, uint64_t at_ns, void (*fire)(struct link *l, uint64_t number),
                   uint64_t number);

/* Frees every link, whoever still has it. */
void network_close(struct world *w);

#endif
