/* goal: the simulated ring keeps every promise of ring.h, in exact virtual time, and notices every
 * broken rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/op.h"
#include "engine/io/ring.h"
#include "tests/sim/server.h"

#define MS   UINT64_C(1000000)
#define GETS "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define SEEN 64

/* A client without any sense: arms what a test says and writes down what comes. */
struct client {
    struct world world;
    struct server server;
    struct server_script script;
    struct reply reply;
    struct ring *ring;
    uint16_t chances[FAULT_COUNT];
    uint32_t gen;
    bool keeps_buffers;
    unsigned count;
    struct completion seen[SEEN];
    uint64_t seen_ns[SEEN];
    char bytes[4096];
    size_t bytes_len;
};

static const struct sockaddr_in somewhere = { .sin_family = AF_INET };
static const struct socket_options no_options;

static uint64_t tag(const struct client *c, enum op_kind kind, uint32_t file)
{
    return op_pack((struct op_tag){ .kind = kind, .gen = c->gen, .slot = file });
}

static void answer_as_told(void *context, const struct server_request *asked, struct reply *reply)
{
    (void)asked;
    *reply = *(const struct reply *)context;
}

static int client_open(void **state)
{
    struct client *c = calloc(1, sizeof *c);
    world_open(&c->world, 1);
    c->world.chances = c->chances;
    c->world.latency_ns = 3 * MS;
    reply_init(&c->reply);
    c->script = (struct server_script){ .answer = answer_as_told, .context = &c->reply };
    server_init(&c->server, &c->world, &c->script);
    c->gen = 7;
    assert_int_equal(ring_open(&c->ring, &(struct ring_setup){ .files = 4, .buf_count = 4 }), 0);
    ring_start(c->ring);
    *state = c;
    return 0;
}

static int client_close(void **state)
{
    struct client *c = *state;
    ring_close(c->ring);
    network_close(&c->world);
    server_close(&c->server);
    world_close(&c->world);
    free(c);
    return 0;
}

static void write_down(void *owner, const struct completion *got)
{
    struct client *c = owner;
    assert_true(c->count < SEEN);
    c->seen_ns[c->count] = c->world.now_ns - WORLD_START_NS;
    c->seen[c->count++] = *got;
    if (got->buf_id == BUF_NONE)
        return;
    memcpy(c->bytes + c->bytes_len, got->bytes, (size_t)got->result);
    c->bytes_len += (size_t)got->result;
    if (!c->keeps_buffers)
        ring_give_back(c->ring, got->buf_id);
}

/* Turns until `until_ms` after the start. */
static void client_run(struct client *c, uint64_t until_ms)
{
    const uint64_t end_ns = WORLD_START_NS + until_ms * MS;
    do {
        if (ring_submit_and_wait(c->ring, c->world.now_ns, end_ns) < 0)
            break;
        ring_reap(c->ring, write_down, c);
    } while (c->world.now_ns < end_ns);
}

static void client_connect(struct client *c, uint32_t file)
{
    assert_int_equal(ring_connect(c->ring, tag(c, OP_CONNECT, file), file,
                                  (const struct sockaddr *)&somewhere, sizeof somewhere,
                                  &no_options),
                     0);
}

static void client_send(struct client *c, uint32_t file, bool silent)
{
    ring_send(c->ring, tag(c, silent ? OP_SEND_SILENT : OP_SEND, file), file, GETS, sizeof GETS - 1,
              silent);
}

/* Arms the receive again as often as it ends for want of buffers. */
static void client_receive_rest(struct client *c, uint64_t from_ms)
{
    while (c->seen[c->count - 1].result == -ENOBUFS) {
        ring_recv(c->ring, tag(c, OP_RECV, 0), 0);
        client_run(c, ++from_ms);
    }
}

static void assert_seen(const struct client *c, unsigned i, enum op_kind kind, int32_t result)
{
    assert_true(i < c->count);
    assert_int_equal(op_unpack(c->seen[i].tag).kind, kind);
    assert_int_equal(c->seen[i].result, result);
}

static void a_request_takes_two_latencies_and_the_servers_delay(void **state)
{
    struct client *c = *state;
    client_connect(c, 0);
    client_run(c, 10);
    assert_seen(c, 0, OP_CONNECT, 0);
    assert_int_equal(c->seen_ns[0], 6 * MS);

    ring_recv(c->ring, tag(c, OP_RECV, 0), 0);
    client_send(c, 0, true);
    client_run(c, 30); /* 10 + 3 there + 1 thinking + 3 back */
    assert_int_equal(c->count, 2);
    assert_int_equal(c->seen_ns[1], 17 * MS);
    assert_true(c->seen[1].more);
    assert_non_null(strstr(c->bytes, "\r\n\r\nbb"));
    assert_int_equal(c->server.truth.replies_whole, 1);
    assert_int_equal(c->server.truth.bytes_sent, c->bytes_len);
    assert_string_equal(c->world.violation, "");
}

static void a_loud_send_completes_with_all_its_bytes_however_slowly_they_leave(void **state)
{
    struct client *c = *state;
    c->chances[FAULT_SEND_SLOW] = FAULT_CERTAIN;
    c->chances[FAULT_SEGMENTED] = FAULT_CERTAIN / 2;
    client_connect(c, 1);
    client_run(c, 10);
    client_send(c, 1, false);
    client_run(c, 200);
    assert_seen(c, 1, OP_SEND, sizeof GETS - 1);
    assert_true(c->seen_ns[1] > 10 * MS);
    assert_int_equal(c->server.truth.requests, 1);
}

static void a_cancelled_operation_and_its_cancel_both_complete(void **state)
{
    struct client *c = *state;
    client_connect(c, 0);
    client_run(c, 10);
    ring_recv(c->ring, tag(c, OP_RECV, 0), 0);
    client_run(c, 11);
    ring_cancel(c->ring, tag(c, OP_CANCEL_RECV, 0), tag(c, OP_RECV, 0));
    client_run(c, 12);
    assert_int_equal(c->count, 3);
    const unsigned recv_at = op_unpack(c->seen[1].tag).kind == OP_RECV ? 1 : 2;
    assert_seen(c, recv_at, OP_RECV, -ECANCELED);
    assert_false(c->seen[recv_at].more);
    assert_seen(c, 3 - recv_at, OP_CANCEL_RECV, 0);

    ring_cancel(c->ring, tag(c, OP_CANCEL_RECV, 0), tag(c, OP_RECV, 0));
    client_run(c, 13);
    assert_seen(c, 3, OP_CANCEL_RECV, -ENOENT);
}

static void a_cancel_that_comes_too_late_follows_the_completion(void **state)
{
    struct client *c = *state;
    client_connect(c, 0);
    client_run(c, 10);
    client_send(c, 0, false);
    ring_cancel(c->ring, tag(c, OP_CANCEL_SEND, 0), tag(c, OP_SEND, 0));
    client_run(c, 11);
    assert_seen(c, 1, OP_SEND, sizeof GETS - 1);
    assert_seen(c, 2, OP_CANCEL_SEND, -ENOENT);
}

static void a_connect_without_answer_ends_only_by_its_cancel(void **state)
{
    struct client *c = *state;
    c->chances[FAULT_CONNECT_SILENT] = FAULT_CERTAIN;
    client_connect(c, 2);
    client_run(c, 100000);
    assert_int_equal(c->count, 0);
    ring_cancel(c->ring, tag(c, OP_CANCEL_CONNECT, 2), tag(c, OP_CONNECT, 2));
    client_run(c, 100001);
    assert_int_equal(c->count, 2);
    ring_close_file(c->ring, tag(c, OP_CLOSE, 2), 2);
    client_run(c, 100002);
    assert_seen(c, 2, OP_CLOSE, 0);
    assert_string_equal(c->world.violation, "");
}

static void a_refused_connect_takes_a_round_trip(void **state)
{
    struct client *c = *state;
    c->server.script.outage_to_ns = 50 * MS;
    client_connect(c, 0);
    client_run(c, 10);
    assert_seen(c, 0, OP_CONNECT, -ECONNREFUSED);
    assert_int_equal(c->seen_ns[0], 6 * MS);
}

static void a_receive_ends_when_the_buffers_have_run_dry(void **state)
{
    struct client *c = *state;
    c->chances[FAULT_RECV_CUT] = FAULT_CERTAIN; /* many small pieces: five at least */
    c->reply.body_bytes = 600;
    client_connect(c, 0);
    client_run(c, 10);
    ring_recv(c->ring, tag(c, OP_RECV, 0), 0);
    client_send(c, 0, true);
    client_run(c, 30);
    assert_int_equal(c->count, 6);
    assert_seen(c, 5, OP_RECV, -ENOBUFS);
    assert_false(c->seen[5].more);
    client_receive_rest(c, 30);
    assert_int_equal(c->bytes_len, c->server.truth.bytes_sent);
    assert_string_equal(c->world.violation, "");
}

static void a_close_arrives_after_the_bytes_and_a_reset_instead_of_an_answer(void **state)
{
    struct client *c = *state;
    c->reply.says_close = true;
    client_connect(c, 0);
    client_connect(c, 1);
    client_run(c, 10);
    ring_recv(c->ring, tag(c, OP_RECV, 0), 0);
    client_send(c, 0, true);
    client_run(c, 20);
    assert_int_equal(c->count, 4);
    assert_true(c->seen[2].result > 0);
    assert_seen(c, 3, OP_RECV, 0);
    assert_false(c->seen[3].more);

    c->reply.fate = FATE_RESET;
    ring_recv(c->ring, tag(c, OP_RECV, 1), 1);
    client_send(c, 1, true);
    client_run(c, 30);
    assert_seen(c, 4, OP_RECV, -ECONNRESET);
    client_send(c, 1, true);
    client_run(c, 31);
    assert_seen(c, 5, OP_SEND_SILENT, -EPIPE);
}

static void bytes_thrown_away_are_counted_and_the_rest_is_received(void **state)
{
    struct client *c = *state;
    c->reply.body_bytes = 1000;
    client_connect(c, 0);
    client_run(c, 10);
    ring_recv_once(c->ring, tag(c, OP_RECV, 0), 0, 10);
    client_send(c, 0, true);
    client_run(c, 20);
    assert_seen(c, 1, OP_RECV, 10);
    assert_false(c->seen[1].more);
    ring_discard(c->ring, tag(c, OP_DISCARD, 0), 0, 900);
    client_run(c, 21);
    assert_seen(c, 2, OP_DISCARD, 900);
    assert_int_equal(c->seen[2].buf_id, BUF_NONE);
    ring_recv(c->ring, tag(c, OP_RECV, 0), 0);
    client_run(c, 22);
    assert_int_equal(c->seen[3].result, c->server.truth.bytes_sent - 910);
}

static void pipelined_requests_are_answered_in_order_however_they_are_cut(void **state)
{
    struct client *c = *state;
    static const char two[] = "POST /a HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello" GETS;
    c->chances[FAULT_SEGMENTED] = FAULT_CERTAIN;
    c->world.jitter_ns = 2 * MS;
    client_connect(c, 0);
    client_run(c, 10);
    ring_recv(c->ring, tag(c, OP_RECV, 0), 0);
    ring_send(c->ring, tag(c, OP_SEND, 0), 0, two, sizeof two - 1, false);
    client_run(c, 500);
    client_receive_rest(c, 500);
    assert_int_equal(c->server.truth.requests, 2);
    assert_int_equal(c->server.truth.replies_whole, 2);
    assert_int_equal(c->server.truth.bytes_sent, c->bytes_len);
}

static void a_broken_rule_is_named(void **state)
{
    struct client *c = *state;
    client_connect(c, 0);
    client_run(c, 10);
    ring_recv(c->ring, tag(c, OP_RECV, 0), 0);
    ring_close_file(c->ring, tag(c, OP_CLOSE, 0), 0);
    assert_string_equal(c->world.violation, "file 0 closed with RECV armed");

    c->world.violation[0] = '\0';
    c->gen = 8;
    client_send(c, 0, true);
    assert_non_null(strstr(c->world.violation, "generation 8 where 7 lives"));

    c->world.violation[0] = '\0';
    ring_give_back(c->ring, 3);
    assert_string_equal(c->world.violation, "buffer 3 given back by somebody who does not have it");

    c->world.violation[0] = '\0';
    ring_recv_once(c->ring, tag(c, OP_RECV, 3), 3, 1);
    assert_non_null(strstr(c->world.violation, "file 3"));
}

static void a_buffer_kept_over_a_wait_is_noticed(void **state)
{
    struct client *c = *state;
    c->keeps_buffers = true;
    client_connect(c, 0);
    client_run(c, 10);
    ring_recv(c->ring, tag(c, OP_RECV, 0), 0);
    client_send(c, 0, true);
    client_run(c, 30);
    assert_string_equal(c->world.violation, "1 buffers not given back before the next wait");
}

static void a_wait_for_nothing_is_a_deadlock(void **state)
{
    struct client *c = *state;
    assert_int_equal(ring_submit_and_wait(c->ring, c->world.now_ns, UINT64_MAX), -EIO);
    assert_non_null(strstr(c->world.violation, "deadlock"));
}

struct pair {
    struct world world;
    struct waiter waiters[2];
    uint64_t woken[8];
    unsigned count;
};

static void wait_in_turns(void *context, uint32_t index)
{
    struct pair *p = context;
    for (uint64_t i = 1; i <= 3; i++) {
        world_wait(&p->world, &p->waiters[index], WORLD_START_NS + i * (index == 0 ? 10 : 7));
        p->woken[p->count++] = p->world.now_ns - WORLD_START_NS;
    }
}

static void cores_take_turns_in_the_order_of_time(void **state)
{
    (void)state;
    static const uint64_t expected[] = { 7, 10, 14, 20, 21, 30 };
    struct pair p = { 0 };
    world_open(&p.world, 1);
    p.world.waiters[p.world.waiter_count++] = &p.waiters[0];
    p.world.waiters[p.world.waiter_count++] = &p.waiters[1];
    world_run_fibers(&p.world, 2, wait_in_turns, &p);
    assert_int_equal(p.count, 6);
    assert_memory_equal(p.woken, expected, sizeof expected);
    world_close(&p.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, client_open, client_close)
        IN_WORLD(a_request_takes_two_latencies_and_the_servers_delay),
        IN_WORLD(a_loud_send_completes_with_all_its_bytes_however_slowly_they_leave),
        IN_WORLD(a_cancelled_operation_and_its_cancel_both_complete),
        IN_WORLD(a_cancel_that_comes_too_late_follows_the_completion),
        IN_WORLD(a_connect_without_answer_ends_only_by_its_cancel),
        IN_WORLD(a_refused_connect_takes_a_round_trip),
        IN_WORLD(a_receive_ends_when_the_buffers_have_run_dry),
        IN_WORLD(a_close_arrives_after_the_bytes_and_a_reset_instead_of_an_answer),
        IN_WORLD(bytes_thrown_away_are_counted_and_the_rest_is_received),
        IN_WORLD(pipelined_requests_are_answered_in_order_however_they_are_cut),
        IN_WORLD(a_broken_rule_is_named),
        IN_WORLD(a_buffer_kept_over_a_wait_is_noticed),
        IN_WORLD(a_wait_for_nothing_is_a_deadlock),
        cmocka_unit_test(cores_take_turns_in_the_order_of_time),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("network", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
