/* tls — one TLS connection: ciphertext and plaintext in and out, by OpenSSL.
 *
 * No socket, no ring, no waiting. OpenSSL asks the system for the date when it looks at a
 * certificate, and allocates. Belongs to the thread of its context.
 *
 * In: tls_feed() lends the bytes that came. tls_handshake() until it is READY, from then on
 * tls_read(), use them up; called until they say MORE, no byte of the loan is left, and the buffer
 * may go back. Nothing is copied on the way into OpenSSL, which collects a record of up to 16 KiB
 * before it decrypts it.
 *
 * Out: tls_handshake(), tls_write() and tls_write_close() write ciphertext into room that the
 * caller gives. It must be sent, in order, whatever the verdict was.
 */
#ifndef SQUALL_ENGINE_IO_TLS_H
#define SQUALL_ENGINE_IO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/io/tls_context.h"
#include "stats/failure.h"

struct tls;

enum tls_verdict {
    TLS_READY,  /* the handshake is done; or here is plaintext, and there may be more */
    TLS_MORE,   /* every byte fed has been used up */
    TLS_CLOSED, /* the server has ended the connection in order: no plaintext will come any more */
    TLS_BROKEN  /* see tls_failure() and tls_reason(); stays so */
};

#define TLS_PLAIN_MAX 16384u /* plaintext of one record: room in which one read gets all of it */

/* Room that tls_write() needs for `len` bytes: records of TLS_PLAIN_MAX, and before them the
 * answers to changes of keys. The dearest cipher adds 85 bytes to a record. */
static inline size_t tls_sealed_max(size_t len)
{
    return len + (len / TLS_PLAIN_MAX + 4) * 96;
}

#define TLS_CLOSE_MAX 384u /* room that tls_write_close() needs */

/* A connection to come, to the host that is the context's `origin`. 0 or -ENOMEM. */
int tls_open(struct tls **ret_tls, struct tls_context *ctx, uint32_t origin);

/* NULL is fine. */
void tls_close(struct tls *t);

/* `bytes` must live until they are used up. Only when the last ones were. */
void tls_feed(struct tls *t, const char *bytes, size_t len);

/* With nothing fed yet: writes the client's hello. `cap` is at least tls_context_flight_max().
 * READY, MORE or BROKEN; what is left of the bytes when READY is for tls_read(). */
enum tls_verdict tls_handshake(struct tls *t, char *out, size_t cap, size_t *ret_len);

/* READY with at least one byte, MORE, CLOSED or BROKEN. */
enum tls_verdict tls_read(struct tls *t, char *out, size_t cap, size_t *ret_len);

/* All of `bytes`, several requests in one pass: a record per TLS_PLAIN_MAX, not per request. `cap`
 * is at least tls_sealed_max(len). READY or BROKEN. */
enum tls_verdict tls_write(struct tls *t, const char *bytes, size_t len, char *out, size_t cap,
                           size_t *ret_len);

/* Says that nothing more will be written. Returns how many bytes that is: 0 when the handshake is
 * not done or the connection is broken. */
size_t tls_write_close(struct tls *t, char *out, size_t cap);

/* The server has closed its side of the socket. CLOSED when it had said so before, in TLS; BROKEN
 * with FAILURE_TLS_EOF when not: whatever is ended by this end may have been cut short. */
enum tls_verdict tls_eof(struct tls *t);

/* After BROKEN: the class, and one line that holds until the next failure in this context; "" when
 * the class's own sentence says all. */
enum failure_class tls_failure(const struct tls *t);
const char *tls_reason(const struct tls *t);

/* After the handshake; static texts such as "TLSv1.3" and "TLS_AES_256_GCM_SHA384". */
bool tls_is_resumed(const struct tls *t);
const char *tls_version_name(const struct tls *t);
const char *tls_cipher_name(const struct tls *t);

#endif
