/* exchange — one request and its answer: begun, sent, answered or failed, counted once. Owner
 * thread only. */
#ifndef SQUALL_ENGINE_RUN_EXCHANGE_H
#define SQUALL_ENGINE_RUN_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/span.h"
#include "stats/failure.h"

struct worker;
struct conn;
struct user;
struct response;
struct template;

/* Renders the request of `u` into out[0..cap). 0, -ENOSPC when it does not fit beside what is there
 * already, or another -errno: then the request cannot be built and has been failed. */
int exchange_render(struct worker *w, struct user *u, char *out, size_t cap, size_t *ret_len);

/* Renders a value (a STEP_SET's template) into out[0..cap). 0 or -errno. */
int exchange_render_value(struct worker *w, struct user *u, const struct template *value, char *out,
                          size_t cap, size_t *ret_len);

/* Its response is complete: checks, captures, counts; the user goes on. `has_trailing`: bytes
 * follow that nobody asked for. */
void exchange_answered(struct worker *w, struct conn *c, struct user *u, bool has_trailing);

/* It ended without a whole response; `partial` is what came of it, or NULL. Counts; the user goes
 * on. */
void exchange_failed(struct worker *w, struct user *u, const struct response *partial,
                     enum failure_class class, const char *message);

/* Watch functions for responses that a capture reads; context is the worker, the connection is
 * worker->watched. */
void exchange_watch_header(void *worker, struct span name, struct span value);
void exchange_watch_body(void *worker, struct span bytes);
char *exchange_line_room(void *worker);

#endif
