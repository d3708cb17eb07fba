/* evaluator — the memory of one evaluation, for evaluate.c and the functions of functions.def. */
#ifndef SQUALL_ENGINE_PLAN_EVALUATOR_H
#define SQUALL_ENGINE_PLAN_EVALUATOR_H

#include "engine/plan/evaluate.h"
#include "http/text_list.h"

struct regex_matcher;

struct evaluator {
    const struct scope *scope; /* of the evaluation under way */
    size_t scratch_used;
    struct regex_matcher *matcher;
    struct value stack[EXPRESSION_VALUES_MAX];
    char scratch[EVALUATOR_SCRATCH_BYTES];
};

/* One that has no matcher, for all but OPERATION_MATCHES: the matcher takes the most memory. 0 or
 * -ENOMEM. */
int evaluator_open_plain(struct evaluator **ret_evaluator);

/* Room for a text of `bytes`, NULL when that is not left. It is taken by evaluator_keep(), and free
 * again when nothing is kept. */
static inline char *evaluator_room(struct evaluator *e, size_t bytes)
{
    return bytes <= sizeof(e->scratch) - e->scratch_used ? e->scratch + e->scratch_used : NULL;
}

/* The first `len` bytes of the room that was given last, as a text. */
static inline struct span evaluator_keep(struct evaluator *e, size_t len)
{
    const struct span text = { e->scratch + e->scratch_used, len };
    e->scratch_used += len;
    return text;
}

static inline struct value value_none(void)
{
    return (struct value){ .kind = VALUE_NONE };
}

static inline struct value value_truth(bool is_true)
{
    return (struct value){ .kind = VALUE_TRUTH, .integer = is_true };
}

static inline struct value value_integer(int64_t integer)
{
    return (struct value){ .kind = VALUE_INTEGER, .integer = integer };
}

/* None when it is no finite number. */
struct value value_number(double number);

static inline struct value value_text(struct span text)
{
    return (struct value){ .kind = VALUE_TEXT, .text = text };
}

/* An item as text_list_next() and the like give it. */
static inline struct value value_item(struct span item)
{
    return (struct value){ .kind = VALUE_TEXT, .is_json = text_list_is_json(item), .text = item };
}

/* ---- one kind of value read as another ---- */

/* What a text says: the number that it reads as, true, false, and none for 'null', as JSON writes
 * them: variables hold texts. Any other value is itself. */
struct value value_meaning(const struct value *v);

/* Its number, VALUE_INTEGER or VALUE_NUMBER. */
bool value_as_number(const struct value *v, struct value *ret_number);
/* Its whole number; a decimal is cut off. */
bool value_as_integer(const struct value *v, int64_t *ret_integer);
bool value_as_double(const struct value *v, double *ret_number);
bool value_is_true(const struct value *v);

#endif
