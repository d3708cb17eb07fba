/* tls_pair — a client's context and a server of its own certificate, for benchmarks. Ends the
 * program when it cannot be had. */
#ifndef SQUALL_BENCH_TLS_PAIR_H
#define SQUALL_BENCH_TLS_PAIR_H

#include "tests/tls/link.h"

struct tls_pair {
    struct tls_context *client;
    struct tls_server *server;
};

void tls_pair_open(struct tls_pair *p, bool resumes, enum server_version version);
void tls_pair_close(struct tls_pair *p);

#endif
