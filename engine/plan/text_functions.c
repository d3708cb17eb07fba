#include "engine/plan/function.h"
#include "http/out.h"

typedef char byte_change(char c);

static char upper_byte(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static char lower_byte(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static struct value change_bytes(struct evaluator *e, const struct value *v, byte_change *change)
{
    struct span text;
    if (!value_as_text(e, v, &text) || text.len > VALUE_TEXT_MAX)
        return value_none();
    char *out = evaluator_room(e, text.len);
    if (out == NULL)
        return value_none();
    for (size_t i = 0; i < text.len; i++)
        out[i] = change(text.bytes[i]);
    return value_text(evaluator_keep(e, text.len));
}

/* ASCII only: what is a capital elsewhere depends on the language. */
struct value text_upper(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return change_bytes(e, &arguments[0], upper_byte);
}

struct value text_lower(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return change_bytes(e, &arguments[0], lower_byte);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct value text_trim(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span text;
    if (!value_as_text(e, &arguments[0], &text))
        return value_none();
    while (text.len > 0 && is_blank(text.bytes[text.len - 1]))
        text.len--;
    while (text.len > 0 && is_blank(text.bytes[0]))
        text = (struct span){ text.bytes + 1, text.len - 1 };
    return value_text(text);
}

/* Every `old` from the left; an empty one is nowhere. */
struct value text_replace(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span rest, old, new;
    if (!value_as_text(e, &arguments[0], &rest) || !value_as_text(e, &arguments[1], &old) ||
        !value_as_text(e, &arguments[2], &new))
        return value_none();
    struct out o = { .bytes = evaluator_room(e, VALUE_TEXT_MAX), .cap = VALUE_TEXT_MAX };
    if (o.bytes == NULL)
        return value_none();
    const char *found = NULL;
    do {
        found =
            old.len == 0 || rest.len == 0 ? NULL : memmem(rest.bytes, rest.len, old.bytes, old.len);
        const size_t len = found == NULL ? rest.len : (size_t)(found - rest.bytes);
        out_put(&o, rest.bytes, len);
        if (found != NULL) {
            out_put_span(&o, new);
            rest = (struct span){ found + old.len, rest.len - len - old.len };
        }
    } while (found != NULL && !o.has_overflowed);
    return out_finish(&o) < 0 ? value_none() : value_text(evaluator_keep(e, o.len));
}

/* From a byte of the text, counted from 0 or from -1 backwards. What lies outside is left out. */
struct value text_substring(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span text;
    int64_t from, length;
    if (!value_as_text(e, &arguments[0], &text) || !value_as_integer(&arguments[1], &from) ||
        !value_as_integer(&arguments[2], &length) || length < 0)
        return value_none();
    const int64_t len = (int64_t)text.len;
    if (from < 0)
        from = from < -len ? 0 : from + len;
    if (from > len)
        from = len;
    if (length > len - from)
        length = len - from;
    return value_text((struct span){ text.bytes + from, (size_t)length });
}

/* Filled up from the left with blanks, or with a text again and again. */
struct value text_pad(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span text, filler = SPAN_LITERAL(" ");
    int64_t width;
    if (!value_as_text(e, &arguments[0], &text) || !value_as_integer(&arguments[1], &width) ||
        (count > 2 && !value_as_text(e, &arguments[2], &filler)) || filler.len == 0 ||
        width > VALUE_TEXT_MAX)
        return value_none();
    if (width <= (int64_t)text.len)
        return value_text(text);
    char *out = evaluator_room(e, (size_t)width);
    if (out == NULL)
        return value_none();
    const size_t filled = (size_t)width - text.len;
    for (size_t i = 0; i < filled; i++)
        out[i] = filler.bytes[i % filler.len];
    if (text.len > 0)
        memcpy(out + filled, text.bytes, text.len);
    return value_text(evaluator_keep(e, (size_t)width));
}
