/* value — what an expression is worth now, from a user's generator of random numbers. */
#ifndef SQUALL_ENGINE_PLAN_VALUE_H
#define SQUALL_ENGINE_PLAN_VALUE_H

#include "engine/plan/plan.h"
#include "engine/plan/prng.h"

#define VALUE_BYTES_MAX 36u /* the longest value made here, a UUID */

/* Writes the text of a RANDOM or UUID expression into scratch[0..cap), not NUL-terminated; *ret
 * points there. 0, -ENOSPC when `cap` is too small (VALUE_BYTES_MAX always suffices), -EINVAL for
 * EXPRESSION_VARIABLE, which only the engine knows. */
int expression_value(const struct expression *e, struct prng *p, char *scratch, size_t cap,
                     struct span *ret);

/* Renders the text of a STEP_SET, its variable's new value, into out[0..cap); as template_render(),
 * but without the line ends that close a request's head. `cap` must leave room for two bytes more
 * than the value. */
int step_value_render(const struct template *text, template_value_fn *value, void *context,
                      char *out, size_t cap, size_t *ret_len, uint32_t *ret_bad_slot);

#endif
