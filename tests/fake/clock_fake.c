#include "engine/io/clock.h"

#include "tests/fake/ring_fake.h"

uint64_t clock_now_ns(void)
{
    return fake_clock_ns();
}

uint64_t clock_thread_cpu_ns(void)
{
    return 0;
}

uint64_t clock_thread_delay_ns(void)
{
    return 0;
}

uint64_t clock_thread_preempted(void)
{
    return 0;
}

/* Long after 1970, and in step with the other. */
uint64_t clock_wall_ns(void)
{
    return UINT64_C(1700000000000000000) + fake_clock_ns();
}
