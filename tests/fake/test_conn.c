/* goal: whatever order completions come in, each request is counted once, for the right reason, and
 * nothing of a closed connection reaches the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/conn_states.h"
#include "tests/fake/desk.h"

#define LAST "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

static int open_desk(void **state)
{
    *state = desk_open(100 * MS);
    return 0;
}

static int close_desk(void **state)
{
    desk_close(*state);
    return 0;
}

/* The user has asked for a connection. */
static void begin(struct desk *d)
{
    desk_start(d);
    desk_settle(d);
}

/* … and connected: the first request has left. */
static void send_first(struct desk *d)
{
    begin(d);
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d);
    assert_non_null(fake_armed(OP_RECV, 0));
    assert_non_null(fake_armed(OP_SEND_SILENT, 0));
}

static void finish_cancels(struct desk *d)
{
    fake_complete(OP_CANCEL_SEND, 0, -ENOENT);
    fake_complete(OP_CANCEL_RECV, 0, 0);
    fake_complete(OP_RECV, 0, -ECANCELED);
    desk_settle(d);
}

static void assert_finished(struct desk *d, uint64_t ok, uint64_t failed)
{
    const struct tally *t = desk_books(d);
    assert_int_equal(t->endpoints[0].latency[OUTCOME_OK].total, ok);
    assert_int_equal(t->endpoints[0].latency[OUTCOME_FAILED].total, failed);
    assert_int_equal(t->counters[COUNTER_BAD_EVENTS], 0);
    assert_int_equal(fake_buffers_out(), 0);
}

static void assert_failed_as(struct desk *d, enum failure_class class)
{
    const struct tally *t = desk_books(d);
    assert_int_equal(t->failure_count, 1);
    assert_int_equal(t->failures[0].class, class);
}

static enum conn_state state_now(const struct desk *d)
{
    return (enum conn_state)d->worker->conns[0].state;
}

static void a_response_in_pieces_is_one_answer(void **state)
{
    struct desk *d = *state;
    send_first(d);
    fake_sent(0);
    fake_receive(0, "HTTP/1.1 200 OK\r\nCont", true);
    desk_settle_at(d, 3);
    assert_finished(d, 0, 0);
    fake_receive(0, "ent-Length: 2\r\n\r\no", true);
    fake_receive(0, "k", true);
    desk_settle_at(d, 5);
    assert_finished(d, 1, 0);
    assert_int_equal(desk_books(d)->endpoints[0].latency[OUTCOME_OK].max_ns, 5 * MS);
    assert_int_equal(state_now(d), CONN_OPEN);
}

static void a_failed_send_fails_its_request_once_and_the_connection_drains(void **state)
{
    struct desk *d = *state;
    send_first(d);
    fake_complete(OP_SEND_SILENT, 0, -EPIPE);
    desk_settle(d);
    assert_finished(d, 0, 1);
    assert_failed_as(d, FAILURE_SEND_RESET);
    assert_int_equal(state_now(d), CONN_DRAINING);
    assert_null(fake_armed(OP_CLOSE, 0)); /* the receive is still in flight */

    finish_cancels(d);
    assert_non_null(fake_armed(OP_CLOSE, 0));
    fake_complete(OP_CLOSE, 0, 0);
    desk_settle(d);
    assert_int_equal(state_now(d), CONN_IDLE);
    assert_finished(d, 0, 1);
}

static void a_silent_send_that_is_cancelled_is_waited_for(void **state)
{
    struct desk *d = *state;
    send_first(d);
    desk_settle_at(d, 100); /* no answer in time */
    fake_complete(OP_CANCEL_SEND, 0, 0);
    fake_complete(OP_CANCEL_RECV, 0, 0);
    fake_complete(OP_RECV, 0, -ECANCELED);
    desk_settle(d);
    assert_null(
        fake_armed(OP_CANCEL_SEND, 0)); /* it was found: there is no need to ask again yet */
    assert_null(fake_armed(OP_CLOSE, 0));
    fake_complete(OP_SEND_SILENT, 0, -ECANCELED);
    desk_settle(d);
    fake_complete(OP_CANCEL_SEND, 0, -ENOENT);
    desk_settle(d);
    assert_non_null(fake_armed(OP_CLOSE, 0));
    assert_finished(d, 0, 1);
    assert_int_equal(desk_books(d)->counters[COUNTER_STALE_COMPLETIONS], 0);
}

/* Of two addresses the first was silent before the run. */
static void a_trial_of_a_silent_address_fails_no_request(void **state)
{
    struct desk *d = *state;
    routes_set(&d->routes, (struct route[]){ { .address_len = 16 }, { .address_len = 15 } }, 2);
    d->routes.entries[0].was_silent = true;
    sketch_timeout(&d->sketch, 10000 * MS);
    send_first(d);
    desk_settle_at(d, 600); /* half a second later it may be tried again */
    fake_sent(0);
    fake_receive(0, ANSWER, true);
    desk_settle(d);
    fake_complete(OP_RECV, 0, 0);
    desk_settle(d);
    fake_complete(OP_CLOSE, 0, 0);
    desk_settle_at(d, 611); /* the user's next request needs a connection: the trial */
    assert_int_equal(fake_connects(), 2);
    desk_settle_at(d, 860);
    assert_null(fake_armed(OP_CANCEL_CONNECT, 0));
    desk_settle_at(d, 862);
    fake_complete(OP_CANCEL_CONNECT, 0, 0);
    fake_complete(OP_CONNECT, 0, -ECANCELED);
    desk_settle(d);
    fake_complete(OP_CLOSE, 0, 0);
    desk_settle(d);
    assert_int_equal(fake_connects(), 3); /* at the other one, at once */
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d);
    fake_sent(0);
    fake_receive(0, ANSWER, true);
    desk_settle(d);
    assert_finished(d, 2, 0);
}

static void an_end_while_idle_closes_without_a_failure(void **state)
{
    struct desk *d = *state;
    send_first(d);
    fake_sent(0);
    fake_receive(0, ANSWER, true);
    desk_settle(d);
    fake_complete(OP_RECV, 0, 0);
    desk_settle(d);
    assert_finished(d, 1, 0);
    assert_int_equal(desk_books(d)->closes[CLOSE_SERVER_CLOSED], 1);
    fake_complete(OP_CLOSE, 0, 0);
    desk_settle_at(d, 11); /* the user's wait is over: a new connection */
    assert_int_equal(fake_connects(), 2);
    assert_finished(d, 1, 0);
}

static void a_late_answer_after_a_timeout_reaches_nobody(void **state)
{
    struct desk *d = *state;
    send_first(d);
    desk_settle_at(d, 100);
    assert_finished(d, 0, 1);
    assert_failed_as(d, FAILURE_TIMEOUT_FIRST_BYTE);
    assert_int_equal(desk_books(d)->closes[CLOSE_TIMEOUT], 1);
    fake_receive(0, ANSWER, true); /* it was on its way */
    finish_cancels(d);
    fake_complete(OP_CLOSE, 0, 0);
    desk_settle_at(d, 111);
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d);
    assert_non_null(fake_armed(OP_SEND_SILENT, 0));
    assert_finished(d, 0, 1); /* the second request still has no answer */
    assert_int_equal(desk_books(d)->status[200], 0);
}

static void a_receive_that_ran_dry_is_armed_again(void **state)
{
    struct desk *d = *state;
    send_first(d);
    fake_complete(OP_RECV, 0, -ENOBUFS);
    desk_settle(d);
    assert_non_null(fake_armed(OP_RECV, 0));
    assert_int_equal(desk_books(d)->counters[COUNTER_BUFFERS_DRY], 1);
    fake_sent(0);
    fake_receive(0, ANSWER, false); /* and one that ends with its bytes */
    desk_settle(d);
    assert_non_null(fake_armed(OP_RECV, 0));
    assert_finished(d, 1, 0);
}

static void connect_and_its_cancel_may_complete_in_either_order(void **state)
{
    struct desk *d = *state;
    static const struct {
        int32_t connect, cancel;
        bool cancel_first;
    } orders[] = { { 0, -ENOENT, false },
                   { -ECANCELED, 0, false },
                   { -ECANCELED, 0, true },
                   { 0, -EALREADY, true } };
    uint64_t ms = 0;
    begin(d);
    for (unsigned i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        assert_non_null(fake_armed(OP_CONNECT, 0));
        desk_settle_at(d, ms += 100); /* the connect takes too long */
        assert_finished(d, 0, i + 1);
        assert_failed_as(d, FAILURE_CONNECT_TIMEOUT);
        if (orders[i].cancel_first)
            fake_complete(OP_CANCEL_CONNECT, 0, orders[i].cancel);
        fake_complete(OP_CONNECT, 0, orders[i].connect);
        if (!orders[i].cancel_first)
            fake_complete(OP_CANCEL_CONNECT, 0, orders[i].cancel);
        desk_settle(d);
        if (fake_armed(OP_CANCEL_CONNECT, 0) != NULL) { /* asked again after -EALREADY */
            fake_complete(OP_CANCEL_CONNECT, 0, -ENOENT);
            desk_settle(d);
        }
        fake_complete(OP_CLOSE, 0, 0);
        desk_settle(d);
        assert_int_equal(fake_armed_count(), 0);
        desk_settle_at(d, ms += 100); /* the pause after a failure and the user's wait */
    }
    assert_int_equal(desk_books(d)->counters[COUNTER_OPENED], 0);
}

static void pipelined_followers_are_sent_again_after_the_server_closes(void **state)
{
    struct desk *d = *state;
    d->sketch.plan.load.pipeline = 3;
    sketch_closed(&d->sketch, 3, 1000 * MS);
    begin(d);
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d);
    assert_int_equal(desk_books(d)->counters[COUNTER_SENT], 3);
    desk_send_is_over();
    fake_receive(0, LAST, true);
    desk_settle(d);
    assert_finished(d, 1, 0);
    fake_complete(OP_CANCEL_RECV, 0, 0);
    fake_complete(OP_RECV, 0, -ECANCELED);
    desk_settle(d);
    fake_complete(OP_CLOSE, 0, 0);
    desk_settle(d);
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d);
    assert_int_equal(desk_books(d)->counters[COUNTER_RESENT], 2);
    desk_send_is_over();
    fake_receive(0, ANSWER ANSWER, true);
    desk_settle(d);
    assert_finished(d, 3, 0);
}

/* The first request is answered, the next has just left when the server closes: nothing of it was
 * answered. */
/* Three in flight, the second sent 60 ms after the first: at 100 ms only the first is late. */
static void only_a_request_past_its_own_deadline_times_out(void **state)
{
    struct desk *d = *state;
    d->sketch.plan.load.pipeline = 2;
    sketch_closed(&d->sketch, 2, 60 * MS);
    begin(d);
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d);
    desk_send_is_over();
    fake_receive(0, ANSWER, true);
    desk_settle(d);
    desk_settle_at(d, 61); /* the user that was answered asks again */
    desk_send_is_over();
    desk_settle_at(d, 101);
    assert_finished(d, 1, 1);
    assert_failed_as(d, FAILURE_TIMEOUT_FIRST_BYTE);
    assert_int_equal(desk_books(d)->counters[COUNTER_RESENT], 1);
}

/* The kernel still reads the request's bytes: they may not be given to another, nor may the
 * connection be used. */
static void an_answer_before_all_was_sent_ends_the_connection(void **state)
{
    struct desk *d = *state;
    d->sketch.plan.load.pipeline = 2; /* so that the send tells when it is over */
    sketch_closed(&d->sketch, 1, 10 * MS);
    begin(d);
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d);
    assert_non_null(fake_armed(OP_SEND, 0));
    fake_receive(0, ANSWER, true);
    desk_settle(d);
    assert_finished(d, 1, 0);
    assert_int_equal(state_now(d), CONN_DRAINING);
    assert_non_null(fake_armed(OP_CANCEL_SEND, 0));
    assert_int_equal(fake_connects(), 1);
}

static void meet_a_closing_server(struct desk *d)
{
    send_first(d);
    fake_sent(0);
    fake_receive(0, ANSWER, true);
    desk_settle(d);
    desk_settle_at(d, 11); /* the user has waited 10 ms */
    assert_non_null(fake_armed(OP_SEND_SILENT, 0));
    fake_sent(0);
    fake_complete(OP_RECV, 0, -ECONNRESET);
    desk_settle(d);
    fake_complete(OP_CANCEL_SEND, 0, -ENOENT);
    desk_settle(d);
    fake_complete(OP_CLOSE, 0, 0);
    desk_settle(d);
}

static void a_request_that_met_a_closing_server_is_sent_again_and_counted(void **state)
{
    struct desk *d = *state;
    meet_a_closing_server(d);
    assert_finished(d, 1, 0);
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d);
    fake_sent(0);
    fake_receive(0, ANSWER, true);
    desk_settle(d);
    assert_finished(d, 2, 0);
    assert_int_equal(desk_books(d)->counters[COUNTER_RESENT], 1);
    assert_int_equal(desk_books(d)->counters[COUNTER_SCHEDULED], 2);
}

static void a_request_sent_again_is_not_sent_a_third_time(void **state)
{
    struct desk *d = *state;
    meet_a_closing_server(d);
    fake_complete(OP_CONNECT, 0, 0);
    desk_settle(d);
    fake_sent(0);
    fake_complete(OP_RECV, 0, -ECONNRESET);
    desk_settle(d);
    assert_finished(d, 1, 1);
    assert_failed_as(d, FAILURE_RESET_MID_RESPONSE);
}

static void a_request_that_may_do_harm_is_not_sent_again(void **state)
{
    struct desk *d = *state;
    ((struct plan_request *)(uintptr_t)d->sketch.plan.requests)->is_idempotent = false;
    send_first(d);
    fake_sent(0);
    fake_receive(0, ANSWER, true);
    desk_settle(d);
    desk_settle_at(d, 11);
    fake_sent(0);
    fake_complete(OP_RECV, 0, -ECONNRESET);
    desk_settle(d);
    assert_finished(d, 1, 1);
    assert_int_equal(desk_books(d)->counters[COUNTER_RESENT], 0);
}

static void bytes_nobody_asked_for_end_the_connection(void **state)
{
    struct desk *d = *state;
    send_first(d);
    fake_sent(0);
    fake_receive(0, ANSWER "x", true);
    desk_settle(d);
    assert_finished(d, 0, 1);
    assert_failed_as(d, FAILURE_UNSOLICITED);
    assert_int_equal(state_now(d), CONN_DRAINING);
    assert_int_equal(desk_books(d)->closes[CLOSE_UNSOLICITED], 1);
}

static void a_completion_of_an_earlier_tenant_is_counted_and_changes_nothing(void **state)
{
    struct desk *d = *state;
    send_first(d);
    const struct op_tag t = op_unpack(fake_armed(OP_RECV, 0)->tag);
    fake_intrude(op_pack((struct op_tag){ OP_RECV, (t.gen + 1) & OP_GEN_MAX, 0 }), 0);
    desk_settle(d);
    assert_int_equal(desk_books(d)->counters[COUNTER_STALE_COMPLETIONS], 1);
    assert_int_equal(state_now(d), CONN_EXCHANGING);
    assert_finished(d, 0, 0);
}

static void a_socket_that_cannot_be_made_is_a_local_failure(void **state)
{
    struct desk *d = *state;
    fake_refuse_socket(-EMFILE);
    begin(d);
    assert_finished(d, 0, 1);
    assert_failed_as(d, FAILURE_LOCAL_FD);
    assert_int_equal(fake_armed_count(), 0);
    desk_settle_at(d, 50);
    assert_non_null(fake_armed(OP_CONNECT, 0));
}

/* A receive armed between a cancelled one and the answer of its cancel would be taken for
 * cancelled, and never end. */
static void no_receive_is_armed_while_the_cancel_of_one_is_under_way(void **state)
{
    struct desk *d = *state;
    char large[64 * 1024 + 128];
    const int head =
        snprintf(large, sizeof large, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 64 * 1024);
    memset(large + head, 'b', 64 * 1024);
    large[head + 64 * 1024] = '\0';
    send_first(d);
    fake_sent(0);
    fake_receive(0, large, true); /* now large bodies are expected: another receive suits better */
    desk_settle(d);
    if (fake_armed(OP_CANCEL_RECV, 0) == NULL)
        desk_settle_at(d, 10); /* with the next request at the latest */
    assert_non_null(fake_armed(OP_CANCEL_RECV, 0));
    fake_complete(OP_RECV, 0, -ECANCELED);
    desk_settle(d);
    assert_null(fake_armed(OP_RECV, 0));
    fake_complete(OP_CANCEL_RECV, 0, 0);
    desk_settle(d);
    assert_non_null(fake_armed(OP_RECV, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define AT_DESK(f) cmocka_unit_test_setup_teardown(f, open_desk, close_desk)
        AT_DESK(a_response_in_pieces_is_one_answer),
        AT_DESK(a_failed_send_fails_its_request_once_and_the_connection_drains),
        AT_DESK(a_silent_send_that_is_cancelled_is_waited_for),
        AT_DESK(a_trial_of_a_silent_address_fails_no_request),
        AT_DESK(an_end_while_idle_closes_without_a_failure),
        AT_DESK(a_late_answer_after_a_timeout_reaches_nobody),
        AT_DESK(a_receive_that_ran_dry_is_armed_again),
        AT_DESK(connect_and_its_cancel_may_complete_in_either_order),
        AT_DESK(pipelined_followers_are_sent_again_after_the_server_closes),
        AT_DESK(a_request_that_met_a_closing_server_is_sent_again_and_counted),
        AT_DESK(a_request_sent_again_is_not_sent_a_third_time),
        AT_DESK(a_request_that_may_do_harm_is_not_sent_again),
        AT_DESK(only_a_request_past_its_own_deadline_times_out),
        AT_DESK(an_answer_before_all_was_sent_ends_the_connection),
        AT_DESK(bytes_nobody_asked_for_end_the_connection),
        AT_DESK(a_completion_of_an_earlier_tenant_is_counted_and_changes_nothing),
        AT_DESK(a_socket_that_cannot_be_made_is_a_local_failure),
        AT_DESK(no_receive_is_armed_while_the_cancel_of_one_is_under_way),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
