/* evaluate — what an expression is worth now. On the hot path: no allocation, bounded work. */
#ifndef SQUALL_ENGINE_PLAN_EVALUATE_H
#define SQUALL_ENGINE_PLAN_EVALUATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/plan/expression.h"
#include "engine/plan/prng.h"

#define VALUE_TEXT_MAX          4096u          /* a text that is longer becomes none */
#define EVALUATOR_SCRATCH_BYTES (256u * 1024u) /* for all texts made during one evaluation */

struct evaluator; /* memory of one core */
struct slot_value;

/* What an expression sees of its user; the engine fills it in. The functions are called with *ret
 * being none and must not evaluate themselves. */
struct scope {
    void *context;
    /* *ret is VALUE_NONE, VALUE_TEXT or VALUE_LIST, valid until the variable is set. */
    void (*variable)(void *context, uint32_t variable, struct value *ret);
    void (*field)(void *context, uint32_t feed, uint32_t column, struct value *ret);
    void (*note)(void *context, enum scope_note note, struct value *ret);
    void (*cookie)(void *context, struct span name, struct value *ret);
    uint64_t (*sequence)(void *context); /* the next number that nobody else in the run gets */
    struct prng *random;
    int64_t now_ns; /* since 1970 */
};

int evaluator_open(struct evaluator **ret_evaluator); /* 0 or -ENOMEM */
void evaluator_close(struct evaluator *e);

/* The value; texts in it are valid until the next evaluation by this evaluator, or as long as what
 * the scope gave. Never fails: what cannot be computed is none. */
struct value expression_evaluate(const struct expression *x, struct evaluator *e,
                                 const struct scope *s);

/* The value as text, as it lands in a request: a list as JSON, a number in its shortest form, at
 * most x->bytes_max. False for none and for what is longer than VALUE_TEXT_MAX. */
bool expression_text(const struct expression *x, struct evaluator *e, const struct scope *s,
                     struct span *ret_text);

/* The same with its type: numbers, truths and lists are JSON as they stand. What is one variable,
 * field or item has the type of that. */
bool expression_slot(const struct expression *x, struct evaluator *e, const struct scope *s,
                     struct slot_value *ret_value);

/* As a condition. */
bool expression_holds(const struct expression *x, struct evaluator *e, const struct scope *s);

/* As a whole number, a decimal cut off; a text that reads as a number counts as one. False for
 * anything else. */
bool expression_integer(const struct expression *x, struct evaluator *e, const struct scope *s,
                        int64_t *ret_integer);

/* The text of a value, valid until the next evaluation; a list is written as JSON. False for none,
 * and when there is no room for it. */
bool value_as_text(struct evaluator *e, const struct value *v, struct span *ret_text);

/* Its text is a JSON value as it stands. */
bool value_is_json(const struct value *v);

/* value as text for people, for messages of checks: strings in quotes, "none", cut at 60 bytes. */
void value_describe(const struct value *v, char *out, size_t size);

#endif
