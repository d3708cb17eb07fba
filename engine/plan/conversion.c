#include "engine/plan/evaluator.h"

#include <math.h>

#include "engine/plan/number.h"
#include "http/out.h"
#include "http/template.h"
#include "http/text_list.h"

/* 2^63: the first double that is no int64_t. */
#define INTEGER_LIMIT 0x1p63

struct value value_number(double number)
{
    if (!isfinite(number))
        return value_none();
    return (struct value){ .kind = VALUE_NUMBER, .number = number + 0.0 /* no -0 */ };
}

struct value value_meaning(const struct value *v)
{
    struct value number;
    if (v->kind != VALUE_TEXT)
        return *v;
    if (number_read(v->text, &number))
        return number;
    if (span_equal(v->text, SPAN_LITERAL("true")))
        return value_truth(true);
    if (span_equal(v->text, SPAN_LITERAL("false")))
        return value_truth(false);
    return span_equal(v->text, SPAN_LITERAL("null")) ? value_none() : *v;
}

bool value_as_number(const struct value *v, struct value *ret_number)
{
    if (v->kind == VALUE_TEXT)
        return number_read(v->text, ret_number);
    if (v->kind != VALUE_INTEGER && v->kind != VALUE_NUMBER)
        return false;
    *ret_number = *v;
    return true;
}

bool value_as_integer(const struct value *v, int64_t *ret_integer)
{
    struct value number;
    if (!value_as_number(v, &number))
        return false;
    if (number.kind == VALUE_NUMBER) {
        if (number.number < -INTEGER_LIMIT || number.number >= INTEGER_LIMIT)
            return false;
        number.integer = (int64_t)number.number;
    }
    *ret_integer = number.integer;
    return true;
}

bool value_as_double(const struct value *v, double *ret_number)
{
    struct value number;
    if (!value_as_number(v, &number))
        return false;
    *ret_number = number.kind == VALUE_INTEGER ? (double)number.integer : number.number;
    return true;
}

bool value_is_json(const struct value *v)
{
    return v->kind == VALUE_TEXT ? v->is_json : v->kind != VALUE_NONE;
}

static int write_item(struct span item, struct out *o)
{
    if (text_list_is_json(item))
        return out_put_span(o, item);
    const int len = template_escape(ESCAPE_JSON_VALUE, item, o->bytes + o->len, o->cap - o->len);
    if (len > 0)
        o->len += (size_t)len;
    return len < 0 ? len : 0;
}

/* A list as a JSON array. */
static bool write_list(struct span list, struct out *o)
{
    struct span item;
    out_put(o, "[", 1);
    for (size_t at = 0; text_list_next(list, &at, &item);) {
        if (o->len > 1)
            out_put(o, ",", 1);
        if (write_item(item, o) < 0)
            return false;
    }
    out_put(o, "]", 1);
    return out_finish(o) >= 0;
}

static bool list_as_text(struct evaluator *e, struct span list, struct span *ret_text)
{
    struct out o = { .bytes = evaluator_room(e, VALUE_TEXT_MAX), .cap = VALUE_TEXT_MAX };
    if (o.bytes == NULL || !write_list(list, &o))
        return false;
    *ret_text = evaluator_keep(e, o.len);
    return true;
}

static bool number_as_text(struct evaluator *e, const struct value *v, struct span *ret_text)
{
    char *out = evaluator_room(e, NUMBER_TEXT_MAX);
    if (out == NULL)
        return false;
    evaluator_keep(e, NUMBER_TEXT_MAX);
    *ret_text = v->kind == VALUE_INTEGER ? number_write_integer(v->integer, out)
                                         : number_write_decimal(v->number, out);
    return true;
}

bool value_as_text(struct evaluator *e, const struct value *v, struct span *ret_text)
{
    switch (v->kind) {
    case VALUE_TEXT:
        *ret_text = v->text.len > 0 ? v->text : SPAN_LITERAL(""); /* never NULL */
        return true;
    case VALUE_TRUTH:
        *ret_text = v->integer != 0 ? SPAN_LITERAL("true") : SPAN_LITERAL("false");
        return true;
    case VALUE_INTEGER:
    case VALUE_NUMBER:
        return number_as_text(e, v, ret_text);
    case VALUE_LIST:
        return list_as_text(e, v->text, ret_text);
    case VALUE_NONE:
        break;
    }
    return false;
}

bool value_is_true(const struct value *v)
{
    const struct value meant = value_meaning(v);
    switch (meant.kind) {
    case VALUE_TRUTH:
    case VALUE_INTEGER:
        return meant.integer != 0;
    case VALUE_NUMBER:
        return meant.number != 0;
    case VALUE_TEXT:
    case VALUE_LIST:
        return meant.text.len > 0;
    case VALUE_NONE:
        break;
    }
    return false;
}
