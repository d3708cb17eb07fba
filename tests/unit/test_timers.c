/* goal: timers fire exactly in due order, never early, whatever was set, moved and cancelled in
 * between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "engine/io/timers.h"
#include "engine/plan/prng.h"

#define COUNT 300
#define MS    UINT64_C(1000000)

struct fired {
    uint32_t count;
    uint32_t index[COUNT];
    uint64_t at_ns[COUNT];
};

static void note_fired(void *owner, uint32_t index, uint64_t now_ns)
{
    struct fired *f = owner;
    assert_true(f->count < COUNT);
    f->index[f->count] = index;
    f->at_ns[f->count++] = now_ns;
}

static void timers_fire_in_the_order_of_their_nanoseconds(void **state)
{
    (void)state;
    static const uint64_t due_ns[] = { 5 * MS + 2, 5 * MS + 1, 70 * MS,     3,
                                       9000 * MS,  5 * MS + 1, 4999999 * MS };
    static const uint32_t order[] = { 3, 1, 5, 0, 2, 4, 6 };
    struct timer timers[7] = { 0 };
    struct timers *ts;
    struct fired f = { 0 };

    assert_int_equal(timers_open(&ts, timers, sizeof timers[0], 7, 0), 0);
    for (uint32_t i = 0; i < 7; i++)
        timers_set(ts, i, due_ns[i]);
    for (uint64_t now_ns = timers_next_ns(ts); now_ns != UINT64_MAX; now_ns = timers_next_ns(ts))
        timers_run(ts, now_ns, UINT32_MAX, note_fired, &f);

    assert_int_equal(f.count, 7);
    for (uint32_t i = 0; i < 7; i++) {
        if (i != 1 && i != 2)
            assert_int_equal(f.index[i], order[i]);
        assert_int_equal(f.at_ns[i], due_ns[f.index[i]]);
    }
    timers_close(ts);
}

static void a_timer_in_the_past_fires_at_the_next_run(void **state)
{
    (void)state;
    struct timer timer = { 0 };
    struct timers *ts;
    struct fired f = { 0 };

    assert_int_equal(timers_open(&ts, &timer, sizeof timer, 1, 100 * MS), 0);
    timers_set(ts, 0, 1);
    assert_true(timers_next_ns(ts) <= 100 * MS);
    assert_int_equal(timers_run(ts, 100 * MS, 1, note_fired, &f), 1);
    assert_false(timer_is_armed(&timer));
    timers_close(ts);
}

static void a_limit_leaves_the_rest_for_the_next_run(void **state)
{
    (void)state;
    struct timer timers[3] = { 0 };
    struct timers *ts;
    struct fired f = { 0 };

    assert_int_equal(timers_open(&ts, timers, sizeof timers[0], 3, 0), 0);
    for (uint32_t i = 0; i < 3; i++)
        timers_set(ts, i, MS + i);
    assert_int_equal(timers_run(ts, 2 * MS, 2, note_fired, &f), 2);
    assert_int_equal(timers_next_ns(ts), MS + 2);
    assert_int_equal(timers_run(ts, 2 * MS, 2, note_fired, &f), 1);
    timers_close(ts);
}

/* The model: a plain array of due times, searched linearly. */
static void random_settings_agree_with_a_plain_list(void **state)
{
    (void)state;
    static const uint64_t spans_ns[] = { 1000, MS, 100 * MS, 10000 * MS, 10000000 * MS };
    struct timer timers[COUNT] = { 0 };
    uint64_t model_ns[COUNT]; /* 0 = not armed */
    struct timers *ts;
    struct prng random;
    uint64_t now_ns = 12345 * MS;

    prng_init(&random, 7, 0);
    assert_int_equal(timers_open(&ts, timers, sizeof timers[0], COUNT, now_ns), 0);
    for (uint32_t i = 0; i < COUNT; i++)
        model_ns[i] = 0;
    for (int round = 0; round < 20000; round++) {
        for (int change = 0; change < 3; change++) {
            const uint32_t index = (uint32_t)prng_below(&random, COUNT);
            if (prng_below(&random, 4) == 0) {
                timers_cancel(ts, index);
                model_ns[index] = 0;
            } else {
                model_ns[index] =
                    now_ns + 1 + prng_below(&random, spans_ns[prng_below(&random, 5)]);
                timers_set(ts, index, model_ns[index]);
            }
        }
        uint64_t soonest_ns = UINT64_MAX;
        for (uint32_t i = 0; i < COUNT; i++) {
            if (model_ns[i] != 0 && model_ns[i] < soonest_ns)
                soonest_ns = model_ns[i];
        }
        assert_true(timers_next_ns(ts) <= soonest_ns);

        now_ns += prng_below(&random, spans_ns[prng_below(&random, 4)]);
        struct fired f = { 0 };
        timers_run(ts, now_ns, UINT32_MAX, note_fired, &f);
        uint64_t last_ns = 0;
        for (uint32_t i = 0; i < f.count; i++) {
            const uint64_t due_ns = model_ns[f.index[i]];
            assert_true(due_ns != 0 && due_ns <= now_ns && due_ns >= last_ns);
            last_ns = due_ns;
            model_ns[f.index[i]] = 0;
        }
        for (uint32_t i = 0; i < COUNT; i++) {
            assert_true(model_ns[i] == 0 || model_ns[i] > now_ns);
            assert_int_equal(model_ns[i] != 0, timer_is_armed(&timers[i]));
        }
    }
    timers_close(ts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_in_the_order_of_their_nanoseconds),
        cmocka_unit_test(a_timer_in_the_past_fires_at_the_next_run),
        cmocka_unit_test(a_limit_leaves_the_rest_for_the_next_run),
        cmocka_unit_test(random_settings_agree_with_a_plain_list),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
