/* pool — connections of one origin that all users of a core share: a request takes one that is open
 * and idle, else one that is not in use yet, else waits until one is free. Owner thread only. */
#ifndef SQUALL_ENGINE_RUN_POOL_H
#define SQUALL_ENGINE_RUN_POOL_H

#include <stdint.h>

#include "engine/run/conn.h"

struct worker;
struct user;

/* Where a connection of a pool is. */
enum pool_place {
    POOL_NOWHERE, /* busy, or not to be had for a while */
    POOL_UNUSED,  /* CONN_IDLE: it can be opened */
    POOL_WARM,    /* CONN_OPEN with nothing to do */
    POOL_PLACE_COUNT
};

struct pool {
    struct user_list waiting;
    /* Connections in each place, as index + 1, last in first out. */
    uint32_t first[POOL_PLACE_COUNT];
};

/* The request of `u` waits for a connection of `origin`, the next one of a chain before all
 * others. */
void pool_ask(struct worker *w, uint32_t origin, struct user *u);

/* `c` is offered if it is free; one that may not be opened yet, when its pause is over. */
void pool_offer(struct worker *w, struct conn *c);
/* It is not to be had any more. */
void pool_withdraw(struct worker *w, struct conn *c);

/* Gives connections to those who wait, as long as there are both. */
void pool_serve(struct worker *w);

#endif
