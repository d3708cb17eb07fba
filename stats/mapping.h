/* mapping — zero pages reserved at once and resident only where they are touched. */
#ifndef SQUALL_STATS_MAPPING_H
#define SQUALL_STATS_MAPPING_H

#include <stddef.h>

#define MAPPING_ALIGN 4096u

static inline size_t mapping_round_up(size_t size)
{
    return (size + MAPPING_ALIGN - 1u) & ~(size_t)(MAPPING_ALIGN - 1u);
}

/* `size` > 0 bytes of zeroes, page-aligned; NULL when there is no address space. */
void *mapping_open(size_t size);
void mapping_close(void *memory, size_t size); /* NULL is fine */

#endif
