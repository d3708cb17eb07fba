#include "engine/io/tls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/tls_state.h"

/* Messages such as new tickets and new keys that a server may send in a row without any data. Real
 * ones send two to four tickets. */
#define CHATTER_MAX 32u

#define NAME_SHOWN_MAX    60 /* bytes of a host's name in a reason */
#define SUBJECT_SHOWN_MAX 60 /* bytes of a certificate's */

/* ---- the BIO: what OpenSSL takes for a socket ---- */

static int loan_read(BIO *bio, char *out, int cap)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (t->in_len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const size_t len = t->in_len < (size_t)cap ? t->in_len : (size_t)cap;
    memcpy(out, t->in, len);
    t->in += len;
    t->in_len -= len;
    return (int)len;
}

static int loan_write(BIO *bio, const char *bytes, int len)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if ((size_t)len > t->out_cap - t->out_len) {
        BIO_set_retry_write(bio);
        return -1;
    }
    memcpy(t->out + t->out_len, bytes, (size_t)len);
    t->out_len += (size_t)len;
    return len;
}

static long loan_control(BIO *bio, int command, long number, void *argument)
{
    (void)bio;
    (void)number;
    (void)argument;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_loan_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "loan");
    if (method != NULL && BIO_meth_set_read(method, loan_read) &&
        BIO_meth_set_write(method, loan_write) && BIO_meth_set_ctrl(method, loan_control))
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* An error left behind would be taken for one of the next call. Clearing takes 100 ns, looking 15.
 */
static void forget_errors(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

/* What OpenSSL says from here on goes to `out`, after what has been kept. */
static void tls_give_room(struct tls *t, char *out, size_t cap)
{
    forget_errors();
    memcpy(out, t->kept, t->kept_len);
    t->out = out;
    t->out_cap = cap;
    t->out_len = t->kept_len;
    t->kept_len = 0;
}

/* Reading has no room of its own: what it makes OpenSSL say waits for the next write. */
static void tls_keep_said(struct tls *t)
{
    forget_errors();
    t->out = t->kept;
    t->out_cap = sizeof t->kept;
    t->out_len = t->kept_len;
}

/* ---- opening and closing ---- */

/* Whom to ask for, and whom to expect: an address is never asked for by name (RFC 6066, 3). */
static bool tls_address(struct tls *t, const struct tls_origin *o)
{
    X509_VERIFY_PARAM *expected = SSL_get0_param(t->ssl);
    if (o->is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(expected, o->name);
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set_tlsext_host_name(t->ssl, o->name) &&
           X509_VERIFY_PARAM_set1_host(expected, o->name, 0);
}

static bool tls_offer_ticket(struct tls *t, struct tls_origin *o)
{
    SSL_SESSION *ticket = tls_origin_take(o);
    const bool is_set = ticket == NULL || SSL_set_session(t->ssl, ticket);
    SSL_SESSION_free(ticket);
    return is_set;
}

static bool tls_take_side(struct tls *t)
{
    if (t->context->is_server) {
        SSL_set_accept_state(t->ssl);
        return true;
    }
    struct tls_origin *o = &t->context->origins[t->origin];
    SSL_set_connect_state(t->ssl);
    return tls_address(t, o) && tls_offer_ticket(t, o);
}

int tls_open(struct tls **ret_tls, struct tls_context *ctx, uint32_t origin)
{
    assert(ctx->is_server ? origin == 0 : origin < ctx->origin_count);
    struct tls *t = calloc(1, sizeof *t);
    if (t == NULL)
        return -ENOMEM;
    t->context = ctx;
    t->origin = origin;
    t->ssl = SSL_new(ctx->ssl);
    BIO *bio = BIO_new(ctx->loan);
    if (t->ssl == NULL || bio == NULL) {
        BIO_free(bio);
        tls_close(t);
        return -ENOMEM;
    }
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_app_data(t->ssl, t);
    SSL_set_msg_callback_arg(t->ssl, t);
    if (!tls_take_side(t)) {
        tls_close(t);
        return -ENOMEM;
    }
    *ret_tls = t;
    return 0;
}

/* Clearing the SSL object for the next connection instead would save 1.5 of 146 us that a resumed
 * handshake takes. */
void tls_close(struct tls *t)
{
    if (t == NULL)
        return;
    /* Else its ticket would be taken for spoiled. */
    if (t->ssl != NULL)
        SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t->ssl); /* and its BIO */
    free(t);
}

/* ---- failures ---- */

static enum tls_verdict tls_fail(struct tls *t, enum failure_class class, const char *reason)
{
    t->state = TLS_STATE_BROKEN;
    t->failure = (uint8_t) class;
    if (reason != t->context->reason)
        snprintf(t->context->reason, sizeof t->context->reason, "%s", reason);
    return TLS_BROKEN;
}

/* Printable whatever the server wrote into it, the common name first. */
static void subject_of(X509 *certificate, char out[SUBJECT_SHOWN_MAX])
{
    BIO *text = BIO_new(BIO_s_mem());
    int len = 0;
    if (certificate != NULL && text != NULL &&
        X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) > 0)
        len = BIO_read(text, out, SUBJECT_SHOWN_MAX - 1);
    out[len > 0 ? len : 0] = '\0';
    BIO_free(text);
}

int tls_note_certificate(int is_accepted, X509_STORE_CTX *store)
{
    if (is_accepted)
        return 1;
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct tls *t = SSL_get_app_data(ssl);
    char subject[SUBJECT_SHOWN_MAX];
    subject_of(X509_STORE_CTX_get_current_cert(store), subject);
    snprintf(t->context->reason, sizeof t->context->reason, "%.*s: %s, certificate of '%s'",
             NAME_SHOWN_MAX, t->context->origins[t->origin].name,
             X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)), subject);
    return 0;
}

/* The newest error is the one that says what it means for TLS. */
static enum tls_verdict tls_fail_of_library(struct tls *t)
{
    const unsigned long error = ERR_peek_last_error();
    const int reason = ERR_GET_REASON(error);
    const char *words = ERR_reason_error_string(error);
    t->context->was_short |= tls_memory_was_short();
    if (t->context->was_short)
        return tls_fail(t, FAILURE_LOCAL_MEMORY, "no memory for TLS");
    /* It may have been the ticket, and the last one is offered again and again. */
    if (t->state == TLS_STATE_HANDSHAKING && !t->context->is_server)
        tls_origin_forget(&t->context->origins[t->origin]);
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return tls_fail(t, FAILURE_TLS_CERT, t->context->reason);
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason == SSL_R_WRONG_VERSION_NUMBER &&
        t->state == TLS_STATE_HANDSHAKING)
        return tls_fail(t, FAILURE_TLS_PROTO, "the server does not speak TLS here");
    return tls_fail(t, FAILURE_TLS_PROTO, words == NULL ? "unknown" : words);
}

/* Why did OpenSSL stop? */
static enum tls_verdict tls_judge(struct tls *t)
{
    switch (SSL_get_error(t->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
        if (t->is_asked_again)
            return tls_fail(t, FAILURE_TLS_PROTO, "the server asks for another handshake");
        if (t->chatter > CHATTER_MAX)
            return tls_fail(t, FAILURE_TLS_PROTO, "too many tickets or new keys without data");
        return TLS_MORE;
    case SSL_ERROR_WANT_WRITE:
        return tls_fail(t, FAILURE_TLS_PROTO,
                        t->state == TLS_STATE_OPEN ? "more new keys than can be answered"
                                                   : "the handshake asks for overlong answers");
    case SSL_ERROR_ZERO_RETURN:
        if (t->state == TLS_STATE_HANDSHAKING)
            return tls_fail(t, FAILURE_TLS_EOF, "ended in the handshake");
        t->state = TLS_STATE_CLOSED;
        return TLS_CLOSED;
    default:
        return tls_fail_of_library(t);
    }
}

enum failure_class tls_failure(const struct tls *t)
{
    return (enum failure_class)t->failure;
}

const char *tls_reason(const struct tls *t)
{
    return t->context->reason;
}

/* ---- what the server sends beside data ---- */

void tls_count_message(int is_ours, int version, int type, const void *bytes, size_t len, SSL *ssl,
                       void *tls)
{
    struct tls *t = tls;
    (void)version;
    (void)ssl;
    if (is_ours || type != SSL3_RT_HANDSHAKE || t->state != TLS_STATE_OPEN || len == 0)
        return;
    t->chatter++;
    if (*(const unsigned char *)bytes == SSL3_MT_HELLO_REQUEST)
        t->is_asked_again = true;
}

int tls_keep_ticket(SSL *ssl, SSL_SESSION *ticket)
{
    const struct tls *t = SSL_get_app_data(ssl);
    tls_origin_keep(&t->context->origins[t->origin], ticket);
    return 1;
}

/* ---- bytes ---- */

void tls_feed(struct tls *t, const char *bytes, size_t len)
{
    assert(t->in_len == 0 || t->state != TLS_STATE_OPEN);
    t->in = bytes;
    t->in_len = len;
}

/* A server that does not mind what it was offered would answer in HTTP/2. */
static bool tls_speaks_http1(const struct tls *t)
{
    const unsigned char *chosen = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(t->ssl, &chosen, &len);
    return len == 0 || (len == 8 && memcmp(chosen, "http/1.1", 8) == 0);
}

enum tls_verdict tls_handshake(struct tls *t, char *out, size_t cap, size_t *ret_len)
{
    assert(cap >= t->context->flight_max);
    *ret_len = 0;
    if (t->state != TLS_STATE_HANDSHAKING)
        return t->state == TLS_STATE_OPEN ? TLS_READY : TLS_BROKEN;
    tls_give_room(t, out, cap);
    const bool is_done = SSL_do_handshake(t->ssl) == 1;
    *ret_len = t->out_len;
    if (!is_done)
        return tls_judge(t);
    if (!tls_speaks_http1(t))
        return tls_fail(t, FAILURE_TLS_PROTO, "the server chose another protocol than http/1.1");
    t->state = TLS_STATE_OPEN;
    return TLS_READY;
}

/* Asking OpenSSL in vain takes 400 ns: a quarter of what reading a small record does. */
static bool tls_has_read_all(const struct tls *t)
{
    return t->in_len == 0 && !t->is_asked_again && SSL_pending(t->ssl) == 0;
}

enum tls_verdict tls_read(struct tls *t, char *out, size_t cap, size_t *ret_len)
{
    *ret_len = 0;
    if (t->state != TLS_STATE_OPEN)
        return t->state == TLS_STATE_CLOSED ? TLS_CLOSED : TLS_BROKEN;
    if (tls_has_read_all(t))
        return TLS_MORE;
    tls_keep_said(t);
    const bool is_read = SSL_read_ex(t->ssl, out, cap, ret_len) == 1;
    t->kept_len = (uint8_t)t->out_len;
    if (!is_read)
        return tls_judge(t);
    t->chatter = 0;
    return TLS_READY;
}

enum tls_verdict tls_write(struct tls *t, const char *bytes, size_t len, char *out, size_t cap,
                           size_t *ret_len)
{
    assert(len > 0 && cap >= tls_sealed_max(len));
    *ret_len = 0;
    if (t->state != TLS_STATE_OPEN && t->state != TLS_STATE_CLOSED)
        return TLS_BROKEN;
    tls_give_room(t, out, cap);
    size_t written = 0;
    const bool is_done = SSL_write_ex(t->ssl, bytes, len, &written) == 1;
    *ret_len = t->out_len;
    return is_done ? TLS_READY : tls_fail_of_library(t);
}

size_t tls_write_close(struct tls *t, char *out, size_t cap)
{
    assert(cap >= TLS_CLOSE_MAX);
    if (t->state != TLS_STATE_OPEN && t->state != TLS_STATE_CLOSED)
        return 0;
    tls_give_room(t, out, cap);
    SSL_shutdown(t->ssl);
    return t->out_len;
}

enum tls_verdict tls_eof(struct tls *t)
{
    if (t->state == TLS_STATE_CLOSED)
        return TLS_CLOSED;
    if (t->state == TLS_STATE_BROKEN)
        return TLS_BROKEN;
    return tls_fail(t, FAILURE_TLS_EOF,
                    t->state == TLS_STATE_OPEN ? "" : "closed in the handshake");
}

/* ---- what was agreed on ---- */

bool tls_is_resumed(const struct tls *t)
{
    return SSL_session_reused(t->ssl);
}

const char *tls_version_name(const struct tls *t)
{
    return SSL_get_version(t->ssl);
}

const char *tls_cipher_name(const struct tls *t)
{
    return SSL_get_cipher_name(t->ssl);
}
