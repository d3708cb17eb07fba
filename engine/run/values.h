/* values — the variables of every user of a worker: short texts that come and go.
 *
 * Blocks of 16, 32, .. 4096 bytes out of one reserved mapping, touched only as used; a free list
 * per size. No allocation after open. Owner thread only.
 */
#ifndef SQUALL_ENGINE_RUN_VALUES_H
#define SQUALL_ENGINE_RUN_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "http/span.h"

#define VALUES_TEXT_MAX  4096u
#define VALUE_SIZE_COUNT 9u /* 16 << 0 .. 16 << 8 */

struct value {
    uint32_t block; /* in units of 16 bytes, from 1; 0 = no value */
    uint16_t len;
    uint16_t size; /* 16 << size bytes are reserved */
};

struct values {
    struct value *slots; /* user * variable_count + variable */
    uint32_t user_count, variable_count;
    char *memory;
    size_t memory_size;
    uint32_t blocks_used;
    uint32_t free[VALUE_SIZE_COUNT]; /* first free block of each size, 0 = none; linked through the
                                        blocks */
};

int values_open(struct values *v, uint32_t user_count, uint32_t variable_count); /* 0 or -ENOMEM */
void values_close(struct values *v);

/* 0; -ENOSPC: longer than VALUES_TEXT_MAX; -ENOMEM: the reserve is used up. */
int values_set(struct values *v, uint32_t user, uint32_t variable, struct span text);

/* 0 or -ENODATA. The span is valid until that variable is set again. */
int values_get(const struct values *v, uint32_t user, uint32_t variable, struct span *ret_text);

/* Forgets all of one user. */
void values_clear(struct values *v, uint32_t user);

#endif
