/* clock — monotonic nanoseconds, the only way the engine learns the time. Link-time seam: tests own
 * it. */
#ifndef SQUALL_ENGINE_IO_CLOCK_H
#define SQUALL_ENGINE_IO_CLOCK_H

#include <stdint.h>

uint64_t clock_now_ns(void);        /* CLOCK_MONOTONIC */
uint64_t clock_thread_cpu_ns(void); /* CPU time of the calling thread, user and system */
uint64_t clock_wall_ns(void);       /* since 1970: for values and dates, never for measuring */

#endif
