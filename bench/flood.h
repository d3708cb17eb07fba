/* flood — one fixed GET over and over, with the engine's ring and its choices and nothing else: no
 * parser, no clock, no histogram. What it costs is the floor of any load generator built on this
 * ring.
 *
 * Answers are counted by their bytes: the length of one is learned before, and all must be as long.
 * One thread.
 */
#ifndef SQUALL_BENCH_FLOOD_H
#define SQUALL_BENCH_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

struct flood;

struct flood_setup {
    const char *host;
    uint16_t port;
    const char *path;
    uint32_t connections;
    uint32_t pipeline; /* requests in flight on each */
};

/* Asks once, on a connection of its own, for the length of an answer; then begins to connect. 0 or
 * -errno; *ret_why says what was tried (static). */
int flood_open(struct flood **ret_flood, const struct flood_setup *setup, const char **ret_why);
void flood_close(struct flood *f);

/* Sends, waits, counts. 0, or -errno: the ring broke, or a connection ended. A signal ends the
 * wait. */
int flood_turn(struct flood *f);

uint64_t flood_answered(const struct flood *f);     /* whole answers so far */
bool flood_is_connected(const struct flood *f);     /* all connections are */
uint64_t flood_answer_bytes(const struct flood *f); /* of each answer */
const char *flood_ring_features(const struct flood *f);

#endif
