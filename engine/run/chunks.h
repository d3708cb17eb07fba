/* chunks — equal blocks of memory of one worker, last given back first taken, so that few pages are
 * ever touched. Reserved at open, no allocation after. Owner thread only. */
#ifndef SQUALL_ENGINE_RUN_CHUNKS_H
#define SQUALL_ENGINE_RUN_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

struct chunks {
    char *memory;   /* NULL when count is 0 */
    uint32_t *free; /* stack of indices */
    uint32_t free_count, count;
    size_t bytes; /* of one */
    size_t memory_size;
};

int chunks_open(struct chunks *p, uint32_t count, size_t bytes); /* 0 or -ENOMEM; count may be 0 */
void chunks_close(struct chunks *p);

/* Index + 1, or 0 when none is left. */
static inline uint32_t chunks_take(struct chunks *p)
{
    return p->free_count == 0 ? 0 : p->free[--p->free_count] + 1;
}

static inline void chunks_give_back(struct chunks *p, uint32_t chunk)
{
    p->free[p->free_count++] = chunk - 1;
}

static inline char *chunks_at(const struct chunks *p, uint32_t chunk)
{
    return p->memory + (size_t)(chunk - 1) * p->bytes;
}

#endif
