#include "tools/target/veil.h"

#define VEIL_KEEP (16u * 1024u)

int veil_begin(struct veil *v, struct tls_context *context)
{
    v->is_secured = v->is_ended = false;
    v->flight_max = tls_context_flight_max(context);
    return tls_open(&v->tls, context, 0);
}

void veil_end(struct veil *v)
{
    tls_close(v->tls);
    v->tls = NULL;
    outbox_clear(&v->gathered, VEIL_KEEP);
    outbox_clear(&v->flying, VEIL_KEEP);
}

void veil_close(struct veil *v)
{
    tls_close(v->tls);
    outbox_close(&v->gathered);
    outbox_close(&v->flying);
}

void veil_feed(struct veil *v, const char *bytes, size_t len)
{
    tls_feed(v->tls, bytes, len);
}

enum tls_verdict veil_read(struct veil *v, char *out, size_t *ret_len)
{
    *ret_len = 0;
    if (!v->is_secured) {
        size_t said = 0;
        char *room = outbox_reserve(&v->gathered, v->flight_max);
        if (room == NULL)
            return TLS_BROKEN;
        const enum tls_verdict verdict = tls_handshake(v->tls, room, v->flight_max, &said);
        v->gathered.len += said;
        if (verdict != TLS_READY)
            return verdict;
        v->is_secured = true;
    }
    return tls_read(v->tls, out, TLS_PLAIN_MAX, ret_len);
}

void veil_say_end(struct veil *v)
{
    if (v->is_ended || !v->is_secured)
        return;
    v->is_ended = true;
    char *room = outbox_reserve(&v->gathered, TLS_CLOSE_MAX);
    if (room != NULL)
        v->gathered.len += tls_write_close(v->tls, room, TLS_CLOSE_MAX);
}

static void seal(struct veil *v, const char *bytes, size_t len)
{
    const size_t cap = tls_sealed_max(len);
    size_t sealed = 0;
    char *room = outbox_reserve(&v->gathered, cap);
    if (room == NULL || tls_write(v->tls, bytes, len, room, cap, &sealed) != TLS_READY)
        v->gathered.is_short = true;
    v->gathered.len += sealed;
}

bool veil_next(struct veil *v, struct sendq *q, const char **ret_bytes, size_t *ret_len,
               size_t *ret_plain)
{
    const char *bytes;
    *ret_plain = 0;
    if (v->is_secured && !v->is_ended && sendq_next(q, &bytes, ret_plain)) {
        seal(v, bytes, *ret_plain);
        sendq_landed(q);
    }
    if (v->gathered.len == 0)
        return false;
    const struct outbox filled = v->gathered;
    v->gathered = v->flying;
    v->flying = filled;
    *ret_bytes = filled.bytes;
    *ret_len = filled.len;
    return true;
}

void veil_landed(struct veil *v)
{
    outbox_clear(&v->flying, VEIL_KEEP);
}

bool veil_is_short(const struct veil *v)
{
    return v->gathered.is_short || v->flying.is_short;
}
