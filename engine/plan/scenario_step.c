#include <inttypes.h>
#include <stdio.h>

#include "engine/plan/scenario.h"

/* Notes what a step does; it may do one thing only. */
static bool take_act(struct scenario *s, struct scenario_step *step, const struct node *value,
                     enum scenario_act act)
{
    if (step->verb != NULL) {
        diag_add(s->diags, value->key->place,
                 "expected one thing to do in a step, found %s beside %s on line %" PRIu32,
                 node_found(value->key).text, node_found(step->verb->key).text,
                 step->verb->key->place.line);
        return false;
    }
    step->verb = value;
    step->act = act;
    return true;
}

/* The same of a value with a mistake in it: what the step does is known, but not how. */
static void take_broken(struct scenario *s, struct scenario_step *step, const struct node *value)
{
    take_act(s, step, value, ACT_NONE);
}

static void read_condition(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_step *step = into;
    if (scenario_read_text(s, value, "an expression such as 'status == 200'"))
        step->condition = value;
}

static void read_exception(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_step *step = into;
    if (scenario_read_text(s, value, "an expression such as 'status == 200'"))
        step->exception = value;
}

static void take_steps(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_step *step = into;
    step->steps_node = value;
}

static void take_else(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_step *step = into;
    step->else_node = value;
}

static void read_repeat(struct scenario *s, const struct node *value, void *into)
{
    const bool is_text = scenario_read_text(s, value, "how often, such as '3' or 'length(ids)'");
    take_act(s, into, value, is_text ? ACT_REPEAT : ACT_NONE);
}

static void read_while(struct scenario *s, const struct node *value, void *into)
{
    const bool is_text = scenario_read_text(s, value, "an expression such as 'status == 200'");
    take_act(s, into, value, is_text ? ACT_WHILE : ACT_NONE);
}

static void read_at_most(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_step *step = into;
    if (scenario_read_text(s, value, "how often, such as '10'"))
        step->at_most = value;
}

static bool is_for_each(struct scenario *s, const struct node *value)
{
    static const char *const expected = "a variable and a list such as '{ id: ids }'";
    if (!scenario_read_mapping(s, value, expected))
        return false;
    if (value->count != 1) {
        diag_add(s->diags, value->place, "expected %s after 'for_each', found %" PRIu32 " of them",
                 expected, value->count);
        return false;
    }
    if (value->first->kind != NODE_MAPPING && !node_is_null(value->first))
        return true;
    scenario_expected(s, value->first, "a list or the name of one");
    return false;
}

static void read_for_each(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_step *step = into;
    step->variable = PLAN_NONE;
    const bool is_sound = is_for_each(s, value);
    if (is_sound)
        step->variable = scenario_variable_define(s, value->first->key);
    take_act(s, step, value, step->variable != PLAN_NONE ? ACT_FOR_EACH : ACT_NONE);
}

/* Variables and what they become. */
static void read_values(struct scenario *s, const struct node *value, struct scenario_step *step,
                        enum scenario_act act)
{
    take_act(s, step, value, value->kind == NODE_MAPPING ? act : ACT_NONE);
    if (!scenario_read_mapping(s, value, "variables such as '{ name: value }'"))
        return;
    for (const struct node *item = value->first; item != NULL; item = item->next) {
        scenario_variable_define(s, item->key);
        if (item->kind == NODE_MAPPING || (act == ACT_APPEND && item->kind != NODE_SCALAR))
            scenario_expected(s, item, "a text");
    }
}

static void read_set(struct scenario *s, const struct node *value, void *into)
{
    read_values(s, value, into, ACT_SET);
}

static void read_append(struct scenario *s, const struct node *value, void *into)
{
    read_values(s, value, into, ACT_APPEND);
}

static void read_session_headers(struct scenario *s, const struct node *value, void *into)
{
    const struct node *headers = NULL;
    if (value->kind == NODE_MAPPING && value->count == 0) {
        diag_add(s->diags, value->place, "expected headers after 'session_headers', found none");
        take_broken(s, into, value);
        return;
    }
    if (!scenario_read_headers(s, value, &headers)) {
        take_broken(s, into, value);
        return;
    }
    if (!take_act(s, into, value, ACT_SESSION_HEADERS))
        return;
    for (const struct node *header = value->first; header != NULL; header = header->next) {
        if (span_equal_ignoring_case(header->key->text, SPAN_LITERAL("Host")))
            diag_add(s->diags, header->key->place,
                     "expected no 'Host' in 'session_headers': it belongs into 'headers'");
        else if (node_is_null(header))
            scenario_expected(s, header, "a text");
        scenario_session_header_add(s, header->key);
    }
}

static void read_cookies(struct scenario *s, const struct node *value, void *into)
{
    take_act(s, into, value, value->kind == NODE_MAPPING ? ACT_COOKIES : ACT_NONE);
    if (!scenario_read_mapping(s, value, "cookies such as '{ theme: dark }'"))
        return;
    for (const struct node *item = value->first; item != NULL; item = item->next)
        scenario_read_text(s, item, "a text");
}

static void read_feed(struct scenario *s, const struct node *value, void *into)
{
    const bool is_text = scenario_read_text(s, value, "the name of a feed");
    take_act(s, into, value, is_text ? ACT_FEED : ACT_NONE);
}

static void read_pause(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_step *step = into;
    const bool is_wait = scenario_read_wait(s, value, &step->wait);
    take_act(s, step, value, is_wait ? ACT_PAUSE : ACT_NONE);
    if (is_wait && step->wait.kind == WAIT_PACING)
        scenario_expected(s, value, "a duration such as '250ms'");
}

/* Acts that need no more than their name: 'skip: true', or '- skip'. */
static const struct {
    const char *name;
    enum scenario_act act;
} bare_acts[] = {
    { "skip", ACT_SKIP },
    { "leave", ACT_LEAVE },
    { "stop_user", ACT_STOP_USER },
    { "clear_cookies", ACT_CLEAR_COOKIES },
};
#define BARE_COUNT (sizeof(bare_acts) / sizeof(bare_acts[0]))

static void read_bare(struct scenario *s, const struct node *value, void *into)
{
    bool is_wanted = true;
    if (scenario_read_truth(s, value, &is_wanted) && !is_wanted)
        scenario_expected(s, value, "true");
    for (size_t i = 0; i < BARE_COUNT; i++) {
        if (span_equal(value->key->text, span_of(bare_acts[i].name)))
            take_act(s, into, value, bare_acts[i].act);
    }
}

static const struct scenario_key step_keys[] = {
    { "if", read_condition, "an expression: the step is taken only when it holds" },
    { "unless", read_exception, "an expression: the step is taken only when it does not hold" },
    { "steps", take_steps, "a block of steps, taken in order" },
    { "else", take_else, "steps taken instead when 'if' or 'unless' leaves the step out" },
    { "repeat", read_repeat, "how often 'steps' are taken: a number or an expression" },
    { "while", read_while, "'steps' are taken again as long as this expression holds" },
    { "at_most", read_at_most, "how often the steps of 'while' are taken at most" },
    { "for_each", read_for_each, "{ item: list }: 'steps' are taken for each item of a list" },
    { "set", read_set, "variables and what they become" },
    { "append", read_append, "lists and the item that each gets" },
    { "session_headers", read_session_headers, "headers this user sends from here on" },
    { "cookies", read_cookies, "cookies of the host, set in the jar of this user" },
    { "clear_cookies", read_bare, "true: all cookies of this user are forgotten" },
    { "feed", read_feed, "the feed that this user takes its next row of" },
    { "pause", read_pause, "a pause within the task: 1s, 5ms..10ms, exp 3s" },
    { "skip", read_bare, "true: the rest of the task is left out" },
    { "leave", read_bare, "true: the user leaves this set of tasks for the one around it" },
    { "stop_user", read_bare, "true: this user stops" },
};
const struct scenario_table scenario_step_table = SCENARIO_TABLE("step", step_keys);

static bool is_loop(enum scenario_act act)
{
    return act == ACT_REPEAT || act == ACT_WHILE || act == ACT_FOR_EACH;
}

/* What was read as a request is one, or stands where none is. */
static void settle_request(struct scenario *s, struct scenario_step *step,
                           const struct scenario_request *r)
{
    const struct node *odd = r->method != NULL ? r->method : r->alone;
    const struct node *other = step->verb != NULL         ? step->verb->key
                               : step->steps_node != NULL ? step->steps_node->key
                                                          : NULL;
    if (other != NULL && odd != NULL && step->verb == NULL) {
        diag_add(s->diags, odd->place,
                 "expected %s inside a step, found it beside 'steps' on line %" PRIu32,
                 node_found(odd).text, other->place.line);
    } else if (other != NULL && odd != NULL) {
        diag_add(s->diags, odd->place,
                 "expected %s in a step of its own, found it beside %s on line %" PRIu32,
                 node_found(odd).text, node_found(other).text, other->place.line);
    } else if (other == NULL) {
        scenario_check_request(s, step->node, r);
        step->act = ACT_REQUEST;
        step->request = scenario_alloc(s, sizeof(*r));
        if (step->request != NULL)
            *step->request = *r;
    }
}

static void check_block(struct scenario *s, const struct scenario_step *step)
{
    const bool has_block = is_loop(step->act) || step->act == ACT_NONE || step->act == ACT_GROUP;
    if (step->steps_node != NULL && !has_block)
        diag_add(s->diags, step->steps_node->key->place,
                 "expected %s inside a step, found it beside 'steps'",
                 node_found(step->verb->key).text);
    if (step->steps_node == NULL && is_loop(step->act))
        diag_add(s->diags, step->verb->key->place, "expected 'steps' beside %s, found none",
                 node_found(step->verb->key).text);
    if (step->at_most != NULL && step->act != ACT_WHILE)
        diag_add(s->diags, step->at_most->key->place,
                 "expected 'while' beside 'at_most', found none");
    if (step->else_node != NULL && step->condition == NULL && step->exception == NULL)
        diag_add(s->diags, step->else_node->key->place,
                 "expected 'if' or 'unless' beside 'else', found none");
    if (step->act == ACT_LEAVE && !s->may_leave)
        diag_add(s->diags, step->verb->key == NULL ? step->verb->place : step->verb->key->place,
                 "expected 'leave' inside a set of tasks that stands in another, found it outside");
}

static void read_blocks(struct scenario *s, struct scenario_step *step)
{
    const bool is_deeper = is_loop(step->act);
    s->loop_depth += is_deeper ? 1 : 0;
    if (is_deeper && s->loop_depth == PLAN_LOOPS_MAX + 1)
        diag_add(s->diags, step->verb->key->place,
                 "expected loops within loops at most %u deep, found more", PLAN_LOOPS_MAX);
    if (step->steps_node != NULL) {
        if (step->steps_node->kind == NODE_SEQUENCE && step->steps_node->count == 0)
            diag_add(s->diags, step->steps_node->place,
                     "expected steps after 'steps', found an empty list");
        scenario_read_steps(s, step->steps_node, &step->steps);
    }
    s->loop_depth -= is_deeper ? 1 : 0;
    if (step->else_node != NULL)
        scenario_read_steps(s, step->else_node, &step->otherwise);
}

void scenario_finish_step(struct scenario *s, struct scenario_step *step,
                          const struct scenario_request *r)
{
    if (step->verb == NULL && step->steps_node != NULL)
        step->act = ACT_GROUP;
    settle_request(s, step, r);
    check_block(s, step);
    read_blocks(s, step);
}

static void read_bare_step(struct scenario *s, const struct node *node, struct scenario_step *step)
{
    const char *names[BARE_COUNT];
    char given[66];
    for (size_t i = 0; i < BARE_COUNT; i++) {
        names[i] = bare_acts[i].name;
        if (span_equal(node->text, span_of(names[i]))) {
            step->act = bare_acts[i].act;
            step->verb = node;
            check_block(s, step);
            return;
        }
    }
    snprintf(given, sizeof(given), "%.*s", (int)(node->text.len < 65 ? node->text.len : 0),
             node->text.bytes);
    const char *near = diag_nearest(given, names, BARE_COUNT);
    if (near != NULL)
        diag_add(s->diags, node->place, "unknown step %s; did you mean '%s'?",
                 node_found(node).text, near);
    else
        scenario_expected(s, node, "a mapping such as 'get: /path'");
}

static void read_step(struct scenario *s, const struct node *node, struct scenario_step *step)
{
    struct scenario_request r = { 0 };
    const struct scenario_context more = { "in a step", &scenario_step_table, step, NULL };
    const struct scenario_context context = { "in a step", &scenario_request_table, &r, &more };
    step->node = node;
    if (node->kind == NODE_SCALAR && !node_is_null(node))
        read_bare_step(s, node, step);
    else if (scenario_read_keys(s, node, "'get: /path'", &context))
        scenario_finish_step(s, step, &r);
}

void scenario_read_steps(struct scenario *s, const struct node *list,
                         struct scenario_steps *ret_steps)
{
    if (list->kind != NODE_SEQUENCE) {
        scenario_expected(s, list, "a list of steps such as '- get: /path'");
        return;
    }
    struct scenario_step *items = scenario_alloc(s, list->count * sizeof(*items));
    if (items == NULL)
        return;
    uint32_t count = 0;
    for (const struct node *node = list->first; node != NULL; node = node->next)
        read_step(s, node, &items[count++]);
    *ret_steps = (struct scenario_steps){ items, count };
}
