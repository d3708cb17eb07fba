#include "engine/plan/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define ARENA_ALIGN       16u
#define ARENA_CHUNK_BYTES (32u * 1024u)

struct chunk {
    struct chunk *next;
    size_t used, size; /* of `bytes` */
    _Alignas(ARENA_ALIGN) char bytes[];
};

struct arena {
    struct chunk *newest;
    size_t bytes;
};

int arena_open(struct arena **ret_arena)
{
    struct arena *a = calloc(1, sizeof(*a));
    if (a == NULL)
        return -ENOMEM;
    *ret_arena = a;
    return 0;
}

void arena_close(struct arena *a)
{
    if (a == NULL)
        return;
    struct chunk *c = a->newest;
    while (c != NULL) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    free(a);
}

static struct chunk *chunk_open(size_t size)
{
    struct chunk *c = calloc(1, sizeof(*c) + size);
    if (c != NULL)
        c->size = size;
    return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    const size_t rounded =
        size == 0 ? ARENA_ALIGN : (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct chunk *c = a->newest;
    if (c == NULL || c->size - c->used < rounded) {
        const bool is_large = rounded > ARENA_CHUNK_BYTES / 4;
        c = chunk_open(is_large ? rounded : ARENA_CHUNK_BYTES);
        if (c == NULL)
            return NULL;
        /* A large block goes behind the newest chunk, whose room is still good for small ones. */
        struct chunk **link = is_large && a->newest != NULL ? &a->newest->next : &a->newest;
        c->next = *link;
        *link = c;
        a->bytes += c->size;
    }
    void *block = c->bytes + c->used;
    c->used += rounded;
    return block;
}

size_t arena_bytes(const struct arena *a)
{
    return a->bytes;
}

char *arena_copy(struct arena *a, struct span text)
{
    char *copy = arena_alloc(a, text.len + 1);
    if (copy != NULL && text.len > 0)
        memcpy(copy, text.bytes, text.len);
    return copy;
}
