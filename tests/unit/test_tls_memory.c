/* test_tls_memory.c — goal: whichever piece of memory OpenSSL does not get, the connection ends as
 * one that this host had no memory for, never as a fault of the server's, and the next one is well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/tls_state.h"
#include "tests/tls/fixture.h"

#define REQUEST    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define DENSE_MAX  200u /* so many one by one, then ever fewer */
#define SPARSENESS 40u

/* ---- memory that runs out ---- */

static struct {
    bool is_watched; /* only the client is short of it */
    bool is_for_good;
    uint64_t asked, first_refused; /* 0 = none */
} memory;

static bool memory_is_refused(void)
{
    if (!memory.is_watched)
        return false;
    memory.asked++;
    return memory.first_refused > 0 && (memory.is_for_good ? memory.asked >= memory.first_refused
                                                           : memory.asked == memory.first_refused);
}

/* Linked in the place of malloc and realloc in all that is ours. */
void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    return memory_is_refused() ? NULL : __real_malloc(bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return memory_is_refused() ? NULL : __real_realloc(old, bytes);
}

/* ---- a connection ---- */

static enum tls_verdict shake(struct tls_link *l)
{
    enum tls_verdict verdict;
    size_t len = 0;
    do {
        tls_feed(l->client, l->flight, len);
        memory.is_watched = true;
        verdict = tls_handshake(l->client, l->said, l->room, &len);
        memory.is_watched = false;
        tls_peer_feed(l->server, l->said, len);
        len = tls_peer_take(l->server, l->flight, sizeof l->flight);
    } while (verdict == TLS_MORE && len > 0);
    if (verdict == TLS_READY)
        tls_feed(l->client, l->flight, len);
    return verdict;
}

static enum tls_verdict talk(struct tls_link *l)
{
    enum tls_verdict verdict;
    size_t len = 0;
    memory.is_watched = true;
    verdict = tls_write(l->client, REQUEST, strlen(REQUEST), l->said, sizeof l->said, &len);
    memory.is_watched = false;
    if (verdict != TLS_READY)
        return verdict;
    tls_peer_feed(l->server, l->said, len);
    tls_peer_write(l->server, "answer", 6);
    memory.is_watched = true;
    do
        verdict = tls_read(l->client, l->plain, sizeof l->plain, &len);
    while (verdict == TLS_READY);
    if (verdict == TLS_MORE) {
        memory.is_watched = false;
        len = tls_peer_take(l->server, l->flight, sizeof l->flight);
        tls_feed(l->client, l->flight, len);
        memory.is_watched = true;
        verdict = tls_read(l->client, l->plain, sizeof l->plain, &len);
    }
    memory.is_watched = false;
    return verdict;
}

/* Until it has an answer (READY) or ends. The piece numbered `first_refused` is not to be had. */
static enum tls_verdict connect_short_of_memory(struct tls_context *ctx, struct tls_server *server,
                                                uint64_t first_refused)
{
    struct tls_link *l = &link_;
    memory.asked = 0;
    (void)tls_memory_was_short(); /* forgotten, as is what came of it */
    ctx->was_short = false;
    memory.first_refused = first_refused;
    memory.is_watched = true;
    const int rc = tls_open(&l->client, ctx, LOCALHOST);
    memory.is_watched = false;
    if (rc < 0)
        return TLS_BROKEN;
    l->room = tls_context_flight_max(ctx);
    l->server = tls_peer_open(server);
    enum tls_verdict verdict = shake(l);
    if (verdict == TLS_READY)
        verdict = talk(l);
    if (verdict == TLS_BROKEN && tls_failure(l->client) != FAILURE_LOCAL_MEMORY)
        fail_msg("without piece %ju: class %d, '%s'", (uintmax_t)first_refused,
                 tls_failure(l->client), tls_reason(l->client));
    assert_true(verdict == TLS_READY || verdict == TLS_BROKEN);
    tls_link_close(l);
    return verdict;
}

static void refuse_each(enum server_version version, bool is_for_good)
{
    struct tls_context *ctx = context_of((struct tls_options){ .no_resume = true });
    struct tls_server *server = server_of(version);
    uint64_t broken = 0;
    memory.is_for_good = is_for_good;
    assert_int_equal(connect_short_of_memory(ctx, server, 0), TLS_READY);
    const uint64_t pieces = memory.asked;
    for (uint64_t n = 1; n <= pieces; n += n < DENSE_MAX ? 1 : n / SPARSENESS)
        broken += connect_short_of_memory(ctx, server, n) == TLS_BROKEN;
    assert_true(broken > 50);
    memory.first_refused = 0;
    connect_and_exchange(ctx, server, false);
    tls_server_close(server);
    tls_context_close(ctx);
}

static void a_piece_that_is_missing_once_is_this_hosts_fault(void **state)
{
    (void)state;
    refuse_each(SERVER_TLS_1_3, false);
    refuse_each(SERVER_TLS_1_2, false);
}

static void no_memory_from_any_moment_on_is_this_hosts_fault(void **state)
{
    (void)state;
    refuse_each(SERVER_TLS_1_3, true);
    refuse_each(SERVER_TLS_1_2, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_that_is_missing_once_is_this_hosts_fault),
        cmocka_unit_test(no_memory_from_any_moment_on_is_this_hosts_fault),
    };
    tls_memory_watch(); /* the fixture uses OpenSSL too */
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("tls_memory", tests, fixture_open, fixture_close) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
