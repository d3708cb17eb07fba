/* server — the other end of a TLS connection, for tests and benchmarks: bytes in, bytes out.
 *
 * Polite unless asked not to be. What cannot fail in a test ends the program.
 */
#ifndef SQUALL_TESTS_TLS_SERVER_H
#define SQUALL_TESTS_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_server; /* what its connections have in common */
struct tls_peer;   /* one connection */

enum server_version { SERVER_ANY, SERVER_TLS_1_2, SERVER_TLS_1_3, SERVER_TLS_1_1 };

struct server_wish {
    const char *cert_file; /* PEM: its certificate, those that lead to its root, its key */
    const char
        *client_root;    /* PEM: clients must show a certificate of this root; NULL = need not */
    const char *ciphers; /* of TLS 1.2; NULL = any */
    enum server_version version;
    size_t ticket_bytes; /* what its tickets are longer than usual */
    bool says_http2;     /* chooses h2, whatever was offered */
    bool is_forgetful;   /* gives no tickets that it would accept */
};

struct tls_server *tls_server_open(const struct server_wish *wish);
void tls_server_close(struct tls_server *s);

struct tls_peer *tls_peer_open(struct tls_server *s);
void tls_peer_close(struct tls_peer *p);

/* Takes bytes of the client and goes on as far as it can: handshake, then reading. */
void tls_peer_feed(struct tls_peer *p, const char *bytes, size_t len);

/* Moves what it has to say to `out`. Returns how many bytes; there may be more when that is `cap`.
 */
size_t tls_peer_take(struct tls_peer *p, char *out, size_t cap);

bool tls_peer_is_secured(const struct tls_peer *p);
bool tls_peer_is_ended(const struct tls_peer *p);         /* the client has said that it closes */
const char *tls_peer_asked_for(const struct tls_peer *p); /* the server name; NULL = none */

/* Plaintext that came from the client; forgotten by the call. */
size_t tls_peer_read(struct tls_peer *p, char *out, size_t cap);

void tls_peer_write(struct tls_peer *p, const char *bytes, size_t len);
void tls_peer_write_close(struct tls_peer *p);
void tls_peer_change_keys(struct tls_peer *p);     /* TLS 1.3 */
void tls_peer_demand_new_keys(struct tls_peer *p); /* changes its own and asks the client to */
void tls_peer_give_ticket(struct tls_peer *p);     /* TLS 1.3 */
void tls_peer_renegotiate(struct tls_peer *p);     /* TLS 1.2 */

/* A record that no library writes: of no content, or of these bytes. TLS 1.3, a forgetful server,
 * and nothing else written before or after by it. */
void tls_peer_write_by_hand(struct tls_peer *p, const char *bytes, size_t len);
void tls_peer_write_nothing(struct tls_peer *p);

#endif
