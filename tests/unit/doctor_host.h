/* doctor_host — the facts of a machine on which nothing is in the way, for the tests that judge
 * them. */
#ifndef SQUALL_TESTS_UNIT_DOCTOR_HOST_H
#define SQUALL_TESTS_UNIT_DOCTOR_HOST_H

#include "tools/doctor/host.h"
#include "tools/doctor/ranges.h"

/* 60999 - 32768 + 1 = 28232 ports. */
static inline struct host fine_host(void)
{
    struct host h = {
        .kernel = { .release = "6.12.1", .major = 6, .minor = 12 },
        .ring = { .features = "single_issuer,defer_taskrun,direct_files" },
        .cpus = { .governor = "performance",
                  .steal_ticks = 1,
                  .all_ticks = 100000,
                  .clocksource = "tsc",
                  .clocksources = "tsc hpet",
                  .timer_slack_ns = 50000 },
        .limits = { .files_soft = 1024, .files_hard = 524288, .locked_bytes = READING_UNLIMITED },
        .network = { .port_first = 32768,
                     .port_last = 60999,
                     .tw_reuse = 1,
                     .tw_reuse_delay_ms = 1000,
                     .tw_buckets = 262144,
                     .timestamps = 1,
                     .fin_timeout_s = 60,
                     .somaxconn = 4096,
                     .syn_backlog = 2048,
                     .tracked = 0,
                     .tracked_max = 262144,
                     .tracked_time_wait_s = 120 },
        .memory = { .available_bytes = INT64_C(8000000000) },
        .cgroup = { .quota_us = READING_UNLIMITED, .memory_left = READING_UNLIMITED },
    };
    h.cpus.online = h.cpus.allowed = h.cpus.one_per_core = ranges_cpus("0-3");
    h.interfaces.count = 1;
    h.interfaces.items[0] =
        (struct interface){ .name = "eth0", .queues = 4, .interrupted = ranges_cpus("0-3") };
    return h;
}

#endif
