#include "engine/plan/scalar.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Words of the core schema; `json` NULL marks those that JSON has no word for. */
static const struct {
    const char *word, *json;
} words[] = {
    { "", "null" },       { "~", "null" },      { "null", "null" },   { "Null", "null" },
    { "NULL", "null" },   { "true", "true" },   { "True", "true" },   { "TRUE", "true" },
    { "false", "false" }, { "False", "false" }, { "FALSE", "false" }, { ".inf", NULL },
    { ".Inf", NULL },     { ".INF", NULL },     { "+.inf", NULL },    { "+.Inf", NULL },
    { "+.INF", NULL },    { "-.inf", NULL },    { "-.Inf", NULL },    { "-.INF", NULL },
    { ".nan", NULL },     { ".NaN", NULL },     { ".NAN", NULL },
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_at(struct span text, size_t at)
{
    size_t count = 0;
    while (at + count < text.len && is_digit(text.bytes[at + count]))
        count++;
    return count;
}

/* [-+]? [0-9]+ of any length: the digits without leading zeros. */
static bool resolve_integer(struct span text, struct scalar_json *ret_json)
{
    const bool has_sign = text.len > 0 && (text.bytes[0] == '-' || text.bytes[0] == '+');
    size_t at = has_sign ? 1 : 0;
    const size_t digits = digits_at(text, at);
    if (digits == 0 || at + digits != text.len)
        return false;
    while (at + 1 < text.len && text.bytes[at] == '0')
        at++;
    const bool is_zero = text.bytes[at] == '0';
    ret_json->sign = has_sign && text.bytes[0] == '-' && !is_zero ? "-" : "";
    ret_json->rest = (struct span){ text.bytes + at, text.len - at };
    return true;
}

/* 0o17 and 0xFF. SCALAR_TEXT when it is neither. */
static enum scalar_kind resolve_based(struct span text, char *scratch, struct scalar_json *ret_json)
{
    if (text.len < 3 || text.bytes[0] != '0' || (text.bytes[1] != 'o' && text.bytes[1] != 'x'))
        return SCALAR_TEXT;
    const unsigned bits = text.bytes[1] == 'o' ? 3 : 4;
    uint64_t value = 0;
    bool is_large = false;
    for (size_t i = 2; i < text.len; i++) {
        const char c = text.bytes[i];
        const char small = (char)(c | 0x20);
        unsigned digit = 16;
        if (is_digit(c))
            digit = (unsigned)(c - '0');
        else if (small >= 'a' && small <= 'f')
            digit = (unsigned)(small - 'a') + 10;
        if (digit >= (1u << bits))
            return SCALAR_TEXT;
        is_large = is_large || value >> (64 - bits) != 0;
        value = value << bits | digit;
    }
    if (is_large)
        return SCALAR_NO_JSON;
    const int len = snprintf(scratch, SCALAR_JSON_MAX, "%" PRIu64, value);
    *ret_json = (struct scalar_json){ "", { scratch, (size_t)len } };
    return SCALAR_VALUE;
}

/* [-+]? ( '.' [0-9]+ | [0-9]+ ( '.' [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_float(struct span text)
{
    size_t at = text.len > 0 && (text.bytes[0] == '-' || text.bytes[0] == '+') ? 1 : 0;
    const size_t whole = digits_at(text, at);
    size_t fraction = 0;
    at += whole;
    if (at < text.len && text.bytes[at] == '.') {
        fraction = digits_at(text, at + 1);
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (at < text.len && (text.bytes[at] == 'e' || text.bytes[at] == 'E')) {
        at++;
        if (at < text.len && (text.bytes[at] == '-' || text.bytes[at] == '+'))
            at++;
        const size_t exponent = digits_at(text, at);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == text.len;
}

/* Shortest digits that read back as `value`, laid out as Python's repr does: plain from 1e-4 to
 * below 1e16. */
static size_t write_float(double value, char *out)
{
    char digits[SCALAR_JSON_MAX];
    for (int precision = 0; precision < 17; precision++) {
        snprintf(digits, sizeof(digits), "%.*e", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    const char *e = strchr(digits, 'e');
    const int exponent = (int)strtol(e + 1, NULL, 10);
    char significant[20];
    int count = 0;
    for (const char *c = digits; c < e; c++) {
        if (is_digit(*c))
            significant[count++] = *c;
    }
    while (count > 1 && significant[count - 1] == '0')
        count--;
    int used = 0;
    if (exponent < -4 || exponent >= 16) {
        used =
            snprintf(out, SCALAR_JSON_MAX, "%c%s%.*se%c%02d", significant[0], count > 1 ? "." : "",
                     count - 1, significant + 1, exponent < 0 ? '-' : '+', abs(exponent));
        return (size_t)used;
    }
    for (int i = exponent < 0 ? exponent : 0; i < count || i <= exponent + 1; i++) {
        out[used++] = i >= 0 && i < count ? significant[i] : '0';
        if (i == exponent)
            out[used++] = '.';
    }
    out[used] = '\0';
    return (size_t)used;
}

enum scalar_kind scalar_resolve(struct span text, char scratch[SCALAR_JSON_MAX],
                                struct scalar_json *ret_json)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!span_equal(text, span_of(words[i].word)))
            continue;
        if (words[i].json == NULL)
            return SCALAR_NO_JSON;
        *ret_json = (struct scalar_json){ "", span_of(words[i].json) };
        return SCALAR_VALUE;
    }
    if (resolve_integer(text, ret_json))
        return SCALAR_VALUE;
    const enum scalar_kind based = resolve_based(text, scratch, ret_json);
    if (based != SCALAR_TEXT || !is_float(text))
        return based;
    const double value = strtod(text.bytes, NULL);
    if (!isfinite(value))
        return SCALAR_NO_JSON;
    const size_t len = write_float(fabs(value), scratch);
    *ret_json = (struct scalar_json){ signbit(value) ? "-" : "", { scratch, len } };
    return SCALAR_VALUE;
}
