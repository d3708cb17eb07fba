/* expression_lexer — an expression cut into its words. */
#ifndef SQUALL_ENGINE_PLAN_EXPRESSION_LEXER_H
#define SQUALL_ENGINE_PLAN_EXPRESSION_LEXER_H

#include <stdbool.h>

#include "http/span.h"

struct arena;

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER,   /* or what only begins like one: '12abc' */
    TOKEN_STRING,   /* in its quotes */
    TOKEN_UNCLOSED, /* a quote and all that follows it */
    TOKEN_NAME,     /* words of the language too */
    TOKEN_SIGN,     /* operators, brackets, commas, and operators of other languages */
    TOKEN_UNKNOWN   /* a character that can begin nothing */
};

struct token {
    enum token_kind kind;
    struct span text; /* within the expression */
};

/* The word at *at or behind the blanks there; stepped over. */
struct token token_next(struct span expression, size_t *at);

bool token_is(const struct token *t, const char *word); /* that name or sign */

/* The first byte behind a quoted text that begins at `at`, 0 when the quote is never closed. */
size_t quoted_end(struct span text, size_t at);

/* What a TOKEN_STRING says: \n, \t, \r, \\, \' and \" are one character, any other backslash is
 * itself, as in '\d+'. In the arena or within the token; false when there is no memory. */
bool token_read_string(const struct token *t, struct arena *a, struct span *ret_text);

#endif
