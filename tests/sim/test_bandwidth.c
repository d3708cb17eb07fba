/* goal: an answer that takes long because it is long is timed to its last byte, and no byte of it
 * is lost in counting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/sim/oracle.h"

#define BODY_BYTES UINT64_C(1000000)

/* A million bytes at a million a second, 2000 every other millisecond, after 20 ms. */
static void answer_at_a_megabyte_a_second(void *context, const struct server_request *asked,
                                          struct reply *reply)
{
    const enum framing *framing = context;
    reply->delay_ns = 20 * MS;
    reply->framing = *framing;
    reply->body_bytes = BODY_BYTES;
    reply->piece_bytes = 2000;
    reply->piece_ns = 2 * MS;
}

static void run_three(struct oracle *o, enum framing framing)
{
    o->config.server.answer = answer_at_a_megabyte_a_second;
    o->config.server.context = &framing;
    sketch_closed(&o->sketch, 1, 0);
    o->sketch.plan.load.requests_max = 3;
    oracle_run(o);
    const struct tally_endpoint *row = &o->result.tally->endpoints[0];
    oracle_assert_exact(o, 3, 3 * 1020 * MS, 1020 * MS, 1020 * MS);
    assert_int_equal(row->service[OUTCOME_OK].min_ns, 1020 * MS);
    assert_int_equal(row->bytes_body, 3 * BODY_BYTES);
    assert_int_equal(row->bytes_in, o->result.truth.bytes_sent);
    assert_int_equal(oracle_counter(o, COUNTER_BYTES_IN), o->result.truth.bytes_sent);
}

static void a_body_of_a_megabyte_takes_its_second(void **state)
{
    struct oracle *o = *state;
    o->config.no_discard = true;
    run_three(o, FRAMING_LENGTH);
}

static void so_it_does_where_the_kernel_throws_it_away(void **state)
{
    struct oracle *o = *state;
    run_three(o, FRAMING_LENGTH);
    assert_int_equal(oracle_counter(o, COUNTER_BODIES_DISCARDED), 3);
}

static void so_it_does_where_the_close_ends_it(void **state)
{
    struct oracle *o = *state;
    run_three(o, FRAMING_CLOSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ORACLE(f) cmocka_unit_test_setup_teardown(f, oracle_open, oracle_close)
        ORACLE(a_body_of_a_megabyte_takes_its_second),
        ORACLE(so_it_does_where_the_kernel_throws_it_away),
        ORACLE(so_it_does_where_the_close_ends_it),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("bandwidth", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                            : EXIT_FAILURE;
}
