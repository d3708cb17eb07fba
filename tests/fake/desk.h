/* desk — one worker on a ring fed by hand: completions and the clock are written by the test. */
#ifndef SQUALL_TESTS_FAKE_DESK_H
#define SQUALL_TESTS_FAKE_DESK_H

#include "engine/run/worker_state.h"
#include "stats/tally.h"
#include "tests/fake/ring_fake.h"
#include "tests/sim/sketch.h"

#define MS     UINT64_C(1000000)
#define START  UINT64_C(1000000000)
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

struct desk {
    struct sketch sketch;
    struct shard *shard;
    struct worker *worker;
    struct tally *tally;
    struct tls_context *tls; /* NULL = none; the test's own */
    struct routes routes;
    _Atomic uint32_t stop, users_gone;
    _Atomic uint64_t users_wanted;
};

/* A plan of one GET for one user who waits 10 ms between requests; it may be changed before the
 * start. What cannot be had fails the test. */
struct desk *desk_open(uint64_t timeout_ns);
void desk_close(struct desk *d);

/* The worker begins at START; no turn is taken yet. */
void desk_start(struct desk *d);

/* Takes two turns: what completions cause is armed in the next one at the latest. */
void desk_settle(struct desk *d);

/* The same so long after the start. */
void desk_settle_at(struct desk *d, uint64_t ms);

/* What has been counted so far. */
const struct tally *desk_books(struct desk *d);

/* A send that tells when it is over has gone out whole. */
void desk_send_is_over(void);

#endif
