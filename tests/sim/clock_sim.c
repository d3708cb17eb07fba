#include "engine/io/clock.h"

#include "tests/sim/world.h"

uint64_t clock_now_ns(void)
{
    return world_now()->now_ns;
}

/* A core that is one percent busy. */
uint64_t clock_thread_cpu_ns(void)
{
    return (world_now()->now_ns - WORLD_START_NS) / 100;
}

uint64_t clock_thread_delay_ns(void)
{
    return 0;
}

uint64_t clock_thread_preempted(void)
{
    return 0;
}

/* Long after 1970, and in step with the other unless a test wants it to jump. */
uint64_t clock_wall_ns(void)
{
    const struct world *w = world_now();
    const uint64_t wall_ns = UINT64_C(1700000000000000000) + w->now_ns;
    if (w->wall_offset_ns == NULL)
        return wall_ns;
    return wall_ns + (uint64_t)w->wall_offset_ns(w->now_ns - WORLD_START_NS);
}
