#include "engine/plan/expression.h"

const char *const expression_functions[] = { "random", "uuid", NULL };

static const char *const name_expected = "a variable or function such as '${token}' or '${uuid()}'";
static const char *const random_expected = "two whole numbers as in '${random(1, 100)}'";
static const char *const random_order = "the smaller number first in 'random'";
static const char *const uuid_expected = "nothing between the brackets of 'uuid()'";

static bool starts_slot(struct span text, size_t at)
{
    return at + 1 < text.len && text.bytes[at] == '$' && text.bytes[at + 1] == '{';
}

static bool starts_escape(struct span text, size_t at)
{
    return at + 2 < text.len && text.bytes[at] == '$' && starts_slot(text, at + 1);
}

struct part expression_next(struct span text, size_t *at)
{
    const size_t start = *at;
    size_t end = start;
    if (start >= text.len)
        return (struct part){ PART_END, { text.bytes + text.len, 0 } };
    if (starts_escape(text, start)) {
        *at = start + 3;
        return (struct part){ PART_LITERAL, { text.bytes + start + 1, 2 } };
    }
    if (starts_slot(text, start)) {
        const char *close = memchr(text.bytes + start, '}', text.len - start);
        *at = close == NULL ? text.len : (size_t)(close - text.bytes) + 1;
        return (struct part){ close == NULL ? PART_UNCLOSED : PART_SLOT,
                              { text.bytes + start, *at - start } };
    }
    while (end < text.len && !starts_escape(text, end) && !starts_slot(text, end))
        end++;
    *at = end;
    return (struct part){ PART_LITERAL, { text.bytes + start, end - start } };
}

bool expression_is_present(struct span text)
{
    size_t at = 0;
    for (;;) {
        const struct part part = expression_next(text, &at);
        if (part.kind == PART_END)
            return false;
        if (part.kind != PART_LITERAL)
            return true;
    }
}

static struct span trim(struct span text)
{
    while (text.len > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
        text.bytes++;
        text.len--;
    }
    while (text.len > 0 && (text.bytes[text.len - 1] == ' ' || text.bytes[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool expression_name_is_valid(struct span name)
{
    if (name.len == 0 || name.len > 64 || !is_letter(name.bytes[0]))
        return false;
    for (size_t i = 1; i < name.len; i++) {
        const char c = name.bytes[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.')
            return false;
    }
    return true;
}

static bool read_integer(struct span text, int64_t *ret_value)
{
    const bool is_negative = text.len > 0 && text.bytes[0] == '-';
    const uint64_t limit = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;
    size_t i = is_negative ? 1 : 0;
    if (i == text.len)
        return false;
    for (; i < text.len; i++) {
        const char c = text.bytes[i];
        if (c < '0' || c > '9')
            return false;
        const uint64_t digit = (uint64_t)(c - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = (int64_t)(is_negative ? 0 - value : value);
    return true;
}

static const char *read_random(struct expression *ret, struct span arguments)
{
    const char *comma = memchr(arguments.bytes, ',', arguments.len);
    if (comma == NULL)
        return random_expected;
    const size_t first = (size_t)(comma - arguments.bytes);
    const struct span low = trim((struct span){ arguments.bytes, first });
    const struct span high = trim((struct span){ comma + 1, arguments.len - first - 1 });
    if (!read_integer(low, &ret->low) || !read_integer(high, &ret->high))
        return random_expected;
    if (ret->low > ret->high)
        return random_order;
    ret->kind = EXPRESSION_RANDOM;
    return NULL;
}

const char *expression_read(struct expression *ret, struct span slot, struct span *ret_name,
                            bool *ret_is_function)
{
    const struct span inside = trim((struct span){ slot.bytes + 2, slot.len - 3 });
    const char *open = memchr(inside.bytes, '(', inside.len);
    *ret_is_function = open != NULL;
    *ret_name = inside;
    if (open == NULL) {
        ret->kind = EXPRESSION_VARIABLE;
        return expression_name_is_valid(inside) ? NULL : name_expected;
    }
    const size_t name_len = (size_t)(open - inside.bytes);
    *ret_name = trim((struct span){ inside.bytes, name_len });
    if (inside.bytes[inside.len - 1] != ')' || !expression_name_is_valid(*ret_name)) {
        *ret_is_function = false;
        return name_expected;
    }
    const struct span arguments = trim((struct span){ open + 1, inside.len - name_len - 2 });
    if (span_equal(*ret_name, SPAN_LITERAL("random")))
        return read_random(ret, arguments);
    if (span_equal(*ret_name, SPAN_LITERAL("uuid"))) {
        ret->kind = EXPRESSION_UUID;
        return arguments.len == 0 ? NULL : uuid_expected;
    }
    return "unknown";
}
