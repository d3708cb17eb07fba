#include "engine/plan/evaluate.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/plan/diag.h"
#include "engine/plan/evaluator.h"
#include "engine/plan/function.h"
#include "engine/plan/number.h"
#include "engine/plan/operator.h"
#include "http/regex.h"
#include "http/template.h"
#include "http/text_list.h"

int evaluator_open_plain(struct evaluator **ret_evaluator)
{
    struct evaluator *e = calloc(1, sizeof(*e));
    if (e == NULL)
        return -ENOMEM;
    *ret_evaluator = e;
    return 0;
}

int evaluator_open(struct evaluator **ret_evaluator)
{
    struct evaluator *e;
    if (evaluator_open_plain(&e) != 0)
        return -ENOMEM;
    if (regex_matcher_open(&e->matcher) != 0) {
        evaluator_close(e);
        return -ENOMEM;
    }
    /* The first call reads the time zone, which allocates. */
    const time_t epoch = 0;
    struct tm ignored;
    gmtime_r(&epoch, &ignored);
    *ret_evaluator = e;
    return 0;
}

void evaluator_close(struct evaluator *e)
{
    if (e == NULL)
        return;
    regex_matcher_close(e->matcher);
    free(e);
}

static struct value read_cookie(struct evaluator *e, const struct value *name)
{
    struct value value = value_none();
    struct span text;
    if (value_as_text(e, name, &text))
        e->scope->cookie(e->scope->context, text, &value);
    return value;
}

static bool matches(struct evaluator *e, const struct operation *o, const struct value *v)
{
    struct span text, match;
    return value_as_text(e, v, &text) && regex_find(o->regex, e->matcher, text, &match) == 0;
}

/* Carries out one operation on the values below `top`, the end of the stack; returns its new end.
 */
static struct value *carry_out(struct evaluator *e, const struct operation *o, struct value *top)
{
    const struct scope *s = e->scope;
    switch ((enum operation_kind)o->kind) {
    case OPERATION_CONSTANT:
        *top = o->constant;
        return top + 1;
    case OPERATION_VARIABLE:
        *top = value_none();
        s->variable(s->context, o->index, top);
        return top + 1;
    case OPERATION_FIELD:
        *top = value_none();
        s->field(s->context, o->index, o->column, top);
        return top + 1;
    case OPERATION_NOTE:
        *top = value_none();
        s->note(s->context, (enum scope_note)o->index, top);
        return top + 1;
    case OPERATION_COOKIE:
        top[-1] = read_cookie(e, top - 1);
        return top;
    case OPERATION_CALL:
        top -= o->count;
        *top = functions[o->index].call(e, top, o->count);
        return top + 1;
    case OPERATION_RANDOM:
        top->kind = VALUE_INTEGER;
        top->integer = prng_between(s->random, o->range.low, o->range.high);
        return top + 1;
    case OPERATION_BINARY:
        top[-2] = operator_apply(e, (enum binary_operator)o->index, top - 2, top - 1);
        return top - 1;
    case OPERATION_MATCHES:
        top[-1] = value_truth(matches(e, o, top - 1));
        return top;
    case OPERATION_NOT:
        top[-1] = value_truth(!value_is_true(top - 1));
        return top;
    case OPERATION_NEGATE:
        top[-1] = operator_negate(top - 1);
        return top;
    case OPERATION_INDEX:
        top[-2] = operator_index(top - 2, top - 1);
        return top - 1;
    }
    return top;
}

/* The value, in the evaluator. */
static const struct value *evaluate(const struct expression *x, struct evaluator *e,
                                    const struct scope *s)
{
    struct value *top = e->stack;
    e->scope = s;
    e->scratch_used = 0;
    for (uint32_t i = 0; i < x->count; i++)
        top = carry_out(e, &x->operations[i], top);
    assert(top == e->stack + 1);
    return e->stack;
}

struct value expression_evaluate(const struct expression *x, struct evaluator *e,
                                 const struct scope *s)
{
    return *evaluate(x, e, s);
}

bool expression_slot(const struct expression *x, struct evaluator *e, const struct scope *s,
                     struct slot_value *ret_value)
{
    struct span text;
    const struct value *value = evaluate(x, e, s);
    if (!value_as_text(e, value, &text) || text.len > VALUE_TEXT_MAX)
        return false;
    *ret_value = (struct slot_value){ text, value_is_json(value) };
    return true;
}

bool expression_text(const struct expression *x, struct evaluator *e, const struct scope *s,
                     struct span *ret_text)
{
    struct slot_value value;
    if (!expression_slot(x, e, s, &value))
        return false;
    *ret_text = value.text;
    return true;
}

bool expression_holds(const struct expression *x, struct evaluator *e, const struct scope *s)
{
    return value_is_true(evaluate(x, e, s));
}

bool expression_integer(const struct expression *x, struct evaluator *e, const struct scope *s,
                        int64_t *ret_integer)
{
    return value_as_integer(evaluate(x, e, s), ret_integer);
}

void value_describe(const struct value *v, char *out, size_t size)
{
    char number[NUMBER_TEXT_MAX];
    struct span text;
    switch (v->kind) {
    case VALUE_NONE:
        snprintf(out, size, "none");
        break;
    case VALUE_TRUTH:
        snprintf(out, size, "%s", v->integer != 0 ? "true" : "false");
        break;
    case VALUE_INTEGER:
        snprintf(out, size, "%" PRId64, v->integer);
        break;
    case VALUE_NUMBER:
        text = number_write_decimal(v->number, number);
        snprintf(out, size, "%.*s", (int)text.len, text.bytes);
        break;
    case VALUE_TEXT:
        snprintf(out, size, "%s", v->text.len == 0 ? "''" : diag_quote(v->text).text);
        break;
    case VALUE_LIST:
        snprintf(out, size, "a list of %" PRIu32, text_list_count(v->text));
        break;
    }
}
