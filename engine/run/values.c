#include "engine/run/values.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define UNIT       16u
#define ITEM_HEAD  2u                  /* of each item in a text_list */
#define MEMORY_MAX (UINT64_C(1) << 35) /* of address space, not of memory */

int values_open(struct values *v, uint32_t user_count, uint32_t variable_count)
{
    *v = (struct values){ .user_count = user_count,
                          .variable_count = variable_count,
                          .blocks_used = 1 };
    const uint64_t count = (uint64_t)user_count * variable_count;
    if (count == 0)
        return 0;
    uint64_t wanted = (count + 1) * TEXT_LIST_BYTES_MAX;
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

static uint32_t block_take(struct values *v, uint32_t size)
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

static struct values_slot *slot_at(const struct values *v, uint32_t user, uint32_t variable)
{
    return &v->slots[(size_t)user * v->variable_count + variable];
}

static void slot_drop(struct values *v, struct values_slot *slot)
{
    if (slot->block == 0)
        return;
    memcpy(block_at(v, slot->block), &v->free[slot->size], sizeof v->free[slot->size]);
    v->free[slot->size] = slot->block;
    *slot = (struct values_slot){ 0 };
}

/* Makes room for `len` bytes and copies `kept` there, which may lie in the block that goes. False
 * when the reserve is used up. */
static bool slot_resize(struct values *v, struct values_slot *slot, size_t len, struct span kept)
{
    uint32_t size = 0;
    while (((size_t)UNIT << size) < len)
        size++;
    const bool moves = slot->block == 0 || slot->size != size;
    const uint32_t block = moves ? block_take(v, size) : slot->block;
    if (block == 0)
        return false;
    if (kept.len > 0)
        memmove(block_at(v, block), kept.bytes, kept.len);
    if (moves) {
        slot_drop(v, slot);
        slot->block = block;
        slot->size = size & 0x3F;
    }
    slot->len = kept.len & 0xFFFFFF;
    return true;
}

static int slot_set(struct values *v, struct values_slot *slot, struct span value,
                    enum values_kind kind)
{
    if (!slot_resize(v, slot, value.len, value))
        return -ENOMEM;
    slot->kind = kind;
    return 0;
}

int values_set(struct values *v, uint32_t user, uint32_t variable, struct span text, bool is_json)
{
    if (text.len > VALUES_TEXT_MAX)
        return -ENOSPC;
    return slot_set(v, slot_at(v, user, variable), text, is_json ? VALUES_JSON : VALUES_TEXT);
}

int values_set_list(struct values *v, uint32_t user, uint32_t variable, struct span list)
{
    if (list.len > TEXT_LIST_BYTES_MAX)
        return -ENOSPC;
    return slot_set(v, slot_at(v, user, variable), list, VALUES_LIST);
}

int values_append(struct values *v, uint32_t user, uint32_t variable, struct span item,
                  bool is_json)
{
    struct values_slot *slot = slot_at(v, user, variable);
    struct span list = { NULL, 0 };
    if (item.len > TEXT_LIST_ITEM_MAX)
        return -ENOSPC;
    if (slot->block != 0 && slot->kind == VALUES_LIST)
        list = (struct span){ block_at(v, slot->block), slot->len };
    size_t wanted = list.len + ITEM_HEAD + item.len;
    if (wanted > TEXT_LIST_BYTES_MAX)
        wanted = TEXT_LIST_BYTES_MAX;
    if (!slot_resize(v, slot, wanted, list))
        return -ENOMEM;
    const int len = text_list_append(block_at(v, slot->block), list.len, (size_t)UNIT << slot->size,
                                     item, is_json);
    slot->kind = VALUES_LIST;
    slot->len = (uint32_t)(len < 0 ? (int)list.len : len) & 0xFFFFFF;
    return len < 0 ? len : 0;
}

int values_get(const struct values *v, uint32_t user, uint32_t variable, struct span *ret_value)
{
    const struct values_slot *slot = slot_at(v, user, variable);
    if (slot->block == 0)
        return -ENODATA;
    *ret_value = (struct span){ block_at(v, slot->block), slot->len };
    return 0;
}

enum values_kind values_kind(const struct values *v, uint32_t user, uint32_t variable)
{
    return (enum values_kind)slot_at(v, user, variable)->kind;
}

void values_drop(struct values *v, uint32_t user, uint32_t variable)
{
    slot_drop(v, slot_at(v, user, variable));
}

void values_clear(struct values *v, uint32_t user)
{
    for (uint32_t i = 0; i < v->variable_count; i++)
        slot_drop(v, slot_at(v, user, i));
}
