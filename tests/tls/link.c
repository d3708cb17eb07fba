#include "tests/tls/link.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

void tls_link_open(struct tls_link *l, struct tls_context *ctx, uint32_t origin,
                   struct tls_server *server)
{
    require(tls_open(&l->client, ctx, origin) == 0);
    l->server = tls_peer_open(server);
    l->room = tls_context_flight_max(ctx);
    require(l->room <= sizeof l->said);
    l->is_secured = false;
    l->verdict = TLS_MORE;
    l->plain_len = 0;
}

void tls_link_close(struct tls_link *l)
{
    tls_close(l->client);
    tls_peer_close(l->server);
    l->client = NULL;
    l->server = NULL;
}

void tls_link_step(struct tls_link *l)
{
    size_t len = 0;
    l->verdict = tls_handshake(l->client, l->said, l->room, &len);
    l->is_secured = l->verdict == TLS_READY;
    tls_peer_feed(l->server, l->said, len);
}

static void read_all(struct tls_link *l)
{
    size_t len = 0;
    do {
        l->verdict =
            tls_read(l->client, l->plain + l->plain_len, sizeof l->plain - l->plain_len, &len);
        l->plain_len += len;
        require((l->verdict == TLS_READY) == (len > 0));
    } while (l->verdict == TLS_READY);
}

static void deliver_piece(struct tls_link *l, const char *bytes, size_t len)
{
    char *block = malloc(len);
    require(block != NULL);
    memcpy(block, bytes, len);
    tls_feed(l->client, block, len);
    if (!l->is_secured)
        tls_link_step(l);
    if (l->is_secured)
        read_all(l);
    free(block);
}

void tls_link_deliver(struct tls_link *l, const char *bytes, size_t len)
{
    while (len > 0) {
        const size_t piece = l->piece > 0 && l->piece < len ? l->piece : len;
        deliver_piece(l, bytes, piece);
        bytes += piece;
        len -= piece;
    }
}

void tls_link_run(struct tls_link *l)
{
    size_t len;
    while ((len = tls_peer_take(l->server, l->flight, sizeof l->flight)) > 0)
        tls_link_deliver(l, l->flight, len);
}

void tls_link_connect(struct tls_link *l, struct tls_context *ctx, uint32_t origin,
                      struct tls_server *server)
{
    tls_link_open(l, ctx, origin, server);
    tls_link_step(l);
    tls_link_run(l);
}

void tls_link_write(struct tls_link *l, const char *bytes, size_t len)
{
    const size_t cap = tls_sealed_max(len);
    char *out = malloc(cap);
    size_t out_len = 0;
    require(out != NULL && tls_write(l->client, bytes, len, out, cap, &out_len) == TLS_READY);
    tls_peer_feed(l->server, out, out_len);
    free(out);
}
