/* cell — a number with one writer and any number of readers.
 *
 * Relaxed order is enough: every cell is a monotonic count and no cell publishes another. Exact
 * totals are read after pthread_join(), which orders everything. Nobody resets a cell: readers
 * subtract.
 */
#ifndef SQUALL_STATS_CELL_H
#define SQUALL_STATS_CELL_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t cell;

/* Any thread. */
static inline uint64_t cell_read(const cell *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

/* Owner thread only. */
static inline void cell_write(cell *c, uint64_t value)
{
    atomic_store_explicit(c, value, memory_order_relaxed);
}

/* Owner thread only: a plain load, add and store, no locked instruction. */
static inline void cell_add(cell *c, uint64_t n)
{
    cell_write(c, cell_read(c) + n);
}

#endif
