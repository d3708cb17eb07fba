/* test_tls.c — goal: what one side writes the other reads, whatever was agreed on and however the
 * bytes are cut. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/tls/fixture.h"

/* ---- handshakes ---- */

static void both_versions_shake_hands_and_exchange(void **state)
{
    (void)state;
    static const char *const version_names[] = { "TLSv1.3", "TLSv1.2", "TLSv1.3" };
    for (enum server_version v = SERVER_ANY; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ .no_resume = true });
        struct tls_server *server = server_of(v);
        tls_link_connect(&link_, ctx, LOCALHOST, server);
        assert_true(link_.is_secured);
        assert_string_equal(tls_version_name(link_.client), version_names[v]);
        assert_non_null(tls_cipher_name(link_.client));
        exchange(&link_);
        exchange(&link_);
        tls_link_close(&link_);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

static void the_least_and_the_most_version_are_kept_to(void **state)
{
    (void)state;
    static const struct {
        enum tls_version min, max;
        enum server_version server;
        const char *agreed; /* NULL = none */
    } cases[] = {
        { TLS_VERSION_ANY, TLS_VERSION_1_2, SERVER_ANY, "TLSv1.2" },
        { TLS_VERSION_1_3, TLS_VERSION_ANY, SERVER_ANY, "TLSv1.3" },
        { TLS_VERSION_1_2, TLS_VERSION_1_2, SERVER_TLS_1_3, NULL },
        { TLS_VERSION_1_3, TLS_VERSION_1_3, SERVER_TLS_1_2, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tls_context *ctx =
            context_of((struct tls_options){ .min = cases[i].min, .max = cases[i].max });
        struct tls_server *server = server_of(cases[i].server);
        tls_link_connect(&link_, ctx, LOCALHOST, server);
        assert_int_equal(link_.is_secured, cases[i].agreed != NULL);
        if (cases[i].agreed != NULL)
            assert_string_equal(tls_version_name(link_.client), cases[i].agreed);
        else
            assert_broken(&link_, FAILURE_TLS_PROTO, "alert protocol version");
        tls_link_close(&link_);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

/* Even when its ciphers would be allowed. */
static void what_is_older_than_tls_1_2_is_not_spoken(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ .ciphers = "DEFAULT:@SECLEVEL=0" });
    struct tls_server *server = server_of(SERVER_TLS_1_1);
    tls_link_connect(&link_, ctx, LOCALHOST, server);
    assert_broken(&link_, FAILURE_TLS_PROTO, "alert protocol version");
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

static void only_names_of_hosts_are_sent_never_addresses(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = server_of(SERVER_ANY);
    for (int round = 0; round < 2; round++) { /* the second time resumed */
        for (uint32_t origin = 0; origin < ORIGIN_COUNT; origin++) {
            tls_link_connect(&link_, ctx, origin, server);
            assert_true(link_.is_secured);
            const char *asked_for = tls_peer_asked_for(link_.server);
            if (origin == ADDRESS)
                assert_null(asked_for);
            else
                assert_string_equal(asked_for, origin_names[origin]);
            tls_link_close(&link_);
        }
    }
    tls_server_close(server);
    tls_context_close(ctx);
}

/* Ways to cut what the server says first, in two. */
static void try_every_cut(enum server_version version, bool resumes)
{
    struct tls_context *ctx = context_of((struct tls_options){ .no_resume = !resumes });
    struct tls_server *server = server_of(version);
    size_t len = 2;
    if (resumes)
        connect_and_exchange(ctx, server, false);
    for (size_t cut = 1; cut < len; cut++) {
        tls_link_open(&link_, ctx, LOCALHOST, server);
        tls_link_step(&link_);
        len = tls_peer_take(link_.server, flight, sizeof flight);
        const size_t at = cut < len ? cut : len - 1; /* a signature may be shorter than the last */
        tls_link_deliver(&link_, flight, at);
        tls_link_deliver(&link_, flight + at, len - at);
        tls_link_run(&link_);
        assert_true(link_.is_secured);
        assert_int_equal(tls_is_resumed(link_.client), resumes);
        exchange(&link_);
        tls_link_close(&link_);
    }
    assert_true(len > 100);
    tls_server_close(server);
    tls_context_close(ctx);
}

static void a_handshake_may_be_cut_in_two_anywhere(void **state)
{
    (void)state;
    try_every_cut(SERVER_TLS_1_2, true);
    try_every_cut(SERVER_TLS_1_2, false);
    try_every_cut(SERVER_TLS_1_3, true);
    try_every_cut(SERVER_TLS_1_3, false);
}

static void pieces_of_any_size_mean_the_same(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 2, 3, 5, 6, 7, 100, 1000, 4096, 16389 };
    static char body[100000];
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)(i * 7 + i / 256);
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_server *server = server_of(v);
        for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
            link_.piece = pieces[i];
            tls_link_connect(&link_, ctx, LOCALHOST, server);
            exchange(&link_);
            for (size_t len = 0; len <= 3; len++)
                tls_peer_write(link_.server, body + len, 1 + len);
            tls_peer_write(link_.server, body, sizeof body);
            tls_link_run(&link_);
            assert_int_equal(link_.plain_len, 10 + sizeof body);
            assert_memory_equal(link_.plain + 10, body, sizeof body);
            tls_link_close(&link_);
        }
        tls_server_close(server);
    }
    link_.piece = 0;
    tls_context_close(ctx);
}

/* ---- resumption ---- */

static void a_later_connection_is_resumed(void **state)
{
    (void)state;
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ 0 });
        struct tls_server *server = server_of(v);
        connect_and_exchange(ctx, server, false);
        for (int i = 0; i < 10; i++)
            connect_and_exchange(ctx, server, true);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

static void resumption_is_left_out_when_not_wanted_or_not_offered(void **state)
{
    (void)state;
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ .no_resume = true });
        struct tls_server *server = server_of(v);
        for (int i = 0; i < 3; i++)
            connect_and_exchange(ctx, server, false);
        tls_server_close(server);
        tls_context_close(ctx);

        ctx = context_of((struct tls_options){ 0 });
        server = tls_server_open(&(struct server_wish){
            .cert_file = fixture_cert_file(), .version = v, .is_forgetful = true });
        for (int i = 0; i < 3; i++)
            connect_and_exchange(ctx, server, false);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

static void an_overlong_ticket_is_not_kept(void **state)
{
    (void)state;
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        for (size_t bytes = 2000; bytes <= 12000; bytes += 5000) {
            struct tls_context *ctx = context_of((struct tls_options){ 0 });
            struct tls_server *server = tls_server_open(&(struct server_wish){
                .cert_file = fixture_cert_file(), .version = v, .ticket_bytes = bytes });
            connect_and_exchange(ctx, server, false);
            connect_and_exchange(ctx, server, bytes == 2000);
            tls_server_close(server);
            tls_context_close(ctx);
        }
    }
}

static void a_ticket_is_for_its_own_host_only(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = server_of(SERVER_ANY);
    connect_and_exchange(ctx, server, false);
    tls_link_connect(&link_, ctx, OTHER, server);
    assert_true(link_.is_secured);
    assert_false(tls_is_resumed(link_.client));
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

static void a_server_that_has_forgotten_its_tickets_is_shaken_hands_with(void **state)
{
    (void)state;
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ 0 });
        struct tls_server *before = server_of(v);
        struct tls_server *after = server_of(v);
        connect_and_exchange(ctx, before, false);
        connect_and_exchange(ctx, after, false);
        connect_and_exchange(ctx, after, true);
        tls_server_close(before);
        tls_server_close(after);
        tls_context_close(ctx);
    }
}

/* More than there are tickets, and before any of them brings new ones. */
static void connections_made_at_once_are_all_resumed(void **state)
{
    (void)state;
    static struct tls_link links[8];
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ 0 });
        struct tls_server *server = server_of(v);
        connect_and_exchange(ctx, server, false);
        for (int i = 0; i < 8; i++)
            tls_link_open(&links[i], ctx, LOCALHOST, server);
        for (int i = 0; i < 8; i++) {
            tls_link_step(&links[i]);
            tls_link_run(&links[i]);
            assert_true(tls_is_resumed(links[i].client));
            exchange(&links[i]);
        }
        for (int i = 0; i < 8; i++)
            tls_link_close(&links[i]);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

/* However the connection before it had ended. */
static void a_ticket_outlives_its_connection(void **state)
{
    (void)state;
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ 0 });
        struct tls_server *server = server_of(v);
        connect_and_exchange(ctx, server, false);

        tls_link_connect(&link_, ctx, LOCALHOST, server);
        tls_peer_write(link_.server, "cut", 3);
        tls_link_deliver(&link_, flight, tls_peer_take(link_.server, flight, sizeof flight) - 1);
        assert_int_equal(tls_eof(link_.client), TLS_BROKEN);
        tls_link_close(&link_);

        connect_and_exchange(ctx, server, true);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

/* RFC 8446, 6.2: of a failed connection the tickets should be discarded. */
static void a_ticket_that_ends_in_an_alert_is_not_offered_again(void **state)
{
    (void)state;
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ 0 });
        struct tls_server *server = server_of(v);
        connect_and_exchange(ctx, server, false);
        tls_link_open(&link_, ctx, LOCALHOST, server);
        tls_link_step(&link_);
        tls_link_deliver(&link_, "\x15\x03\x03\x00\x02\x02\x28", 7);
        assert_broken(&link_, FAILURE_TLS_PROTO, "alert handshake failure");
        tls_link_close(&link_);
        connect_and_exchange(ctx, server, false);
        connect_and_exchange(ctx, server, true);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

/* ---- writing ---- */

static void requests_are_sealed_together_not_one_by_one(void **state)
{
    (void)state;
    static char requests[60000], got[65536];
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = server_of(SERVER_ANY);
    for (size_t i = 0; i < sizeof requests; i++)
        requests[i] = (char)(i * 13 + i / 256);
    tls_link_connect(&link_, ctx, LOCALHOST, server);

    static const size_t lens[] = { 1, 100, 16384, 16385, 32768, sizeof requests };
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        const size_t records = (lens[i] + TLS_PLAIN_MAX - 1) / TLS_PLAIN_MAX;
        size_t len = 0;
        assert_int_equal(
            tls_write(link_.client, requests, lens[i], flight, tls_sealed_max(lens[i]), &len),
            TLS_READY);
        assert_int_equal(len, lens[i] + records * 22); /* header, type and tag of TLS 1.3 */
        tls_peer_feed(link_.server, flight, len);
        assert_int_equal(tls_peer_read(link_.server, got, sizeof got), lens[i]);
        assert_memory_equal(got, requests, lens[i]);
    }
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

static void the_room_for_sealing_is_enough_for_every_cipher(void **state)
{
    (void)state;
    static char plain[TLS_PLAIN_MAX * 2];
    static const char *const ciphers[] = { "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA",
                                           "ECDHE-ECDSA-AES256-GCM-SHA384",
                                           "ECDHE-ECDSA-CHACHA20-POLY1305" };
    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
        struct tls_context *ctx = context_of((struct tls_options){ .ciphers = ciphers[i] });
        struct tls_server *server = tls_server_open(&(struct server_wish){
            .cert_file = fixture_cert_file(), .version = SERVER_TLS_1_2, .ciphers = ciphers[i] });
        tls_link_connect(&link_, ctx, LOCALHOST, server);
        assert_true(link_.is_secured);
        assert_string_equal(tls_cipher_name(link_.client), ciphers[i]);
        for (size_t len = 1; len <= sizeof plain; len += len < 40 ? 1 : 4093)
            tls_link_write(&link_, plain, len);
        tls_link_close(&link_);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_shake_hands_and_exchange),
        cmocka_unit_test(the_least_and_the_most_version_are_kept_to),
        cmocka_unit_test(what_is_older_than_tls_1_2_is_not_spoken),
        cmocka_unit_test(only_names_of_hosts_are_sent_never_addresses),
        cmocka_unit_test(a_handshake_may_be_cut_in_two_anywhere),
        cmocka_unit_test(pieces_of_any_size_mean_the_same),
        cmocka_unit_test(a_later_connection_is_resumed),
        cmocka_unit_test(resumption_is_left_out_when_not_wanted_or_not_offered),
        cmocka_unit_test(an_overlong_ticket_is_not_kept),
        cmocka_unit_test(a_ticket_is_for_its_own_host_only),
        cmocka_unit_test(a_server_that_has_forgotten_its_tickets_is_shaken_hands_with),
        cmocka_unit_test(connections_made_at_once_are_all_resumed),
        cmocka_unit_test(a_ticket_outlives_its_connection),
        cmocka_unit_test(a_ticket_that_ends_in_an_alert_is_not_offered_again),
        cmocka_unit_test(requests_are_sealed_together_not_one_by_one),
        cmocka_unit_test(the_room_for_sealing_is_enough_for_every_cipher),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("tls", tests, fixture_open, fixture_close) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
