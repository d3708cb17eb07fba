/* certificate — keys and certificates for tests, made on the spot and written as PEM files.
 *
 * What cannot fail in a test ends the program.
 */
#ifndef SQUALL_TESTS_TLS_CERTIFICATE_H
#define SQUALL_TESTS_TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

struct certificate; /* with its private key */

struct certificate_wish {
    const char *name;        /* the common name */
    const char *alternative; /* "DNS:localhost,IP:127.0.0.1"; NULL = none */
    const char *usage;       /* extended key usage; NULL = none */
    const char *constraints; /* "permitted;DNS:example.org"; NULL = none */
    const char *digest;      /* it is signed with; NULL = SHA256 */
    int begins_s, ends_s;    /* from now; both 0 = from a day ago to a day ahead */
    unsigned rsa_bits;       /* 0 = a key on P-256 */
    bool is_authority;       /* may sign others */
};

/* Signed by `issuer`, NULL = by itself. */
struct certificate *certificate_make(const struct certificate_wish *wish,
                                     const struct certificate *issuer);
void certificate_free(struct certificate *c);

/* Write to the end of the file, which is made when it is not there. `password` NULL = the key as it
 * is. */
void certificate_save(const struct certificate *c, const char *path);
void certificate_save_key(const struct certificate *c, const char *path, const char *password);

/* The list of what `issuer` has revoked, with this one in it. */
void certificate_revoke(const struct certificate *c, const struct certificate *issuer,
                        const char *path);

/* How strong OpenSSL wants certificates to be unless told otherwise: its security level. */
int certificate_level(void);

#endif
