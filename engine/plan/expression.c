#include "engine/plan/expression.h"

#include "engine/plan/expression_lexer.h"
#include "engine/plan/expression_reader.h"
#include "http/regex.h"

static bool starts_slot(struct span text, size_t at)
{
    return at + 1 < text.len && text.bytes[at] == '$' && text.bytes[at + 1] == '{';
}

static bool starts_escape(struct span text, size_t at)
{
    return at + 2 < text.len && text.bytes[at] == '$' && starts_slot(text, at + 1);
}

/* The first byte behind the '}' of the slot at `at`, 0 when it is never closed. */
static size_t slot_end(struct span text, size_t at)
{
    size_t depth = 0;
    for (size_t i = at + 1; i < text.len; i++) {
        const char c = text.bytes[i];
        if (c == '\'' || c == '"') {
            const size_t end = quoted_end(text, i);
            if (end == 0)
                return 0;
            i = end - 1;
        } else if (c == '{') {
            depth++;
        } else if (c == '}' && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
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
        const size_t close = slot_end(text, start);
        *at = close == 0 ? text.len : close;
        return (struct part){ close == 0 ? PART_UNCLOSED : PART_SLOT,
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

int expression_read(struct expression *ret_expression, struct arena *a, struct span text,
                    const struct expression_names *names, struct expression_fault *ret_fault)
{
    return reader_read(ret_expression, a, text, names, false, ret_fault);
}

void expression_close(struct expression *e)
{
    for (uint32_t i = 0; i < e->count; i++)
        regex_close(e->operations[i].regex);
    *e = (struct expression){ .text = e->text };
}
