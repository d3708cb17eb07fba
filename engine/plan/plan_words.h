/* plan_words — pieces of a plan in words, for plan_describe(). Private to engine/plan. */
#ifndef SQUALL_ENGINE_PLAN_PLAN_WORDS_H
#define SQUALL_ENGINE_PLAN_PLAN_WORDS_H

#include <stdio.h>

#include "engine/plan/plan.h"

void words_duration(FILE *out, uint64_t ns);
void words_ratio(FILE *out, struct ratio r);              /* '25', '0.5', '1/3' */
void words_wait(FILE *out, const struct wait_rule *wait); /* "pauses 3 s" */
const char *words_plural(uint64_t count);                 /* "" or "s" */

/* One request on one line, without its end. */
void words_request(FILE *out, const struct plan *p, const struct plan_request *r);

/* The steps from `first` on, each on lines of its own, `indent` columns from the left. */
void words_steps(FILE *out, const struct plan *p, uint32_t first, uint32_t indent);

/* The one request that is all there is; NULL = there is more. */
const struct plan_request *words_single(const struct plan *p, uint32_t first);

#endif
