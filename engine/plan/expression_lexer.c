#include "engine/plan/expression_lexer.h"

#include "engine/plan/arena.h"
#include "http/json_text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t name_end(struct span text, size_t at)
{
    while (at < text.len && (is_letter(text.bytes[at]) || is_digit(text.bytes[at]) ||
                             text.bytes[at] == '-' || text.bytes[at] == '.'))
        at++;
    return at;
}

/* Takes all that hangs together, so that a mistake shows the whole of '12abc' or '1.2.3'. */
static size_t number_end(struct span text, size_t at)
{
    while (at < text.len) {
        const char c = text.bytes[at];
        const bool is_exponent_sign = (c == '-' || c == '+') && (text.bytes[at - 1] | 0x20) == 'e';
        if (!is_digit(c) && !is_letter(c) && c != '.' && !is_exponent_sign)
            break;
        at++;
    }
    return at;
}

size_t quoted_end(struct span text, size_t at)
{
    const char quote = text.bytes[at];
    for (at++; at < text.len && text.bytes[at] != quote; at++)
        if (text.bytes[at] == '\\')
            at++;
    return at < text.len ? at + 1 : 0;
}

/* The end of the sign at `at`, 0 when there is none. Longer ones come first. */
static size_t sign_end(struct span text, size_t at)
{
    static const char *const signs[] = { "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-",
                                         "*",  "/",  "%",  "(",  ")",  "[",  "]", ",", "=", "!" };
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        const size_t len = strlen(signs[i]);
        if (len <= text.len - at && memcmp(text.bytes + at, signs[i], len) == 0)
            return at + len;
    }
    return 0;
}

static struct token token_between(enum token_kind kind, struct span text, size_t from, size_t *at,
                                  size_t end)
{
    *at = end;
    return (struct token){ kind, { text.bytes + from, end - from } };
}

struct token token_next(struct span expression, size_t *at)
{
    size_t from = *at;
    while (from < expression.len && is_blank(expression.bytes[from]))
        from++;
    if (from == expression.len)
        return token_between(TOKEN_END, expression, from, at, from);
    const char first = expression.bytes[from];
    if (is_letter(first))
        return token_between(TOKEN_NAME, expression, from, at, name_end(expression, from));
    if (is_digit(first))
        return token_between(TOKEN_NUMBER, expression, from, at, number_end(expression, from));
    if (first == '\'' || first == '"') {
        const size_t end = quoted_end(expression, from);
        return token_between(end > 0 ? TOKEN_STRING : TOKEN_UNCLOSED, expression, from, at,
                             end > 0 ? end : expression.len);
    }
    const size_t end = sign_end(expression, from);
    if (end > 0)
        return token_between(TOKEN_SIGN, expression, from, at, end);
    const size_t len = json_utf8_len(expression.bytes + from, expression.len - from);
    return token_between(TOKEN_UNKNOWN, expression, from, at, from + (len > 0 ? len : 1));
}

bool token_is(const struct token *t, const char *word)
{
    return (t->kind == TOKEN_NAME || t->kind == TOKEN_SIGN) && span_equal(t->text, span_of(word));
}

/* The byte that `\c` stands for, 0 when the backslash is itself. */
static char escaped_byte(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case '\\':
    case '\'':
    case '"':
        return c;
    default:
        return 0;
    }
}

bool token_read_string(const struct token *t, struct arena *a, struct span *ret_text)
{
    const struct span inside = { t->text.bytes + 1, t->text.len - 2 };
    if (memchr(inside.bytes, '\\', inside.len) == NULL) {
        *ret_text = inside;
        return true;
    }
    char *out = arena_alloc(a, inside.len);
    size_t len = 0;
    if (out == NULL)
        return false;
    for (size_t i = 0; i < inside.len; i++) {
        char byte = inside.bytes[i];
        const char escaped = byte == '\\' ? escaped_byte(inside.bytes[i + 1]) : 0;
        if (escaped != 0) {
            byte = escaped;
            i++;
        }
        out[len++] = byte;
    }
    *ret_text = (struct span){ out, len };
    return true;
}
