#include "engine/io/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "stats/mutant.h"

static uint64_t clock_read_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t clock_now_ns(void)
{
    return clock_read_ns(MUTANT_IS(7) ? CLOCK_REALTIME : CLOCK_MONOTONIC);
}

uint64_t clock_thread_cpu_ns(void)
{
    return clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* "CPU-ns DELAY-ns SLICES" */
uint64_t clock_thread_delay_ns(void)
{
    char text[80];
    const int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    const ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    char *after_cpu;
    (void)strtoull(text, &after_cpu, 10);
    return strtoull(after_cpu, NULL, 10);
}

uint64_t clock_thread_preempted(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nivcsw : 0;
}

uint64_t clock_wall_ns(void)
{
    return clock_read_ns(CLOCK_REALTIME);
}
