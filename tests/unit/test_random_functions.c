/* test_random_functions.c — goal: what is drawn has the form and the spread that it promises, and
 * the same generator draws the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/allocation_count.h"
#include "tests/unit/expression_fixture.h"

static struct value evaluate(const struct expression *x)
{
    const uint64_t before = allocation_count;
    const struct value value = expression_evaluate(x, evaluator, &user.scope);
    assert_int_equal(allocation_count, before);
    return value;
}

static struct span draw_text(const struct expression *x)
{
    struct span text = SPAN_LITERAL("");
    assert_true(expression_text(x, evaluator, &user.scope, &text));
    return text;
}

static void random_numbers_reach_both_ends_evenly(void **state)
{
    (void)state;
    const struct expression x = read_expression("random(-2, '2')");
    uint32_t seen[5] = { 0 };
    for (int i = 0; i < 10000; i++) {
        const struct value value = evaluate(&x);
        assert_int_equal(value.kind, VALUE_INTEGER);
        assert_true(value.integer >= -2 && value.integer <= 2);
        seen[value.integer + 2]++;
    }
    for (int i = 0; i < 5; i++)
        assert_in_range(seen[i], 2000 - 200, 2000 + 200); /* five standard deviations */
}

static void the_widest_range_of_random_numbers_works(void **state)
{
    (void)state;
    const struct expression wide =
        read_expression("random(-9223372036854775808, 9223372036854775807)");
    const struct expression lowest =
        read_expression("random(-9223372036854775808, -9223372036854775808)");
    int negative = 0;
    for (int i = 0; i < 1000; i++)
        negative += evaluate(&wide).integer < 0;
    assert_in_range(negative, 400, 600);
    assert_true(span_equal(draw_text(&lowest), SPAN_LITERAL("-9223372036854775808")));
}

static void a_range_that_is_none_gives_none(void **state)
{
    (void)state;
    static const char *const texts[] = { "random(number, 1)",
                                         "random(text, 100)",
                                         "random(unset, 100)",
                                         "random_float(number, 1)",
                                         "random_float(0, text)",
                                         "random_float(-1e308, 1e308 * 1.5)",
                                         "weighted(-number, 'a')",
                                         "weighted(0, 'a', 0.0, 'b')",
                                         "weighted(text, 'a')",
                                         "pick(unset)",
                                         "pick(text)",
                                         "pick(split('', ','))",
                                         "hex(-number)",
                                         "hex(4097)",
                                         "hex(text)",
                                         "random_string(4097)",
                                         "random_string(1, '')",
                                         "random_string(1, unset)",
                                         "random_string(1, body)",
                                         "random_string(4096, '\xC3\xA4')" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct expression x = read_expression(texts[i]);
        if (evaluate(&x).kind != VALUE_NONE)
            fail_msg("%s", texts[i]);
    }
}

static void decimals_lie_between_their_ends(void **state)
{
    (void)state;
    const struct expression x = read_expression("random_float(-1, 3)");
    double sum = 0;
    for (int i = 0; i < 10000; i++) {
        const struct value value = evaluate(&x);
        assert_int_equal(value.kind, VALUE_NUMBER);
        assert_true(value.number >= -1 && value.number < 3);
        sum += value.number;
    }
    assert_true(sum / 10000 > 1 - 0.06 && sum / 10000 < 1 + 0.06); /* five standard deviations */
}

/* How often each of the letters a, b, .. came in `rounds` draws. */
static void count_letters(const char *text, int rounds, uint32_t counts[26])
{
    const struct expression x = read_expression(text);
    memset(counts, 0, 26 * sizeof(counts[0]));
    for (int i = 0; i < rounds; i++) {
        const struct span letters = draw_text(&x);
        for (size_t k = 0; k < letters.len; k++) {
            assert_in_range(letters.bytes[k], 'a', 'z');
            counts[letters.bytes[k] - 'a']++;
        }
    }
}

static void each_choice_comes_as_often_as_its_weight_says(void **state)
{
    (void)state;
    uint32_t counts[26];
    count_letters("choice('a', 'b', 'c', 'd')", 8000, counts);
    for (int i = 0; i < 4; i++)
        assert_in_range(counts[i], 2000 - 200, 2000 + 200);
    count_letters("weighted(3, 'a', 0, 'b', 1, 'c')", 8000, counts);
    assert_in_range(counts[0], 6000 - 200, 6000 + 200);
    assert_int_equal(counts[1], 0);
    assert_in_range(counts[2], 2000 - 200, 2000 + 200);
    count_letters("weighted(0.25, 'a', '0.75', 'b')", 8000, counts);
    assert_in_range(counts[0], 2000 - 200, 2000 + 200);
    count_letters("pick(split('a b c d', ' '))", 8000, counts);
    for (int i = 0; i < 4; i++)
        assert_in_range(counts[i], 2000 - 200, 2000 + 200);
    count_letters("random_string(26)", 1000, counts);
    for (int i = 0; i < 26; i++)
        assert_in_range(counts[i], 1000 - 160, 1000 + 160);
    count_letters("random_string(1000, 'ab')", 1, counts);
    assert_true(counts[0] + counts[1] == 1000 && counts[0] > 420 && counts[1] > 420);
}

static void an_alphabet_is_of_characters_not_of_bytes(void **state)
{
    (void)state;
    const struct expression x = read_expression("random_string(100, 'a\xC3\xA4\xE2\x82\xAC')");
    const struct expression mixed = read_expression("random_string(50, '\xFF\x80')");
    const struct span text = draw_text(&x);
    uint32_t count = 0;
    for (size_t at = 0; at < text.len; count++) {
        const char first = text.bytes[at];
        assert_true(first == 'a' || first == '\xC3' || first == '\xE2');
        at += first == 'a' ? 1 : first == '\xC3' ? 2 : 3;
    }
    assert_int_equal(count, 100);
    assert_int_equal(draw_text(&mixed).len, 50);
}

static void hex_digits_are_as_many_as_asked_for(void **state)
{
    (void)state;
    uint32_t seen[256] = { 0 };
    for (int length = 0; length <= 40; length++) {
        char text[20];
        snprintf(text, sizeof(text), "hex(%d)", length);
        const struct expression x = read_expression(text);
        for (int i = 0; i < 20; i++) {
            const struct span digits = draw_text(&x);
            assert_int_equal(digits.len, length);
            for (size_t k = 0; k < digits.len; k++)
                seen[(unsigned char)digits.bytes[k]]++;
        }
    }
    uint32_t sum = 0;
    for (const char *c = "0123456789abcdef"; *c != '\0'; c++) {
        assert_in_range(seen[(unsigned char)*c], 1025 - 160, 1025 + 160);
        sum += seen[(unsigned char)*c];
    }
    assert_int_equal(sum, 20 * 820);
}

/* Neighbours share no bits: each of the 256 pairs comes, and none by far too often. */
static void hex_digits_do_not_depend_on_each_other(void **state)
{
    (void)state;
    const struct expression x = read_expression("hex(2)");
    uint32_t seen[256] = { 0 };
    for (int i = 0; i < 25600; i++) {
        char digits[3] = { 0 };
        memcpy(digits, draw_text(&x).bytes, 2);
        seen[strtoul(digits, NULL, 16)]++;
    }
    for (size_t i = 0; i < 256; i++)
        assert_in_range(seen[i], 50, 150); /* five standard deviations */
}

static void a_uuid_is_of_version_4_and_never_the_same(void **state)
{
    (void)state;
    const struct expression x = read_expression("uuid()");
    char last[36] = { 0 };
    unsigned variants[256] = { 0 };
    for (int i = 0; i < 1000; i++) {
        const struct span value = draw_text(&x);
        assert_int_equal(value.len, 36);
        for (size_t k = 0; k < 36; k++) {
            const bool is_dash = k == 8 || k == 13 || k == 18 || k == 23;
            assert_true(is_dash ? value.bytes[k] == '-'
                                : strchr("0123456789abcdef", value.bytes[k]) != NULL);
        }
        assert_int_equal(value.bytes[14], '4');
        variants[(unsigned char)value.bytes[19]]++;
        assert_memory_not_equal(last, value.bytes, 36);
        memcpy(last, value.bytes, 36);
    }
    assert_true(variants['8'] > 150 && variants['9'] > 150 && variants['a'] > 150 &&
                variants['b'] > 150);
    assert_int_equal(variants['8'] + variants['9'] + variants['a'] + variants['b'], 1000);
}

static void hex_and_uuid_are_the_bits_that_were_drawn(void **state)
{
    (void)state;
    const struct expression hex = read_expression("hex(40)"), uuid = read_expression("uuid()");
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct prng same;
        char expected[41] = { 0 };
        prng_init(&same, seed, 3);
        prng_init(&user.random, seed, 3);
        for (size_t i = 0, bits = 0; i < 40; i++, bits >>= 4) {
            bits = i % 16 == 0 ? prng_next(&same) : bits;
            expected[i] = "0123456789abcdef"[bits & 15];
        }
        assert_true(span_equal(draw_text(&hex), span_of(expected)));
        const uint64_t high = prng_next(&same), low = prng_next(&same);
        snprintf(expected, sizeof(expected), "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
                 (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
                 (unsigned)(low >> 50 | 0x8000), (unsigned long long)(low >> 2 & 0xffffffffffff));
        assert_true(span_equal(draw_text(&uuid), span_of(expected)));
    }
}

static void the_same_seed_draws_the_same(void **state)
{
    (void)state;
    const struct expression x =
        read_expression("uuid() + hex(5) + random(1, 1000) + choice('a', 'b') + pick(list)");
    char first[100];
    prng_init(&user.random, 11, 12);
    const struct span text = draw_text(&x);
    assert_in_range(text.len, 40, sizeof(first));
    memcpy(first, text.bytes, text.len);
    const size_t len = text.len;
    prng_init(&user.random, 11, 12);
    assert_true(span_equal(draw_text(&x), (struct span){ first, len }));
    prng_init(&user.random, 11, 13);
    assert_false(span_equal(draw_text(&x), (struct span){ first, len }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_numbers_reach_both_ends_evenly),
        cmocka_unit_test(the_widest_range_of_random_numbers_works),
        cmocka_unit_test(a_range_that_is_none_gives_none),
        cmocka_unit_test(decimals_lie_between_their_ends),
        cmocka_unit_test(each_choice_comes_as_often_as_its_weight_says),
        cmocka_unit_test(an_alphabet_is_of_characters_not_of_bytes),
        cmocka_unit_test(hex_digits_are_as_many_as_asked_for),
        cmocka_unit_test(hex_digits_do_not_depend_on_each_other),
        cmocka_unit_test(a_uuid_is_of_version_4_and_never_the_same),
        cmocka_unit_test(hex_and_uuid_are_the_bits_that_were_drawn),
        cmocka_unit_test(the_same_seed_draws_the_same),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("random_functions", tests, open_all, close_all) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
