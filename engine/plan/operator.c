#include "engine/plan/operator.h"

#include <math.h>

#include "http/text_list.h"

static struct value add_integers(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? value_none() : value_integer(sum);
}

static struct value subtract_integers(int64_t a, int64_t b)
{
    int64_t difference;
    return __builtin_sub_overflow(a, b, &difference) ? value_none() : value_integer(difference);
}

static struct value multiply_integers(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? value_none() : value_integer(product);
}

/* 6 / 2 is 3, 7 / 2 is 3.5. */
static struct value divide_integers(int64_t a, int64_t b)
{
    if (b == 0)
        return value_none();
    if (b == -1)
        return subtract_integers(0, a);
    return a % b == 0 ? value_integer(a / b) : value_number((double)a / (double)b);
}

/* Has the sign of `b`, so that x % 7 is one of seven values whatever x is. */
static struct value remainder_of_integers(int64_t a, int64_t b)
{
    if (b == 0)
        return value_none();
    if (b == -1)
        return value_integer(0);
    const int64_t rest = a % b;
    return value_integer(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
}

static struct value calculate_integers(enum binary_operator kind, int64_t a, int64_t b)
{
    switch (kind) {
    case BINARY_ADD:
        return add_integers(a, b);
    case BINARY_SUBTRACT:
        return subtract_integers(a, b);
    case BINARY_MULTIPLY:
        return multiply_integers(a, b);
    case BINARY_DIVIDE:
        return divide_integers(a, b);
    case BINARY_REMAINDER:
        return remainder_of_integers(a, b);
    default:
        return value_none();
    }
}

static struct value calculate_doubles(enum binary_operator kind, double a, double b)
{
    double rest;
    switch (kind) {
    case BINARY_ADD:
        return value_number(a + b);
    case BINARY_SUBTRACT:
        return value_number(a - b);
    case BINARY_MULTIPLY:
        return value_number(a * b);
    case BINARY_DIVIDE:
        return b == 0 ? value_none() : value_number(a / b);
    case BINARY_REMAINDER:
        if (b == 0)
            return value_none();
        rest = fmod(a, b);
        return value_number(rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest);
    default:
        return value_none();
    }
}

static struct value join(struct evaluator *e, const struct value *left, const struct value *right)
{
    struct span a, b;
    if (!value_as_text(e, left, &a) || !value_as_text(e, right, &b))
        return value_none();
    if (a.len > VALUE_TEXT_MAX || b.len > VALUE_TEXT_MAX - a.len)
        return value_none();
    char *out = evaluator_room(e, a.len + b.len);
    if (out == NULL)
        return value_none();
    if (a.len > 0)
        memcpy(out, a.bytes, a.len);
    if (b.len > 0)
        memcpy(out + a.len, b.bytes, b.len);
    return value_text(evaluator_keep(e, a.len + b.len));
}

static struct value calculate(struct evaluator *e, enum binary_operator kind,
                              const struct value *left, const struct value *right)
{
    struct value a, b;
    double x, y;
    if (!value_as_number(left, &a) || !value_as_number(right, &b))
        return kind == BINARY_ADD ? join(e, left, right) : value_none();
    if (a.kind == VALUE_INTEGER && b.kind == VALUE_INTEGER)
        return calculate_integers(kind, a.integer, b.integer);
    value_as_double(&a, &x);
    value_as_double(&b, &y);
    return calculate_doubles(kind, x, y);
}

/* Exact: 64 bits of mantissa hold every int64_t and every double. */
static long double widest(const struct value *number)
{
    return number->kind == VALUE_INTEGER ? (long double)number->integer
                                         : (long double)number->number;
}

static int compare_numbers(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER)
        return (a->integer > b->integer) - (a->integer < b->integer);
    return (widest(a) > widest(b)) - (widest(a) < widest(b));
}

static int compare_texts(struct span a, struct span b)
{
    const size_t shorter = a.len < b.len ? a.len : b.len;
    const int order = shorter == 0 ? 0 : memcmp(a.bytes, b.bytes, shorter);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool value_compare(const struct value *left, const struct value *right, int *ret_order)
{
    struct value a, b;
    if (value_as_number(left, &a) && value_as_number(right, &b))
        *ret_order = compare_numbers(&a, &b);
    else if (left->kind == VALUE_TEXT && right->kind == VALUE_TEXT)
        *ret_order = compare_texts(left->text, right->text);
    else
        return false;
    return true;
}

/* Item by item as texts: '7' and 7 are the same, as they are outside of lists. */
static bool lists_equal(struct span a, struct span b)
{
    struct span left, right;
    size_t at = 0, also_at = 0;
    while (text_list_next(a, &at, &left)) {
        if (!text_list_next(b, &also_at, &right) || !span_equal(left, right))
            return false;
    }
    return !text_list_next(b, &also_at, &right);
}

bool value_equals(const struct value *left, const struct value *right)
{
    if (left->kind == VALUE_TEXT && right->kind == VALUE_TEXT &&
        span_equal(left->text, right->text))
        return true;
    if (left->kind == VALUE_LIST && right->kind == VALUE_LIST)
        return lists_equal(left->text, right->text);
    const struct value a = value_meaning(left), b = value_meaning(right);
    switch (a.kind) {
    case VALUE_INTEGER:
    case VALUE_NUMBER:
        return (b.kind == VALUE_INTEGER || b.kind == VALUE_NUMBER) && compare_numbers(&a, &b) == 0;
    case VALUE_TRUTH:
        return b.kind == VALUE_TRUTH && a.integer == b.integer;
    case VALUE_NONE:
        return b.kind == VALUE_NONE;
    case VALUE_TEXT:
    case VALUE_LIST:
        break;
    }
    return false;
}

static bool list_contains(struct span list, const struct value *wanted)
{
    struct span item;
    for (size_t at = 0; text_list_next(list, &at, &item);) {
        const struct value value = value_item(item);
        if (value_equals(&value, wanted))
            return true;
    }
    return false;
}

static bool contains(struct evaluator *e, const struct value *left, const struct value *right)
{
    struct span text, part;
    if (left->kind == VALUE_LIST)
        return list_contains(left->text, right);
    return value_as_text(e, left, &text) && value_as_text(e, right, &part) &&
           (part.len == 0 || memmem(text.bytes, text.len, part.bytes, part.len) != NULL);
}

struct value operator_apply(struct evaluator *e, enum binary_operator kind,
                            const struct value *left, const struct value *right)
{
    int order;
    switch (kind) {
    case BINARY_OR:
        return value_truth(value_is_true(left) || value_is_true(right));
    case BINARY_AND:
        return value_truth(value_is_true(left) && value_is_true(right));
    case BINARY_EQUAL:
        return value_truth(value_equals(left, right));
    case BINARY_UNEQUAL:
        return value_truth(!value_equals(left, right));
    case BINARY_LESS:
        return value_truth(value_compare(left, right, &order) && order < 0);
    case BINARY_AT_MOST:
        return value_truth(value_compare(left, right, &order) && order <= 0);
    case BINARY_GREATER:
        return value_truth(value_compare(left, right, &order) && order > 0);
    case BINARY_AT_LEAST:
        return value_truth(value_compare(left, right, &order) && order >= 0);
    case BINARY_CONTAINS:
        return value_truth(contains(e, left, right));
    default:
        return calculate(e, kind, left, right);
    }
}

struct value operator_negate(const struct value *v)
{
    struct value number;
    if (!value_as_number(v, &number))
        return value_none();
    return number.kind == VALUE_INTEGER ? subtract_integers(0, number.integer)
                                        : value_number(-number.number);
}

struct value operator_index(const struct value *list, const struct value *index)
{
    struct span item;
    int64_t at;
    if (list->kind != VALUE_LIST || !value_as_integer(index, &at) ||
        !text_list_at(list->text, at, &item))
        return value_none();
    return value_item(item);
}
