#include "http/reserve.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* The reserve is a row of blocks without gaps, each with this in front. */
struct block {
    _Alignas(max_align_t) size_t size; /* of what follows */
    bool is_free;
};

int reserve_open(struct reserve *r, size_t size)
{
    assert(size > sizeof(struct block) && size % sizeof(struct block) == 0);
    struct block *all = malloc(size);
    if (!all)
        return -ENOMEM;
    *all = (struct block){ .size = size - sizeof(*all), .is_free = true };
    *r = (struct reserve){ .bytes = (char *)all, .size = size };
    return 0;
}

void reserve_close(struct reserve *r)
{
    free(r->bytes);
    *r = (struct reserve){ 0 };
}

/* NULL behind the last one. */
static struct block *next_block(const struct reserve *r, struct block *b)
{
    char *end = (char *)(b + 1) + b->size;
    return end < r->bytes + r->size ? (struct block *)end : NULL;
}

static void join_free(const struct reserve *r, struct block *b)
{
    for (struct block *next; (next = next_block(r, b)) != NULL && next->is_free;)
        b->size += sizeof(*next) + next->size;
}

/* Leaves `size` bytes to the block and makes one of the rest. */
static void split(struct block *b, size_t size)
{
    if (b->size - size < 2 * sizeof(*b))
        return;
    struct block *rest = (struct block *)((char *)(b + 1) + size);
    *rest = (struct block){ .size = b->size - size - sizeof(*rest), .is_free = true };
    b->size = size;
}

void *reserve_take(struct reserve *r, size_t size)
{
    if (size > r->size)
        return NULL;
    const size_t rounded =
        (size + sizeof(struct block) - 1) / sizeof(struct block) * sizeof(struct block);
    for (struct block *b = (struct block *)r->bytes; b; b = next_block(r, b)) {
        if (!b->is_free)
            continue;
        join_free(r, b);
        if (b->size < rounded)
            continue;
        split(b, rounded);
        b->is_free = false;
        return b + 1;
    }
    return NULL;
}

void reserve_give(void *memory)
{
    if (memory)
        ((struct block *)memory - 1)->is_free = true;
}
