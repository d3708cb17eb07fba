#include "engine/plan/expression_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/arena.h"
#include "engine/plan/diag.h"
#include "engine/plan/evaluator.h"
#include "engine/plan/number.h"
#include "http/regex.h"

typedef bool read_part(struct reader *r);

struct sign {
    const char *word; /* NULL ends a row of them */
    enum binary_operator kind;
};

static const struct sign or_signs[] = { { "or", BINARY_OR }, { NULL } };
static const struct sign and_signs[] = { { "and", BINARY_AND }, { NULL } };
static const struct sign comparison_signs[] = {
    { "==", BINARY_EQUAL },
    { "!=", BINARY_UNEQUAL },
    { "<", BINARY_LESS },
    { "<=", BINARY_AT_MOST },
    { ">", BINARY_GREATER },
    { ">=", BINARY_AT_LEAST },
    { "contains", BINARY_CONTAINS },
    { NULL },
};
static const struct sign sum_signs[] = { { "+", BINARY_ADD }, { "-", BINARY_SUBTRACT }, { NULL } };
static const struct sign product_signs[] = {
    { "*", BINARY_MULTIPLY }, { "/", BINARY_DIVIDE }, { "%", BINARY_REMAINDER }, { NULL }
};

/* What other languages write, and what it is here. */
static const struct {
    const char *foreign, *ours;
} foreign_signs[] = { { "=", "==" }, { "&&", "and" }, { "||", "or" }, { "!", "not" } };

void reader_advance(struct reader *r)
{
    r->token = token_next(r->text, &r->at);
}

bool reader_fail(struct reader *r, struct span at, const char *format, ...)
{
    va_list arguments;
    if (r->error != 0)
        return false;
    r->error = -EINVAL;
    r->fault->offset = (size_t)(at.bytes - r->text.bytes);
    va_start(arguments, format);
    vsnprintf(r->fault->message, sizeof(r->fault->message), format, arguments);
    va_end(arguments);
    return false;
}

bool reader_fail_memory(struct reader *r)
{
    r->error = -ENOMEM;
    return false;
}

struct diag_quote token_describe(const struct token *t)
{
    if (t->kind == TOKEN_END)
        return (struct diag_quote){ "the end" };
    if (t->kind != TOKEN_STRING)
        return diag_quote(t->text);
    if (t->text.len == 2)
        return (struct diag_quote){ "''" };
    return diag_quote((struct span){ t->text.bytes + 1, t->text.len - 2 });
}

/* Fails at the word looked at, where `what` should be. */
static bool fail_expected(struct reader *r, const char *what)
{
    for (size_t i = 0; i < sizeof(foreign_signs) / sizeof(foreign_signs[0]); i++) {
        if (token_is(&r->token, foreign_signs[i].foreign))
            return reader_fail(r, r->token.text, "expected '%s', found '%s'", foreign_signs[i].ours,
                               foreign_signs[i].foreign);
    }
    if (r->token.kind == TOKEN_UNCLOSED)
        return reader_fail(r, r->token.text, "expected %.1s to close the text, found the end",
                           r->token.text.bytes);
    return reader_fail(r, r->token.text, "expected %s, found %s", what,
                       token_describe(&r->token).text);
}

static const struct sign *find_sign(const struct reader *r, const struct sign *signs)
{
    for (; signs->word != NULL; signs++) {
        if (token_is(&r->token, signs->word))
            return signs;
    }
    return NULL;
}

static bool enter(struct reader *r)
{
    if (r->depth == EXPRESSION_DEPTH_MAX)
        return reader_fail(r, r->token.text, "expected at most %u levels of brackets, found more",
                           EXPRESSION_DEPTH_MAX);
    r->depth++;
    return true;
}

static bool emit_binary(struct reader *r, enum binary_operator kind)
{
    return reader_emit(r, &(struct operation){ .kind = OPERATION_BINARY, .index = (uint16_t)kind },
                       2);
}

/* operand { sign operand }, from left to right. */
static bool read_chain(struct reader *r, const struct sign *signs, read_part *operand)
{
    const struct sign *sign;
    if (!operand(r))
        return false;
    while ((sign = find_sign(r, signs)) != NULL) {
        reader_advance(r);
        if (!operand(r) || !emit_binary(r, sign->kind))
            return false;
    }
    return true;
}

/* A number, `sign` being "-" or "" before it: so the lowest whole number can be written. */
static bool read_number(struct reader *r, const char *sign)
{
    char text[80];
    struct value value;
    const int len =
        snprintf(text, sizeof(text), "%s%.*s", sign, (int)r->token.text.len, r->token.text.bytes);
    if (len >= (int)sizeof(text) || !number_read((struct span){ text, (size_t)len }, &value))
        return reader_fail(r, r->token.text, "expected a number of at most 64 bits, found %s",
                           token_describe(&r->token).text);
    reader_advance(r);
    return reader_emit_constant(r, value);
}

static bool read_string(struct reader *r)
{
    struct span text;
    if (!token_read_string(&r->token, r->arena, &text))
        return reader_fail_memory(r);
    reader_advance(r);
    return reader_emit_constant(r, value_text(text));
}

static bool expect_bracket(struct reader *r, const char *bracket, const char *what)
{
    if (!token_is(&r->token, bracket))
        return fail_expected(r, what);
    reader_advance(r);
    return true;
}

static bool read_primary(struct reader *r)
{
    const struct token first = r->token;
    switch (first.kind) {
    case TOKEN_NUMBER:
        return read_number(r, "");
    case TOKEN_STRING:
        return read_string(r);
    case TOKEN_NAME:
        if (!expression_name_is_valid(first.text) && !token_is(&first, "true") &&
            !token_is(&first, "false") && !token_is(&first, "none"))
            return fail_expected(r, "a value");
        reader_advance(r);
        return token_is(&r->token, "(") ? reader_read_call(r, &first) : reader_read_name(r, &first);
    case TOKEN_SIGN:
        if (!token_is(&first, "("))
            return fail_expected(r, "a value");
        reader_advance(r);
        return reader_read_expression(r) && expect_bracket(r, ")", "an operator or ')'");
    case TOKEN_END:
    case TOKEN_UNCLOSED:
    case TOKEN_UNKNOWN:
        break;
    }
    return fail_expected(r, "a value");
}

static bool read_indexed(struct reader *r)
{
    static const struct operation index = { .kind = OPERATION_INDEX };
    if (!read_primary(r))
        return false;
    while (token_is(&r->token, "[")) {
        reader_advance(r);
        if (!reader_read_expression(r) || !expect_bracket(r, "]", "an operator or ']'") ||
            !reader_emit(r, &index, 2))
            return false;
    }
    return true;
}

static bool read_unary(struct reader *r)
{
    static const struct operation negate = { .kind = OPERATION_NEGATE };
    if (!token_is(&r->token, "-"))
        return read_indexed(r);
    if (!enter(r))
        return false;
    reader_advance(r);
    const bool is_read = r->token.kind == TOKEN_NUMBER
                             ? read_number(r, "-")
                             : read_unary(r) && reader_emit(r, &negate, 1);
    r->depth--;
    return is_read;
}

static bool read_product(struct reader *r)
{
    return read_chain(r, product_signs, read_unary);
}

static bool read_sum(struct reader *r)
{
    return read_chain(r, sum_signs, read_product);
}

/* The right side of 'matches', compiled. `at` is where it stands. */
static bool emit_matches(struct reader *r, struct span at)
{
    struct operation o = { .kind = OPERATION_MATCHES };
    const struct operation *pattern = reader_constants(r, 1);
    char message[120] = "";
    size_t offset = 0;
    if (pattern == NULL || pattern->constant.kind != VALUE_TEXT)
        return reader_fail(r, at, "expected a pattern in quotes after 'matches', found %s",
                           diag_quote(at).text);
    const int rc = regex_open(&o.regex, pattern->constant.text, message, sizeof(message), &offset);
    if (rc == -ENOMEM)
        return reader_fail_memory(r);
    if (rc != 0)
        return reader_fail(r, at, "expected a pattern after 'matches': %s at byte %zu of it",
                           message, offset + 1);
    reader_drop_constants(r, 1);
    return reader_emit(r, &o, 1);
}

static bool read_matches(struct reader *r)
{
    reader_advance(r);
    const struct token first = r->token;
    if (!read_sum(r))
        return false;
    return emit_matches(r, first.text);
}

static bool read_comparison(struct reader *r)
{
    if (!read_sum(r))
        return false;
    const struct sign *sign = find_sign(r, comparison_signs);
    if (sign != NULL) {
        reader_advance(r);
        if (!read_sum(r) || !emit_binary(r, sign->kind))
            return false;
    } else if (token_is(&r->token, "matches")) {
        if (!read_matches(r))
            return false;
    } else {
        return true;
    }
    if (find_sign(r, comparison_signs) != NULL || token_is(&r->token, "matches"))
        return fail_expected(r, "'and' or 'or' between two comparisons");
    return true;
}

static bool read_negation(struct reader *r)
{
    static const struct operation not = { .kind = OPERATION_NOT };
    if (!token_is(&r->token, "not"))
        return read_comparison(r);
    if (!enter(r))
        return false;
    reader_advance(r);
    const bool is_read = read_negation(r) && reader_emit(r, &not, 1);
    r->depth--;
    return is_read;
}

static bool read_conjunction(struct reader *r)
{
    return read_chain(r, and_signs, read_negation);
}

bool reader_read_expression(struct reader *r)
{
    if (!enter(r))
        return false;
    const bool is_read = read_chain(r, or_signs, read_conjunction);
    r->depth--;
    return is_read;
}

static bool read_whole(struct reader *r)
{
    if (r->text.len > EXPRESSION_BYTES_MAX)
        return reader_fail(r, r->text, "expected an expression of at most %u bytes, found %zu",
                           EXPRESSION_BYTES_MAX, r->text.len);
    reader_advance(r);
    if (r->token.kind == TOKEN_END)
        return reader_fail(r, r->text,
                           "expected an expression such as 'token' or 'random(1, 9)', found "
                           "nothing");
    if (!reader_read_expression(r))
        return false;
    return r->token.kind == TOKEN_END || fail_expected(r, "an operator or the end");
}

int reader_read(struct expression *ret_expression, struct arena *a, struct span text,
                const struct expression_names *names, bool is_constant,
                struct expression_fault *ret_fault)
{
    struct reader *r = malloc(sizeof(*r));
    const char *copy = arena_copy(a, text);
    if (r == NULL || copy == NULL) {
        free(r);
        return -ENOMEM;
    }
    memset(r, 0, offsetof(struct reader, operations)); /* which are 64 KiB */
    r->text = (struct span){ copy, text.len };
    r->arena = a;
    r->names = names;
    r->fault = ret_fault;
    r->is_constant = is_constant;
    r->evaluator = names->evaluator;
    if (!read_whole(r) || !reader_finish(r, ret_expression)) {
        for (uint32_t i = 0; i < r->count; i++)
            regex_close(r->operations[i].regex);
    }
    const int rc = r->error;
    if (r->evaluator != names->evaluator)
        evaluator_close(r->evaluator);
    free(r);
    return rc;
}
