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
