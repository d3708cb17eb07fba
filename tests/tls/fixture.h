/* fixture — what the unit tests of TLS begin with: certificates in a folder of their own, contexts
 * that trust them, servers that have them, a link, and an exchange over it.
 */
#ifndef SQUALL_TESTS_TLS_FIXTURE_H
#define SQUALL_TESTS_TLS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/io/tls.h"
#include "tests/tls/link.h"
#include "tests/tls/server.h"

/* The origins of every context. */
enum { LOCALHOST, ADDRESS, OTHER, ORIGIN_COUNT };
extern const char *const origin_names[ORIGIN_COUNT];

extern struct tls_link link_; /* one for all tests: it is large */
extern char flight[LINK_FLIGHT_MAX];

/* For a group of tests. */
int fixture_open(void **state);
int fixture_close(void **state);

/* A certificate for every origin, signed by itself and trusted by the contexts, and its key. */
const char *fixture_cert_file(void);

struct tls_context *context_of(struct tls_options options); /* ca_file is set here */
struct tls_server *server_of(enum server_version version);

/* `reason` is a part of what it says. */
void assert_broken(const struct tls_link *l, enum failure_class class, const char *reason);
void assert_read(struct tls_link *l, const char *expected, size_t len); /* and forgets it */

void exchange(struct tls_link *l); /* a request there, an answer back */
void connect_and_exchange(struct tls_context *ctx, struct tls_server *server, bool resumes);

#endif
