#include "http/header.h"

#include <stdint.h>

/* RFC 9110, 5.6.2: what a token may hold. */
static bool is_token_byte(uint8_t c)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
        return true;
    return memchr(marks, c, sizeof(marks) - 1) != NULL;
}

static bool is_token(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_byte((uint8_t)s.bytes[i]))
            return false;
    return s.len > 0;
}

bool header_name_is_valid(struct span name)
{
    return is_token(name);
}

bool header_value_is_valid(struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        const uint8_t c = (uint8_t)value.bytes[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool method_is_valid(struct span method)
{
    return is_token(method);
}

bool target_is_valid(struct span target)
{
    for (size_t i = 0; i < target.len; i++) {
        const uint8_t c = (uint8_t)target.bytes[i];
        if (c <= ' ' || c == 0x7f)
            return false;
    }
    return target.len > 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool header_split(struct span line, struct span *ret_name, struct span *ret_value)
{
    const char *colon = line.len > 0 ? memchr(line.bytes, ':', line.len) : NULL;
    if (!colon)
        return false;

    const struct span name = { line.bytes, (size_t)(colon - line.bytes) };
    struct span value = { colon + 1, line.len - name.len - 1 };
    while (value.len > 0 && is_blank(value.bytes[0])) {
        value.bytes++;
        value.len--;
    }
    while (value.len > 0 && is_blank(value.bytes[value.len - 1]))
        value.len--;
    if (!header_name_is_valid(name) || !header_value_is_valid(value))
        return false;
    *ret_name = name;
    *ret_value = value;
    return true;
}
