/* run_digest — what a list of runs shows of one: a few of its values, each null when it is not
 * there or not of its kind. */
#ifndef SQUALL_TOOLS_WEB_RUN_DIGEST_H
#define SQUALL_TOOLS_WEB_RUN_DIGEST_H

#include <jansson.h>
#include <stdbool.h>

/* Whether it is an object of schema squall/1. */
bool run_is_one(const json_t *run);

/* A new object; NULL = no memory. */
json_t *run_digest(const json_t *run, const char *id);

/* When it began, as text that sorts; "" when it does not say so, or `digest` is NULL. */
const char *run_digest_started_at(const json_t *digest);

#endif
