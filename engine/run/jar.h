/* jar — the cookies of each user, in the variable that the plan keeps for them. Owner thread only.
 */
#ifndef SQUALL_ENGINE_RUN_JAR_H
#define SQUALL_ENGINE_RUN_JAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/span.h"

struct worker;
struct user;

#define JAR_HEADER_MAX (COOKIE_JAR_BYTES_MAX + sizeof("Cookie: \r\n"))

/* An answer to a request for `target` of `origin` sets a cookie. */
void jar_take(struct worker *w, const struct user *u, uint32_t origin, struct span target,
              struct span set_cookie);

/* A cookie of the first origin. 0; -EILSEQ: it may not be set there; -ENOSPC: it is too long. */
int jar_set(struct worker *w, const struct user *u, struct span name, struct span value);
void jar_forget(struct worker *w, const struct user *u);

bool jar_is_empty(const struct worker *w, const struct user *u);

/* The cookies that go with a request for `target` of `origin`, as the value of a Cookie header in
 * worker.cookie; empty = none. */
struct span jar_header(struct worker *w, const struct user *u, uint32_t origin, struct span target);

bool jar_find(struct worker *w, const struct user *u, struct span name, struct span *ret_value);

#endif
