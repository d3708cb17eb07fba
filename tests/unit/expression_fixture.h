/* expression_fixture — what each test of expressions begins and ends with: a user, an evaluator and
 * an arena to read into. Included once per test, after <cmocka.h>. */
#ifndef SQUALL_TESTS_UNIT_EXPRESSION_FIXTURE_H
#define SQUALL_TESTS_UNIT_EXPRESSION_FIXTURE_H

#include "engine/plan/arena.h"
#include "tests/unit/expression_user.h"

static struct arena *arena;
static struct evaluator *evaluator;
static struct expression_user user;

static int open_all(void **state)
{
    (void)state;
    user_init(&user);
    assert_int_equal(evaluator_open(&evaluator), 0);
    return arena_open(&arena);
}

static int close_all(void **state)
{
    (void)state;
    evaluator_close(evaluator);
    arena_close(arena);
    return 0;
}

static inline struct expression read_expression(const char *text)
{
    struct expression x = { 0 };
    struct expression_fault fault;
    if (expression_read(&x, arena, span_of(text), &names_of_user, &fault) != 0)
        fail_msg("%s: %s", text, fault.message);
    return x;
}

#endif
