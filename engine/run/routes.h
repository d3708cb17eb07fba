/* routes — the addresses that an origin's name stands for, and what a worker makes of them: new
 * connections take them in turn, and one that does not answer is passed over while another does.
 *
 * The table has one writer, the controlling thread; workers read it at any time. An address once in
 * it never moves: it only stops being current when the name has come to stand for others. A view
 * belongs to one worker; its counts may be read by any thread.
 */
#ifndef SQUALL_ENGINE_RUN_ROUTES_H
#define SQUALL_ENGINE_RUN_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/io/resolve.h"
#include "stats/cell.h"

#define ROUTES_MAX 256 /* addresses that one name stands for, over the whole run */

struct routes_entry {
    struct route route;
    bool was_silent; /* did not answer before the run, while another did */
    _Atomic bool is_current;
};

struct routes {
    _Atomic uint32_t count;
    struct routes_entry entries[ROUTES_MAX];
};

/* From now on the name stands for these, and for no others. Returns how many of them found no
 * room. */
uint32_t routes_set(struct routes *r, const struct route *found, uint32_t count);

/* The name stands for it. */
static inline bool routes_is_current(const struct routes *r, uint32_t index)
{
    return atomic_load_explicit(&r->entries[index].is_current, memory_order_relaxed);
}

/* What one worker knows of one address. */
struct routes_mark {
    cell opened, failed;      /* connections to it */
    uint32_t failures_in_row; /* 0 = it answers, as far as is known */
    uint64_t retry_at_ns;     /* when it does not: passed over until then */
};

struct routes_view {
    const struct routes *routes;
    uint32_t turn; /* the next address to be considered */
    struct routes_mark marks[ROUTES_MAX];
};

/* `v` is zeroed memory. Workers begin with different addresses: `turn` is the worker's number. */
void routes_view_init(struct routes_view *v, const struct routes *routes, uint32_t turn,
                      uint64_t now_ns);

/* Where a new connection shall lead, as an index into the table. */
uint32_t routes_choose(struct routes_view *v, uint64_t now_ns);

/* It did not answer lately, and another does: a connection there is a trial. */
bool routes_is_doubtful(const struct routes_view *v, uint32_t index);

void routes_opened(struct routes_view *v, uint32_t index);

/* A connection there failed. With `is_silent` the address itself did not answer; true then when
 * another does, so that the connection can lead there instead. */
bool routes_failed(struct routes_view *v, uint32_t index, bool is_silent, uint64_t now_ns);

#endif
