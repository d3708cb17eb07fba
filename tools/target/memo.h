/* memo — heads answered a moment ago: when the same bytes come again, the same image is the answer
 * and nothing is parsed. Only for requests without a body that keep the connection open, answered
 * by an image. */
#ifndef SQUALL_TOOLS_TARGET_MEMO_H
#define SQUALL_TOOLS_TARGET_MEMO_H

#include <assert.h>
#include <stdint.h>

#include "http/span.h"
#include "stats/cell.h"

#define MEMO_PLACES   8u
#define MEMO_HEAD_MAX 512u
#define MEMO_HEAD_MIN 20u /* bytes looked at to find the place */

struct memo_entry {
    size_t head_len; /* 0 = nothing remembered */
    struct span image;
    cell *row; /* of the census */
    char head[MEMO_HEAD_MAX];
};

struct memo {
    struct memo_entry entries[MEMO_PLACES];
};

static inline uint32_t memo_place(const char *bytes)
{
    uint64_t a, b;
    memcpy(&a, bytes + 4, sizeof a);
    memcpy(&b, bytes + 12, sizeof b);
    return (uint32_t)(((a ^ b * 31) * UINT64_C(0x9E3779B97F4A7C15)) >> 61);
}

static_assert(MEMO_PLACES == 8, "memo_place() keeps three bits");

/* The entry whose head `bytes` begin with, or NULL. A head ends with its blank line, so equal bytes
 * are an equal head. */
static inline const struct memo_entry *memo_find(const struct memo *m, const char *bytes,
                                                 size_t len)
{
    if (len < MEMO_HEAD_MIN)
        return NULL;
    const struct memo_entry *e = &m->entries[memo_place(bytes)];
    return e->head_len != 0 && e->head_len <= len && memcmp(e->head, bytes, e->head_len) == 0
               ? e
               : NULL;
}

static inline void memo_keep(struct memo *m, struct span head, struct span image, cell *row)
{
    if (head.len < MEMO_HEAD_MIN || head.len > MEMO_HEAD_MAX)
        return;
    struct memo_entry *e = &m->entries[memo_place(head.bytes)];
    memcpy(e->head, head.bytes, head.len);
    e->head_len = head.len;
    e->image = image;
    e->row = row;
}

static inline void memo_forget(struct memo *m)
{
    for (uint32_t i = 0; i < MEMO_PLACES; i++)
        m->entries[i].head_len = 0;
}

#endif
