#include "engine/plan/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DECIMAL_TEXT_MAX 63u

static size_t digits_at(struct span text, size_t at)
{
    size_t count = 0;
    while (at + count < text.len && text.bytes[at + count] >= '0' && text.bytes[at + count] <= '9')
        count++;
    return count;
}

/* The end of [0-9]+ ('.' [0-9]+)? ([eE] [-+]? [0-9]+)? from `at`, or 0. */
static size_t end_of_decimal(struct span text, size_t at)
{
    at += digits_at(text, at);
    if (at < text.len && text.bytes[at] == '.') {
        const size_t fraction = digits_at(text, at + 1);
        if (fraction == 0)
            return 0;
        at += 1 + fraction;
    }
    if (at < text.len && (text.bytes[at] | 0x20) == 'e') {
        at++;
        if (at < text.len && (text.bytes[at] == '-' || text.bytes[at] == '+'))
            at++;
        const size_t exponent = digits_at(text, at);
        if (exponent == 0)
            return 0;
        at += exponent;
    }
    return at;
}

static bool read_integer(struct span text, bool is_negative, struct value *ret)
{
    int64_t value = 0;
    for (size_t i = is_negative ? 1 : 0; i < text.len; i++) {
        const int digit = text.bytes[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, is_negative ? -digit : digit, &value))
            return false;
    }
    *ret = (struct value){ .kind = VALUE_INTEGER, .integer = value };
    return true;
}

static bool read_decimal(struct span text, struct value *ret)
{
    char copy[DECIMAL_TEXT_MAX + 1];
    if (text.len > DECIMAL_TEXT_MAX)
        return false;
    memcpy(copy, text.bytes, text.len);
    copy[text.len] = '\0';
    const double number = strtod(copy, NULL);
    if (!isfinite(number))
        return false;
    *ret = (struct value){ .kind = VALUE_NUMBER, .number = number };
    return true;
}

bool number_read(struct span text, struct value *ret)
{
    const bool is_negative = text.len > 0 && text.bytes[0] == '-';
    const size_t start = is_negative ? 1 : 0;
    const size_t whole = digits_at(text, start);
    if (whole == 0)
        return false;
    if (start + whole == text.len)
        return read_integer(text, is_negative, ret);
    return end_of_decimal(text, start) == text.len && read_decimal(text, ret);
}

struct span number_write_integer(int64_t number, char out[NUMBER_TEXT_MAX])
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    size_t at = NUMBER_TEXT_MAX;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    for (; rest >= 10; rest /= 100) {
        at -= 2;
        memcpy(out + at, pairs + rest % 100 * 2, 2);
    }
    if (rest > 0 || at == NUMBER_TEXT_MAX)
        out[--at] = (char)('0' + rest);
    if (number < 0)
        out[--at] = '-';
    return (struct span){ out + at, NUMBER_TEXT_MAX - at };
}

struct span number_write_decimal(double number, char out[NUMBER_TEXT_MAX])
{
    char text[NUMBER_TEXT_MAX + 8];
    int len = 0;
    /* 15 digits, less the zeros at their end, are the shortest form of what has no more of them;
     * but a number near 0 has fewer bits. */
    for (int precision = fabs(number) < DBL_MIN ? 1 : DBL_DIG; precision <= 17; precision++) {
        len = snprintf(text, sizeof(text), "%.*g", precision, number);
        if (strtod(text, NULL) == number)
            break;
    }
    memcpy(out, text, (size_t)len);
    return (struct span){ out, (size_t)len };
}
