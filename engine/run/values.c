#include "engine/run/values.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define UNIT       16u
#define MEMORY_MAX (UINT64_C(1) << 35) /* of address space, not of memory */

int values_open(struct values *v, uint32_t user_count, uint32_t variable_count)
{
    *v = (struct values){ .user_count = user_count,
                          .variable_count = variable_count,
                          .blocks_used = 1 };
    const uint64_t count = (uint64_t)user_count * variable_count;
    if (count == 0)
        return 0;
    uint64_t wanted = (count + 1) * VALUES_TEXT_MAX;
    if (wanted > MEMORY_MAX)
        wanted = MEMORY_MAX;
    v->memory_size = (size_t)wanted;
    v->slots = calloc(count, sizeof *v->slots);
    v->memory = mmap(NULL, v->memory_size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (v->slots == NULL || v->memory == MAP_FAILED) {
        values_close(v);
        return -ENOMEM;
    }
    return 0;
}

void values_close(struct values *v)
{
    free(v->slots);
    if (v->memory != NULL && v->memory != MAP_FAILED)
        munmap(v->memory, v->memory_size);
    *v = (struct values){ 0 };
}

static char *block_at(const struct values *v, uint32_t block)
{
    return v->memory + (size_t)block * UNIT;
}

static uint32_t block_take(struct values *v, uint16_t size)
{
    const uint32_t reused = v->free[size];
    if (reused != 0) {
        memcpy(&v->free[size], block_at(v, reused), sizeof v->free[size]);
        return reused;
    }
    const uint32_t units = 1u << size;
    if (((uint64_t)v->blocks_used + units) * UNIT > v->memory_size)
        return 0;
    const uint32_t fresh = v->blocks_used;
    v->blocks_used += units;
    return fresh;
}

static void value_drop(struct values *v, struct value *slot)
{
    if (slot->block == 0)
        return;
    memcpy(block_at(v, slot->block), &v->free[slot->size], sizeof v->free[slot->size]);
    v->free[slot->size] = slot->block;
    *slot = (struct value){ 0 };
}

int values_set(struct values *v, uint32_t user, uint32_t variable, struct span text)
{
    if (text.len > VALUES_TEXT_MAX)
        return -ENOSPC;
    struct value *slot = &v->slots[(size_t)user * v->variable_count + variable];
    uint16_t size = 0;
    while (((size_t)UNIT << size) < text.len)
        size++;
    if (slot->block == 0 || slot->size != size) {
        const uint32_t block = block_take(v, size);
        if (block == 0)
            return -ENOMEM;
        value_drop(v, slot);
        *slot = (struct value){ .block = block, .size = size };
    }
    memmove(block_at(v, slot->block), text.bytes, text.len);
    slot->len = (uint16_t)text.len;
    return 0;
}

int values_get(const struct values *v, uint32_t user, uint32_t variable, struct span *ret_text)
{
    const struct value *slot = &v->slots[(size_t)user * v->variable_count + variable];
    if (slot->block == 0)
        return -ENODATA;
    *ret_text = (struct span){ block_at(v, slot->block), slot->len };
    return 0;
}

void values_clear(struct values *v, uint32_t user)
{
    for (uint32_t i = 0; i < v->variable_count; i++)
        value_drop(v, &v->slots[(size_t)user * v->variable_count + i]);
}
