/* goal: between a connection and the kernel stand TLS and nothing else: what the server gets are
 * our requests, what its answers come to is counted once, whatever order completions come in; and
 * memory is taken only while something is sealed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake/desk.h"
#include "tests/tls/fixture.h"

#define REQUEST "GET /0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

/* A desk, and the server's end of its connection. */
struct secured {
    struct desk *desk;
    struct tls_server *server;
    struct tls_peer *peer;
};

static int open_desk(void **state)
{
    struct secured *d = calloc(1, sizeof *d);
    assert_non_null(d);
    d->desk = desk_open(100 * MS);
    d->desk->sketch.origin.is_tls = true;
    d->desk->tls = context_of((struct tls_options){ .insecure = false });
    d->server = server_of(SERVER_TLS_1_3);
    d->peer = tls_peer_open(d->server);
    *state = d;
    return 0;
}

static int close_desk(void **state)
{
    struct secured *d = *state;
    struct tls_context *context = d->desk->tls;
    desk_close(d->desk);
    tls_peer_close(d->peer);
    tls_server_close(d->server);
    tls_context_close(context);
    free(d);
    return 0;
}

/* The connect has succeeded: the hello is on its way. */
static void connect_desk(struct secured *d)
{
    desk_start(d->desk);
    desk_settle(d->desk);
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d->desk);
}

/* What an armed send carries reaches the server. */
static void carry(struct secured *d, enum op_kind kind)
{
    const struct fake_op *o = fake_armed(kind, 0);
    assert_non_null(o);
    tls_peer_feed(d->peer, o->bytes, o->len);
}

/* What the server says reaches the client, `piece` bytes at a time; 0 = all at once. */
static void hear(struct secured *d, size_t piece)
{
    size_t len;
    while ((len = tls_peer_take(d->peer, flight, piece > 0 ? piece : sizeof flight)) > 0) {
        fake_receive_bytes(0, flight, len, true);
        desk_settle(d->desk);
    }
}

static void shake(struct secured *d)
{
    connect_desk(d);
    carry(d, OP_SEND);
    desk_send_is_over();
    desk_settle(d->desk);
    hear(d, 0);
}

static void answer(struct secured *d, const char *text, size_t piece)
{
    tls_peer_write(d->peer, text, strlen(text));
    hear(d, piece);
}

static const struct conn *conn_of(const struct secured *d)
{
    return &d->desk->worker->conns[0];
}

static void assert_finished(struct secured *d, uint64_t ok, uint64_t failed)
{
    const struct tally *t = desk_books(d->desk);
    assert_int_equal(t->endpoints[0].latency[OUTCOME_OK].total, ok);
    assert_int_equal(t->endpoints[0].latency[OUTCOME_FAILED].total, failed);
    assert_int_equal(t->counters[COUNTER_BAD_EVENTS], 0);
    assert_int_equal(fake_buffers_out(), 0);
}

static void assert_failed_as(struct secured *d, enum failure_class class, const char *message)
{
    const struct tally *t = desk_books(d->desk);
    assert_int_equal(t->failure_count, 1);
    assert_int_equal(t->failures[0].class, class);
    assert_string_equal(t->failures[0].message, message);
}

static void assert_asked(struct secured *d, const char *text)
{
    char plain[1024];
    const size_t len = tls_peer_read(d->peer, plain, sizeof plain);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(plain, text, len);
}

static void assert_no_memory_is_held(const struct secured *d)
{
    assert_int_equal(d->desk->worker->sealed.free_count, d->desk->worker->sealed.count);
}

static void what_ends_the_handshake_leaves_together_with_the_request(void **state)
{
    struct secured *d = *state;
    connect_desk(d);
    assert_int_equal(conn_of(d)->state, CONN_HANDSHAKING);
    assert_non_null(fake_armed(OP_RECV, 0));
    carry(d, OP_SEND);
    desk_send_is_over();
    desk_settle(d->desk);
    assert_no_memory_is_held(d);
    hear(d, 0);
    assert_int_equal(conn_of(d)->state, CONN_EXCHANGING);
    assert_null(fake_armed(OP_SEND, 0));
    carry(d, OP_SEND_SILENT);
    assert_true(tls_peer_is_secured(d->peer));
    assert_asked(d, REQUEST);
    assert_int_equal(desk_books(d->desk)->counters[COUNTER_OPENED], 1);
    assert_int_equal(desk_books(d->desk)->counters[COUNTER_TLS_HANDSHAKES], 1);
    assert_int_equal(desk_books(d->desk)->phases[PHASE_TLS].total, 1);
}

static void an_answer_is_one_however_its_bytes_are_cut(void **state)
{
    struct secured *d = *state;
    shake(d);
    carry(d, OP_SEND_SILENT);
    assert_asked(d, REQUEST);
    fake_sent(0);
    desk_settle_at(d->desk, 7);
    answer(d, ANSWER, 1);
    assert_finished(d, 1, 0);
    assert_int_equal(desk_books(d->desk)->endpoints[0].latency[OUTCOME_OK].max_ns, 7 * MS);
    assert_int_equal(conn_of(d)->state, CONN_OPEN);
    assert_no_memory_is_held(d);

    desk_settle_at(d->desk, 17); /* the user's wait is over */
    carry(d, OP_SEND_SILENT);
    assert_asked(d, REQUEST);
    fake_sent(0);
    answer(d, ANSWER, 0);
    assert_finished(d, 2, 0);
}

/* The kernel may tell later that the hello has left than what it was answered. */
static void what_is_heard_before_the_hello_has_left_is_answered_after(void **state)
{
    struct secured *d = *state;
    connect_desk(d);
    carry(d, OP_SEND);
    hear(d, 0);
    assert_int_equal(conn_of(d)->state, CONN_OPEN);
    assert_null(fake_armed(OP_SEND_SILENT, 0));
    desk_send_is_over();
    desk_settle(d->desk);
    carry(d, OP_SEND_SILENT);
    assert_true(tls_peer_is_secured(d->peer));
    assert_asked(d, REQUEST);
    fake_sent(0);
    answer(d, ANSWER, 0);
    assert_finished(d, 1, 0);
    assert_no_memory_is_held(d);
}

static void the_server_is_told_why_it_is_not_trusted(void **state)
{
    struct secured *d = *state;
    tls_context_close(d->desk->tls);
    static const char *const names[] = { "nobody.example" };
    char fault[TLS_FAULT_MAX];
    const struct tls_options options = { .ca_file = fixture_cert_file() };
    assert_int_equal(tls_context_open(&d->desk->tls, &options, names, 1, fault), 0);
    connect_desk(d);
    carry(d, OP_SEND);
    desk_send_is_over();
    desk_settle(d->desk);
    hear(d, 0);
    assert_finished(d, 0, 1);
    assert_failed_as(d, FAILURE_TLS_CERT,
                     "nobody.example: hostname mismatch, certificate of 'CN=localhost'");
    assert_int_equal(desk_books(d->desk)->closes[CLOSE_TLS_FAILED], 1);
    carry(d, OP_SEND_SILENT); /* the alert */
    assert_false(tls_peer_is_secured(d->peer));
}

static void a_handshake_has_the_time_of_a_connect(void **state)
{
    struct secured *d = *state;
    connect_desk(d);
    desk_settle_at(d->desk, 99);
    assert_finished(d, 0, 0);
    desk_settle_at(d->desk, 101);
    assert_finished(d, 0, 1);
    assert_failed_as(d, FAILURE_CONNECT_TIMEOUT, "no TLS handshake in time");
}

static void an_end_while_idle_needs_no_announcement(void **state)
{
    struct secured *d = *state;
    shake(d);
    carry(d, OP_SEND_SILENT);
    fake_sent(0);
    answer(d, ANSWER, 0);
    fake_complete(OP_RECV, 0, 0);
    desk_settle(d->desk);
    assert_finished(d, 1, 0);
    assert_int_equal(desk_books(d->desk)->closes[CLOSE_SERVER_CLOSED], 1);
}

static void an_end_in_an_answer_does(void **state)
{
    struct secured *d = *state;
    shake(d);
    carry(d, OP_SEND_SILENT);
    fake_sent(0);
    answer(d, "HTTP/1.1 200 OK\r\n\r\nall of it?", 0);
    fake_complete(OP_RECV, 0, 0);
    desk_settle(d->desk);
    assert_finished(d, 0, 1);
    assert_failed_as(d, FAILURE_TLS_EOF, failure_sentence(FAILURE_TLS_EOF));
}

static void an_announced_end_ends_an_answer(void **state)
{
    struct secured *d = *state;
    shake(d);
    carry(d, OP_SEND_SILENT);
    fake_sent(0);
    tls_peer_write(d->peer, "HTTP/1.1 200 OK\r\n\r\nall of it", 28);
    tls_peer_write_close(d->peer);
    hear(d, 1);
    assert_finished(d, 1, 0);
}

/* The server says all of it and that it ends; after `cut` bytes of that the network does. Returns
 * how many bytes there are. */
static size_t cut_answer(struct secured *d, const char *text, size_t cut, size_t *ret_record_bytes)
{
    shake(d);
    carry(d, OP_SEND_SILENT);
    fake_sent(0);
    tls_peer_write(d->peer, text, strlen(text));
    *ret_record_bytes = tls_peer_take(d->peer, flight, sizeof flight);
    tls_peer_write_close(d->peer);
    const size_t len =
        *ret_record_bytes + tls_peer_take(d->peer, flight + *ret_record_bytes, TLS_CLOSE_MAX);
    if (cut > 0 && cut <= len)
        fake_receive_bytes(0, flight, cut, true);
    desk_settle(d->desk);
    if (fake_armed(OP_RECV, 0) != NULL)
        fake_complete(OP_RECV, 0, 0);
    desk_settle(d->desk);
    return len;
}

/* Where a body ends with the connection, only its whole end counts; where its length is known, all
 * of its bytes do. */
static void cut_everywhere(const char *text, bool ends_with_connection)
{
    size_t len = SIZE_MAX, record_bytes = SIZE_MAX;
    /* Within both records, and where they begin and end. */
    for (size_t cut = 0; cut <= len;
         cut += cut + 20 < record_bytes || (cut > record_bytes && cut + 20 < len) ? 20 : 1) {
        struct secured *d = NULL;
        assert_int_equal(open_desk((void **)&d), 0);
        len = cut_answer(d, text, cut, &record_bytes);
        const bool is_whole = cut >= (ends_with_connection ? len : record_bytes);
        assert_finished(d, is_whole, !is_whole);
        if (!is_whole)
            assert_failed_as(d, FAILURE_TLS_EOF, failure_sentence(FAILURE_TLS_EOF));
        close_desk((void **)&d);
    }
    assert_true(len > record_bytes);
}

static void an_answer_cut_anywhere_is_never_taken_for_whole(void **state)
{
    (void)state;
    cut_everywhere("HTTP/1.1 200 OK\r\n\r\nhow much of it is this?", true);
    cut_everywhere(ANSWER, false);
}

static void tickets_and_new_keys_within_an_answer_change_nothing(void **state)
{
    struct secured *d = *state;
    shake(d);
    for (size_t piece = 0; piece < 3; piece++) {
        carry(d, OP_SEND_SILENT);
        assert_asked(d, REQUEST);
        fake_sent(0);
        for (const char *at = ANSWER; *at != '\0'; at++) {
            tls_peer_write(d->peer, at, 1);
            tls_peer_give_ticket(d->peer);
            if (at - ANSWER < 4)
                tls_peer_demand_new_keys(d->peer);
        }
        hear(d, piece);
        assert_finished(d, piece + 1, 0);
        desk_settle_at(d->desk, (piece + 1) * 20); /* the user's wait is over */
    }
}

static void our_own_end_is_announced(void **state)
{
    struct secured *d = *state;
    shake(d);
    carry(d, OP_SEND_SILENT);
    fake_sent(0);
    answer(d, ANSWER, 0);
    d->desk->stop = STOP_DRAIN;
    desk_settle(d->desk);
    carry(d, OP_SEND_SILENT);
    assert_true(tls_peer_is_ended(d->peer));
    assert_finished(d, 1, 0);
}

static void long_requests_are_sealed_piece_by_piece(void **state)
{
    struct secured *d = *state;
    size_t sends = 0, heard = 0;
    char plain[65536];
    static char body[200000];
    struct plan_request *request = &d->desk->sketch.requests[0];
    const size_t head = strlen(REQUEST);
    memcpy(body, REQUEST, head);
    memset(body + head, 'x', sizeof body - head);
    request->template.whole = (struct span){ body, sizeof body };
    d->desk->sketch.plan.request_bytes_max = sizeof body;
    shake(d);
    while (fake_armed(OP_SEND, 0) != NULL) {
        const struct fake_op *o = fake_armed(OP_SEND, 0);
        for (size_t fed = 0; fed < o->len; fed += 16384) {
            const size_t len = o->len - fed < 16384 ? o->len - fed : 16384;
            tls_peer_feed(d->peer, (const char *)o->bytes + fed, len);
            const size_t got = tls_peer_read(d->peer, plain, sizeof plain);
            assert_memory_equal(plain, body + heard, got);
            heard += got;
        }
        sends++;
        desk_send_is_over();
        desk_settle(d->desk);
    }
    assert_int_equal(heard, sizeof body);
    assert_int_equal(sends, 4); /* of 64 KiB */
    answer(d, ANSWER, 0);
    assert_finished(d, 1, 0);
    assert_no_memory_is_held(d);
}

static void a_run_broken_off_in_a_handshake_leaks_nothing(void **state)
{
    struct secured *d = *state;
    connect_desk(d);
    d->desk->stop = STOP_NOW;
    while (worker_turn(d->desk->worker)) {
    }
    assert_int_equal(conn_of(d)->state, CONN_DRAINING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, open_desk, close_desk)
        DESK_TEST(what_ends_the_handshake_leaves_together_with_the_request),
        DESK_TEST(an_answer_is_one_however_its_bytes_are_cut),
        DESK_TEST(what_is_heard_before_the_hello_has_left_is_answered_after),
        DESK_TEST(the_server_is_told_why_it_is_not_trusted),
        DESK_TEST(a_handshake_has_the_time_of_a_connect),
        DESK_TEST(an_end_while_idle_needs_no_announcement),
        DESK_TEST(an_end_in_an_answer_does),
        DESK_TEST(an_announced_end_ends_an_answer),
        cmocka_unit_test(an_answer_cut_anywhere_is_never_taken_for_whole),
        DESK_TEST(tickets_and_new_keys_within_an_answer_change_nothing),
        DESK_TEST(our_own_end_is_announced),
        DESK_TEST(long_requests_are_sealed_piece_by_piece),
        DESK_TEST(a_run_broken_off_in_a_handshake_leaks_nothing),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("conn_tls", tests, fixture_open, fixture_close) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
