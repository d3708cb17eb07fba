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

/* Long after 1970, and in step with the other. */
uint64_t clock_wall_ns(void)
{
    return UINT64_C(1700000000000000000) + world_now()->now_ns;
}
