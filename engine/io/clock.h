/* clock — monotonic nanoseconds, the only way the engine learns the time. Link-time seam: tests own
 * it. */
#ifndef SQUALL_ENGINE_IO_CLOCK_H
#define SQUALL_ENGINE_IO_CLOCK_H

#include <stdint.h>

uint64_t clock_now_ns(void);        /* CLOCK_MONOTONIC */
uint64_t clock_thread_cpu_ns(void); /* CPU time of the calling thread, user and system */

/* How long the calling thread could have run and had no CPU; 0 when the kernel does not tell. Reads
 * a file of /proc: some microseconds. */
uint64_t clock_thread_delay_ns(void);
uint64_t clock_thread_preempted(void); /* times it was taken off its CPU though it could have run */
uint64_t clock_wall_ns(void);          /* since 1970: for values and dates, never for measuring */

#endif
