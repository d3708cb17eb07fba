/* tls_state — what a context and its connections hold; private to engine/io/tls*.c. */
#ifndef SQUALL_ENGINE_IO_TLS_STATE_H
#define SQUALL_ENGINE_IO_TLS_STATE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/io/tls_context.h"
#include "stats/failure.h"

#define TLS_TICKETS_KEPT 4u   /* per origin, the newest */
#define TLS_KEPT_MAX     224u /* eight answers to new keys */

struct tls_origin {
    char *name;
    bool is_address;
    uint32_t ticket_count;
    SSL_SESSION *tickets[TLS_TICKETS_KEPT]; /* oldest first */
};

struct tls_context {
    OSSL_LIB_CTX *library;
    SSL_CTX *ssl;
    BIO_METHOD *loan; /* reads what was fed, writes into the room that was given */
    struct tls_origin *origins;
    uint32_t origin_count;
    bool was_short; /* of memory: what OpenSSL did not find then, it does not look for again */
    bool is_server; /* its connections are the other end: they accept */
    size_t flight_max;
    char reason[FAILURE_MESSAGE_MAX]; /* of the latest failure */
};

enum tls_state { TLS_STATE_HANDSHAKING, TLS_STATE_OPEN, TLS_STATE_CLOSED, TLS_STATE_BROKEN };

struct tls {
    struct tls_context *context;
    SSL *ssl;
    const char *in; /* fed and not used up */
    size_t in_len;
    char *out; /* room for what is said now */
    size_t out_cap, out_len;
    uint32_t origin;
    uint32_t chatter;    /* messages of the handshake's kind since the last plaintext */
    uint8_t state;       /* enum tls_state */
    uint8_t failure;     /* enum failure_class */
    bool is_asked_again; /* for another handshake */
    uint8_t kept_len;
    char kept[TLS_KEPT_MAX]; /* what reading made us say: goes before what is written next */
};

/* tls.c, for the context's set-up: the BIO's functions, the judge of certificates, the ear. */
BIO_METHOD *tls_loan_method(void); /* NULL = no memory */
int tls_note_certificate(int is_accepted, X509_STORE_CTX *store);
void tls_count_message(int is_ours, int version, int type, const void *bytes, size_t len, SSL *ssl,
                       void *tls);
int tls_keep_ticket(SSL *ssl, SSL_SESSION *ticket);

/* tls_certificate.c: makes a key and a certificate for this machine's own names, signed by itself.
 * 0 or -ENOMEM. */
int tls_certificate_make(SSL_CTX *ssl);

/* tls_memory.c: watches OpenSSL's memory from the first call on, which must come before OpenSSL has
 * taken any. Whether it has lacked some on this thread since it was last asked. */
void tls_memory_watch(void);
bool tls_memory_was_short(void);

/* tls_context.c: keeps one of the server's tickets, takes the newest (the caller frees it; NULL =
 * there is none), or lets go of all. */
void tls_origin_keep(struct tls_origin *o, SSL_SESSION *ticket);
SSL_SESSION *tls_origin_take(struct tls_origin *o);
void tls_origin_forget(struct tls_origin *o);

#endif
