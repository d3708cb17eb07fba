/* link — a client's connection and a server's, and the bytes between them, for tests and
 * benchmarks.
 *
 * What is under way waits until somebody carries it: nothing happens by itself.
 */
#ifndef SQUALL_TESTS_TLS_LINK_H
#define SQUALL_TESTS_TLS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/io/tls.h"
#include "tests/tls/server.h"

#define LINK_FLIGHT_MAX (256u * 1024u)

struct tls_link {
    struct tls *client;
    struct tls_peer *server;
    size_t piece;             /* bytes that the client gets at once; 0 = all that are there */
    bool is_secured;          /* the client's handshake is done */
    enum tls_verdict verdict; /* its latest */
    size_t plain_len;         /* what it has read */
    char plain[LINK_FLIGHT_MAX];
    size_t room;                    /* that the client has for a step of its handshake */
    char said[LINK_FLIGHT_MAX / 4]; /* on its way to the server */
    char flight[LINK_FLIGHT_MAX];   /* on its way to the client */
};

/* A new connection; the client's hello is not sent yet. `l->piece` is left as it is. */
void tls_link_open(struct tls_link *l, struct tls_context *ctx, uint32_t origin,
                   struct tls_server *server);
void tls_link_close(struct tls_link *l);

/* The client takes its next step in the handshake and the server gets what it says. */
void tls_link_step(struct tls_link *l);

/* These bytes to the client, piece by piece, each in a block of its own size; its answers to the
 * server. */
void tls_link_deliver(struct tls_link *l, const char *bytes, size_t len);

/* Whatever the server says to the client, and back, until nobody says anything. */
void tls_link_run(struct tls_link *l);

/* All of it: hello and handshake. */
void tls_link_connect(struct tls_link *l, struct tls_context *ctx, uint32_t origin,
                      struct tls_server *server);

/* The client writes, the server gets it. */
void tls_link_write(struct tls_link *l, const char *bytes, size_t len);

#endif
