#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/arena.h"
#include "engine/plan/diag.h"
#include "engine/plan/expression_reader.h"
#include "engine/plan/function.h"

/* A call whose arguments were read: their values are the last ones on the stack. */
struct call {
    const struct function *function;
    struct span name; /* as written */
    uint32_t count;   /* of arguments */
};

static bool fail_unknown(struct reader *r, struct span name)
{
    char wrong[68];
    snprintf(wrong, sizeof(wrong), "%.*s", (int)name.len, name.bytes);
    const char *nearest = function_nearest(wrong);
    if (nearest != NULL)
        return reader_fail(r, name, "unknown function '%s'; did you mean '%s'?", wrong, nearest);
    return reader_fail(r, name, "expected a function such as 'random(1, 9)', found '%s'", wrong);
}

/* { expression "," } ")", behind the '('. */
static bool read_arguments(struct reader *r, const char *name, uint32_t *ret_count)
{
    uint32_t count = 0;
    reader_advance(r);
    while (count > 0 || !token_is(&r->token, ")")) {
        if (!reader_read_expression(r))
            return false;
        count++;
        if (token_is(&r->token, ")"))
            break;
        if (!token_is(&r->token, ","))
            return reader_fail(r, r->token.text, "expected ',' or ')' in '%s', found %s", name,
                               token_describe(&r->token).text);
        reader_advance(r);
    }
    reader_advance(r);
    *ret_count = count;
    return true;
}

static bool check_count(struct reader *r, const struct call *c)
{
    const unsigned least = c->function->arguments_min, most = c->function->arguments_max;
    const char *noun = most == 1 ? "value" : "values";
    if (c->count >= least && c->count <= most)
        return true;
    if (most == 0)
        return reader_fail(r, c->name, "expected nothing between the brackets of '%s', found %u %s",
                           c->function->name, c->count, c->count == 1 ? "value" : "values");
    if (least == most)
        return reader_fail(r, c->name, "expected %u %s in '%s', found %u", least, noun,
                           c->function->name, c->count);
    return reader_fail(r, c->name, "expected %u to %u values in '%s', found %u", least, most,
                       c->function->name, c->count);
}

/* The argument of a call that has one, which must be a text in quotes. */
static bool take_text(struct reader *r, const struct call *c, const char *what,
                      struct span *ret_text)
{
    const struct operation *argument = reader_constants(r, 1);
    if (argument == NULL || argument->constant.kind != VALUE_TEXT)
        return reader_fail(r, c->name, "expected %s in quotes in '%s'", what, c->function->name);
    *ret_text = argument->constant.text;
    return true;
}

static bool read_answer(struct reader *r, const struct call *c, bool is_header)
{
    struct operation o = { 0 };
    struct span what;
    const char *fault = "there is no answer here to take it from";
    if (!take_text(r, c, is_header ? "the name of a header" : "a JSON pointer", &what))
        return false;
    if (r->is_constant)
        return reader_fail(r, c->name, "expected nothing of a user in a constant, found '%s'",
                           c->function->name);
    if (r->names->answer == NULL ||
        !r->names->answer(r->names->context, is_header, what, &o, &fault))
        return reader_fail(r, c->name, "%s", fault);
    reader_drop_constants(r, 1);
    return reader_emit(r, &o, 0);
}

static bool read_cookie(struct reader *r, const struct call *c)
{
    if (r->is_constant)
        return reader_fail(r, c->name, "expected nothing of a user in a constant, found 'cookie'");
    return reader_emit(r, &(struct operation){ .kind = OPERATION_COOKIE }, 1);
}

static bool read_env(struct reader *r, const struct call *c)
{
    const struct operation *arguments = reader_constants(r, c->count);
    if (arguments == NULL || arguments[0].constant.kind != VALUE_TEXT)
        return reader_fail(r, c->name, "expected a name in quotes in 'env'%s",
                           c->count > 1 ? " and a default that is the same for all" : "");
    const char *name = arena_copy(r->arena, arguments[0].constant.text);
    if (name == NULL)
        return reader_fail_memory(r);
    const char *text = getenv(name);
    if (text == NULL && c->count == 1)
        return reader_fail(r, c->name,
                           "expected %s in the environment, or a default as in 'env('NAME', 'x')', "
                           "found neither",
                           diag_quote(arguments[0].constant.text).text);
    if (text != NULL && strlen(text) > VALUE_TEXT_MAX)
        return reader_fail(r, c->name, "expected at most %u bytes in %s, found %zu", VALUE_TEXT_MAX,
                           diag_quote(arguments[0].constant.text).text, strlen(text));
    struct value value = text != NULL ? value_text(span_of(text)) : arguments[1].constant;
    if (!value_copy(r->arena, &value))
        return reader_fail_memory(r);
    reader_drop_constants(r, c->count);
    return reader_emit_constant(r, value);
}

static bool emit_call(struct reader *r, const struct call *c)
{
    const struct operation call = { .kind = OPERATION_CALL,
                                    .count = (uint8_t)c->count,
                                    .index = (uint16_t)(c->function - functions) };
    return reader_emit(r, &call, c->count);
}

static bool read_random(struct reader *r, const struct call *c)
{
    const struct operation *arguments = reader_constants(r, 2);
    if (arguments == NULL)
        return emit_call(r, c);
    const struct value low = value_meaning(&arguments[0].constant);
    const struct value high = value_meaning(&arguments[1].constant);
    if (low.kind != VALUE_INTEGER || high.kind != VALUE_INTEGER)
        return reader_fail(r, c->name, "expected two whole numbers as in 'random(1, 100)'");
    if (low.integer > high.integer)
        return reader_fail(r, c->name, "expected the smaller number first in 'random'");
    reader_drop_constants(r, 2);
    return reader_emit(
        r, &(struct operation){ .kind = OPERATION_RANDOM, .range = { low.integer, high.integer } },
        0);
}

static bool read_ordinary(struct reader *r, const struct call *c)
{
    if (c->function->call == random_whole)
        return read_random(r, c);
    if (c->function->call == random_weighted && c->count % 2 != 0)
        return reader_fail(r, c->name,
                           "expected pairs of a weight and a value in 'weighted', found %u values",
                           c->count);
    if (c->function->call == run_sequence && r->is_constant)
        return reader_fail(r, c->name,
                           "expected nothing of the run in a constant, found 'sequence'");
    return emit_call(r, c);
}

bool reader_read_call(struct reader *r, const struct token *name)
{
    struct call c = { .function = function_find(name->text), .name = name->text };
    if (c.function == NULL)
        return fail_unknown(r, name->text);
    if (!read_arguments(r, c.function->name, &c.count) || !check_count(r, &c))
        return false;
    if (c.function->call != NULL)
        return read_ordinary(r, &c);
    if (token_is(name, "env"))
        return read_env(r, &c);
    if (token_is(name, "cookie"))
        return read_cookie(r, &c);
    return read_answer(r, &c, token_is(name, "header"));
}
