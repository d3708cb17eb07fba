#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bench/harness.h"
#include "bench/machine.h"
#include "bench/tls_pair.h"

/* What TLS costs without a network: records alone, handshakes with both their ends (about half is
 * the server's), and whether handshakes on two cores get in each other's way. */
#define SMALL_BYTES  100u
#define READ_BUDGET  (64u * 1024u * 1024u) /* sealed before timing, for a reading benchmark */
#define LARGE_ROUNDS 300u
#define SMALL_ROUNDS 30000u
#define SHAKE_ROUNDS 100u

static struct tls_pair own, others;
static struct tls_link *own_link, *others_link;
static char plain[TLS_PLAIN_MAX];
static char sealed[TLS_PLAIN_MAX * 2];
static char *wire; /* what the server wrote, to be read */
static size_t wire_len, wire_at;
static pthread_t neighbour;
static _Atomic bool is_over;

/* ---- records ---- */

static void prepare_link(void)
{
    tls_pair_open(&own, false, SERVER_TLS_1_3);
    own_link = calloc(1, sizeof *own_link);
    bench_check(own_link != NULL);
    tls_link_connect(own_link, own.client, 0, own.server);
    bench_check(own_link->is_secured);
}

static void finish_link(void)
{
    tls_link_close(own_link);
    free(own_link);
    free(wire);
    wire = NULL;
    tls_pair_close(&own);
}

static void write_records(uint64_t rounds, size_t len)
{
    size_t out_len = 0;
    for (uint64_t i = 0; i < rounds; i++)
        bench_check(tls_write(own_link->client, plain, len, sealed, sizeof sealed, &out_len) ==
                        TLS_READY &&
                    out_len > len);
}

static void write_small(uint64_t rounds)
{
    write_records(rounds, SMALL_BYTES);
}

static void write_large(uint64_t rounds)
{
    write_records(rounds, TLS_PLAIN_MAX);
}

static void prepare_wire(size_t len)
{
    prepare_link();
    wire = malloc(READ_BUDGET);
    bench_check(wire != NULL);
    wire_len = 0;
    wire_at = 0;
    while (wire_len + tls_sealed_max(len) <= READ_BUDGET) {
        tls_peer_write(own_link->server, plain, len);
        wire_len += tls_peer_take(own_link->server, wire + wire_len, READ_BUDGET - wire_len);
    }
}

static void prepare_small_wire(void)
{
    prepare_wire(SMALL_BYTES);
}

static void prepare_large_wire(void)
{
    prepare_wire(TLS_PLAIN_MAX);
}

/* Each record comes alone, as an answer does. */
static void read_records(uint64_t rounds, size_t len)
{
    size_t got = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        const size_t record = len + 22;
        bench_check(wire_at + record <= wire_len);
        tls_feed(own_link->client, wire + wire_at, record);
        wire_at += record;
        bench_check(tls_read(own_link->client, sealed, sizeof sealed, &got) == TLS_READY);
        bench_check(got == len);
        bench_check(tls_read(own_link->client, sealed, sizeof sealed, &got) == TLS_MORE);
    }
}

static void read_small(uint64_t rounds)
{
    read_records(rounds, SMALL_BYTES);
}

static void read_large(uint64_t rounds)
{
    read_records(rounds, TLS_PLAIN_MAX);
}

/* ---- handshakes ---- */

static void shake_hands(struct tls_pair *p, struct tls_link *l)
{
    tls_link_connect(l, p->client, 0, p->server);
    bench_check(l->is_secured);
    tls_link_close(l);
}

/* A quick look wants 1000 rounds: these show as much. */
static void shake(uint64_t rounds)
{
    for (uint64_t i = 0; i < rounds && i < SHAKE_ROUNDS; i++)
        shake_hands(&own, own_link);
}

static void *shake_beside(void *nothing)
{
    (void)nothing;
    machine_pin(bench_other_cpu());
    while (!atomic_load(&is_over))
        shake_hands(&others, others_link);
    return NULL;
}

static void prepare_handshakes(bool resumes, bool beside)
{
    tls_pair_open(&own, resumes, SERVER_TLS_1_3);
    tls_pair_open(&others, resumes, SERVER_TLS_1_3);
    own_link = calloc(1, sizeof *own_link);
    others_link = calloc(1, sizeof *others_link);
    bench_check(own_link != NULL && others_link != NULL);
    shake_hands(&own, own_link); /* brings the first ticket */
    atomic_store(&is_over, true);
    if (!beside)
        return;
    if (bench_other_cpu() < 0) {
        bench_skip("it needs two CPUs");
        return;
    }
    atomic_store(&is_over, false);
    bench_check(pthread_create(&neighbour, NULL, shake_beside, NULL) == 0);
}

static void prepare_full(void)
{
    prepare_handshakes(false, false);
}

static void prepare_full_beside(void)
{
    prepare_handshakes(false, true);
}

static void prepare_resumed(void)
{
    prepare_handshakes(true, false);
}

static void prepare_resumed_beside(void)
{
    prepare_handshakes(true, true);
}

static void finish_handshakes(void)
{
    if (!atomic_exchange(&is_over, true))
        pthread_join(neighbour, NULL);
    free(own_link);
    free(others_link);
    tls_pair_close(&own);
    tls_pair_close(&others);
}

int main(int argc, char **argv)
{
    const struct bench benches[] = {
        { "tls_write_100_bytes", SMALL_ROUNDS, prepare_link, write_small, finish_link },
        { "tls_write_16_KiB", LARGE_ROUNDS, prepare_link, write_large, finish_link },
        { "tls_read_100_bytes", SMALL_ROUNDS, prepare_small_wire, read_small, finish_link },
        { "tls_read_16_KiB", LARGE_ROUNDS, prepare_large_wire, read_large, finish_link },
        { "tls_full_handshake_alone", SHAKE_ROUNDS, prepare_full, shake, finish_handshakes },
        { "tls_full_handshake_beside_another_core", SHAKE_ROUNDS, prepare_full_beside, shake,
          finish_handshakes, "tls_full_handshake_alone" },
        { "tls_resumed_handshake_alone", SHAKE_ROUNDS, prepare_resumed, shake, finish_handshakes,
          "tls_full_handshake_alone" },
        { "tls_resumed_handshake_beside_another_core", SHAKE_ROUNDS, prepare_resumed_beside, shake,
          finish_handshakes, "tls_resumed_handshake_alone" },
    };
    return bench_main(argc, argv, benches, sizeof benches / sizeof benches[0]);
}
