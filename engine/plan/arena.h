/* arena — memory of one owner that is given back all at once. Not thread-safe. */
#ifndef SQUALL_ENGINE_PLAN_ARENA_H
#define SQUALL_ENGINE_PLAN_ARENA_H

#include <stddef.h>

#include "http/span.h"

struct arena;

int arena_open(struct arena **ret_arena); /* 0 or -ENOMEM */
void arena_close(struct arena *a);

/* Zeroed, aligned to 16; NULL when out of memory. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);

size_t arena_bytes(const struct arena *a); /* that it has taken */

/* A NUL-terminated copy; NULL when out of memory. */
char *arena_copy(struct arena *a, struct span text);

#endif
