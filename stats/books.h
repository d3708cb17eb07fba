/* books — the requests of one row, begun and over: counted, and the moments of both summed.
 *
 * What a run reports must follow from them to the last request and nanosecond (audit.h). Sums of
 * moments are kept modulo 2^64, which differences do not notice. One owner thread writes, any
 * thread may read.
 */
#ifndef SQUALL_STATS_BOOKS_H
#define SQUALL_STATS_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "stats/cell.h"

/* 0: nothing is kept and nothing can be audited; for measuring what it costs. */
#ifndef SQUALL_AUDIT
#define SQUALL_AUDIT 1
#endif

struct books {
    cell begun;
    cell begun_due_ns; /* when they were due, as it was when they began */
    cell over;         /* finished or given up */
    cell over_due_ns;  /* when those were due, as it was in the end */
    cell over_at_ns;   /* when they were over */
    cell given_up;     /* of those: without a result */
    cell given_up_ns;  /* from due until then, summed */
};

/* A plain copy. */
struct books_view {
    uint64_t begun, begun_due_ns, over, over_due_ns, over_at_ns, given_up, given_up_ns;
};

static inline void books_begin(struct books *b, uint64_t due_ns)
{
    if (!SQUALL_AUDIT)
        return;
    cell_add(&b->begun, 1);
    cell_add(&b->begun_due_ns, due_ns);
}

/* So many that began are due so much later than they were. */
static inline void books_postpone(struct books *b, uint64_t count, uint64_t by_ns)
{
#if SQUALL_AUDIT
    cell_add(&b->begun_due_ns, count * by_ns);
#endif
}

static inline void books_end(struct books *b, uint64_t due_ns, uint64_t now_ns)
{
    if (!SQUALL_AUDIT)
        return;
    cell_add(&b->over, 1);
    cell_add(&b->over_due_ns, due_ns);
    cell_add(&b->over_at_ns, now_ns);
}

/* So many at once; `due_ns` is the sum of theirs. */
void books_give_up(struct books *b, uint64_t count, uint64_t due_ns, uint64_t now_ns);

/* Adds what `live` has into `v`. Any thread; exact when the owner is not writing. */
void books_view_take(struct books_view *v, const struct books *live);
void books_view_add(struct books_view *v, const struct books_view *more);
void books_view_since(struct books_view *v, const struct books_view *later,
                      const struct books_view *earlier);

#endif
