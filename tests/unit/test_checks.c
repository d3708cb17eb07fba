/* test_checks — goal: each fact of a host gets the verdict it deserves, with the sum and the
 * command that mends it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/doctor_host.h"
#include "tools/doctor/check.h"

/* NULL when there is none. */
static const struct finding *find(const struct findings *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->items[i].check->name, name) == 0)
            return &all->items[i];
    }
    return NULL;
}

static void assert_finding(const struct host *h, const char *name, enum check_level level,
                           const char *sentence, const char *remedy)
{
    struct findings all;
    checks_run(h, &all);
    const struct finding *f = find(&all, name);
    assert_non_null(f);
    assert_string_equal(f->sentence, sentence);
    assert_string_equal(f->remedy, remedy);
    assert_int_equal(f->level, level);
}

static void assert_silent(const struct host *h, const char *name)
{
    struct findings all;
    checks_run(h, &all);
    assert_null(find(&all, name));
}

static void a_host_without_fault_is_fine_in_everything(void **state)
{
    const struct host h = fine_host();
    struct findings all;
    (void)state;
    checks_run(&h, &all);
    for (size_t i = 0; i < all.count; i++) {
        assert_int_equal(all.items[i].level, CHECK_FINE);
        assert_string_equal(all.items[i].remedy, "");
        assert_true(strlen(all.items[i].check->label) <= 11);
    }
    assert_int_equal(all.count, 18);
    assert_int_equal(findings_worst(&all), CHECK_FINE);
}

static void a_host_of_which_nothing_can_be_read_is_unknown_and_not_broken(void **state)
{
    struct host h;
    struct findings all;
    (void)state;
    host_read(&h, "/nowhere");
    h.ring = fine_host().ring;
    checks_run(&h, &all);
    assert_int_equal(findings_worst(&all), CHECK_UNKNOWN);
}

/* ---- the ring ---- */

static void an_old_kernel_is_broken_unless_a_ring_opens(void **state)
{
    struct host h = fine_host();
    (void)state;
    h.kernel = (struct host_kernel){ .release = "5.15.0", .major = 5, .minor = 15 };
    assert_finding(&h, "kernel", CHECK_LIMITS, "Linux 5.15.0; 6.1 or newer is needed",
                   "run on Linux 6.1 or newer");
    h.ring.error = -EINVAL;
    assert_finding(&h, "kernel", CHECK_BROKEN, "Linux 5.15.0; 6.1 or newer is needed",
                   "run on Linux 6.1 or newer");
    h.kernel = (struct host_kernel){ .release = "6.0.9", .major = 6, .minor = 0 };
    assert_finding(&h, "kernel", CHECK_BROKEN, "Linux 6.0.9; 6.1 or newer is needed",
                   "run on Linux 6.1 or newer");
    h.kernel = (struct host_kernel){ .release = "6.1.0", .major = 6, .minor = 1 };
    assert_finding(&h, "kernel", CHECK_FINE, "Linux 6.1.0; 6.1 or newer is needed", "");
    h.kernel = (struct host_kernel){ .release = "7.0.0", .major = 7, .minor = 0 };
    assert_finding(&h, "kernel", CHECK_FINE, "Linux 7.0.0; 6.1 or newer is needed", "");
}

static void a_refused_ring_names_who_refused_it(void **state)
{
    struct host h = fine_host();
    (void)state;
    h.ring.error = -EPERM;
    h.kernel.io_uring_disabled = 2;
    assert_finding(&h, "io_uring", CHECK_BROKEN,
                   "forbidden for everybody: kernel.io_uring_disabled = 2",
                   "sysctl -w kernel.io_uring_disabled=0");
    h.kernel.io_uring_disabled = 1;
    h.kernel.io_uring_group = 1001;
    assert_finding(&h, "io_uring", CHECK_BROKEN,
                   "forbidden for all but root and the group 1001: kernel.io_uring_disabled = 1",
                   "sysctl -w kernel.io_uring_disabled=0");
    h.kernel.io_uring_disabled = 0;
    assert_finding(&h, "io_uring", CHECK_BROKEN,
                   "refused (EPERM), and not by kernel.io_uring_disabled: by a seccomp filter, as "
                   "containers have one",
                   "allow io_uring_setup, io_uring_enter and io_uring_register in the container's "
                   "seccomp profile, or docker run --security-opt seccomp=unconfined");
    assert_silent(&h, "features");
}

static void every_error_of_a_ring_is_broken_and_has_a_remedy(void **state)
{
    static const int errors[] = { EPERM, EACCES, ENOSYS, ENOMEM, EMFILE, EINVAL, EFAULT, EBUSY };
    struct host h = fine_host();
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct findings all;
        h.ring.error = -errors[i];
        checks_run(&h, &all);
        assert_int_equal(find(&all, "io_uring")->level, CHECK_BROKEN);
        assert_string_not_equal(find(&all, "io_uring")->remedy, "");
        assert_int_equal(findings_worst(&all), CHECK_BROKEN);
    }
}

static void a_feature_that_matters_is_missed(void **state)
{
    struct host h = fine_host();
    (void)state;
    memcpy(h.ring.features, "coop_taskrun,direct_files", sizeof "coop_taskrun,direct_files");
    assert_finding(&h, "features", CHECK_LIMITS,
                   "coop_taskrun, direct_files; without defer_taskrun a small request costs up to "
                   "13 % more CPU time",
                   "run a newer kernel, without SQUALL_RING_MASK");
    memcpy(h.ring.features, "defer_taskrun,direct_files_", sizeof "defer_taskrun,direct_files_");
    assert_finding(&h, "features", CHECK_LIMITS,
                   "defer_taskrun, direct_files_; without direct_files each connection takes a "
                   "descriptor of the process",
                   "run a newer kernel, without SQUALL_RING_MASK");
}

static void openssl_is_told_only_where_it_is_linked(void **state)
{
    struct host h = fine_host();
    (void)state;
    assert_silent(&h, "tls");
    h.tls_built = "3.0.11";
    h.tls_running = "3.0.15";
    assert_finding(&h, "tls", CHECK_FINE, "OpenSSL 3.0.15; built with 3.0.11", "");
    h.tls_running = "30.0.1";
    assert_finding(&h, "tls", CHECK_LIMITS, "OpenSSL 30.0.1; built with 3.0.11",
                   "build squall again on this host");
}

/* ---- CPUs ---- */

static void siblings_of_a_core_are_counted(void **state)
{
    struct host h = fine_host();
    (void)state;
    h.cpus.one_per_core = ranges_cpus("0-1");
    assert_finding(&h, "cores", CHECK_LIMITS,
                   "4 CPUs are 2 cores: workers on two CPUs of one core slow each other down, and "
                   "a server there slows both",
                   "--cpus 0-1");
    h.cpus.allowed = h.cpus.one_per_core = ranges_cpus("3");
    assert_finding(&h, "cpus", CHECK_FINE, "1 of 4 may be used (3): 1 worker unless told otherwise",
                   "");
    assert_silent(&h, "cores");
}

static void a_quota_limits_when_it_is_less_than_the_cpus(void **state)
{
    struct host h = fine_host();
    (void)state;
    h.cgroup.quota_us = 150000;
    h.cgroup.period_us = 100000;
    h.cgroup.periods = 40;
    h.cgroup.throttled = 7;
    assert_finding(&h, "quota", CHECK_LIMITS,
                   "a cgroup allows 150000 us in each 100000 us = 1.50 CPUs for 4 workers, then "
                   "all stand still; that was so in 7 of 40 periods",
                   "--threads 1, or more CPU time for the container");
    h.cgroup.quota_us = 300000;
    struct findings all;
    checks_run(&h, &all);
    assert_string_equal(find(&all, "quota")->remedy,
                        "--threads 3, or more CPU time for the container");
    h.cgroup.quota_us = 400000;
    checks_run(&h, &all);
    assert_int_equal(find(&all, "quota")->level, CHECK_FINE);
}

static void a_saving_governor_limits_and_a_hidden_one_is_not_told(void **state)
{
    struct host h = fine_host();
    (void)state;
    memcpy(h.cpus.governor, "powersave", sizeof "powersave");
    assert_finding(&h, "governor", CHECK_LIMITS,
                   "powersave: a CPU that was idle is slow at first, so latencies at low rates are "
                   "longer and less even",
                   "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
    h.cpus.governor[0] = '\0';
    assert_silent(&h, "governor");
}

static void more_than_a_hundredth_of_steal_limits(void **state)
{
    struct host h = fine_host();
    (void)state;
    h.cpus.steal_ticks = 1000;
    assert_finding(&h, "steal", CHECK_FINE,
                   "1000 of 100000 ticks since boot = 1.00% went to other guests", "");
    h.cpus.steal_ticks = 1001;
    assert_finding(&h, "steal", CHECK_LIMITS,
                   "1001 of 100000 ticks since boot = 1.00% went to other guests",
                   "measure on a machine, or at a time, that is not shared");
}

static void a_slow_clock_has_a_remedy_where_there_is_a_faster_one(void **state)
{
    struct host h = fine_host();
    (void)state;
    memcpy(h.cpus.clocksource, "hpet", sizeof "hpet");
    assert_finding(&h, "clock", CHECK_LIMITS,
                   "hpet: each reading is a system call and takes about a microsecond, not 25 ns",
                   "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource");
    memcpy(h.cpus.clocksources, "hpet", sizeof "hpet");
    assert_finding(&h, "clock", CHECK_LIMITS,
                   "hpet: each reading is a system call and takes about a microsecond, not 25 ns",
                   "");
}

static void a_card_that_leaves_all_to_one_cpu_limits(void **state)
{
    struct host h = fine_host();
    struct interface *card = &h.interfaces.items[0];
    (void)state;
    card->interrupted = ranges_cpus("2");
    assert_finding(&h, "interrupts", CHECK_LIMITS,
                   "eth0: 4 receive queues, interrupts on CPU 2, RPS off: one CPU takes all that "
                   "comes in there",
                   "echo f | tee /sys/class/net/eth0/queues/rx-*/rps_cpus");
    card->spreads = true;
    assert_finding(&h, "interrupts", CHECK_FINE,
                   "eth0: 4 receive queues, interrupts on CPU 2, RPS on", "");
    *card = (struct interface){ .name = "eth0", .queues = 1 };
    assert_finding(&h, "interrupts", CHECK_LIMITS,
                   "eth0: 1 receive queue, RPS off: one CPU takes all that comes in there",
                   "echo f | tee /sys/class/net/eth0/queues/rx-*/rps_cpus");
    h.interfaces.count = 0;
    assert_silent(&h, "interrupts");
}

/* A card may be called almost anything, and a script is read by a shell. */
static void a_card_with_a_hostile_name_gets_no_command(void **state)
{
    struct host h = fine_host();
    (void)state;
    h.interfaces.items[0] = (struct interface){ .name = "$(reboot)", .queues = 1 };
    assert_finding(&h, "interrupts", CHECK_LIMITS,
                   "$(reboot): 1 receive queue, RPS off: one CPU takes all that comes in there",
                   "");
}

/* ---- limits ---- */

static void descriptors_are_counted_for_each_ring(void **state)
{
    struct host h = fine_host();
    (void)state;
    assert_finding(&h, "descriptors", CHECK_FINE,
                   "524288 for a worker's ring x 4 workers = 2097152 connections, once squall has "
                   "raised its soft limit",
                   "");
    h.limits = (struct host_limits){ .files_soft = 9999, .files_hard = 9999 };
    assert_finding(&h, "descriptors", CHECK_LIMITS,
                   "9999 for a worker's ring x 4 workers = 39996 connections", "ulimit -n 1048576");
    h.limits = (struct host_limits){ .files_soft = 10, .files_hard = READING_UNLIMITED };
    assert_finding(&h, "descriptors", CHECK_FINE,
                   "1048576 for a worker's ring x 4 workers = 4194304 connections, once squall has "
                   "raised its soft limit",
                   "");
}

/* 1335296 bytes of the largest ring x 4 workers. */
static void locked_memory_must_hold_a_ring_for_each_worker(void **state)
{
    struct host h = fine_host();
    struct findings all;
    (void)state;
    h.limits.locked_bytes = 4 * 1335296;
    checks_run(&h, &all);
    assert_int_equal(find(&all, "locked_memory")->level, CHECK_FINE);
    h.limits.locked_bytes--;
    assert_finding(&h, "locked_memory", CHECK_LIMITS,
                   "5215 KiB may be locked / 1304 KiB of the largest ring = 3 workers of more than "
                   "16384 connections; small rings take 16 KiB, older kernels count none",
                   "ulimit -l unlimited");
    h.limits.locks_freely = true;
    assert_finding(&h, "locked_memory", CHECK_FINE,
                   "this process may lock as much memory as it likes", "");
}

/* 10,000 x (568 + 144 + 8800) bytes. */
static void memory_is_held_against_a_large_load(void **state)
{
    struct host h = fine_host();
    struct findings all;
    (void)state;
    h.memory.available_bytes = 95120000;
    checks_run(&h, &all);
    assert_int_equal(find(&all, "memory")->level, CHECK_FINE);
    h.cgroup.memory_left = 95119999;
    assert_finding(&h, "memory", CHECK_LIMITS,
                   "95.1 MB available (within a cgroup's limit); 10000 users with a connection "
                   "each take 95.1 MB, 100000 take 951 MB: each 712 bytes of squall and 8.8 kB of "
                   "the kernel for both ends, half where the server is elsewhere",
                   "free memory, or raise the container's limit");
}

/* ---- the network ---- */

static void ports_are_a_range_less_what_is_reserved(void **state)
{
    struct host h = fine_host();
    (void)state;
    assert_finding(&h, "ports", CHECK_FINE,
                   "60999 - 32768 + 1 = 28232 connections to one address and port", "");
    h.network.ports_reserved = 18233;
    assert_finding(&h, "ports", CHECK_LIMITS,
                   "60999 - 32768 + 1 - 18233 reserved = 9999 connections to one address and port",
                   "sysctl -w net.ipv4.ip_local_port_range='10000 65535'");
}

static void a_range_that_is_none_is_unknown(void **state)
{
    static const int64_t ranges[][2] = { { 60999, 32768 },
                                         { -1, 60999 },
                                         { 32768, 65536 },
                                         { 0, READING_UNLIMITED },
                                         { READING_UNKNOWN, READING_UNKNOWN } };
    struct host h = fine_host();
    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        h.network.port_first = ranges[i][0];
        h.network.port_last = ranges[i][1];
        assert_finding(&h, "ports", CHECK_UNKNOWN, "net.ipv4.ip_local_port_range cannot be read",
                       "");
        assert_silent(&h, "time_wait");
    }
}

static void ports_in_time_wait_limit_new_connections(void **state)
{
    struct host h = fine_host();
    (void)state;
    assert_finding(&h, "time_wait", CHECK_FINE,
                   "when squall closes first: 28232 ports / 1 s = 28232 new connections/s to one "
                   "address and port; when the server does: no limit of ports here",
                   "");
    h.network.tw_reuse = 2;
    h.network.fin_timeout_s = 15;
    assert_finding(&h, "time_wait", CHECK_LIMITS,
                   "when squall closes first: 28232 ports / 60 s = 470.5 new connections/s to one "
                   "address and port, on loopback 28232 ports / 1 s = 28232; when the server does: "
                   "no limit of ports here; tcp_fin_timeout = 15 s changes none of this",
                   "sysctl -w net.ipv4.tcp_tw_reuse=1");
    h.network.fin_timeout_s = 60;
    h.network.timestamps = 0;
    assert_finding(&h, "time_wait", CHECK_LIMITS,
                   "when squall closes first: 28232 ports / 60 s = 470.5 new connections/s to one "
                   "address and port; when the server does: no limit of ports here",
                   "sysctl -w net.ipv4.tcp_timestamps=1 net.ipv4.tcp_tw_reuse=1");
    h.network.tw_buckets = 4096;
    assert_finding(&h, "time_wait", CHECK_FINE,
                   "new connections never run out of ports: of 28232 at most 4096 are kept "
                   "(tcp_max_tw_buckets)",
                   "");
}

static void a_short_backlog_limits_bursts(void **state)
{
    struct host h = fine_host();
    (void)state;
    h.network.somaxconn = 128;
    assert_finding(&h, "backlog", CHECK_LIMITS,
                   "128 connections may wait for a server here to accept them (somaxconn), 2048 be "
                   "half open (tcp_max_syn_backlog)",
                   "sysctl -w net.core.somaxconn=4096");
}

static void tracked_connections_limit_when_few_are_left(void **state)
{
    struct host h = fine_host();
    (void)state;
    h.network.tracked = 252145;
    assert_finding(&h, "conntrack", CHECK_LIMITS,
                   "262144 - 252145 = 9999 more connections where a firewall rule tracks them, "
                   "262144 / 120 s = 2184 new ones/s",
                   "sysctl -w net.netfilter.nf_conntrack_max=1048576");
    h.network.tracked_max = READING_UNKNOWN;
    assert_silent(&h, "conntrack");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_without_fault_is_fine_in_everything),
        cmocka_unit_test(a_host_of_which_nothing_can_be_read_is_unknown_and_not_broken),
        cmocka_unit_test(an_old_kernel_is_broken_unless_a_ring_opens),
        cmocka_unit_test(a_refused_ring_names_who_refused_it),
        cmocka_unit_test(every_error_of_a_ring_is_broken_and_has_a_remedy),
        cmocka_unit_test(a_feature_that_matters_is_missed),
        cmocka_unit_test(openssl_is_told_only_where_it_is_linked),
        cmocka_unit_test(siblings_of_a_core_are_counted),
        cmocka_unit_test(a_quota_limits_when_it_is_less_than_the_cpus),
        cmocka_unit_test(a_saving_governor_limits_and_a_hidden_one_is_not_told),
        cmocka_unit_test(more_than_a_hundredth_of_steal_limits),
        cmocka_unit_test(a_slow_clock_has_a_remedy_where_there_is_a_faster_one),
        cmocka_unit_test(a_card_that_leaves_all_to_one_cpu_limits),
        cmocka_unit_test(a_card_with_a_hostile_name_gets_no_command),
        cmocka_unit_test(descriptors_are_counted_for_each_ring),
        cmocka_unit_test(locked_memory_must_hold_a_ring_for_each_worker),
        cmocka_unit_test(memory_is_held_against_a_large_load),
        cmocka_unit_test(ports_are_a_range_less_what_is_reserved),
        cmocka_unit_test(a_range_that_is_none_is_unknown),
        cmocka_unit_test(ports_in_time_wait_limit_new_connections),
        cmocka_unit_test(a_short_backlog_limits_bursts),
        cmocka_unit_test(tracked_connections_limit_when_few_are_left),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("checks", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE;
}
