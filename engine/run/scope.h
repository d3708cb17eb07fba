/* scope — what the expressions of a plan see of their user: its variables, cookies, rows of feeds,
 * its last answer. Owner thread only. */
#ifndef SQUALL_ENGINE_RUN_SCOPE_H
#define SQUALL_ENGINE_RUN_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/plan/evaluate.h"

struct worker;
struct user;
struct slot_value;
struct template;

void scope_init(struct worker *w);

/* Everything evaluated until the next call is this user's. */
const struct scope *scope_enter(struct worker *w, struct user *u);

/* A template_value_fn for slots that are numbers of expressions; the context is the worker, whose
 * scope has been entered. */
int scope_slot(void *worker, uint32_t slot, struct slot_value *ret_value);

/* The text that a step makes, valid until the next one; one '${...}' alone keeps its type. 0, or
 * what template_render_text() returns, -ENODATA when it has no value. */
int scope_text(struct worker *w, struct user *u, const struct template *text,
                struct slot_value *ret_text);

bool scope_holds(struct worker *w, struct user *u, uint32_t expression);

/* As a count: 0 for what is negative or no number. */
uint32_t scope_count(struct worker *w, struct user *u, uint32_t expression);

/* The variable becomes what the expression gives. */
void scope_assign(struct worker *w, struct user *u, uint32_t variable, uint32_t expression);

/* The user has a row of each feed that the request uses, or takes one now. False when one of those
 * is used up. */
bool scope_has_rows(struct worker *w, struct user *u, uint32_t request);

/* The user takes the next row of the feed. False when that is used up: then it stops for good. */
bool scope_take_row(struct worker *w, struct user *u, uint32_t feed);

#endif
