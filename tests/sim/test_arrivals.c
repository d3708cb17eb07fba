/* goal: what the server sees of a constant rate is that rate, evenly, from however many cores it
 * comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/sim/oracle.h"

#define SEEN_MAX  20000u
#define WINDOW_NS MS
#define WINDOWS   500u

/* When each request arrived, in the order of arrival. */
struct guest_book {
    uint64_t count;
    uint64_t arrived_ns[SEEN_MAX];
};

static struct guest_book book;

static void answer_and_note(void *context, const struct server_request *asked, struct reply *reply)
{
    struct guest_book *b = context;
    assert_true(b->count < SEEN_MAX);
    b->arrived_ns[b->count++] = asked->arrived_ns;
    reply->delay_ns = MS;
}

/* Variance over mean of the arrivals in windows of a millisecond: 0 for a clock, 1 for chance, and
 * as many as come together for a train of batches. */
static double dispersion(const struct guest_book *b)
{
    double seen[WINDOWS] = { 0 };
    double sum = 0, squares = 0;
    for (uint64_t i = 0; i < b->count; i++)
        seen[b->arrived_ns[i] / WINDOW_NS]++;
    for (unsigned i = 0; i < WINDOWS; i++) {
        sum += seen[i];
        squares += seen[i] * seen[i];
    }
    const double mean = sum / WINDOWS;
    return (squares / WINDOWS - mean * mean) / mean;
}

static const struct ratio rates[] = { { 20000, 1 }, { 7919, 1 }, { 100000, 3 } };
static const uint32_t cores[] = { 1, 2, 3, 16 };

static void run_rate(struct oracle *o, struct ratio rate, uint32_t core_count)
{
    book.count = 0;
    o->config.server.answer = answer_and_note;
    o->config.server.context = &book;
    o->config.cores = core_count;
    sketch_open(&o->sketch, rate.num, rate.den, 160);
    o->sketch.plan.load.duration_ns = WINDOWS * WINDOW_NS;
    o->sketch.plan.load.grace_ns = S;
    oracle_run(o);
}

static void each_request_arrives_at_its_own_nanosecond(void **state)
{
    struct oracle *o = *state;
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        for (size_t c = 0; c < sizeof cores / sizeof cores[0]; c++) {
            run_rate(o, rates[r], cores[c]);
            for (uint64_t k = 0; k < book.count; k++)
                assert_int_equal(book.arrived_ns[k], k * S * rates[r].den / rates[r].num);
            assert_int_equal(book.count, o->all.total);
        }
    }
}

static void no_rate_is_a_train_of_batches(void **state)
{
    struct oracle *o = *state;
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        for (size_t c = 0; c < sizeof cores / sizeof cores[0]; c++) {
            run_rate(o, rates[r], cores[c]);
            assert_true(dispersion(&book) <= 0.05);
        }
    }
}

static void arrivals_by_chance_are_as_uneven_as_chance(void **state)
{
    struct oracle *o = *state;
    o->sketch.plan.load.is_poisson = true;
    for (size_t c = 0; c < sizeof cores / sizeof cores[0]; c++) {
        run_rate(o, rates[0], cores[c]);
        /* Of 500 windows the standard error is 0.063. */
        assert_true(dispersion(&book) > 0.75 && dispersion(&book) < 1.25);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ORACLE(f) cmocka_unit_test_setup_teardown(f, oracle_open, oracle_close)
        ORACLE(each_request_arrives_at_its_own_nanosecond),
        ORACLE(no_rate_is_a_train_of_batches),
        ORACLE(arrivals_by_chance_are_as_uneven_as_chance),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("arrivals", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
