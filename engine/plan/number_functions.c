#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/function.h"
#include "engine/plan/operator.h"

#define ROUND_DIGITS_MAX 15
#define WHOLE_ABOVE      0x1p52 /* a double from here on has no fraction */

struct value number_int(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    const struct value meant = value_meaning(&arguments[0]);
    int64_t integer;
    if (meant.kind == VALUE_TRUTH)
        return value_integer(meant.integer);
    return value_as_integer(&meant, &integer) ? value_integer(integer) : value_none();
}

/* Through its decimal digits, so that 2.675, which is a little less in binary, becomes 2.67. */
static double round_decimal(double number, int digits)
{
    char text[48]; /* sign, 16 digits, point, 15 digits */
    if (fabs(number) >= WHOLE_ABOVE)
        return number;
    snprintf(text, sizeof(text), "%.*f", digits, number);
    return strtod(text, NULL);
}

struct value number_round(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct value number;
    int64_t digits = 0, integer;
    if (!value_as_number(&arguments[0], &number) ||
        (count > 1 && !value_as_integer(&arguments[1], &digits)) || digits < 0 ||
        digits > ROUND_DIGITS_MAX)
        return value_none();
    if (number.kind == VALUE_INTEGER)
        return number;
    number = value_number(round_decimal(number.number, (int)digits));
    return digits == 0 && value_as_integer(&number, &integer) ? value_integer(integer) : number;
}

/* The one that all others are on that side of; none when one of them is no number. */
static struct value find_extreme(const struct value *arguments, uint32_t count, bool is_max)
{
    const struct value *extreme = &arguments[0];
    struct value number;
    for (uint32_t i = 0; i < count; i++) {
        int order;
        if (!value_as_number(&arguments[i], &number) ||
            !value_compare(&arguments[i], extreme, &order))
            return value_none();
        if (is_max ? order > 0 : order < 0)
            extreme = &arguments[i];
    }
    return *extreme;
}

struct value number_min(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return find_extreme(arguments, count, false);
}

struct value number_max(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return find_extreme(arguments, count, true);
}
