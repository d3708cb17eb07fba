/* expression_reader — one expression while it is read: the word that is looked at and the
 * operations so far. The grammar is at home in expression_reader.c, names in expression_name.c,
 * calls in expression_call.c, operations in expression_code.c.
 *
 * Functions that return bool return false after the first mistake, which stands in `fault` then.
 */
#ifndef SQUALL_ENGINE_PLAN_EXPRESSION_READER_H
#define SQUALL_ENGINE_PLAN_EXPRESSION_READER_H

#include "engine/plan/expression.h"
#include "engine/plan/expression_lexer.h"

struct evaluator;
struct function;

struct reader {
    struct span text; /* of the expression, in the arena */
    size_t at;        /* behind `token` */
    struct token token;
    struct arena *arena;
    const struct expression_names *names;
    struct expression_fault *fault;
    bool is_constant; /* nothing of a user may be in it */
    unsigned depth;
    int error;                   /* -EINVAL or -ENOMEM */
    struct evaluator *evaluator; /* plain, for constant parts; opened for the first of them */
    uint32_t value_count;        /* on the stack behind the last operation */
    size_t computed_bytes;       /* of constant parts */
    uint32_t count;
    struct operation operations[EXPRESSION_OPERATIONS_MAX];
};

/* As expression_read(); `is_constant` as in the reader. */
int reader_read(struct expression *ret_expression, struct arena *a, struct span text,
                const struct expression_names *names, bool is_constant,
                struct expression_fault *ret_fault);

void reader_advance(struct reader *r);
bool reader_read_expression(struct reader *r);
bool reader_read_name(struct reader *r, const struct token *name); /* stands behind the name */
bool reader_read_call(struct reader *r, const struct token *name); /* stands at its '(' */

/* Notes the mistake at `at`, a part of the text; always false. */
bool reader_fail(struct reader *r, struct span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool reader_fail_memory(struct reader *r);
struct diag_quote token_describe(const struct token *t); /* "'abc'", "the end" */

/* Appends an operation that takes `operand_count` values and leaves one. When it can be computed
 * now, its value stands there instead. */
bool reader_emit(struct reader *r, const struct operation *o, uint32_t operand_count);
bool reader_emit_constant(struct reader *r, struct value constant);
/* The last `count` values were constants and are no longer needed. */
void reader_drop_constants(struct reader *r, uint32_t count);
/* The last `count` operations, when they are constants, as they are in the end; else NULL. */
const struct operation *reader_constants(const struct reader *r, uint32_t count);

/* Copies the operations into the arena. */
bool reader_finish(struct reader *r, struct expression *ret_expression);

/* A value whose text lives in the arena; false when there is no memory. */
bool value_copy(struct arena *a, struct value *v);

#endif
