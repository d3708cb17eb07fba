/* veil — TLS between a guest and its socket: what came is opened, what is to be sent is sealed into
 * memory of its own. No I/O here.
 */
#ifndef SQUALL_TOOLS_TARGET_VEIL_H
#define SQUALL_TOOLS_TARGET_VEIL_H

#include "engine/io/tls.h"
#include "tools/target/sendq.h"

struct veil {
    struct tls *tls;        /* NULL = the guest has none */
    struct outbox gathered; /* sealed, to be sent next */
    struct outbox flying;   /* in the kernel */
    size_t flight_max;
    bool is_secured, is_ended;
};

/* 0 or -ENOMEM. */
int veil_begin(struct veil *v, struct tls_context *context);
void veil_end(struct veil *v);   /* the guest has gone; may never have begun */
void veil_close(struct veil *v); /* gives back its memory */

/* `bytes` must live until veil_read() says MORE or worse. `out` has room for TLS_PLAIN_MAX. */
void veil_feed(struct veil *v, const char *bytes, size_t len);
enum tls_verdict veil_read(struct veil *v, char *out, size_t *ret_len);

/* No more will be sent: says so, once. */
void veil_say_end(struct veil *v);

/* The next bytes for the kernel, `ret_plain` of the queue's in them; false when there are none.
 * Nothing is in the kernel at that time. */
bool veil_next(struct veil *v, struct sendq *q, const char **ret_bytes, size_t *ret_len,
               size_t *ret_plain);
void veil_landed(struct veil *v);
bool veil_is_short(const struct veil *v); /* memory was refused */

#endif
