/* reserve — memory set aside once, from which a foreign library is served where nothing may be
 * allocated. One owner thread. Pages that were never used cost nothing.
 */
#ifndef SQUALL_HTTP_RESERVE_H
#define SQUALL_HTTP_RESERVE_H

#include <stddef.h>

struct reserve {
    char *bytes;
    size_t size;
};

int reserve_open(struct reserve *r, size_t size); /* 0 or -ENOMEM */
void reserve_close(struct reserve *r);

/* Aligned for anything, not zeroed; NULL when no room is left that is large enough. Walks over all
 * blocks that are out: meant for a few dozen. */
void *reserve_take(struct reserve *r, size_t size);
void reserve_give(void *memory); /* takes a block back, in any order; NULL is fine */

#endif
