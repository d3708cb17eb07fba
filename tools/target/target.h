/* target — the server this project tests itself with: known answers, served as fast as the load
 * engine asks.
 *
 * One event loop per thread, each with its own listening socket, ring and connections. Shared: the
 * tweets (a lock inside), the secret of the tokens, and the censuses, each written by its own
 * thread.
 */
#ifndef SQUALL_TOOLS_TARGET_TARGET_H
#define SQUALL_TOOLS_TARGET_TARGET_H

#include <stdatomic.h>
#include <stdint.h>

#include "tools/target/census.h"
#include "tools/target/token.h"
#include "tools/target/tweets.h"

#define TARGET_THREADS_MAX 64u

struct target {
    struct tweets *tweets;
    struct token_secret secret;
    struct census *censuses[TARGET_THREADS_MAX];
    uint32_t threads;
    uint64_t work_ns;              /* CPU time burnt for each request */
    _Atomic uint64_t census_epoch; /* moved by POST /stats/reset */
    _Atomic bool stop;
};

/* `squall target [options]`; argv[0] is "target". Returns the exit code. */
int target_command(int argc, char **argv);

#endif
