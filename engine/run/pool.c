#include "engine/run/pool.h"

#include "engine/run/worker_state.h"

static void pool_place(struct worker *w, struct conn *c, enum pool_place place)
{
    struct pool *p = &w->pools[c->origin];
    const uint32_t link = worker_conn_index(w, c) + 1;
    c->pool_place = (uint8_t)place;
    c->pool_prev = 0;
    c->pool_next = p->first[place];
    if (c->pool_next != 0)
        w->conns[c->pool_next - 1].pool_prev = link;
    p->first[place] = link;
}

void pool_withdraw(struct worker *w, struct conn *c)
{
    if (c->pool_place == POOL_NOWHERE)
        return;
    if (c->pool_prev != 0)
        w->conns[c->pool_prev - 1].pool_next = c->pool_next;
    else
        w->pools[c->origin].first[c->pool_place] = c->pool_next;
    if (c->pool_next != 0)
        w->conns[c->pool_next - 1].pool_prev = c->pool_prev;
    c->pool_place = POOL_NOWHERE;
}

void pool_offer(struct worker *w, struct conn *c)
{
    if (c->pool_place != POOL_NOWHERE || c->queue.count > 0 || w->closing)
        return;
    if (c->state == CONN_OPEN)
        pool_place(w, c, POOL_WARM);
    else if (c->state == CONN_IDLE && c->retry_at_ns <= w->now_ns)
        pool_place(w, c, POOL_UNUSED);
    else if (c->state == CONN_IDLE)
        timers_set(w->conn_timers, worker_conn_index(w, c), c->retry_at_ns);
}

/* NULL when none is to be had. */
static struct conn *pool_take(struct worker *w, struct pool *p)
{
    uint32_t link = p->first[POOL_WARM];
    if (link == 0)
        link = p->first[POOL_UNUSED];
    if (link == 0)
        return NULL;
    pool_withdraw(w, &w->conns[link - 1]);
    return &w->conns[link - 1];
}

void pool_ask(struct worker *w, uint32_t origin, struct user *u)
{
    if (u->chain != 0)
        user_list_push_front(w, &w->pools[origin].waiting, u);
    else
        user_list_push(w, &w->pools[origin].waiting, u);
}

void pool_serve(struct worker *w)
{
    for (uint32_t i = 0; i < w->plan->origin_count; i++) {
        struct pool *p = &w->pools[i];
        while (p->waiting.count > 0) {
            struct conn *c = pool_take(w, p);
            if (c == NULL)
                break;
            struct user *u = user_list_pop(w, &p->waiting);
            u->conn = worker_conn_index(w, c);
            conn_ask(w, c, u);
        }
    }
}
