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
