/* test_tls_ends.c — goal: a connection that does not end in order is broken and says why, and a
 * server that misbehaves harms that connection only. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tls/certificate.h"
#include "tests/tls/fixture.h"

/* ---- ends ---- */

static void a_close_announced_is_clean(void **state)
{
    (void)state;
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ 0 });
        struct tls_server *server = server_of(v);
        tls_link_connect(&link_, ctx, LOCALHOST, server);
        tls_peer_write(link_.server, "the end", 7);
        tls_peer_write_close(link_.server);
        tls_link_run(&link_);
        assert_int_equal(link_.verdict, TLS_CLOSED);
        assert_read(&link_, "the end", 7);
        assert_int_equal(tls_eof(link_.client), TLS_CLOSED);
        assert_int_equal(tls_failure(link_.client), FAILURE_NONE);
        tls_link_close(&link_);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

static void a_close_not_announced_is_never_clean(void **state)
{
    (void)state;
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ 0 });
        struct tls_server *server = server_of(v);
        size_t len = 2;
        for (size_t cut = 0; cut < len; cut++) {
            tls_link_connect(&link_, ctx, LOCALHOST, server);
            link_.verdict = TLS_MORE;
            tls_peer_write(link_.server, "body", 4);
            tls_peer_write_close(link_.server);
            len = tls_peer_take(link_.server, flight, sizeof flight);
            tls_link_deliver(&link_, flight, cut);
            assert_int_equal(link_.verdict, TLS_MORE);
            link_.verdict = tls_eof(link_.client);
            assert_broken(&link_, FAILURE_TLS_EOF, "");
            assert_string_equal(tls_reason(link_.client), "");
            assert_int_equal(tls_eof(link_.client), TLS_BROKEN);
            tls_link_close(&link_);
        }
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

static void a_close_in_the_handshake_is_a_failure(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ .no_resume = true });
    struct tls_server *server = server_of(SERVER_ANY);
    for (size_t cut = 0; cut < 300; cut += 50) {
        tls_link_open(&link_, ctx, LOCALHOST, server);
        tls_link_step(&link_);
        tls_peer_take(link_.server, flight, sizeof flight);
        tls_link_deliver(&link_, flight, cut);
        link_.verdict = tls_eof(link_.client);
        assert_broken(&link_, FAILURE_TLS_EOF, "closed in the handshake");
        tls_link_step(&link_);
        assert_int_equal(link_.verdict, TLS_BROKEN);
        tls_link_close(&link_);
    }
    tls_server_close(server);
    tls_context_close(ctx);
}

static void our_own_close_is_announced_once(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = server_of(SERVER_ANY);
    tls_link_open(&link_, ctx, LOCALHOST, server);
    assert_int_equal(tls_write_close(link_.client, flight, TLS_CLOSE_MAX), 0);
    tls_link_step(&link_);
    tls_link_run(&link_);
    const size_t len = tls_write_close(link_.client, flight, TLS_CLOSE_MAX);
    assert_true(len > 0);
    tls_peer_feed(link_.server, flight, len);
    assert_true(tls_peer_is_ended(link_.server));
    assert_int_equal(tls_write_close(link_.client, flight, TLS_CLOSE_MAX), 0);
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

/* ---- bad servers ---- */

static void fail_in_the_handshake(const struct server_wish *wish, const char *raw, size_t len,
                                  enum failure_class class, const char *reason)
{
    struct tls_context *ctx = context_of((struct tls_options){ .no_resume = true });
    struct tls_server *server = tls_server_open(wish);
    tls_link_open(&link_, ctx, LOCALHOST, server);
    tls_link_step(&link_);
    if (raw != NULL)
        tls_link_deliver(&link_, raw, len);
    else
        tls_link_run(&link_);
    assert_broken(&link_, class, reason);
    tls_link_close(&link_);
    connect_and_exchange(ctx, server, false); /* the next is not the worse for it */
    tls_server_close(server);
    tls_context_close(ctx);
}

static void nonsense_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *reason;
    } cases[] = {
        { "HTTP/1.1 400 Bad Request\r\n\r\n", 28, "the server does not speak TLS here" },
        { "SSH-2.0-OpenSSH_9.2\r\n", 21, "the server does not speak TLS here" },
        { "\x16\x03\x03\xff\xff.....", 10, "packet length too long" },
        { "\x16\x03\x03\x00\x04\x63\x00\x00\x00", 9, "unexpected message" },
        { "\x15\x03\x03\x00\x02\x02\x28", 7, "alert handshake failure" },
        { "\x17\x03\x03\x00\x01z", 6, "unexpected message" },
    };
    const struct server_wish wish = { .cert_file = fixture_cert_file() };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        fail_in_the_handshake(&wish, cases[i].bytes, cases[i].len, FAILURE_TLS_PROTO,
                              cases[i].reason);
    fail_in_the_handshake(&wish, "\x15\x03\x03\x00\x02\x01\x00", 7, FAILURE_TLS_EOF,
                          "ended in the handshake");
}

static void fail_for_good(const struct server_wish *wish, enum failure_class class,
                          const char *reason)
{
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = tls_server_open(wish);
    tls_link_connect(&link_, ctx, LOCALHOST, server);
    assert_broken(&link_, class, reason);
    assert_false(link_.is_secured);
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

static void a_server_that_chooses_http2_is_refused(void **state)
{
    (void)state;
    fail_for_good(&(struct server_wish){ .cert_file = fixture_cert_file(), .says_http2 = true },
                  FAILURE_TLS_PROTO, "");
}

static void a_chain_of_100_kilobytes_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/test_tls_ends.XXXXXX";
    struct certificate *own =
        certificate_make(&(struct certificate_wish){ .name = "localhost" }, NULL);
    close(mkstemp(path));
    for (int i = 0; i < 500; i++)
        certificate_save(own, path);
    certificate_save_key(own, path, NULL);
    fail_for_good(&(struct server_wish){ .cert_file = path }, FAILURE_TLS_PROTO,
                  "excessive message size");
    certificate_free(own);
    unlink(path);
}

/* A HelloRetryRequest (RFC 8446, 4.1.4) whose cookie would have to be sent back. */
static size_t ask_again(const char *hello, size_t cookie_len)
{
    static const char magic[] = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
                                "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";
    static const size_t session_at = 5 + 4 + 2 + 32; /* record, message, version, random */
    const size_t extensions_len = 6 + 4 + 2 + cookie_len;
    const size_t message_len = 2 + 32 + 33 + 3 + 2 + extensions_len;
    const struct {
        const void *bytes;
        size_t len;
    } parts[] = {
        { (const uint8_t[]){ 0x16, 3, 3, (uint8_t)((message_len + 4) >> 8),
                             (uint8_t)(message_len + 4) },
          5 },
        { (const uint8_t[]){ 2, 0, (uint8_t)(message_len >> 8), (uint8_t)message_len, 3, 3 }, 6 },
        { magic, 32 },
        { hello + session_at, 33 },
        { (const uint8_t[]){ 0x13, 1, 0, (uint8_t)(extensions_len >> 8), (uint8_t)extensions_len },
          5 },
        { (const uint8_t[]){ 0, 43, 0, 2, 3, 4 }, 6 },
        { (const uint8_t[]){ 0, 44, (uint8_t)((cookie_len + 2) >> 8), (uint8_t)(cookie_len + 2),
                             (uint8_t)(cookie_len >> 8), (uint8_t)cookie_len },
          6 },
    };
    size_t len = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        memcpy(flight + len, parts[i].bytes, parts[i].len);
        len += parts[i].len;
    }
    memset(flight + len, 'c', cookie_len);
    return len + cookie_len;
}

static void an_overlong_answer_is_not_given(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    const size_t cap = tls_context_flight_max(ctx);
    for (size_t cookie_len = 4000; cookie_len <= 12000; cookie_len += 8000) {
        struct tls *t = NULL;
        char *room = malloc(cap);
        size_t len = 0;
        assert_int_equal(tls_open(&t, ctx, LOCALHOST), 0);
        assert_int_equal(tls_handshake(t, room, cap, &len), TLS_MORE);
        tls_feed(t, flight, ask_again(room, cookie_len));
        const bool fits = cookie_len < cap;
        assert_int_equal(tls_handshake(t, room, cap, &len), fits ? TLS_MORE : TLS_BROKEN);
        assert_int_equal(tls_failure(t), fits ? FAILURE_NONE : FAILURE_TLS_PROTO);
        if (fits)
            assert_true(len > cookie_len);
        else
            assert_string_equal(tls_reason(t), "the handshake asks for overlong answers");
        tls_close(t);
        free(room);
    }
    tls_context_close(ctx);
}

static void bytes_that_cannot_be_decrypted_break_the_connection(void **state)
{
    (void)state;
    static const char *const reasons[] = { "", "decryption failed or bad record mac",
                                           "decryption failed or bad record mac" };
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ 0 });
        struct tls_server *server = server_of(v);
        tls_link_connect(&link_, ctx, LOCALHOST, server);
        tls_peer_write(link_.server, "first", 5);
        tls_peer_write(link_.server, "second", 6);
        const size_t len = tls_peer_take(link_.server, flight, sizeof flight);
        flight[len - 1] ^= 1;
        tls_link_deliver(&link_, flight, len);
        assert_broken(&link_, FAILURE_TLS_PROTO, reasons[v]);
        assert_read(&link_, "first", 5);
        tls_link_close(&link_);
        connect_and_exchange(ctx, server, v == SERVER_TLS_1_3); /* it has a second ticket */
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

static void an_overlong_record_is_refused_from_its_header_on(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = server_of(SERVER_ANY);
    tls_link_connect(&link_, ctx, LOCALHOST, server);
    tls_link_deliver(&link_, "\x17\x03\x03\x41\x01", 5);
    assert_broken(&link_, FAILURE_TLS_PROTO, "encrypted length too long");
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

static void an_alert_in_the_middle_of_a_body_breaks_it(void **state)
{
    (void)state;
    for (enum server_version v = SERVER_TLS_1_2; v <= SERVER_TLS_1_3; v++) {
        struct tls_context *ctx = context_of((struct tls_options){ 0 });
        struct tls_server *server = server_of(v);
        tls_link_connect(&link_, ctx, LOCALHOST, server);
        tls_peer_write(link_.server, "half of it", 10);
        tls_peer_feed(link_.server, "\x17\x03\x03\x00\x20................................", 37);
        tls_link_run(&link_);
        assert_broken(&link_, FAILURE_TLS_PROTO, "alert bad record mac");
        assert_read(&link_, "half of it", 10);
        assert_int_equal(tls_eof(link_.client), TLS_BROKEN);
        tls_link_close(&link_);
        tls_server_close(server);
        tls_context_close(ctx);
    }
}

static void another_handshake_is_refused(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = server_of(SERVER_TLS_1_2);
    tls_link_connect(&link_, ctx, LOCALHOST, server);
    exchange(&link_);
    tls_peer_renegotiate(link_.server);
    tls_link_run(&link_);
    assert_broken(&link_, FAILURE_TLS_PROTO, "the server asks for another handshake");
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

/* ---- new keys and tickets ---- */

static void new_keys_are_taken_and_answered(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = server_of(SERVER_TLS_1_3);
    tls_link_connect(&link_, ctx, LOCALHOST, server);
    for (int i = 0; i < 100; i++) { /* with data in between they may go on for ever */
        for (int k = 0; k < i % 4; k++)
            tls_peer_demand_new_keys(link_.server);
        tls_link_run(&link_);
        assert_int_equal(link_.verdict, TLS_MORE);
        exchange(&link_);
    }
    tls_link_close(&link_);
    tls_server_close(server);
    tls_context_close(ctx);
}

static void flood(void (*wave)(struct tls_peer *), const char *reason)
{
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = server_of(SERVER_TLS_1_3);
    tls_link_connect(&link_, ctx, LOCALHOST, server);
    exchange(&link_);
    int waves = 0;
    while (link_.verdict == TLS_MORE && waves++ < 1000) {
        wave(link_.server);
        tls_link_run(&link_);
    }
    assert_broken(&link_, FAILURE_TLS_PROTO, reason);
    assert_true(waves > 8 && waves < 100);
    tls_link_close(&link_);
    connect_and_exchange(ctx, server, true);
    tls_server_close(server);
    tls_context_close(ctx);
}

static void a_flood_of_new_keys_is_refused(void **state)
{
    (void)state;
    flood(tls_peer_change_keys, "too many tickets or new keys without data");
    flood(tls_peer_demand_new_keys, "more new keys than can be answered");
}

static void a_flood_of_tickets_is_refused(void **state)
{
    (void)state;
    flood(tls_peer_give_ticket, "too many tickets or new keys without data");
}

static void a_few_empty_records_are_none_and_a_flood_of_them_is_refused(void **state)
{
    (void)state;
    struct tls_context *ctx = context_of((struct tls_options){ 0 });
    struct tls_server *server = tls_server_open(&(struct server_wish){
        .cert_file = fixture_cert_file(), .version = SERVER_TLS_1_3, .is_forgetful = true });
    tls_link_connect(&link_, ctx, LOCALHOST, server);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 20; i++)
            tls_peer_write_nothing(link_.server);
        tls_peer_write_by_hand(link_.server, "answer", 6);
        tls_link_run(&link_);
        assert_int_equal(link_.verdict, TLS_MORE);
        assert_read(&link_, "answer", 6);
    }
    int records = 0;
    while (link_.verdict == TLS_MORE && records++ < 1000) {
        tls_peer_write_nothing(link_.server);
        tls_link_run(&link_);
    }
    assert_broken(&link_, FAILURE_TLS_PROTO, "record too small");
    assert_true(records > 20 && records < 100);
    tls_link_close(&link_);
    connect_and_exchange(ctx, server, false);
    tls_server_close(server);
    tls_context_close(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_close_announced_is_clean),
        cmocka_unit_test(a_close_not_announced_is_never_clean),
        cmocka_unit_test(a_close_in_the_handshake_is_a_failure),
        cmocka_unit_test(our_own_close_is_announced_once),
        cmocka_unit_test(nonsense_is_named),
        cmocka_unit_test(a_server_that_chooses_http2_is_refused),
        cmocka_unit_test(a_chain_of_100_kilobytes_is_refused),
        cmocka_unit_test(an_overlong_answer_is_not_given),
        cmocka_unit_test(bytes_that_cannot_be_decrypted_break_the_connection),
        cmocka_unit_test(an_overlong_record_is_refused_from_its_header_on),
        cmocka_unit_test(an_alert_in_the_middle_of_a_body_breaks_it),
        cmocka_unit_test(another_handshake_is_refused),
        cmocka_unit_test(new_keys_are_taken_and_answered),
        cmocka_unit_test(a_flood_of_new_keys_is_refused),
        cmocka_unit_test(a_flood_of_tickets_is_refused),
        cmocka_unit_test(a_few_empty_records_are_none_and_a_flood_of_them_is_refused),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("tls_ends", tests, fixture_open, fixture_close) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
