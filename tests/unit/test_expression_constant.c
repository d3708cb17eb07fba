/* test_expression_constant.c — goal: a constant of a run is computed before it, the same from the
 * same seed, and nothing of a user can be in it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/arena.h"
#include "engine/plan/evaluate.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena *arena;
static struct operation run_constant; /* what the name 'run' means, once it is computed */

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

static bool constant_name(void *context, struct span name, struct operation *ret)
{
    (void)context;
    *ret = run_constant;
    if (span_equal(name, SPAN_LITERAL("cart")))
        *ret = (struct operation){ .kind = OPERATION_VARIABLE };
    return span_equal(name, SPAN_LITERAL("run")) || span_equal(name, SPAN_LITERAL("cart"));
}

static const char *const candidates[] = { "run", NULL };
static const struct expression_names names = { .name = constant_name, .candidates = candidates };

static int compute(const char *text, struct prng *p, struct value *ret,
                   struct expression_fault *ret_fault)
{
    struct operation o;
    const int rc = expression_constant(&o, arena, span_of(text), &names, p,
                                       INT64_C(1700000000123456789), ret_fault);
    if (rc == 0) {
        assert_int_equal(o.kind, OPERATION_CONSTANT);
        *ret = o.constant;
    }
    return rc;
}

static void a_single_slot_keeps_its_kind_and_all_else_is_a_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum value_kind kind;
        const char *value;
    } rows[] = {
        { "${1 + 2}", VALUE_INTEGER, "3" },
        { "${1 / 2}", VALUE_NUMBER, "0.5" },
        { "${1 == 2}", VALUE_TRUTH, "false" },
        { "${split('a,b', ',')}", VALUE_LIST, "a list of 2" },
        { "${'a'}", VALUE_TEXT, "'a'" },
        { "${1}${2}", VALUE_TEXT, "'12'" },
        { " ${1}", VALUE_TEXT, "' 1'" },
        { "v-${1 + 1}-$${x}", VALUE_TEXT, "'v-2-${x}'" },
        { "${split('a,b', ',')} ", VALUE_TEXT, "'[\"a\",\"b\"] '" },
        { "plain", VALUE_TEXT, "'plain'" },
        { "", VALUE_TEXT, "''" },
        { "${now()}", VALUE_INTEGER, "1700000000" },
        { "${now('%Y')}", VALUE_TEXT, "'2023'" },
        { "${run}/x", VALUE_TEXT, "'first/x'" },
        { "${run + 1}", VALUE_TEXT, "'first1'" },
    };
    struct prng p;
    prng_init(&p, 1, 0);
    run_constant =
        (struct operation){ .kind = OPERATION_CONSTANT,
                            .constant = { .kind = VALUE_TEXT, .text = SPAN_LITERAL("first") } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct expression_fault fault;
        struct value value;
        char described[80];
        if (compute(rows[i].text, &p, &value, &fault) != 0)
            fail_msg("%s: %s", rows[i].text, fault.message);
        value_describe(&value, described, sizeof(described));
        assert_int_equal(value.kind, rows[i].kind);
        assert_string_equal(described, rows[i].value);
    }
}

static void the_same_seed_gives_the_same_constants(void **state)
{
    (void)state;
    struct value first = { 0 }, second = { 0 }, other = { 0 };
    struct expression_fault fault;
    struct prng p;
    prng_init(&p, 7, 0);
    assert_int_equal(compute("${uuid()}", &p, &first, &fault), 0);
    assert_int_equal(compute("${uuid()}", &p, &other, &fault), 0);
    prng_init(&p, 7, 0);
    assert_int_equal(compute("${uuid()}", &p, &second, &fault), 0);
    assert_true(span_equal(first.text, second.text));
    assert_false(span_equal(first.text, other.text));
}

static void what_is_of_a_user_is_refused_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
        const char *message;
    } rows[] = {
        { "a${cart}", 3, "expected nothing of a user in a constant, found 'cart'" },
        { "${1 + status}", 6, "expected nothing of a user in a constant, found 'status'" },
        { "${user}", 2, "expected nothing of a user in a constant, found 'user'" },
        { "${body}", 2, "expected nothing of a user in a constant, found 'body'" },
        { "${cookie('a')}", 2, "expected nothing of a user in a constant, found 'cookie'" },
        { "${json('/a')}", 2, "expected nothing of a user in a constant, found 'json'" },
        { "${header('a')}", 2, "expected nothing of a user in a constant, found 'header'" },
        { "${sequence()}", 2, "expected nothing of the run in a constant, found 'sequence'" },
        { "${runn}", 2, "unknown variable 'runn'; did you mean 'run'?" },
        { "${usr}", 2, "unknown variable 'usr': nothing gives it a value" },
        { "${1}${2", 4, "expected '}' to close '${', found the end" },
        { "${}", 2, "expected an expression such as 'token' or 'random(1, 9)', found nothing" },
        { "x${int('x')}", 1, "expected something that can be computed, found '${int('x')}'" },
        { "${pad('', 4096)}x", 0, "expected a text of at most 4096 bytes, found a longer one" },
    };
    struct prng p;
    prng_init(&p, 1, 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct expression_fault fault = { .message = "none" };
        struct value value;
        assert_int_equal(compute(rows[i].text, &p, &value, &fault), -EINVAL);
        assert_string_equal(fault.message, rows[i].message);
        assert_int_equal(fault.offset, rows[i].offset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_slot_keeps_its_kind_and_all_else_is_a_text),
        cmocka_unit_test(the_same_seed_gives_the_same_constants),
        cmocka_unit_test(what_is_of_a_user_is_refused_at_its_place),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("expression_constant", tests, open_arena, close_arena) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
