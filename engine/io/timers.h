/* timers — deadlines of one worker: a wheel of 1 ms slots for what is far, a heap for what is due
 * soon.
 *
 * Adding and cancelling cost the same however many there are; timers fire in the exact order of
 * their nanoseconds. Intrusive: a timer lives in what it concerns. Owner thread only. No allocation
 * after open, no clock: time is an argument.
 */
#ifndef SQUALL_ENGINE_IO_TIMERS_H
#define SQUALL_ENGINE_IO_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timer {
    uint64_t due_ns;
    uint32_t next, prev; /* neighbours in a slot, as index + 1; private */
    uint32_t place;      /* where it is: 0 = not armed; private */
};

struct timers;

#define TIMERS_BYTES_EACH 16u /* beside struct timer: a place among those due soon */

typedef void timer_fn(void *owner, uint32_t index, uint64_t now_ns);

/* Timers are named by their index: timer `i` is at base + i * stride. 0 or -ENOMEM. */
int timers_open(struct timers **ret_timers, void *base, uint32_t stride, uint32_t count,
                uint64_t now_ns);
void timers_close(struct timers *ts);

/* Arms timer `index` for due_ns; one already armed is moved. A due time in the past fires at the
 * next run. */
void timers_set(struct timers *ts, uint32_t index, uint64_t due_ns);
void timers_cancel(struct timers *ts, uint32_t index);
bool timer_is_armed(const struct timer *t);

/* A moment not after the first due time: UINT64_MAX when nothing is armed. Exact for what is due
 * within the current slot, the beginning of its slot for what is later, so that sleeping until then
 * never sleeps too long. */
uint64_t timers_next_ns(struct timers *ts);

/* Fires what is due, soonest first; `fire` may set and cancel timers, its own too. At most `limit`;
 * returns how many. */
unsigned timers_run(struct timers *ts, uint64_t now_ns, unsigned limit, timer_fn *fire,
                    void *owner);

#endif
