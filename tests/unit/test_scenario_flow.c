/* test_scenario_flow.c — goal: blocks become jumps that do what the blocks say, and sets of tasks
 * keep their place, order and tags. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/scenario_reader.h"

#define ROUNDS_MAX 200u

/* Takes the steps of the first task as a user would, and writes down the rows it asks for. The
 * variables n, x and ids are numbers and a count of items; conditions compare n and x. */
struct walker {
    const struct plan *plan;
    struct reader reader;
    struct known_value known[8];
    char numbers[8][24];
    char list[256];
    uint32_t known_count;
    char asked[256];
};

static void set_known(struct walker *w, const char *name, struct value value)
{
    for (uint32_t i = 0; i < w->known_count; i++) {
        if (strcmp(w->known[i].name, name) == 0) {
            w->known[i].value = value;
            return;
        }
    }
    assert_true(w->known_count < 7);
    w->known[w->known_count++] = (struct known_value){ name, value };
}

static void set_text(struct walker *w, const char *name, struct span text)
{
    uint32_t slot = 0;
    while (slot < w->known_count && strcmp(w->known[slot].name, name) != 0)
        slot++;
    snprintf(w->numbers[slot], sizeof(w->numbers[slot]), "%.*s", (int)text.len, text.bytes);
    set_known(w, name, (struct value){ .kind = VALUE_TEXT, .text = span_of(w->numbers[slot]) });
}

static bool holds(struct walker *w, uint32_t expression)
{
    return expression_holds(&w->plan->expressions[expression], w->reader.evaluator,
                            &w->reader.scope);
}

/* One step; the number of the next. */
static uint32_t take(struct walker *w, uint32_t at, int64_t counters[PLAN_LOOPS_MAX])
{
    const struct plan_step *step = &w->plan->steps[at];
    struct span text;
    switch (step->kind) {
    case STEP_REQUEST: {
        const size_t used = strlen(w->asked);
        const uint32_t row = w->plan->requests[step->index].endpoint;
        snprintf(w->asked + used, sizeof(w->asked) - used, "%s", w->plan->endpoints[row].name + 1);
        return at + 1;
    }
    case STEP_ASSIGN:
        if (w->plan->steps[at + 2].kind == STEP_EACH)
            return at + 1;
        assert_true(expression_text(&w->plan->expressions[step->index], w->reader.evaluator,
                                    &w->reader.scope, &text));
        set_text(w, w->plan->variables[step->into], text);
        return at + 1;
    case STEP_LOOP:
        assert_true(expression_integer(&w->plan->expressions[step->index], w->reader.evaluator,
                                       &w->reader.scope, &counters[step->counter]));
        return at + 1;
    case STEP_LOOP_NEXT:
        return counters[step->counter]-- <= 0 ? step->target : at + 1;
    case STEP_EACH:
        assert_memory_equal(w->plan->variables[step->index], "list of loop", 12);
        if (counters[step->counter] == 3)
            return step->target;
        snprintf(w->list, sizeof(w->list), "%d", (int)counters[step->counter]++);
        set_text(w, w->plan->variables[step->into], span_of(w->list));
        return at + 1;
    case STEP_JUMP:
        return step->target;
    case STEP_JUMP_IF:
        return holds(w, step->index) ? step->target : at + 1;
    case STEP_JUMP_UNLESS:
        return holds(w, step->index) ? at + 1 : step->target;
    default:
        return at + 1;
    }
}

static void walk(struct walker *w, const struct plan *plan)
{
    int64_t counters[PLAN_LOOPS_MAX] = { 0 };
    *w = (struct walker){ .plan = plan };
    reader_open(&w->reader, plan, w->known);
    set_text(w, "n", SPAN_LITERAL("0"));
    set_text(w, "x", SPAN_LITERAL("1"));
    uint32_t at = plan->sets[0].tasks[0].first_step;
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        const enum step_kind kind = plan->steps[at].kind;
        if (kind == STEP_END || kind == STEP_SKIP)
            break;
        at = take(w, at, counters);
    }
    reader_close(&w->reader);
}

static void blocks_are_taken_as_they_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *steps, *asked;
    } rows[] = {
        { "- get: /a\n- get: /b\n", "ab" },
        { "- get: /a\n  if: x == 1\n- get: /b\n", "ab" },
        { "- get: /a\n  if: x == 2\n- get: /b\n", "b" },
        { "- get: /a\n  unless: x == 1\n- get: /b\n", "b" },
        { "- get: /a\n  unless: x == 2\n- get: /b\n", "ab" },
        { "- get: /a\n  if: x == 1\n  unless: n == 0\n- get: /b\n", "b" },
        { "- get: /a\n  if: x == 1\n  unless: n == 1\n- get: /b\n", "ab" },
        { "- if: x == 1\n  steps: [{ get: /a }]\n  else: [{ get: /b }]\n- get: /c\n", "ac" },
        { "- if: x == 2\n  steps: [{ get: /a }]\n  else: [{ get: /b }]\n- get: /c\n", "bc" },
        { "- unless: x == 1\n  steps: [{ get: /a }]\n  else: [{ get: /b }]\n", "b" },
        { "- if: x == 1\n  unless: n == 0\n  steps: [{ get: /a }]\n  else: [{ get: /b }]\n", "b" },
        { "- repeat: 3\n  steps: [{ get: /a }, { get: /b }]\n- get: /c\n", "abababc" },
        { "- repeat: 0\n  steps: [{ get: /a }]\n- get: /c\n", "c" },
        { "- repeat: x + 1\n  steps: [{ get: /a }]\n- get: /c\n", "aac" },
        { "- repeat: 2\n  steps:\n  - get: /a\n  - repeat: 2\n    steps: [{ get: /b }]\n",
          "abbabb" },
        { "- while: n < 3\n  steps:\n  - get: /a\n  - set: { n: \"${n + 1}\" }\n- get: /b\n",
          "aaab" },
        { "- while: n < 3\n  at_most: 2\n  steps:\n  - get: /a\n  - set: { n: \"${n + 1}\" }\n"
          "- get: /b\n",
          "aab" },
        { "- while: n < 2\n  at_most: 9\n  steps:\n  - get: /a\n  - set: { n: \"${n + 1}\" }\n"
          "- get: /b\n",
          "aab" },
        { "- for_each: { id: ids }\n  steps:\n  - get: /a\n  - get: /b\n    if: id == 1\n- get: "
          "/c\n",
          "aabac" },
        { "- while: n < 2\n  steps:\n  - for_each: { id: ids }\n    steps: [{ get: /a }]\n"
          "  - set: { n: \"${n + 1}\" }\n",
          "aaaaaa" },
        { "- get: /a\n- skip\n- get: /b\n", "a" },
        { "- get: /a\n- skip: true\n  if: x == 2\n- get: /b\n", "ab" },
        { "- steps:\n  - get: /a\n  - get: /b\n- get: /c\n", "abc" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[600], indented[400] = "";
        size_t used = 0;
        for (const char *c = rows[i].steps; *c != '\0'; c++)
            used += (size_t)snprintf(indented + used, sizeof(indented) - used, "%s%c",
                                     c == rows[i].steps || c[-1] == '\n' ? "    " : "", *c);
        snprintf(text, sizeof(text),
                 HOST "variables: { n: 0, x: 1, ids: [] }\ntasks:\n- steps:\n%s", indented);
        struct plan *plan = plan_of(text, NULL);
        struct walker w;
        walk(&w, plan);
        if (strcmp(w.asked, rows[i].asked) != 0)
            fail_msg("%sasked %s instead of %s", rows[i].steps, w.asked, rows[i].asked);
        plan_close(plan);
    }
}

static void a_task_begins_with_forgetting_what_the_last_answers_gave(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "tasks:\n  - steps:\n      - get: /a\n"
                                     "      - get: /${json('/id')}\n"
                                     "        if: header('X') == 1 and json('/id') > 0\n"
                                     "        capture: { b: json /b }\n"
                                     "  - get: /c\n",
                                NULL);
    const struct plan_task *tasks = plan->sets[0].tasks;
    const struct plan_step *step = &plan->steps[tasks[0].first_step];
    assert_int_equal(step[0].kind, STEP_CLEAR);
    assert_int_equal(step[1].kind, STEP_CLEAR);
    assert_int_equal(step[2].kind, STEP_JUMP);
    assert_int_equal(plan->steps[step[2].target].kind, STEP_REQUEST);
    assert_int_equal(plan_first_step(plan, tasks[0].first_step), step[2].target);
    assert_int_equal(plan_first_step(plan, tasks[1].first_step), tasks[1].first_step);
    assert_int_equal(plan->requests[0].capture_count, 2);
    assert_int_equal(plan->requests[1].capture_count, 3);
    assert_int_equal(plan->requests[2].capture_count, 0);
    for (uint32_t i = 0; i < 2; i++) {
        const struct capture *c = &plan->requests[0].captures[i];
        assert_int_equal(c->absence, ABSENCE_FORGETS);
        assert_int_equal(c->variable, step[i].index);
        assert_int_equal(plan->requests[1].captures[i + 1].variable, step[i].index);
    }
    assert_true(plan->requests[0].wants_body && plan->requests[0].wants_headers);
    assert_string_equal(plan->variables[plan->requests[1].captures[0].variable], "b");
    plan_close(plan);
}

static const char nested[] = HOST "wait: 3s\n"
                                  "tasks:\n"
                                  "  - get: /a\n"
                                  "    weight: 2\n"
                                  "  - weight: 3\n"
                                  "    name: inner\n"
                                  "    tags: [slow]\n"
                                  "    on_start: [{ get: /start }]\n"
                                  "    on_stop: [{ get: /stop }]\n"
                                  "    sequence:\n"
                                  "      - get: /b\n"
                                  "        weight: 2\n"
                                  "        tags: rare\n"
                                  "      - wait: none\n"
                                  "        tasks: [leave: true]\n"
                                  "  - get: /d\n"
                                  "    tags: [rare, odd]\n";

static void sets_know_their_place_order_and_wait(void **state)
{
    (void)state;
    static const uint16_t order[] = { 0, 0, 1 };
    struct plan *plan = plan_of(nested, NULL);
    const struct plan_set *s = plan->sets;
    assert_int_equal(plan->set_count, 3);
    assert_int_equal(plan->set_depth, 3);
    assert_true(s[0].parent == PLAN_NONE && s[1].parent == 0 && s[2].parent == 1);
    assert_true(s[0].depth == 0 && s[1].depth == 1 && s[2].depth == 2);
    assert_string_equal(s[1].name, "inner");
    assert_int_equal(s[0].tasks[1].set, 1);
    assert_int_equal(s[0].tasks[1].first_step, PLAN_NONE);
    assert_int_equal(s[1].tasks[1].set, 2);
    assert_true(s[0].wait.low_ns == 3000000000 && s[1].wait.low_ns == 3000000000);
    assert_int_equal(s[2].wait.kind, WAIT_NONE);
    assert_null(s[0].order);
    assert_int_equal(s[1].order_count, 3);
    assert_memory_equal(s[1].order, order, sizeof(order));
    assert_int_equal(plan->steps[s[1].on_start].kind, STEP_REQUEST);
    assert_int_equal(plan->steps[s[1].on_stop].kind, STEP_REQUEST);
    assert_int_equal(s[0].on_start, PLAN_NONE);
    assert_int_equal(plan->steps[s[2].tasks[0].first_step].kind, STEP_LEAVE);
    plan_close(plan);
}

static void tags_choose_among_tasks_and_what_is_in_them(void **state)
{
    (void)state;
    static const struct {
        const char *tags[2], *excluded[2];
        uint64_t weights[3]; /* of the first set */
        uint32_t order_count;
    } rows[] = {
        { { NULL }, { NULL }, { 2, 3, 1 }, 3 },          { { "slow" }, { NULL }, { 0, 3, 0 }, 3 },
        { { "rare" }, { NULL }, { 0, 3, 1 }, 2 },        { { "odd" }, { NULL }, { 0, 0, 1 }, 0 },
        { { "odd", "slow" }, { NULL }, { 0, 3, 1 }, 3 }, { { NULL }, { "rare" }, { 2, 3, 0 }, 1 },
        { { NULL }, { "slow" }, { 2, 0, 1 }, 3 },        { { "slow" }, { "rare" }, { 0, 3, 0 }, 1 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t tags = rows[i].tags[0] == NULL ? 0 : rows[i].tags[1] == NULL ? 1 : 2;
        struct plan *plan = plan_of(
            nested, &(struct plan_overrides){ .tags = (const char *const *)rows[i].tags,
                                              .tag_count = tags,
                                              .exclude_tags = (const char *const *)rows[i].excluded,
                                              .exclude_tag_count = rows[i].excluded[0] != NULL });
        for (uint32_t k = 0; k < 3; k++)
            assert_int_equal(plan->sets[0].tasks[k].weight, rows[i].weights[k]);
        assert_int_equal(plan->sets[1].order_count, rows[i].order_count);
        plan_close(plan);
    }
}

static void a_plan_knows_all_tags_once_whatever_was_chosen(void **state)
{
    (void)state;
    static const char *const known[] = { "slow", "rare", "odd" };
    const char *chosen[] = { "odd" };
    struct plan *plan = plan_of(nested, &(struct plan_overrides){ .tags = chosen, .tag_count = 1 });
    assert_int_equal(plan->tag_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_string_equal(plan->tags[i], known[i]);
    plan_close(plan);
}

static void tags_that_leave_nothing_or_do_not_exist_are_mistakes(void **state)
{
    (void)state;
    static const char text[] = HOST "tasks: [{ get: /, tags: [a, b] }]\n";
    static const char *const a[] = { "a" }, *const c[] = { "c" };
    assert_mistake(text, &(struct plan_overrides){ .tags = c, .tag_count = 1 },
                   "--tags: no task has the tag 'c'");
    static const char *const both[] = { "a,c" };
    assert_mistake(text, &(struct plan_overrides){ .tags = both, .tag_count = 1 },
                   "--tags: no task has the tag 'c'");
    assert_mistake(text, &(struct plan_overrides){ .exclude_tags = a, .exclude_tag_count = 1 },
                   "--tags and --exclude-tags: expected at least one task to be left, found none");
}

static void variables_get_their_first_values_in_order(void **state)
{
    (void)state;
    struct plan *plan = plan_of(HOST "variables: { a: x, b: \"${a}\", c: \"${a}-\", d: [], "
                                     "e: [1, \"${b}\"], f: , g: 1, h: '1' }\ntasks: [{ get: / }]\n",
                                NULL);
    static const enum step_kind kinds[] = { STEP_SET,   STEP_ASSIGN, STEP_SET,    STEP_EMPTY,
                                            STEP_EMPTY, STEP_APPEND, STEP_APPEND, STEP_CLEAR,
                                            STEP_SET,   STEP_SET,    STEP_END };
    const struct plan_step *step = &plan->steps[plan->kinds[0].setup];
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        assert_int_equal(step[i].kind, kinds[i]);
    assert_string_equal(plan->variables[step[1].into], "b");
    assert_string_equal(plan->variables[step[3].index], "d");
    assert_string_equal(plan->variables[step[7].index], "f");
    assert_true(step[5].is_json && !step[6].is_json);
    assert_true(step[8].is_json && !step[9].is_json);
    plan_close(plan);
}

static void constants_are_the_same_for_a_seed_and_leave_no_slot(void **state)
{
    (void)state;
    static const char text[] = HOST "constants: { run: \"${uuid()}\", half: \"${now()}/${run}\" }\n"
                                    "tasks: [{ get: \"/${run}/${half}\" }]\n";
    const struct plan_overrides over[] = { { .seed = 1, .now_ns = 1700000000000000000 },
                                           { .seed = 1, .now_ns = 1700000000000000000 },
                                           { .seed = 2, .now_ns = 1700000000000000000 } };
    struct plan *plans[3];
    for (size_t i = 0; i < 3; i++) {
        plans[i] = plan_of(text, &over[i]);
        assert_true(template_is_fixed(&plans[i]->requests[0].template));
    }
    const struct span *whole[3] = { &plans[0]->requests[0].template.whole,
                                    &plans[1]->requests[0].template.whole,
                                    &plans[2]->requests[0].template.whole };
    assert_true(span_equal(*whole[0], *whole[1]));
    assert_false(span_equal(*whole[0], *whole[2]));
    assert_non_null(memmem(whole[0]->bytes, whole[0]->len, "/1700000000%2F", 14));
    for (size_t i = 0; i < 3; i++)
        plan_close(plans[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_taken_as_they_are_written),
        cmocka_unit_test(a_task_begins_with_forgetting_what_the_last_answers_gave),
        cmocka_unit_test(sets_know_their_place_order_and_wait),
        cmocka_unit_test(tags_choose_among_tasks_and_what_is_in_them),
        cmocka_unit_test(a_plan_knows_all_tags_once_whatever_was_chosen),
        cmocka_unit_test(tags_that_leave_nothing_or_do_not_exist_are_mistakes),
        cmocka_unit_test(variables_get_their_first_values_in_order),
        cmocka_unit_test(constants_are_the_same_for_a_seed_and_leave_no_slot),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("scenario_flow", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                                : EXIT_FAILURE;
}
