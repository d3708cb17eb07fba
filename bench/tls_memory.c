/* tls_memory — what an idle TLS connection keeps, client's end alone: allocated bytes per
 * connection once its server's end is gone. Exits with 1 when it is more than it should be. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/harness.h"
#include "bench/tls_pair.h"

#define CONNECTIONS  200u
#define IDLE_MAX_KIB 40.0

static size_t allocated(void)
{
    const struct mallinfo2 now = mallinfo2();
    return now.uordblks + now.hblkhd;
}

static double idle_kib(bool resumes, enum server_version version)
{
    static struct tls *clients[CONNECTIONS];
    struct tls_pair pair;
    struct tls_link *link = calloc(1, sizeof *link);
    bench_check(link != NULL);
    tls_pair_open(&pair, resumes, version);
    for (int i = 0; i < 2; i++) { /* what the context makes once, and the first ticket */
        tls_link_connect(link, pair.client, 0, pair.server);
        tls_link_close(link);
    }
    const size_t before = allocated();
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        tls_link_connect(link, pair.client, 0, pair.server);
        bench_check(link->is_secured && tls_is_resumed(link->client) == resumes);
        tls_link_write(link, "request", 7);
        tls_peer_write(link->server, "answer", 6);
        tls_link_run(link);
        clients[i] = link->client;
        link->client = NULL;
        tls_link_close(link);
    }
    const size_t after = allocated();
    for (unsigned i = 0; i < CONNECTIONS; i++)
        tls_close(clients[i]);
    tls_pair_close(&pair);
    free(link);
    return (double)(after - before) / CONNECTIONS / 1024;
}

int main(void)
{
    static const struct {
        const char *name;
        bool resumes;
        enum server_version version;
    } cases[] = {
        { "TLS 1.3, full handshake", false, SERVER_TLS_1_3 },
        { "TLS 1.3, resumed", true, SERVER_TLS_1_3 },
        { "TLS 1.2, full handshake", false, SERVER_TLS_1_2 },
        { "TLS 1.2, resumed", true, SERVER_TLS_1_2 },
    };
    bool is_small = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double kib = idle_kib(cases[i].resumes, cases[i].version);
        printf("%-24s %6.1f KiB for each idle connection\n", cases[i].name, kib);
        is_small &= kib < IDLE_MAX_KIB;
    }
    return is_small ? EXIT_SUCCESS : EXIT_FAILURE;
}
