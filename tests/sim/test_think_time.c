/* goal: users think as long as their rule says, on average and each time, and 10,000 of them who
 * were held up together come apart again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/oracle.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define USERS 2000u
#else
#define USERS 10000u
#endif
#define DELAY_NS    (10 * MS)
#define WATCHED_NS  (30 * S) /* of thoughts begun by then one in 20,000 is not over at the end */
#define ARRIVED_MAX 400000u

/* What the server sees of its users, each on a connection of its own. */
struct audience {
    uint64_t answered_ns[USERS + 1]; /* last, by connection */
    uint64_t thoughts, shortest_ns, longest_ns;
    double sum_ns;
    uint64_t arrived_ns[ARRIVED_MAX];
    uint32_t arrived;
    uint64_t frozen_from_ns, frozen_to_ns;
};

static struct audience audience;

static void answer_and_watch(void *context, const struct server_request *asked, struct reply *reply)
{
    struct audience *a = context;
    assert_true(asked->link <= USERS && a->arrived < ARRIVED_MAX);
    uint64_t *answered_ns = &a->answered_ns[asked->link];
    if (*answered_ns != 0 && *answered_ns < WATCHED_NS) {
        const uint64_t thought_ns = asked->arrived_ns - *answered_ns;
        a->thoughts++;
        a->sum_ns += (double)thought_ns;
        a->shortest_ns = thought_ns < a->shortest_ns ? thought_ns : a->shortest_ns;
        a->longest_ns = thought_ns > a->longest_ns ? thought_ns : a->longest_ns;
    }
    a->arrived_ns[a->arrived++] = asked->arrived_ns;
    reply->delay_ns = DELAY_NS;
    if (asked->arrived_ns >= a->frozen_from_ns && asked->arrived_ns < a->frozen_to_ns)
        reply->delay_ns += a->frozen_to_ns - asked->arrived_ns;
    *answered_ns = asked->arrived_ns + reply->delay_ns;
}

/* All begin within ten seconds. */
static void run_users(struct oracle *o, uint64_t seconds, struct wait_rule rule)
{
    const uint64_t from_ns = audience.frozen_from_ns, to_ns = audience.frozen_to_ns;
    memset(&audience, 0, sizeof audience);
    audience.frozen_from_ns = from_ns;
    audience.frozen_to_ns = to_ns;
    audience.shortest_ns = UINT64_MAX;
    o->config.server = (struct server_script){ .answer = answer_and_watch, .context = &audience };
    sketch_closed(&o->sketch, USERS, 0);
    o->sketch.set.wait = rule;
    o->sketch.plan.load.spawn_rate = (struct ratio){ USERS / 10, 1 };
    o->sketch.plan.load.duration_ns = seconds * S;
    o->sketch.plan.load.grace_ns = S;
    oracle_run(o);
}

/* The mean is within four standard errors; `deviation_ns` is that of one thought. */
static void assert_thoughts(double mean_ns, double deviation_ns)
{
    const double n = (double)audience.thoughts;
    assert_true(n > 2 * USERS);
    assert_true(fabs(audience.sum_ns / n - mean_ns) <= 4 * deviation_ns / sqrt(n));
}

/* Rayleigh's statistic of the arrivals in [from, from + period): about 1 where each is anywhere,
 * above 6.9 in one of a thousand such samples, and their number where all come together. */
static double herd(uint64_t from_ns, uint64_t period_ns)
{
    double x = 0, y = 0, n = 0;
    for (uint32_t i = 0; i < audience.arrived; i++) {
        if (audience.arrived_ns[i] < from_ns || audience.arrived_ns[i] >= from_ns + period_ns)
            continue;
        const double phase =
            2 * M_PI * (double)(audience.arrived_ns[i] - from_ns) / (double)period_ns;
        x += cos(phase);
        y += sin(phase);
        n++;
    }
    assert_true(n > USERS / 2);
    return (x * x + y * y) / n;
}

static void a_constant_thought_takes_exactly_as_long(void **state)
{
    struct oracle *o = *state;
    run_users(o, 80, (struct wait_rule){ .kind = WAIT_CONSTANT, .low_ns = 9990 * MS });
    assert_int_equal(audience.shortest_ns, 9990 * MS);
    assert_int_equal(audience.longest_ns, 9990 * MS);
    assert_true(herd(50 * S, 10 * S) < 0.01); /* still as far from one another as they began */
}

static void thoughts_of_five_to_ten_seconds_take_seven_and_a_half(void **state)
{
    struct oracle *o = *state;
    run_users(o, 80,
              (struct wait_rule){ .kind = WAIT_UNIFORM, .low_ns = 5 * S, .high_ns = 10 * S });
    assert_true(audience.shortest_ns >= 5 * S && audience.shortest_ns < 5001 * MS);
    assert_true(audience.longest_ns <= 10 * S && audience.longest_ns > 9999 * MS);
    assert_thoughts(7.5e9, 5e9 / sqrt(12));
}

static void exponential_thoughts_have_their_mean(void **state)
{
    struct oracle *o = *state;
    run_users(o, 80, (struct wait_rule){ .kind = WAIT_EXPONENTIAL, .low_ns = 5 * S });
    assert_thoughts(5e9, 5e9);
    assert_true(audience.longest_ns > 40 * S); /* one in 3000 */
}

/* The server stands still for five seconds. */
static void users_held_up_together_come_apart_again(void **state)
{
    struct oracle *o = *state;
    audience.frozen_from_ns = 30 * S;
    audience.frozen_to_ns = 35 * S;
    run_users(o, 120,
              (struct wait_rule){ .kind = WAIT_UNIFORM, .low_ns = 5 * S, .high_ns = 10 * S });
    assert_true(herd(40 * S, 7510 * MS) > USERS / 100.0); /* there is a herd to begin with */
    assert_true(herd(110 * S, 7510 * MS) < 6.9);

    run_users(o, 42, (struct wait_rule){ .kind = WAIT_EXPONENTIAL, .low_ns = 5 * S });
    assert_true(herd(36 * S, 5010 * MS) < 6.9); /* who forgets needs no time for it */
    audience.frozen_to_ns = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ORACLE(f) cmocka_unit_test_setup_teardown(f, oracle_open, oracle_close)
        ORACLE(a_constant_thought_takes_exactly_as_long),
        ORACLE(thoughts_of_five_to_ten_seconds_take_seven_and_a_half),
        ORACLE(exponential_thoughts_have_their_mean),
        ORACLE(users_held_up_together_come_apart_again),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("think_time", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                             : EXIT_FAILURE;
}
