#include <errno.h>

#include "bench/flood.h"
#include "bench/harness.h"
#include "bench/own_target.h"
#include "engine/io/op.h"
#include "engine/io/ring.h"

#define BATCH 64u

/* ---- operations that do nothing: on a file that is not there, and cancelling what is not there
 * ----
 */

static struct ring *ring;
static uint64_t completed, refused;

static void prepare_ring(void)
{
    ring = NULL;
    completed = refused = 0;
    if (ring_open(&ring, &(struct ring_setup){ .files = BATCH }) < 0)
        bench_skip("this system refuses io_uring");
    else
        bench_check(ring_start(ring) == 0);
}

static void finish_ring(void)
{
    ring_close(ring);
}

static void count_refused(void *owner, const struct completion *got)
{
    (void)owner;
    completed++;
    refused += got->result == -EBADF || got->result == -ENOENT;
}

static void receive_nothing(void)
{
    ring_recv_once(ring, op_pack((struct op_tag){ .kind = OP_RECV }), 0, 1);
}

static void cancel_nothing(void)
{
    ring_cancel(ring, op_pack((struct op_tag){ .kind = OP_CANCEL_RECV }),
                op_pack((struct op_tag){ .kind = OP_RECV, .slot = 1 }));
}

static void turn_ring(uint64_t rounds, unsigned batch, void (*arm)(void))
{
    const uint64_t wanted = completed + rounds;
    uint64_t armed = 0;
    while (completed < wanted) {
        for (unsigned i = 0; i < batch && armed < rounds; i++, armed++)
            arm();
        bench_check(ring_submit_and_wait(ring, 0, UINT64_MAX) == 0);
        ring_reap(ring, count_refused, NULL);
    }
    bench_check(completed == wanted && refused == wanted);
}

static void receive_alone(uint64_t rounds)
{
    turn_ring(rounds, 1, receive_nothing);
}

static void receive_in_batches(uint64_t rounds)
{
    turn_ring(rounds, BATCH, receive_nothing);
}

static void cancel_alone(uint64_t rounds)
{
    turn_ring(rounds, 1, cancel_nothing);
}

static void cancel_in_batches(uint64_t rounds)
{
    turn_ring(rounds, BATCH, cancel_nothing);
}

/* ---- there and back through loopback ---- */

static struct own_target target;
static struct flood *flood;

static void prepare_flood(const char *path, uint32_t connections)
{
    const char *why;
    target.pid = 0;
    flood = NULL;
    if (own_target_open(&target, bench_other_cpu()) < 0) {
        bench_skip("the server did not come up: this system refuses io_uring");
        return;
    }
    const struct flood_setup setup = { "127.0.0.1", target.port, path, connections, 1 };
    bench_check(flood_open(&flood, &setup, &why) == 0);
    while (!flood_is_connected(flood))
        bench_check(flood_turn(flood) == 0);
}

static void prepare_one_connection(void)
{
    prepare_flood("/bytes/100", 1);
}

static void prepare_many_connections(void)
{
    prepare_flood("/bytes/100", BATCH);
}

static void prepare_large_answers(void)
{
    prepare_flood("/bytes/65536", 1);
}

static void finish_flood(void)
{
    flood_close(flood);
    own_target_close(&target);
}

static void ask(uint64_t rounds)
{
    const uint64_t wanted = flood_answered(flood) + rounds;
    while (flood_answered(flood) < wanted)
        bench_check(flood_turn(flood) == 0);
    bench_check(flood_answered(flood) < wanted + BATCH);
}

int main(int argc, char **argv)
{
    const struct bench benches[] = {
        { "ring_operation_alone", 500 * 1000, prepare_ring, receive_alone, finish_ring },
        { "ring_operation_in_batches_of_64", 2 * 1000 * 1000, prepare_ring, receive_in_batches,
          finish_ring, "ring_operation_alone" },
        { "ring_cancel_alone", 500 * 1000, prepare_ring, cancel_alone, finish_ring },
        { "ring_cancel_in_batches_of_64", 500 * 1000, prepare_ring, cancel_in_batches, finish_ring,
          "ring_cancel_alone" },
        { "target_round_trip", 10 * 1000, prepare_one_connection, ask, finish_flood },
        { "target_round_trip_of_64_at_once", 50 * 1000, prepare_many_connections, ask, finish_flood,
          "target_round_trip" },
        { "target_round_trip_of_64_kib", 5 * 1000, prepare_large_answers, ask, finish_flood,
          "target_round_trip" },
    };
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
