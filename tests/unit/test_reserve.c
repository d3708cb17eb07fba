/* test_reserve.c — goal: blocks never overlap, and what is given back can be had again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "http/reserve.h"

#define SIZE 4096u

static struct reserve reserve;

static int open_reserve(void **state)
{
    (void)state;
    return reserve_open(&reserve, SIZE);
}

static int close_reserve(void **state)
{
    (void)state;
    reserve_close(&reserve);
    return 0;
}

static void blocks_are_aligned_and_apart(void **state)
{
    (void)state;
    char *blocks[40];
    for (unsigned i = 0; i < 40; i++) {
        blocks[i] = reserve_take(&reserve, i);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)i, i);
    }
    for (unsigned i = 0; i < 40; i++)
        for (unsigned k = 0; k < i; k++)
            assert_int_equal(blocks[i][k], i);
}

static void a_block_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    assert_null(reserve_take(&reserve, SIZE));
    assert_null(reserve_take(&reserve, SIZE_MAX));
    assert_null(reserve_take(&reserve, SIZE_MAX - 16));
    size_t largest = SIZE;
    char *all = NULL;
    while (!all)
        all = reserve_take(&reserve, largest--);
    assert_true(largest > SIZE - 64);
    memset(all, 1, largest + 1);
    assert_null(reserve_take(&reserve, 0));
    assert_null(reserve_take(&reserve, 1));
    reserve_give(all);
    assert_ptr_equal(reserve_take(&reserve, 1), all);
}

static void what_comes_back_is_used_again(void **state)
{
    (void)state;
    char *bottom = reserve_take(&reserve, 100);
    for (unsigned i = 0; i < 1000; i++) {
        char *top = reserve_take(&reserve, 3000);
        assert_non_null(top);
        assert_true(top > bottom);
        reserve_give(top);
    }
    reserve_give(bottom);
    reserve_give(NULL);
    assert_ptr_equal(reserve_take(&reserve, 4000), bottom);
}

static void neighbours_that_came_back_are_one(void **state)
{
    (void)state;
    char *low = reserve_take(&reserve, 1000);
    char *middle = reserve_take(&reserve, 1000);
    char *high = reserve_take(&reserve, 1000);
    char *last = reserve_take(&reserve, 500);
    assert_non_null(last);
    reserve_give(low);
    assert_null(reserve_take(&reserve, 2000));
    reserve_give(high);
    assert_null(reserve_take(&reserve, 2000));
    reserve_give(middle);
    assert_ptr_equal(reserve_take(&reserve, 3000), low);
}

/* What the blocks hold is seen to stay theirs while others come and go. */
static void blocks_never_overlap(void **state)
{
    (void)state;
    struct {
        uint8_t *bytes;
        size_t size;
    } out[16] = { 0 };
    uint32_t random = 1;
    unsigned refused = 0;
    for (unsigned round = 0; round < 100000; round++) {
        random = random * 1664525u + 1013904223u;
        const unsigned i = random >> 28;
        for (size_t k = 0; out[i].bytes && k < out[i].size; k++)
            assert_int_equal(out[i].bytes[k], i);
        reserve_give(out[i].bytes);
        out[i].size = (random >> 8) % 700;
        out[i].bytes = reserve_take(&reserve, out[i].size);
        refused += out[i].bytes == NULL;
        if (out[i].bytes)
            memset(out[i].bytes, (int)i, out[i].size);
    }
    assert_true(refused > 1000 && refused < 90000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_are_aligned_and_apart, open_reserve, close_reserve),
        cmocka_unit_test_setup_teardown(a_block_that_does_not_fit_is_refused, open_reserve,
                                        close_reserve),
        cmocka_unit_test_setup_teardown(what_comes_back_is_used_again, open_reserve, close_reserve),
        cmocka_unit_test_setup_teardown(neighbours_that_came_back_are_one, open_reserve,
                                        close_reserve),
        cmocka_unit_test_setup_teardown(blocks_never_overlap, open_reserve, close_reserve),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("reserve", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
}
