#include "engine/io/tls_context.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/tls_state.h"

/* The buffers of records are 33 KiB of each connection. Taking them for each record and giving them
 * back takes 120 ns of a small request: not where they are few enough to stay. */
#define KEPT_CONNECTIONS_MAX 512u

#define HELLO_BYTES_MAX  4096u /* without a ticket; a post-quantum key share takes 1.2 KiB of it */
#define TICKET_BYTES_MAX 4096u /* a longer one is not kept */
#define PROOF_BYTES_MAX  2048u /* what we add to our certificates when asked for them */

/* The only protocol we speak, as ALPN wants it. */
static const unsigned char alpn[] = "\x08http/1.1";

/* ---- what can be wrong ---- */

__attribute__((format(printf, 2, 3))) static int refuse(char *ret_fault, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ret_fault, TLS_FAULT_MAX, format, args);
    va_end(args);
    return -EINVAL;
}

/* The oldest error is the one nearest to the cause. */
static int refuse_file(char *ret_fault, const char *what, const char *file)
{
    const unsigned long error = ERR_peek_error();
    const char *why = ERR_SYSTEM_ERROR(error) ? strerrordesc_np(ERR_GET_REASON(error))
                                              : ERR_reason_error_string(error);
    return refuse(ret_fault, "cannot use %s '%s': %s", what, file, why == NULL ? "unknown" : why);
}

/* ---- options ---- */

static int set_versions(SSL_CTX *ssl, const struct tls_options *options, char *ret_fault)
{
    static const int numbers[] = { 0, TLS1_2_VERSION, TLS1_3_VERSION };
    const int min = options->min == TLS_VERSION_ANY ? TLS1_2_VERSION : numbers[options->min];
    const int max = numbers[options->max];
    if (max != 0 && min > max)
        return refuse(ret_fault, "the lowest TLS version allowed is above the highest");
    if (!SSL_CTX_set_min_proto_version(ssl, min) || !SSL_CTX_set_max_proto_version(ssl, max))
        return refuse(ret_fault, "this OpenSSL does not know that version of TLS");
    return 0;
}

/* OpenSSL has a list for TLS 1.3 and one for what was before: each name goes to its own. */
static int set_ciphers(SSL_CTX *ssl, const char *ciphers, char *ret_fault)
{
    const size_t len = strlen(ciphers);
    char *newer = calloc(2, len + 2);
    if (newer == NULL)
        return -ENOMEM;
    char *older = newer + len + 2;
    for (const char *at = ciphers; *at != '\0'; at += strspn(at, ":")) {
        const size_t name_len = strcspn(at, ":");
        char *list = strncmp(at, "TLS_", 4) == 0 ? newer : older;
        char *end = list + strlen(list);
        if (end != list)
            *end++ = ':';
        memcpy(end, at, name_len);
        at += name_len;
    }
    const bool is_good = (newer[0] == '\0' || SSL_CTX_set_ciphersuites(ssl, newer)) &&
                         (older[0] == '\0' || SSL_CTX_set_cipher_list(ssl, older));
    free(newer);
    if (!is_good || len == 0)
        return refuse(ret_fault, "no cipher that this OpenSSL knows is in '%s'", ciphers);
    return 0;
}

/* Not looked at: OpenSSL would verify it all the same and ignore the result. */
static int accept_any(X509_STORE_CTX *store, void *nothing)
{
    (void)store;
    (void)nothing;
    return 1;
}

/* Lists of what authorities have revoked, where there are any, are looked into. */
static void set_revoked(SSL_CTX *ssl)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ssl));
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++)
        if (X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i)) == X509_LU_CRL)
            X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_CRL_CHECK);
}

static int set_trust(SSL_CTX *ssl, const struct tls_options *options, char *ret_fault)
{
    if (options->insecure) {
        SSL_CTX_set_cert_verify_callback(ssl, accept_any, NULL);
        return 0;
    }
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, tls_note_certificate);
    /* Whatever the user names as trusted is, an intermediate or the server's own too. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_PARTIAL_CHAIN);
    if (options->ca_file == NULL)
        return SSL_CTX_set_default_verify_paths(ssl) ? 0 : -ENOMEM;
    if (!SSL_CTX_load_verify_file(ssl, options->ca_file))
        return refuse_file(ret_fault, "the trusted certificates", options->ca_file);
    set_revoked(ssl);
    return 0;
}

/* OpenSSL would ask on the terminal. */
static int refuse_password(char *out, int cap, int is_writing, void *was_asked)
{
    (void)out;
    (void)cap;
    (void)is_writing;
    *(bool *)was_asked = true;
    return -1;
}

static int set_key(SSL_CTX *ssl, const char *file, char *ret_fault)
{
    bool is_encrypted = false;
    SSL_CTX_set_default_passwd_cb(ssl, refuse_password);
    SSL_CTX_set_default_passwd_cb_userdata(ssl, &is_encrypted);
    const bool is_set = SSL_CTX_use_PrivateKey_file(ssl, file, SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(ssl, NULL);
    if (is_encrypted)
        return refuse(ret_fault, "cannot use the key '%s': it is encrypted", file);
    return is_set ? 0 : refuse_file(ret_fault, "the key", file);
}

static int set_identity(SSL_CTX *ssl, const struct tls_options *options, char *ret_fault)
{
    if (options->cert_file == NULL)
        return options->key_file == NULL
                   ? 0
                   : refuse(ret_fault, "the key '%s' is of no use without a certificate",
                            options->key_file);
    if (!SSL_CTX_use_certificate_chain_file(ssl, options->cert_file))
        return refuse_file(ret_fault, "the certificate", options->cert_file);
    return set_key(ssl, options->key_file == NULL ? options->cert_file : options->key_file,
                   ret_fault);
}

static size_t flight_bytes(SSL_CTX *ssl)
{
    size_t bytes = HELLO_BYTES_MAX + TICKET_BYTES_MAX + PROOF_BYTES_MAX;
    STACK_OF(X509) *chain = NULL;
    X509 *own = SSL_CTX_get0_certificate(ssl);
    SSL_CTX_get0_chain_certs(ssl, &chain);
    if (own != NULL)
        bytes += (size_t)i2d_X509(own, NULL);
    for (int i = 0; i < sk_X509_num(chain); i++)
        bytes += (size_t)i2d_X509(sk_X509_value(chain, i), NULL);
    return bytes;
}

static void set_behaviour(SSL_CTX *ssl, bool resumes, uint32_t connections)
{
    SSL_CTX_set_mode(ssl, SSL_MODE_NO_AUTO_CHAIN);
    if (connections == 0 || connections > KEPT_CONNECTIONS_MAX)
        SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_msg_callback(ssl, tls_count_message);
    if (resumes) {
        SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL |
                                                SSL_SESS_CACHE_NO_AUTO_CLEAR);
        SSL_CTX_sess_set_new_cb(ssl, tls_keep_ticket);
    } else {
        SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
    }
}

/* ---- tickets ---- */

void tls_origin_keep(struct tls_origin *o, SSL_SESSION *ticket)
{
    const unsigned char *bytes = NULL;
    size_t len = 0;
    SSL_SESSION_get0_ticket(ticket, &bytes, &len);
    if (len > TICKET_BYTES_MAX) {
        SSL_SESSION_free(ticket);
        return;
    }
    if (o->ticket_count == TLS_TICKETS_KEPT) {
        SSL_SESSION_free(o->tickets[0]);
        memmove(o->tickets, o->tickets + 1, sizeof o->tickets - sizeof o->tickets[0]);
        o->ticket_count--;
    }
    o->tickets[o->ticket_count++] = ticket;
}

/* A ticket of TLS 1.3 is meant to be used once, and OpenSSL spoils it after that. Copies of the
 * last one go on being used: better resumed by a server that does not mind than not at all. */
SSL_SESSION *tls_origin_take(struct tls_origin *o)
{
    while (o->ticket_count > 0) {
        SSL_SESSION *newest = o->tickets[o->ticket_count - 1];
        const bool is_good = SSL_SESSION_is_resumable(newest);
        if (is_good &&
            (o->ticket_count == 1 || SSL_SESSION_get_protocol_version(newest) != TLS1_3_VERSION))
            return SSL_SESSION_dup(newest);
        o->ticket_count--;
        if (is_good)
            return newest;
        SSL_SESSION_free(newest);
    }
    return NULL;
}

void tls_origin_forget(struct tls_origin *o)
{
    while (o->ticket_count > 0)
        SSL_SESSION_free(o->tickets[--o->ticket_count]);
}

/* ---- opening and closing ---- */

static bool name_is_address(const char *name)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

/* An empty name would be one that every certificate proves. */
static int open_origins(struct tls_context *ctx, const char *const *names, uint32_t name_count,
                        char *ret_fault)
{
    ctx->origins = calloc(name_count, sizeof *ctx->origins);
    if (ctx->origins == NULL)
        return -ENOMEM;
    ctx->origin_count = name_count;
    for (uint32_t i = 0; i < name_count; i++) {
        struct tls_origin *o = &ctx->origins[i];
        size_t len = strlen(names[i]);
        /* "example.org." is how the DNS says that it is whole; certificates have it without. */
        if (len > 1 && names[i][len - 1] == '.')
            len--;
        if (len == 0 || len > TLSEXT_MAXLEN_host_name)
            return refuse(ret_fault, "a host name has 1 to %d bytes, not %zu",
                          TLSEXT_MAXLEN_host_name, len);
        o->name = strndup(names[i], len);
        if (o->name == NULL)
            return -ENOMEM;
        o->is_address = name_is_address(o->name);
    }
    return 0;
}

static int open_library(struct tls_context *ctx, const SSL_METHOD *method)
{
    tls_memory_watch();
    ERR_clear_error();
    ctx->loan = tls_loan_method();
    ctx->library = OSSL_LIB_CTX_new();
    if (ctx->loan == NULL || ctx->library == NULL)
        return -ENOMEM;
    ctx->ssl = SSL_CTX_new_ex(ctx->library, NULL, method);
    return ctx->ssl == NULL ? -ENOMEM : 0;
}

int tls_context_open(struct tls_context **ret_context, const struct tls_options *options,
                     const char *const *names, uint32_t name_count, char ret_fault[TLS_FAULT_MAX])
{
    struct tls_context *ctx = calloc(1, sizeof *ctx);
    if (ctx == NULL)
        return -ENOMEM;
    int rc = open_library(ctx, TLS_client_method());
    if (rc == 0 && SSL_CTX_set_alpn_protos(ctx->ssl, alpn, sizeof alpn - 1) != 0)
        rc = -ENOMEM;
    if (rc == 0)
        rc = open_origins(ctx, names, name_count, ret_fault);
    if (rc == 0)
        rc = set_versions(ctx->ssl, options, ret_fault);
    if (rc == 0 && options->ciphers != NULL)
        rc = set_ciphers(ctx->ssl, options->ciphers, ret_fault);
    if (rc == 0)
        rc = set_trust(ctx->ssl, options, ret_fault);
    if (rc == 0)
        rc = set_identity(ctx->ssl, options, ret_fault);
    ERR_clear_error();
    if (rc < 0) {
        tls_context_close(ctx);
        return rc;
    }
    set_behaviour(ctx->ssl, !options->no_resume, options->connections);
    ctx->flight_max = flight_bytes(ctx->ssl);
    *ret_context = ctx;
    return 0;
}

/* Who speaks nothing that we do hears so in HTTP. */
static int choose_http1(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                        const unsigned char *in, unsigned in_len, void *nothing)
{
    (void)ssl;
    (void)nothing;
    const int found = SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, alpn,
                                            sizeof alpn - 1, in, in_len);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static int set_own_identity(struct tls_context *ctx, const struct tls_context *like)
{
    if (like == NULL)
        return tls_certificate_make(ctx->ssl);
    return SSL_CTX_use_certificate(ctx->ssl, SSL_CTX_get0_certificate(like->ssl)) &&
                   SSL_CTX_use_PrivateKey(ctx->ssl, SSL_CTX_get0_privatekey(like->ssl))
               ? 0
               : -ENOMEM;
}

int tls_context_open_serving(struct tls_context **ret_context, const char *cert_file,
                             const char *key_file, const struct tls_context *like,
                             char ret_fault[TLS_FAULT_MAX])
{
    const struct tls_options options = { .cert_file = cert_file, .key_file = key_file };
    struct tls_context *ctx = calloc(1, sizeof *ctx);
    if (ctx == NULL)
        return -ENOMEM;
    ctx->is_server = true;
    int rc = open_library(ctx, TLS_server_method());
    if (rc == 0)
        rc = set_versions(ctx->ssl, &options, ret_fault);
    if (rc == 0)
        rc = set_identity(ctx->ssl, &options, ret_fault);
    if (rc == 0 && cert_file == NULL)
        rc = set_own_identity(ctx, like);
    ERR_clear_error();
    if (rc < 0) {
        tls_context_close(ctx);
        return rc;
    }
    SSL_CTX_set_alpn_select_cb(ctx->ssl, choose_http1, NULL);
    SSL_CTX_set_mode(ctx->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_options(ctx->ssl, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(ctx->ssl, SSL_SESS_CACHE_OFF); /* tickets are enough */
    ctx->flight_max = flight_bytes(ctx->ssl);
    *ret_context = ctx;
    return 0;
}

void tls_context_close(struct tls_context *ctx)
{
    if (ctx == NULL)
        return;
    for (uint32_t i = 0; i < ctx->origin_count; i++) {
        tls_origin_forget(&ctx->origins[i]);
        free(ctx->origins[i].name);
    }
    free(ctx->origins);
    SSL_CTX_free(ctx->ssl);
    OSSL_LIB_CTX_free(ctx->library);
    BIO_meth_free(ctx->loan);
    free(ctx);
}

const char *tls_version_built(void)
{
    return OPENSSL_VERSION_STR;
}

const char *tls_version_running(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

size_t tls_context_flight_max(const struct tls_context *ctx)
{
    return ctx->flight_max;
}
