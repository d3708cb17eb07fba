/* tls_context — what the TLS connections of one core have in common: trusted roots, our
 * certificate, versions and ciphers, and the tickets with which a later connection to the same host
 * is resumed.
 *
 * Opened anywhere, then used by one thread only. Each has an OpenSSL library context of its own, so
 * that cores share no lock of OpenSSL's but that of its global tables. Opening reads files and
 * allocates; with the roots of the system it takes some 60 ms and 1 MiB.
 */
#ifndef SQUALL_ENGINE_IO_TLS_CONTEXT_H
#define SQUALL_ENGINE_IO_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls_context;

enum tls_version { TLS_VERSION_ANY, TLS_VERSION_1_2, TLS_VERSION_1_3 };

/* All zero is what a careful user wants: every certificate verified, TLS 1.2 or 1.3, resumption. */
struct tls_options {
    bool insecure;         /* accept any certificate */
    bool no_resume;        /* a full handshake for every connection */
    enum tls_version min;  /* ANY = 1.2 */
    enum tls_version max;  /* ANY = the newest */
    const char *ca_file;   /* PEM: trusted instead of the roots of this system, and what they have
                              revoked, if it says so; NULL = those */
    const char *cert_file; /* PEM: our certificate, then those that lead to its root; NULL = none */
    const char *key_file;  /* PEM, not encrypted; NULL = it is in cert_file */
    uint32_t connections;  /* of the context at once, at most: few keep the memory of their records;
                              0 = any number */
    const char *ciphers;   /* OpenSSL names, split at ':'; those of TLS 1.3 begin with TLS_; NULL =
                              OpenSSL's choice */
};

#define TLS_FAULT_MAX 256 /* bytes, NUL included */

/* `names[i]` is the host that origin `i` is asked for and has to prove to be: a DNS name, or an
 * address (without brackets), which is never sent as a server name. 0, -ENOMEM, or -EINVAL with one
 * sentence in ret_fault: a file that cannot be used, versions or ciphers of which none is left. */
int tls_context_open(struct tls_context **ret_context, const struct tls_options *options,
                     const char *const *names, uint32_t name_count, char ret_fault[TLS_FAULT_MAX]);

/* The other end: connections of it are a server's, and tls_open() takes origin 0. Without a
 * certificate's file it has that of `like`, or with neither one made now, for localhost, 127.0.0.1
 * and ::1, signed by itself. Errors as above. */
int tls_context_open_serving(struct tls_context **ret_context, const char *cert_file,
                             const char *key_file, const struct tls_context *like,
                             char ret_fault[TLS_FAULT_MAX]);

/* Every connection of it must be closed. NULL is fine. */
void tls_context_close(struct tls_context *ctx);

/* Of OpenSSL, such as "3.0.15": the one that this was built with, and the one that it runs with. */
const char *tls_version_built(void);
const char *tls_version_running(void);

/* Room that any one step of a handshake needs, our certificates included. */
size_t tls_context_flight_max(const struct tls_context *ctx);

#endif
