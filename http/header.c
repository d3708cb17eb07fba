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

bool method_is_idempotent(struct span method)
{
    static const char *const names[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal(method, span_of(names[i])))
            return true;
    return false;
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

bool header_split(struct span line, struct span *ret_name, struct span *ret_value)
{
    const char *colon = line.len > 0 ? memchr(line.bytes, ':', line.len) : NULL;
    if (!colon)
        return false;

    const struct span name = { line.bytes, (size_t)(colon - line.bytes) };
    const struct span value = span_trim((struct span){ colon + 1, line.len - name.len - 1 });
    if (!header_name_is_valid(name) || !header_value_is_valid(value))
        return false;
    *ret_name = name;
    *ret_value = value;
    return true;
}

bool header_take_line(struct span *text, struct span *ret_line)
{
    const char *end = memmem(text->bytes, text->len, "\r\n", 2);
    if (end == NULL)
        return false;
    *ret_line = (struct span){ text->bytes, (size_t)(end - text->bytes) };
    *text = (struct span){ end + 2, text->len - ret_line->len - 2 };
    return true;
}

bool header_is_in(struct span head, struct span name)
{
    struct span line;

    if (!header_take_line(&head, &line)) /* the request line */
        return false;
    while (header_take_line(&head, &line) && line.len > 0) {
        if (line.len > name.len && line.bytes[name.len] == ':' &&
            span_begins_ignoring_case(line, name))
            return true;
    }
    return false;
}
