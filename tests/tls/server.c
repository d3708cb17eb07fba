#include "tests/tls/server.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_KEPT_MAX 65536u

/* Of AES-256-GCM with SHA-384, which both ends choose when they may. */
#define SECRET_BYTES 48u
#define KEY_BYTES    32u
#define IV_BYTES     12u
#define TAG_BYTES    16u
#define HEADER_BYTES 5u
#define HAND_MAX     1024u /* of a record written by hand */

struct tls_server {
    OSSL_LIB_CTX *library;
    SSL_CTX *ssl;
    size_t ticket_bytes;
};

struct tls_peer {
    SSL *ssl;
    BIO *in, *out;
    size_t plain_len;
    bool is_broken, is_ended;
    unsigned char secret[SECRET_BYTES]; /* of what the server writes, in TLS 1.3 */
    uint64_t written_by_hand;
    char plain[PLAIN_KEPT_MAX]; /* the first of it */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int choose_http2(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                        const unsigned char *in, unsigned in_len, void *nothing)
{
    (void)ssl;
    (void)in;
    (void)in_len;
    (void)nothing;
    *out = (const unsigned char *)"h2";
    *out_len = 2;
    return SSL_TLSEXT_ERR_OK;
}

static int lengthen_ticket(SSL *ssl, void *server)
{
    static const char bytes[65536];
    const struct tls_server *s = server;
    return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), bytes, s->ticket_bytes);
}

static SSL_TICKET_RETURN accept_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                       size_t name_len, SSL_TICKET_STATUS status, void *server)
{
    (void)ssl;
    (void)session;
    (void)name;
    (void)name_len;
    (void)server;
    const bool is_good = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    return is_good ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_IGNORE_RENEW;
}

/* A line is a label, a random number and the secret, the last two in hexadecimal. */
static void keep_secret(const SSL *ssl, const char *line)
{
    static const char label[] = "SERVER_TRAFFIC_SECRET_0 ";
    struct tls_peer *p = SSL_get_app_data(ssl);
    const char *hex = strrchr(line, ' ') + 1;
    if (strncmp(line, label, strlen(label)) != 0)
        return;
    for (size_t i = 0; i < SECRET_BYTES && i < strlen(hex) / 2; i++)
        require(sscanf(hex + 2 * i, "%2hhx", &p->secret[i]) == 1);
}

struct tls_server *tls_server_open(const struct server_wish *wish)
{
    static const int versions[] = { 0, TLS1_2_VERSION, TLS1_3_VERSION, TLS1_1_VERSION };
    struct tls_server *s = calloc(1, sizeof *s);
    require(s != NULL && (s->library = OSSL_LIB_CTX_new()) != NULL);
    s->ssl = SSL_CTX_new_ex(s->library, NULL, TLS_server_method());
    require(s->ssl != NULL);
    SSL_CTX_set_security_level(s->ssl, 0);
    require(SSL_CTX_set_min_proto_version(s->ssl, versions[wish->version]));
    require(SSL_CTX_set_max_proto_version(s->ssl, versions[wish->version]));
    require(wish->ciphers == NULL || SSL_CTX_set_cipher_list(s->ssl, wish->ciphers));
    require(SSL_CTX_use_certificate_chain_file(s->ssl, wish->cert_file) == 1);
    require(SSL_CTX_use_PrivateKey_file(s->ssl, wish->cert_file, SSL_FILETYPE_PEM) == 1);
    require(SSL_CTX_set_session_id_context(s->ssl, (const unsigned char *)"test", 4));
    SSL_CTX_set_session_cache_mode(s->ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(s->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    if (wish->client_root != NULL) {
        SSL_CTX_set_verify(s->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        require(SSL_CTX_load_verify_file(s->ssl, wish->client_root));
    }
    if (wish->is_forgetful) {
        SSL_CTX_set_options(s->ssl, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(s->ssl, 0);
    }
    SSL_CTX_set_keylog_callback(s->ssl, keep_secret);
    s->ticket_bytes = wish->ticket_bytes;
    if (wish->ticket_bytes > 0)
        SSL_CTX_set_session_ticket_cb(s->ssl, lengthen_ticket, accept_ticket, s);
    if (wish->says_http2)
        SSL_CTX_set_alpn_select_cb(s->ssl, choose_http2, NULL);
    return s;
}

void tls_server_close(struct tls_server *s)
{
    if (s == NULL)
        return;
    SSL_CTX_free(s->ssl);
    OSSL_LIB_CTX_free(s->library);
    free(s);
}

struct tls_peer *tls_peer_open(struct tls_server *s)
{
    struct tls_peer *p = calloc(1, sizeof *p);
    require(p != NULL && (p->ssl = SSL_new(s->ssl)) != NULL);
    p->in = BIO_new(BIO_s_mem());
    p->out = BIO_new(BIO_s_mem());
    require(p->in != NULL && p->out != NULL);
    SSL_set_bio(p->ssl, p->in, p->out);
    SSL_set_accept_state(p->ssl);
    SSL_set_app_data(p->ssl, p);
    return p;
}

void tls_peer_close(struct tls_peer *p)
{
    if (p == NULL)
        return;
    SSL_free(p->ssl);
    free(p);
}

static void read_all(struct tls_peer *p)
{
    char bytes[16384];
    size_t len = 0;
    while (SSL_read_ex(p->ssl, bytes, sizeof bytes, &len)) {
        if (len > sizeof p->plain - p->plain_len)
            len = sizeof p->plain - p->plain_len;
        memcpy(p->plain + p->plain_len, bytes, len);
        p->plain_len += len;
    }
}

void tls_peer_feed(struct tls_peer *p, const char *bytes, size_t len)
{
    require(len == 0 || BIO_write(p->in, bytes, (int)len) == (int)len);
    if (p->is_broken)
        return;
    ERR_clear_error();
    if (SSL_in_init(p->ssl))
        SSL_do_handshake(p->ssl);
    if (!SSL_in_init(p->ssl))
        read_all(p);
    p->is_ended = (SSL_get_shutdown(p->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    p->is_broken = ERR_peek_error() != 0;
    ERR_clear_error();
}

size_t tls_peer_take(struct tls_peer *p, char *out, size_t cap)
{
    const int len = BIO_read(p->out, out, (int)cap);
    return len > 0 ? (size_t)len : 0;
}

bool tls_peer_is_secured(const struct tls_peer *p)
{
    return SSL_is_init_finished(p->ssl) && !p->is_broken;
}

bool tls_peer_is_ended(const struct tls_peer *p)
{
    return p->is_ended;
}

const char *tls_peer_asked_for(const struct tls_peer *p)
{
    return SSL_get_servername(p->ssl, TLSEXT_NAMETYPE_host_name);
}

size_t tls_peer_read(struct tls_peer *p, char *out, size_t cap)
{
    const size_t len = p->plain_len < cap ? p->plain_len : cap;
    memcpy(out, p->plain, len);
    p->plain_len = 0;
    return len;
}

void tls_peer_write(struct tls_peer *p, const char *bytes, size_t len)
{
    size_t written = 0;
    require(SSL_write_ex(p->ssl, bytes, len, &written) == 1 && written == len);
}

void tls_peer_write_close(struct tls_peer *p)
{
    require(SSL_shutdown(p->ssl) >= 0);
}

void tls_peer_change_keys(struct tls_peer *p)
{
    require(SSL_key_update(p->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) && SSL_do_handshake(p->ssl) == 1);
}

void tls_peer_demand_new_keys(struct tls_peer *p)
{
    require(SSL_key_update(p->ssl, SSL_KEY_UPDATE_REQUESTED) && SSL_do_handshake(p->ssl) == 1);
}

void tls_peer_give_ticket(struct tls_peer *p)
{
    require(SSL_new_session_ticket(p->ssl) && SSL_do_handshake(p->ssl) == 1);
}

void tls_peer_renegotiate(struct tls_peer *p)
{
    require(SSL_renegotiate(p->ssl) == 1);
    SSL_do_handshake(p->ssl);
}

/* HKDF-Expand-Label of RFC 8446, 7.1, where one round is enough. */
static void derive(const struct tls_peer *p, const char *label, unsigned char *out, size_t len)
{
    const size_t label_len = strlen(label);
    unsigned char info[32] = { 0, (unsigned char)len, (unsigned char)label_len };
    unsigned char mac[EVP_MAX_MD_SIZE];
    memcpy(info + 3, label, label_len);
    info[3 + label_len + 1] = 1; /* the first round; before it a context of no bytes */
    require(HMAC(EVP_sha384(), p->secret, SECRET_BYTES, info, label_len + 5, mac, NULL) != NULL);
    memcpy(out, mac, len);
}

/* RFC 8446, 5.2: sealed are the bytes and what kind of bytes they are. Returns how many there are.
 */
static size_t seal(struct tls_peer *p, unsigned char *record, size_t len)
{
    unsigned char key[KEY_BYTES], iv[IV_BYTES];
    int sealed = 0;
    derive(p, "tls13 key", key, sizeof key);
    derive(p, "tls13 iv", iv, sizeof iv);
    for (unsigned i = 0; i < 8; i++)
        iv[IV_BYTES - 1 - i] ^= (unsigned char)(p->written_by_hand >> (8 * i));
    p->written_by_hand++;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    unsigned char *body = record + HEADER_BYTES;
    require(cipher != NULL && EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, iv));
    require(EVP_EncryptUpdate(cipher, NULL, &sealed, record, HEADER_BYTES));
    require(EVP_EncryptUpdate(cipher, body, &sealed, body, (int)len) && sealed == (int)len);
    require(EVP_EncryptFinal_ex(cipher, body + len, &sealed));
    require(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + len));
    EVP_CIPHER_CTX_free(cipher);
    return HEADER_BYTES + len + TAG_BYTES;
}

void tls_peer_write_by_hand(struct tls_peer *p, const char *bytes, size_t len)
{
    unsigned char record[HAND_MAX];
    const size_t sealed = len + 1 + TAG_BYTES;
    require(HEADER_BYTES + sealed <= sizeof record);
    require(strcmp(SSL_get_cipher_name(p->ssl), "TLS_AES_256_GCM_SHA384") == 0);
    memcpy(record,
           (const unsigned char[]){ SSL3_RT_APPLICATION_DATA, 3, 3, (unsigned char)(sealed >> 8),
                                    (unsigned char)sealed },
           HEADER_BYTES);
    if (len > 0)
        memcpy(record + HEADER_BYTES, bytes, len);
    record[HEADER_BYTES + len] = SSL3_RT_APPLICATION_DATA;
    const size_t all = seal(p, record, len + 1);
    require(BIO_write(p->out, record, (int)all) == (int)all);
}

void tls_peer_write_nothing(struct tls_peer *p)
{
    tls_peer_write_by_hand(p, NULL, 0);
}
