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
#include <stdbool.h>
#include <stdint.h>

#include "tools/target/census.h"
#include "tools/target/token.h"
#include "tools/target/tweets.h"

#define TARGET_THREADS_MAX 64u
#define TARGET_WORK_US_MAX 10000000u

struct target {
    struct tweets *tweets;
    struct token_secret secret;
    struct census *censuses[TARGET_THREADS_MAX];
    uint32_t threads;
    uint64_t work_ns;              /* CPU time burnt for each request */
    _Atomic uint64_t census_epoch; /* moved by POST /stats/reset */
    _Atomic bool stop;
};

struct target_options {
    const char *listen; /* "HOST:PORT" */
    uint32_t threads;   /* 1..TARGET_THREADS_MAX */
    uint64_t work_us;   /* CPU time to burn for each request */
    bool is_quiet;      /* no summary at the end */
    bool has_tls;
    const char *cert_file, *key_file; /* NULL = made now; the key stands in the same file */
};

/* Says on stdout where it listens and serves until SIGINT or SIGTERM. The exit code, after one line
 * about what is wrong. */
int target_serve(const struct target_options *o);

#endif
