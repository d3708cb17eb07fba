#include "engine/run/routes.h"

#include <string.h>

#define SILENT_FIRST_NS                                                                            \
    UINT64_C(500000000)  /* an address is passed over for so long at first, …                    \
                          */
#define SILENT_DOUBLED 6 /* … and twice as long each time, up to 32 s */

/* ---- the table ---- */

static bool routes_are_equal(const struct route *a, const struct route *b)
{
    return a->address_len == b->address_len &&
           memcmp(&a->address, &b->address, a->address_len) == 0;
}

/* Its place in the table; `count` when it is not there. */
static uint32_t find(const struct routes *r, uint32_t count, const struct route *route)
{
    uint32_t i = 0;
    while (i < count && !routes_are_equal(&r->entries[i].route, route))
        i++;
    return i;
}

static bool is_among(const struct route *found, uint32_t count, const struct route *route)
{
    for (uint32_t i = 0; i < count; i++) {
        if (routes_are_equal(&found[i], route))
            return true;
    }
    return false;
}

uint32_t routes_set(struct routes *r, const struct route *found, uint32_t count)
{
    uint32_t known = atomic_load_explicit(&r->count, memory_order_relaxed);
    uint32_t without_room = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = find(r, known, &found[i]);
        if (at == ROUTES_MAX) {
            without_room++;
            continue;
        }
        if (at == known)
            r->entries[known++].route = found[i];
        atomic_store_explicit(&r->entries[at].is_current, true, memory_order_relaxed);
    }
    /* The new ones first: at no moment is there none. */
    atomic_store_explicit(&r->count, known, memory_order_release);
    for (uint32_t i = 0; i < known && without_room < count; i++) {
        if (!is_among(found, count, &r->entries[i].route))
            atomic_store_explicit(&r->entries[i].is_current, false, memory_order_relaxed);
    }
    return without_room;
}

/* ---- a worker's view ---- */

static uint64_t silence_ns(const struct routes_mark *m)
{
    const uint32_t doubled = m->failures_in_row - 1;
    return SILENT_FIRST_NS << (doubled < SILENT_DOUBLED ? doubled : SILENT_DOUBLED);
}

void routes_view_init(struct routes_view *v, const struct routes *routes, uint32_t turn,
                      uint64_t now_ns)
{
    v->routes = routes;
    v->turn = turn;
    const uint32_t count = atomic_load_explicit(&routes->count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        if (!routes->entries[i].was_silent)
            continue;
        v->marks[i].failures_in_row = 1;
        v->marks[i].retry_at_ns = now_ns + silence_ns(&v->marks[i]);
    }
}

static bool answers(const struct routes_mark *m)
{
    return m->failures_in_row == 0;
}

uint32_t routes_choose(struct routes_view *v, uint64_t now_ns)
{
    const uint32_t count = atomic_load_explicit(&v->routes->count, memory_order_acquire);
    uint32_t chosen = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t index = (v->turn + i) % count;
        if (!routes_is_current(v->routes, index))
            continue;
        if (chosen == count)
            chosen = index; /* when none answers, each has its turn */
        if (answers(&v->marks[index]) || v->marks[index].retry_at_ns <= now_ns) {
            chosen = index;
            break;
        }
    }
    if (chosen == count)
        chosen = v->turn % count;
    struct routes_mark *m = &v->marks[chosen];
    if (!answers(m)) /* one connection tries it, not all at once */
        m->retry_at_ns = now_ns + silence_ns(m);
    v->turn = chosen + 1;
    return chosen;
}

void routes_opened(struct routes_view *v, uint32_t index)
{
    cell_add(&v->marks[index].opened, 1);
    v->marks[index].failures_in_row = 0;
}

static bool another_answers(const struct routes_view *v, uint32_t index)
{
    const uint32_t count = atomic_load_explicit(&v->routes->count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        if (i != index && routes_is_current(v->routes, i) && answers(&v->marks[i]))
            return true;
    }
    return false;
}

bool routes_is_doubtful(const struct routes_view *v, uint32_t index)
{
    return !answers(&v->marks[index]) && another_answers(v, index);
}

bool routes_failed(struct routes_view *v, uint32_t index, bool is_silent, uint64_t now_ns)
{
    struct routes_mark *m = &v->marks[index];
    cell_add(&m->failed, 1);
    if (!is_silent)
        return false;
    m->failures_in_row++;
    m->retry_at_ns = now_ns + silence_ns(m);
    return another_answers(v, index);
}
