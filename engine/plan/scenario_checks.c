#include <errno.h>
#include <stdio.h>

#include "engine/plan/evaluate.h"
#include "engine/plan/scalar.h"
#include "engine/plan/scenario_build.h"
#include "http/header.h"

/* The checks of one request on their way. */
struct checks {
    struct build *b;
    struct plan_request *request;
    struct plan_check *items;
    uint32_t count;
    struct capture captures[PLAN_CAPTURES_MAX]; /* of what they look at */
    uint32_t capture_count;
};

/* ---- sources of expressions ---- */

/* Two or three pieces as one text, living as long as the build. */
static struct span join(struct build *b, struct span left, struct span middle, struct span right)
{
    char *text = scenario_alloc(b->s, left.len + middle.len + right.len + 1);
    if (text == NULL) {
        b->error = -ENOMEM;
        return SPAN_LITERAL("none");
    }
    memcpy(text, left.bytes, left.len);
    memcpy(text + left.len, middle.bytes, middle.len);
    memcpy(text + left.len + middle.len, right.bytes, right.len);
    return (struct span){ text, left.len + middle.len + right.len };
}

/* '> 5', 'matches '^a'': the value is a comparison and not what to be equal to. */
static bool begins_with_operator(struct span text)
{
    static const char *const operators[] = { "==", "!=", "<", ">", "contains ", "matches " };
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        const size_t len = strlen(operators[i]);
        if (text.len >= len && memcmp(text.bytes, operators[i], len) == 0)
            return true;
    }
    return false;
}

/* What a scalar without quotes is as JSON, which a captured value is too: 1.50 is 1.5. */
static struct span json_text(struct build *b, const struct node *n)
{
    char scratch[SCALAR_JSON_MAX];
    struct scalar_json json;
    if (!n->is_plain || scalar_resolve(n->text, scratch, &json) != SCALAR_VALUE)
        return n->text;
    return join(b, span_of(json.sign), json.rest, SPAN_LITERAL(""));
}

/* The source of "SUBJECT is what `n` says". */
static struct span equality(struct build *b, const struct node *n, struct span subject)
{
    struct span inside;
    if (!expression_is_present(n->text))
        return join(b, subject, SPAN_LITERAL(" == "), scenario_text_quote(b, json_text(b, n)));
    if (scenario_text_is_slot(n->text, &inside))
        return join(b, subject, SPAN_LITERAL(" == "),
                    join(b, SPAN_LITERAL("("), inside, SPAN_LITERAL(")")));
    /* With a sign that is in no number before both sides, nothing is added up. */
    const struct span marked = join(b, SPAN_LITERAL("="), n->text, SPAN_LITERAL(""));
    return join(b, join(b, SPAN_LITERAL("'=' + "), subject, SPAN_LITERAL(" == ")),
                scenario_text_join(b, marked), SPAN_LITERAL(""));
}

static struct span comparison(struct build *b, const struct node *n, struct span subject)
{
    if (span_equal(n->text, SPAN_LITERAL("exists")))
        return join(b, subject, SPAN_LITERAL(" != none"), SPAN_LITERAL(""));
    if (begins_with_operator(n->text))
        return join(b, subject, SPAN_LITERAL(" "), n->text);
    return equality(b, n, subject);
}

/* ---- checks ---- */

static bool looks_at_body(const struct expression *e)
{
    for (uint32_t i = 0; i < e->count; i++) {
        if (e->operations[i].kind == OPERATION_NOTE && e->operations[i].index == NOTE_BODY)
            return true;
    }
    return false;
}

/* `words` as people read them: "json /id > 5". */
static void add_check(struct checks *c, uint32_t expression, uint32_t left, struct span words)
{
    if (expression == PLAN_NONE)
        return;
    c->request->wants_body |= looks_at_body(scenario_expression(c->b, expression));
    c->items[c->count++] = (struct plan_check){ .expression = expression,
                                                .left = left,
                                                .text = scenario_plan_copy(c->b, words) };
}

/* The variable that what is looked for goes to, as 'answer' in the expression. */
static uint32_t begin_subject(struct checks *c, enum capture_kind kind, const struct node *n)
{
    char name[24];
    if (c->capture_count == PLAN_CAPTURES_MAX) {
        diag_add(c->b->s->diags, n->key->place,
                 "expected at most %u values to be looked for in one answer, found more",
                 PLAN_CAPTURES_MAX);
        return PLAN_NONE;
    }
    snprintf(name, sizeof(name), "answer %u", c->capture_count + 1);
    const uint32_t variable = scenario_variable(c->b->s, span_of(name), n->key->place);
    c->captures[c->capture_count++] =
        (struct capture){ .kind = kind,
                          .absence = ABSENCE_FORGETS,
                          .what = scenario_plan_copy_span(c->b, n->key->text),
                          .is_list = kind == CAPTURE_JSON && capture_pointer_is_list(n->key->text),
                          .variable = variable };
    return variable;
}

static void check_subject(struct checks *c, enum capture_kind kind, const struct node *n)
{
    struct build *b = c->b;
    const struct span word = kind == CAPTURE_JSON ? SPAN_LITERAL("json ") : SPAN_LITERAL("header ");
    if (n->kind != NODE_SCALAR) {
        scenario_expected(b->s, n, "a text, 'exists' or a comparison such as '> 5'");
        return;
    }
    const uint32_t variable = begin_subject(c, kind, n);
    if (variable == PLAN_NONE)
        return;
    b->subject = variable;
    const uint32_t expression =
        scenario_expression_read(b, n, comparison(b, n, SPAN_LITERAL("answer")), true);
    b->subject = PLAN_NONE;
    const bool is_bare =
        begins_with_operator(n->text) || span_equal(n->text, SPAN_LITERAL("exists"));
    const struct span place = join(b, word, n->key->text, SPAN_LITERAL(""));
    add_check(c, expression, scenario_variable_slot(b, variable),
              join(b, place, is_bare ? SPAN_LITERAL(" ") : SPAN_LITERAL(" == "), n->text));
}

static void check_headers(struct checks *c, const struct node *mapping)
{
    for (const struct node *n = mapping->first; n != NULL && c->b->error == 0; n = n->next) {
        if (header_name_is_valid(n->key->text))
            check_subject(c, CAPTURE_HEADER, n);
        else
            diag_add(c->b->s->diags, n->key->place,
                     "expected a header name such as 'Location' in 'expect', found %s",
                     node_found(n->key).text);
    }
}

static void check_json(struct checks *c, const struct node *mapping)
{
    for (const struct node *n = mapping->first; n != NULL && c->b->error == 0; n = n->next) {
        if (capture_pointer_fault(n->key->text) == NULL)
            check_subject(c, CAPTURE_JSON, n);
        else
            diag_add(c->b->s->diags, n->key->place,
                     "expected a JSON pointer such as '/id' in 'expect', found %s",
                     node_found(n->key).text);
    }
}

/* body contains 'x', body matches 'x': what is looked for is a text. */
static void check_body(struct checks *c, const struct node *n, struct span operator)
{
    struct build *b = c->b;
    struct span inside, text;
    if (!expression_is_present(n->text))
        text = scenario_text_quote(b, n->text);
    else if (scenario_text_is_slot(n->text, &inside))
        text = join(b, SPAN_LITERAL("("), inside, SPAN_LITERAL(")"));
    else
        text = scenario_text_join(b, n->text);
    const struct span source = join(b, SPAN_LITERAL("body"), operator, text);
    add_check(c, scenario_expression_read(b, n, source, true), PLAN_NONE,
              join(b, join(b, SPAN_LITERAL("body"), operator, SPAN_LITERAL("'")), n->text,
                   SPAN_LITERAL("'")));
}

static void check_size(struct checks *c, const struct node *n)
{
    struct build *b = c->b;
    const struct span operator= begins_with_operator(n->text) ? SPAN_LITERAL(" ")
                                                              : SPAN_LITERAL(" == ");
    const struct span words = join(b, SPAN_LITERAL("size"), operator, n->text);
    const uint32_t expression = scenario_expression_read(b, n, words, true);
    add_check(c, expression, scenario_expression_read(b, n, SPAN_LITERAL("size"), true), words);
}

static void check_latency(struct checks *c, const struct scenario_expect *e)
{
    char source[48];
    snprintf(source, sizeof(source), "latency <= %.6f", (double)e->latency_ns / 1e6);
    add_check(c, scenario_expression_read(c->b, e->latency, span_of(source), true), PLAN_NONE,
              join(c->b, SPAN_LITERAL("latency at most "), e->latency->text, SPAN_LITERAL("")));
}

/* How many values an operation takes from the stack. */
static uint32_t operand_count(const struct operation *o)
{
    switch ((enum operation_kind)o->kind) {
    case OPERATION_CONSTANT:
    case OPERATION_VARIABLE:
    case OPERATION_FIELD:
    case OPERATION_NOTE:
    case OPERATION_RANDOM:
        return 0;
    case OPERATION_COOKIE:
    case OPERATION_MATCHES:
    case OPERATION_NOT:
    case OPERATION_NEGATE:
        return 1;
    case OPERATION_BINARY:
    case OPERATION_INDEX:
        return 2;
    case OPERATION_CALL:
        return o->count;
    }
    return 0;
}

/* Operations that compute the left side of the comparison that `e` ends with; 0 = it is none. */
static uint32_t left_side(const struct expression *e)
{
    const struct operation *last = &e->operations[e->count - 1];
    uint32_t at = e->count - 1, wanted = 1;
    if (last->kind == OPERATION_MATCHES)
        return at;
    if (last->kind != OPERATION_BINARY || last->index < BINARY_EQUAL ||
        last->index > BINARY_CONTAINS)
        return 0;
    while (at > 0 && wanted > 0)
        wanted += operand_count(&e->operations[--at]) - 1;
    return at;
}

/* Patterns belong to one expression: a left side with one in it is not shown. */
static uint32_t add_left(struct build *b, uint32_t expression)
{
    struct expression left = *scenario_expression(b, expression);
    left.count = left_side(&left);
    for (uint32_t i = 0; i < left.count; i++) {
        if (left.operations[i].regex != NULL)
            return PLAN_NONE;
    }
    return left.count == 0 || looks_at_body(&left) ? PLAN_NONE : scenario_expression_add(b, &left);
}

static void check_that(struct checks *c, const struct node *n)
{
    const uint32_t expression = scenario_expression_read(c->b, n, n->text, true);
    if (expression != PLAN_NONE)
        add_check(c, expression, add_left(c->b, expression), n->text);
}

static void check_all(struct checks *c, const struct scenario_expect *e)
{
    if (e->headers != NULL)
        check_headers(c, e->headers);
    if (e->json != NULL)
        check_json(c, e->json);
    if (e->contains != NULL)
        check_body(c, e->contains, SPAN_LITERAL(" contains "));
    if (e->matches != NULL)
        check_body(c, e->matches, SPAN_LITERAL(" matches "));
    if (e->size != NULL)
        check_size(c, e->size);
    if (e->latency != NULL)
        check_latency(c, e);
    if (e->that != NULL)
        check_that(c, e->that);
}

static uint32_t count_of(const struct node *mapping)
{
    return mapping == NULL ? 0 : mapping->count;
}

void scenario_checks_build(struct build *b, const struct scenario_request *r,
                           struct plan_request *request)
{
    const struct scenario_expect *e = r->expect;
    if (e == NULL)
        return;
    const uint32_t most = count_of(e->headers) + count_of(e->json) + 5;
    struct plan_check *items = scenario_plan_alloc(b, most * sizeof(*items));
    struct checks c = { .b = b, .request = request, .items = items };
    if (items == NULL)
        return;
    request->expects_status = e->has_status;
    memcpy(request->status_expected, e->status, sizeof(request->status_expected));
    check_all(&c, e);
    request->checks = items;
    request->check_count = c.count;
    if (c.capture_count > 0)
        scenario_captures_add(b, request, c.captures, c.capture_count, r->method->place);
}
