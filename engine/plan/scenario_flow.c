#include "engine/plan/scenario_build.h"

/* ---- the row of steps ---- */

static uint32_t emit(struct build *b, const struct plan_step *step)
{
    struct plan_step *added = scenario_row_add(b, &b->steps, sizeof(*added));
    if (added == NULL)
        return PLAN_NONE;
    *added = *step;
    return b->steps.count - 1;
}

static uint32_t emit_kind(struct build *b, enum step_kind kind, uint32_t index)
{
    return emit(b, &(struct plan_step){ .kind = kind, .index = index });
}

static uint32_t emit_loop(struct build *b, enum step_kind kind, uint32_t index)
{
    const uint8_t counter = (uint8_t)(b->loop_depth - 1);
    return emit(b, &(struct plan_step){ .kind = kind, .index = index, .counter = counter });
}

static void emit_jump(struct build *b, uint32_t target)
{
    emit(b, &(struct plan_step){ .kind = STEP_JUMP, .target = target });
}

/* The jump goes to the step that comes next. */
static void land(struct build *b, uint32_t jump)
{
    if (jump != PLAN_NONE && b->error == 0)
        ((struct plan_step *)b->steps.items)[jump].target = b->steps.count;
}

/* ---- variables ---- */

static void emit_value(struct build *b, enum step_kind kind, uint32_t variable,
                       const struct node *value)
{
    emit(b, &(struct plan_step){ .kind = kind,
                                 .index = variable,
                                 .value = scenario_value_build(b, value, ESCAPE_NONE),
                                 .is_json = node_is_json(value) });
}

/* A list written out: emptied, then item by item. */
static void build_list(struct build *b, uint32_t variable, const struct node *list)
{
    emit_kind(b, STEP_EMPTY, variable);
    for (const struct node *item = list->first; item != NULL && b->error == 0; item = item->next) {
        if (item->kind != NODE_SCALAR || node_is_null(item)) {
            diag_add(b->s->diags, item->place, "expected a text in a list, found %s",
                     node_found(item).text);
            continue;
        }
        emit_value(b, STEP_APPEND, variable, item);
    }
}

/* What is one '${...}' and nothing else may be a list, and none: it is assigned, not written out.
 */
static void build_value(struct build *b, uint32_t variable, const struct node *value)
{
    struct span inside;
    if (variable == PLAN_NONE || value->kind == NODE_MAPPING)
        return; /* reported already */
    if (value->kind == NODE_SEQUENCE) {
        build_list(b, variable, value);
    } else if (node_is_null(value)) {
        emit_kind(b, STEP_CLEAR, variable);
    } else if (scenario_text_is_slot(value->text, &inside)) {
        const uint32_t expression = scenario_expression_read(b, value, inside, false);
        emit(b, &(struct plan_step){ .kind = STEP_ASSIGN, .index = expression, .into = variable });
    } else {
        emit_value(b, STEP_SET, variable, value);
    }
}

static void build_set(struct build *b, const struct node *mapping)
{
    for (const struct node *item = mapping->first; item != NULL && b->error == 0; item = item->next)
        build_value(b, scenario_variable_find(b->s, item->key->text), item);
}

static void build_append(struct build *b, const struct node *mapping)
{
    for (const struct node *item = mapping->first; item != NULL && b->error == 0;
         item = item->next) {
        if (item->kind == NODE_SCALAR)
            emit_value(b, STEP_APPEND, scenario_variable_find(b->s, item->key->text), item);
    }
}

static void build_session_headers(struct build *b, const struct node *mapping)
{
    for (const struct node *n = mapping->first; n != NULL && b->error == 0; n = n->next) {
        if (n->kind == NODE_SCALAR)
            emit(b, &(struct plan_step){ .kind = STEP_SET,
                                         .index = scenario_session_variable(b->kind, n->key->text),
                                         .value = scenario_value_build(b, n, ESCAPE_HEADER) });
    }
}

static bool keeps_cookies(struct build *b, const struct node *verb)
{
    if (!b->s->has_no_cookies)
        return true;
    diag_add(b->s->diags, verb->key == NULL ? verb->place : verb->key->place,
             "expected no %s where the scenario says 'cookies: false'",
             node_found(verb->key == NULL ? verb : verb->key).text);
    return false;
}

static void build_cookies(struct build *b, const struct node *mapping)
{
    if (!keeps_cookies(b, mapping))
        return;
    for (const struct node *n = mapping->first; n != NULL && b->error == 0; n = n->next) {
        if (!scenario_cookie_check(b, n))
            continue;
        emit(b, &(struct plan_step){ .kind = STEP_COOKIE,
                                     .name = scenario_plan_copy_span(b, n->key->text),
                                     .value = scenario_value_build(b, n, ESCAPE_HEADER) });
    }
}

/* ---- blocks ---- */

static void build_step(struct build *b, const struct scenario_step *step);

static void build_block(struct build *b, const struct scenario_steps *steps)
{
    for (uint32_t i = 0; i < steps->count && b->error == 0; i++)
        build_step(b, &steps->items[i]);
}

static uint32_t read_condition(struct build *b, const struct node *n)
{
    return scenario_expression_read(b, n, n->text, false);
}

/* The block of a loop and the way back to `begin`; the jumps in `exits` lead behind it. */
static void build_round(struct build *b, const struct scenario_step *step, uint32_t begin,
                        uint32_t exit)
{
    build_block(b, &step->steps);
    emit_jump(b, begin);
    land(b, exit);
}

static void build_repeat(struct build *b, const struct scenario_step *step)
{
    emit_loop(b, STEP_LOOP, read_condition(b, step->verb));
    const uint32_t begin = emit_loop(b, STEP_LOOP_NEXT, 0);
    build_round(b, step, begin, begin);
}

static void build_while(struct build *b, const struct scenario_step *step)
{
    uint32_t bound = PLAN_NONE;
    if (step->at_most != NULL) {
        emit_loop(b, STEP_LOOP, read_condition(b, step->at_most));
        bound = emit_loop(b, STEP_LOOP_NEXT, 0);
    }
    const uint32_t exit = emit_kind(b, STEP_JUMP_UNLESS, read_condition(b, step->verb));
    build_round(b, step, bound != PLAN_NONE ? bound : exit, exit);
    land(b, bound);
}

/* A variable for the list of a loop, which nothing else changes: one for each loop around. */
static uint32_t list_of_loop(struct build *b, struct place at)
{
    char name[] = "list of loop 0";
    name[sizeof(name) - 2] = (char)('0' + b->loop_depth);
    return scenario_variable(b->s, span_of(name), at);
}

/* The list as it is now goes into the variable. */
static void build_list_of(struct build *b, uint32_t variable, const struct node *list)
{
    if (variable == PLAN_NONE)
        return;
    if (list->kind == NODE_SEQUENCE) {
        build_list(b, variable, list);
        return;
    }
    const uint32_t index = read_condition(b, list);
    emit(b, &(struct plan_step){ .kind = STEP_ASSIGN, .index = index, .into = variable });
}

static void build_for_each(struct build *b, const struct scenario_step *step)
{
    const uint32_t list = list_of_loop(b, step->verb->first->place);
    build_list_of(b, list, step->verb->first);
    emit_loop(b, STEP_LOOP, scenario_number_slot(b, 0));
    const uint32_t begin = emit(b, &(struct plan_step){ .kind = STEP_EACH,
                                                        .index = list,
                                                        .into = step->variable,
                                                        .counter = (uint8_t)(b->loop_depth - 1) });
    build_round(b, step, begin, begin);
}

static void build_loop(struct build *b, const struct scenario_step *step)
{
    b->loop_depth++;
    if (b->loop_depth > b->plan->loop_depth)
        b->plan->loop_depth = b->loop_depth;
    if (step->act == ACT_REPEAT)
        build_repeat(b, step);
    else if (step->act == ACT_WHILE)
        build_while(b, step);
    else
        build_for_each(b, step);
    b->loop_depth--;
}

static void build_act(struct build *b, const struct scenario_step *step)
{
    switch (step->act) {
    case ACT_NONE:
        return;
    case ACT_REQUEST:
        if (step->request != NULL)
            emit_kind(b, STEP_REQUEST, scenario_request_build(b, step->request));
        return;
    case ACT_SESSION_HEADERS:
        build_session_headers(b, step->verb);
        return;
    case ACT_SET:
        build_set(b, step->verb);
        return;
    case ACT_APPEND:
        build_append(b, step->verb);
        return;
    case ACT_COOKIES:
        build_cookies(b, step->verb);
        return;
    case ACT_CLEAR_COOKIES:
        if (keeps_cookies(b, step->verb))
            emit_kind(b, STEP_FORGET_COOKIES, 0);
        return;
    case ACT_FEED:
        emit_kind(b, STEP_FEED, scenario_feed_find(b, step->verb));
        return;
    case ACT_PAUSE:
        emit(b, &(struct plan_step){ .kind = STEP_PAUSE, .wait = step->wait });
        return;
    case ACT_REPEAT:
    case ACT_WHILE:
    case ACT_FOR_EACH:
        build_loop(b, step);
        return;
    case ACT_GROUP:
        build_block(b, &step->steps);
        return;
    case ACT_SKIP:
        emit_kind(b, STEP_SKIP, 0);
        return;
    case ACT_LEAVE:
        emit_kind(b, STEP_LEAVE, 0);
        return;
    case ACT_STOP_USER:
        emit_kind(b, STEP_STOP_USER, 0);
        return;
    }
}

static void build_step(struct build *b, const struct scenario_step *step)
{
    uint32_t unless = PLAN_NONE, when = PLAN_NONE, end = PLAN_NONE;
    if (step->condition != NULL)
        unless = emit_kind(b, STEP_JUMP_UNLESS, read_condition(b, step->condition));
    if (step->exception != NULL)
        when = emit_kind(b, STEP_JUMP_IF, read_condition(b, step->exception));
    build_act(b, step);
    if (step->otherwise.count > 0)
        end = emit_kind(b, STEP_JUMP, 0);
    land(b, unless);
    land(b, when);
    build_block(b, &step->otherwise);
    land(b, end);
}

/* ---- whole lists of steps ---- */

/* Answers to the task before must not be seen: the task begins with forgetting them. */
static uint32_t build_forgetting(struct build *b, uint32_t first)
{
    const uint32_t begin = b->steps.count;
    for (uint32_t i = 0; i < b->answer_count; i++)
        emit_kind(b, STEP_CLEAR, b->answers[i].variable);
    emit_jump(b, first);
    return begin;
}

uint32_t scenario_steps_build(struct build *b, const struct scenario_steps *steps)
{
    const uint32_t first = b->steps.count, first_request = b->requests.count;
    b->may_ask = true;
    b->answer_count = 0;
    build_block(b, steps);
    emit_kind(b, STEP_END, 0);
    b->may_ask = false;
    if (b->answer_count == 0 || b->error != 0)
        return first;
    scenario_answers_attach(b, first_request, steps->items[0].node->place);
    return build_forgetting(b, first);
}

uint32_t scenario_setup_build(struct build *b)
{
    const uint32_t first = b->steps.count;
    if (b->s->variables == NULL)
        return PLAN_NONE;
    build_set(b, b->s->variables);
    emit_kind(b, STEP_END, 0);
    return first;
}
