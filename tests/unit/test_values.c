/* goal: what a user set is what it gets back, whatever others set, and freed blocks are used again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "engine/plan/prng.h"
#include "engine/run/values.h"

#define USERS     40u
#define VARIABLES 3u

static void an_unset_variable_has_no_value(void **state)
{
    (void)state;
    struct values v;
    struct span text;
    assert_int_equal(values_open(&v, USERS, VARIABLES), 0);
    assert_int_equal(values_get(&v, 7, 1, &text), -ENODATA);
    values_close(&v);
}

static void a_text_over_the_limit_is_refused_and_the_old_one_kept(void **state)
{
    (void)state;
    static char long_text[VALUES_TEXT_MAX + 1];
    struct values v;
    struct span text;
    assert_int_equal(values_open(&v, USERS, VARIABLES), 0);
    assert_int_equal(values_set(&v, 0, 0, SPAN_LITERAL("kept"), false), 0);
    assert_int_equal(values_set(&v, 0, 0, (struct span){ long_text, sizeof long_text }, false),
                     -ENOSPC);
    assert_int_equal(values_get(&v, 0, 0, &text), 0);
    assert_true(span_equal(text, SPAN_LITERAL("kept")));
    assert_int_equal(values_set(&v, 0, 0, (struct span){ long_text, VALUES_TEXT_MAX }, false), 0);
    values_close(&v);
}

static void setting_again_and_again_takes_no_more_memory(void **state)
{
    (void)state;
    struct values v;
    static const char text[100] = { 'x' };
    assert_int_equal(values_open(&v, USERS, VARIABLES), 0);
    values_set(&v, 0, 0, (struct span){ text, sizeof text }, false);
    values_set(&v, 0, 0, (struct span){ text, 1 }, false);
    const uint32_t used = v.blocks_used;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(
            values_set(&v, 0, 0, (struct span){ text, i % 2 == 0 ? sizeof text : 1 }, false), 0);
        values_clear(&v, 0);
    }
    assert_int_equal(v.blocks_used, used);
    values_close(&v);
}

/* The model keeps every text in an array of its own. */
static void random_use_agrees_with_a_plain_array(void **state)
{
    (void)state;
    static char model[USERS][VARIABLES][VALUES_TEXT_MAX];
    static size_t len[USERS][VARIABLES];
    static bool is_set[USERS][VARIABLES];
    struct values v;
    struct prng random;
    prng_init(&random, 11, 0);
    assert_int_equal(values_open(&v, USERS, VARIABLES), 0);
    for (int round = 0; round < 50000; round++) {
        const uint32_t user = (uint32_t)prng_below(&random, USERS);
        const uint32_t variable = (uint32_t)prng_below(&random, VARIABLES);
        struct span text;
        if (prng_below(&random, 50) == 0) {
            values_clear(&v, user);
            for (uint32_t i = 0; i < VARIABLES; i++)
                is_set[user][i] = false;
        } else {
            len[user][variable] = prng_below(&random, UINT64_C(1) << prng_below(&random, 13));
            memset(model[user][variable], (int)('a' + prng_below(&random, 26)),
                   len[user][variable]);
            is_set[user][variable] = true;
            text = (struct span){ model[user][variable], len[user][variable] };
            assert_int_equal(values_set(&v, user, variable, text, false), 0);
        }
        const uint32_t other = (uint32_t)prng_below(&random, USERS);
        const int rc = values_get(&v, other, variable, &text);
        assert_int_equal(rc, is_set[other][variable] ? 0 : -ENODATA);
        if (rc == 0)
            assert_true(
                span_equal(text, (struct span){ model[other][variable], len[other][variable] }));
    }
    values_close(&v);
}

static void assert_list(const struct values *v, const char *const *items, uint32_t count)
{
    struct span list;
    struct span item;
    assert_int_equal(values_get(v, 0, 0, &list), 0);
    assert_int_equal(values_kind(v, 0, 0), VALUES_LIST);
    assert_int_equal(text_list_count(list), count);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(text_list_at(list, i, &item));
        assert_true(span_equal(item, span_of(items[i])));
    }
}

static void a_value_knows_whether_it_is_json(void **state)
{
    (void)state;
    struct values v;
    struct span list, item;
    assert_int_equal(values_open(&v, USERS, VARIABLES), 0);
    assert_int_equal(values_set(&v, 0, 0, SPAN_LITERAL("7"), true), 0);
    assert_int_equal(values_kind(&v, 0, 0), VALUES_JSON);
    assert_int_equal(values_set(&v, 0, 0, SPAN_LITERAL("7"), false), 0);
    assert_int_equal(values_kind(&v, 0, 0), VALUES_TEXT);
    for (int i = 0; i < 2; i++)
        assert_int_equal(values_append(&v, 0, 0, SPAN_LITERAL("7"), i == 1), 0);
    assert_int_equal(values_get(&v, 0, 0, &list), 0);
    for (int i = 0; i < 2; i++) {
        assert_true(text_list_at(list, i, &item));
        assert_int_equal(text_list_is_json(item), i == 1);
    }
    values_close(&v);
}

static void a_list_grows_item_by_item(void **state)
{
    (void)state;
    static const char *const items[] = { "", "one", "a longer text than a block of 16 bytes" };
    struct values v;
    assert_int_equal(values_open(&v, USERS, VARIABLES), 0);
    assert_int_equal(values_set(&v, 0, 0, SPAN_LITERAL("a text is not kept in a list"), false), 0);
    assert_int_equal(values_kind(&v, 0, 0), VALUES_TEXT);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(values_append(&v, 0, 0, span_of(items[i]), false), 0);
        assert_list(&v, items, i + 1);
    }
    struct span list;
    values_get(&v, 0, 0, &list);
    assert_int_equal(values_set_list(&v, 0, 0, list), 0); /* of itself */
    assert_list(&v, items, 3);
    assert_int_equal(values_set_list(&v, 0, 0, (struct span){ NULL, 0 }), 0);
    assert_list(&v, items, 0);
    values_drop(&v, 0, 0);
    assert_int_equal(values_get(&v, 0, 0, &list), -ENODATA);
    values_close(&v);
}

static void a_full_list_drops_its_oldest_items(void **state)
{
    (void)state;
    static char item[TEXT_LIST_ITEM_MAX + 1];
    struct values v;
    struct span list;
    assert_int_equal(values_open(&v, USERS, VARIABLES), 0);
    for (int i = 0; i < 100; i++) {
        memset(item, 'a' + i % 26, sizeof item);
        assert_int_equal(values_append(&v, 0, 0, (struct span){ item, TEXT_LIST_ITEM_MAX }, false),
                         0);
    }
    assert_int_equal(values_append(&v, 0, 0, (struct span){ item, sizeof item }, false), -ENOSPC);
    assert_int_equal(values_get(&v, 0, 0, &list), 0);
    assert_in_range(list.len, TEXT_LIST_BYTES_MAX - TEXT_LIST_ITEM_MAX - 2, TEXT_LIST_BYTES_MAX);
    struct span last;
    assert_true(text_list_at(list, -1, &last));
    assert_int_equal(last.bytes[0], 'a' + 99 % 26);
    values_close(&v);
}

static void a_part_of_a_value_can_take_its_place(void **state)
{
    (void)state;
    struct values v;
    struct span text;
    assert_int_equal(values_open(&v, USERS, VARIABLES), 0);
    assert_int_equal(values_set(&v, 0, 0, SPAN_LITERAL("0123456789abcdefghijklmnop"), false), 0);
    assert_int_equal(values_get(&v, 0, 0, &text), 0);
    assert_int_equal(values_set(&v, 0, 0, (struct span){ text.bytes + 1, 12 }, false), 0);
    assert_int_equal(values_get(&v, 0, 0, &text), 0);
    assert_true(span_equal(text, SPAN_LITERAL("123456789abc")));
    values_close(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unset_variable_has_no_value),
        cmocka_unit_test(a_text_over_the_limit_is_refused_and_the_old_one_kept),
        cmocka_unit_test(setting_again_and_again_takes_no_more_memory),
        cmocka_unit_test(a_value_knows_whether_it_is_json),
        cmocka_unit_test(a_list_grows_item_by_item),
        cmocka_unit_test(a_full_list_drops_its_oldest_items),
        cmocka_unit_test(a_part_of_a_value_can_take_its_place),
        cmocka_unit_test(random_use_agrees_with_a_plain_array),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("values", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
