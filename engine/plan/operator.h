/* operator — what stands between two values, and what it makes of them. */
#ifndef SQUALL_ENGINE_PLAN_OPERATOR_H
#define SQUALL_ENGINE_PLAN_OPERATOR_H

#include "engine/plan/evaluator.h"

struct value operator_apply(struct evaluator *e, enum binary_operator kind,
                            const struct value *left, const struct value *right);
struct value operator_negate(const struct value *v);

/* list[index]; none when `list` is no list or has no such item. */
struct value operator_index(const struct value *list, const struct value *index);

bool value_equals(const struct value *left, const struct value *right);

/* *ret_order is below, at or above 0; false when one is neither below nor above the other, as a
 * number and a text that is none. */
bool value_compare(const struct value *left, const struct value *right, int *ret_order);

#endif
