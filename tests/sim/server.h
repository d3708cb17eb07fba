/* server — the scripted server of the simulated world, and what it knows to be true.
 *
 * It finds the requests in the bytes of each connection (blank line, Content-Length), asks the
 * script what to answer, and answers in order, one at a time per connection, all connections at
 * once. Nothing arrives and is answered in the same moment unless the script says so.
 */
#ifndef SQUALL_TESTS_SIM_SERVER_H
#define SQUALL_TESTS_SIM_SERVER_H

#include "tests/sim/network.h"
#include "tests/sim/reply.h"

struct server_request {
    uint64_t index;         /* of all the server received, from 0 */
    uint64_t link;          /* its connection, from 1 in the order of opening */
    uint64_t index_on_link; /* of its connection, from 0 */
    uint64_t arrived_ns;    /* since the world began */
    bool is_head;
    const char *head;  /* its request line and headers, as they came */
    struct prng *prng; /* for scripts that leave things to chance */
};

/* Its request line is `line` ("GET /a") up to there. */
bool server_request_is(const struct server_request *asked, const char *line);

/* Fills `reply`, which reply_init() has prepared. */
typedef void server_answer_fn(void *context, const struct server_request *asked,
                              struct reply *reply);

struct server_script {
    server_answer_fn *answer; /* NULL = the prepared reply as it is */
    void *context;
    bool is_cruel;              /* answers of the script may go wrong by themselves */
    uint64_t idle_close_ns;     /* closes a connection silent for so long; 0 = never */
    uint64_t requests_per_link; /* closes after so many; 0 = never */
    bool announces_last;        /* … and says so in the last response */
    uint64_t outage_from_ns,
        outage_to_ns; /* dead in between, since the world began; to = 0: never */
};

/* Exact and independent of the client. */
struct server_truth {
    uint64_t accepted;
    uint64_t requests;         /* received whole */
    uint64_t replies_whole;    /* all bytes left the server */
    uint64_t replies_passable; /* … or as many as a client must take for all: a body ended by the
                                  close */
    bool said_close;           /* some response ended its connection */
    uint64_t
        delays_ns; /* summed: arrival of a request to departure of its last byte, of whole ones */
    uint64_t bytes_received, bytes_sent;
    uint64_t links_lost; /* connections ended by clients or outages */
};

struct server {
    struct world *world;
    struct server_script script;
    struct server_truth truth;
    struct reply composed_of; /* without its delay, the reply that was … */
    char *composed;           /* … composed last, or NULL */
    size_t composed_len;
};

void server_init(struct server *s, struct world *w, const struct server_script *script);

void server_close(struct server *s);

bool server_listens(const struct server *s);
bool server_accepts(struct server *s, struct link *l);
void server_receives(struct server_side *side, const char *bytes, size_t len);
void server_side_lost(struct server_side *side);  /* the client is gone */
void server_side_close(struct server_side *side); /* frees; NULL is fine */

#endif
