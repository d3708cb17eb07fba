/* expression — '${name}', '${random(1, 100)}' and '${uuid()}' in the texts of a scenario: finding
 * and reading them.
 *
 * '$${' stands for the two characters '${' themselves. Any other '$' is a dollar sign.
 */
#ifndef SQUALL_ENGINE_PLAN_EXPRESSION_H
#define SQUALL_ENGINE_PLAN_EXPRESSION_H

#include "engine/plan/plan.h"

enum part_kind {
    PART_END,
    PART_LITERAL,
    PART_SLOT,    /* `text` is all of '${...}' */
    PART_UNCLOSED /* '${' without its '}': `text` is the rest, nothing follows */
};

struct part {
    enum part_kind kind;
    struct span text; /* within the text given */
};

/* The part of `text` at *at, which is stepped over. */
struct part expression_next(struct span text, size_t *at);

bool expression_is_present(struct span text); /* some part is no literal */

/* Reads a PART_SLOT. NULL on success, else what was expected. *ret_name is the variable's name, or
 * for a function nobody knows its name (*ret_is_function tells) together with a fault. kind, low
 * and high of *ret are filled in. */
const char *expression_read(struct expression *ret, struct span slot, struct span *ret_name,
                            bool *ret_is_function);

/* A name that may be captured into and used: a letter or '_', then letters, digits, '_', '-', '.'.
 */
bool expression_name_is_valid(struct span name);

/* Names of the functions, for proposals; ends with NULL. */
extern const char *const expression_functions[];

#endif
