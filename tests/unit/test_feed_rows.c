/* test_feed_rows.c — goal: no row of a feed is taken twice before all were, whatever the order and
 * the number of cores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/plan/arena.h"
#include "engine/plan/feed.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena *arena;
static char folder[] = "/tmp/squall-rows-XXXXXX";
static char path[sizeof(folder) + 10];
static struct prng random_state;

static uint32_t random_below(uint32_t bound)
{
    return (uint32_t)prng_below(&random_state, bound);
}

static int open_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/rows.csv", folder);
    return 0;
}

static int close_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static int open_arena(void **state)
{
    (void)state;
    return arena_open(&arena);
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

#define ROWS_MAX 50u

/* A feed of `count` rows from a file; each has its number in it. */
static void read_numbers(struct feed *f, uint32_t count, enum feed_order order, uint64_t seed)
{
    char fault[256];
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs("n\n", out);
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "%u\n", i);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(feed_read(f, arena, path, order, seed, fault, sizeof(fault)), 0);
    assert_int_equal(f->row_count, count);
}

static void shuffled_rows_are_a_permutation_that_the_seed_decides(void **state)
{
    (void)state;
    uint32_t moved = 0;
    for (uint32_t count = 1; count <= ROWS_MAX; count++) {
        struct feed f, same, other;
        bool is_taken[ROWS_MAX] = { false };
        read_numbers(&f, count, FEED_SHUFFLED, 7);
        read_numbers(&same, count, FEED_SHUFFLED, 7);
        read_numbers(&other, count, FEED_SHUFFLED, 8);
        for (uint32_t i = 0; i < count; i++) {
            assert_true(f.shuffle[i] < count && !is_taken[f.shuffle[i]]);
            is_taken[f.shuffle[i]] = true;
            assert_int_equal(f.shuffle[i], same.shuffle[i]);
            moved += f.shuffle[i] != other.shuffle[i];
        }
    }
    assert_true(moved > ROWS_MAX * ROWS_MAX / 4);
}

static void every_place_of_a_shuffle_is_as_likely(void **state)
{
    (void)state;
    enum { COUNT = 5, ROUNDS = 1000 };
    uint32_t seen[COUNT][COUNT] = { 0 };
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        struct feed f;
        read_numbers(&f, COUNT, FEED_SHUFFLED, seed);
        for (uint32_t i = 0; i < COUNT; i++)
            seen[i][f.shuffle[i]]++;
    }
    /* 200 expected, standard deviation 13. */
    for (uint32_t i = 0; i < COUNT; i++)
        for (uint32_t k = 0; k < COUNT; k++)
            assert_in_range(seen[i][k], 140, 260);
}

static void no_row_is_taken_twice_before_all_were_by_any_number_of_cores(void **state)
{
    (void)state;
    static const enum feed_order orders[] = { FEED_SEQUENTIAL, FEED_SHUFFLED };
    for (size_t o = 0; o < COUNT_OF(orders); o++) {
        for (uint32_t count = 1; count <= ROWS_MAX; count += 7) {
            struct feed f;
            read_numbers(&f, count, orders[o], 3);
            for (uint32_t cores = 1; cores <= 64; cores++) {
                uint32_t taken[ROWS_MAX] = { 0 };
                for (uint32_t n = 0; n < 3 * count; n++) {
                    uint32_t row;
                    assert_true(feed_row(&f, n / cores, n % cores, cores, NULL, &row));
                    assert_int_equal(taken[row]++, n / count);
                }
            }
        }
    }
}

static void a_feed_that_stops_gives_each_row_once_whoever_is_faster(void **state)
{
    (void)state;
    prng_init(&random_state, 5, 0);
    for (uint32_t cores = 1; cores <= 9; cores++) {
        struct feed f;
        bool is_taken[ROWS_MAX] = { false };
        uint64_t next[9] = { 0 };
        uint32_t finished = 0, given = 0;
        read_numbers(&f, ROWS_MAX - cores, FEED_SHUFFLED, cores);
        f.stops = true;
        while (finished < cores) {
            const uint32_t core = random_below(cores);
            uint32_t row;
            if (next[core] == UINT64_MAX)
                continue;
            if (feed_row(&f, next[core]++, core, cores, NULL, &row)) {
                assert_false(is_taken[row]);
                is_taken[row] = true;
                given++;
            } else {
                next[core] = UINT64_MAX;
                finished++;
            }
        }
        assert_int_equal(given, f.row_count);
    }
}

static void random_rows_come_from_the_callers_numbers(void **state)
{
    (void)state;
    struct feed f;
    uint32_t seen[10] = { 0 };
    struct prng p;
    prng_init(&p, 6, 0);
    read_numbers(&f, 10, FEED_RANDOM, 1);
    for (uint64_t i = 0; i < 10000; i++) {
        uint32_t row;
        assert_true(feed_row(&f, i, 0, 1, &p, &row));
        seen[row]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 850, 1150); /* 1000 expected, standard deviation 30 */
}

#define TEST_IN_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(shuffled_rows_are_a_permutation_that_the_seed_decides),
        TEST_IN_ARENA(every_place_of_a_shuffle_is_as_likely),
        TEST_IN_ARENA(no_row_is_taken_twice_before_all_were_by_any_number_of_cores),
        TEST_IN_ARENA(a_feed_that_stops_gives_each_row_once_whoever_is_faster),
        TEST_IN_ARENA(random_rows_come_from_the_callers_numbers),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("feed_rows", tests, open_folder, close_folder) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
