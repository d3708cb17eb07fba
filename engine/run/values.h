/* values — the variables of every user of a worker: texts and lists that come and go.
 *
 * Blocks of 16, 32, .. 65536 bytes out of one reserved mapping, touched only as used; a free list
 * per size. No allocation after open. Owner thread only.
 */
#ifndef SQUALL_ENGINE_RUN_VALUES_H
#define SQUALL_ENGINE_RUN_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/span.h"
#include "http/text_list.h"

#define VALUES_TEXT_MAX   4096u
#define VALUES_SIZE_COUNT 13u /* 16 << 0 .. 16 << 12 */

enum values_kind {
    VALUES_TEXT,
    VALUES_JSON, /* a text that is a JSON value as it stands, but no string */
    VALUES_LIST
};

struct values_slot {
    uint32_t block;    /* in units of 16 bytes, from 1; 0 = no value */
    uint32_t len : 24; /* at most TEXT_LIST_BYTES_MAX */
    uint32_t size : 6; /* 16 << size bytes are reserved */
    uint32_t kind : 2; /* enum values_kind */
};

struct values {
    struct values_slot *slots; /* user * variable_count + variable */
    uint32_t user_count, variable_count;
    char *memory;
    size_t memory_size;
    uint32_t blocks_used;
    uint32_t free[VALUES_SIZE_COUNT]; /* first free block of each size, 0 = none; linked through
                                         the blocks */
};

int values_open(struct values *v, uint32_t user_count, uint32_t variable_count); /* 0 or -ENOMEM */
void values_close(struct values *v);

/* 0; -ENOSPC: longer than VALUES_TEXT_MAX; -ENOMEM: the reserve is used up. `text` may be a part of
 * the value there is. */
int values_set(struct values *v, uint32_t user, uint32_t variable, struct span text, bool is_json);

/* The same of a text_list, of up to TEXT_LIST_BYTES_MAX. */
int values_set_list(struct values *v, uint32_t user, uint32_t variable, struct span list);

/* One more item, which lies elsewhere; what is no list becomes one. The oldest items go when there
 * are too many. 0; -ENOSPC: the item is longer than TEXT_LIST_ITEM_MAX; -ENOMEM. */
int values_append(struct values *v, uint32_t user, uint32_t variable, struct span item,
                  bool is_json);

/* 0 or -ENODATA. The span is valid until that variable is set again. */
int values_get(const struct values *v, uint32_t user, uint32_t variable, struct span *ret_value);

/* What values_get() gives is. */
enum values_kind values_kind(const struct values *v, uint32_t user, uint32_t variable);

void values_drop(struct values *v, uint32_t user, uint32_t variable);

/* Forgets all of one user. */
void values_clear(struct values *v, uint32_t user);

#endif
