/* test_host — goal: the facts of a machine are what its /proc and /sys say, whatever is missing or
 * mangled there. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/unit/fake_root.h"
#include "tools/doctor/host.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define CPU              "sys/devices/system/cpu/"
#define IPV4             "proc/sys/net/ipv4/"
#define CARD             "sys/class/net/eth0/"

/* Two cores of two CPUs each, as a desktop with a container on it. */
static const struct fake_file desktop[] = {
    { "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n" },
    { "proc/sys/kernel/io_uring_disabled", "1\n" },
    { "proc/sys/kernel/io_uring_group", "-1\n" },
    { CPU "online", "0-7\n" },
    { "proc/self/status", "Name:\tsquall\nCapEff:\t0000000000004000\nCpus_allowed:\tf\n"
                          "Cpus_allowed_list:\t0-3\n" },
    { "proc/self/uid_map", "         0          0 4294967295\n" },
    { CPU "cpu0/topology/thread_siblings_list", "0,2\n" },
    { CPU "cpu1/topology/thread_siblings_list", "1,3\n" },
    { CPU "cpu2/topology/thread_siblings_list", "0,2\n" },
    { CPU "cpu3/topology/thread_siblings_list", "1,3\n" },
    { CPU "cpu0/cpufreq/scaling_governor", "performance\n" },
    { CPU "cpu1/cpufreq/scaling_governor", "powersave\n" },
    { CPU "cpu2/cpufreq/scaling_governor", "performance\n" },
    { "proc/stat", "cpu  100 0 200 600 50 0 20 30 100 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n" },
    { "sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n" },
    { "sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet \n" },
    { "proc/self/timerslack_ns", "50000\n" },
    { "proc/self/limits", "Limit          Soft Limit  Hard Limit  Units\n"
                          "Max open files            1024                 524288       files\n"
                          "Max locked memory         8388608              unlimited    bytes\n" },
    { IPV4 "ip_local_port_range", "32768\t60999\n" },
    { IPV4 "ip_local_reserved_ports", "8080,32700-32770,40000,60999-61010\n" },
    { IPV4 "tcp_tw_reuse", "2\n" },
    { IPV4 "tcp_max_tw_buckets", "262144\n" },
    { IPV4 "tcp_timestamps", "1\n" },
    { IPV4 "tcp_fin_timeout", "60\n" },
    { IPV4 "tcp_max_syn_backlog", "2048\n" },
    { "proc/sys/net/core/somaxconn", "4096\n" },
    { "proc/sys/net/netfilter/nf_conntrack_count", "12\n" },
    { "proc/sys/net/netfilter/nf_conntrack_max", "262144\n" },
    { "proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait", "120\n" },
    { "proc/meminfo", "MemTotal:  16000000 kB\nMemFree:  1 kB\nMemAvailable:  8000000 kB\n" },
    { CARD "operstate", "up\n" },
    { CARD "device/vendor", "0x1af4\n" },
    { CARD "queues/rx-0/rps_cpus", "00000000,00000000\n" },
    { CARD "queues/rx-1/rps_cpus", "00000000,00000000\n" },
    { CARD "queues/tx-0/tx_maxrate", "0\n" },
    { CARD "msi_irqs/41", "msix\n" },
    { CARD "msi_irqs/42", "msix\n" },
    { "proc/irq/41/effective_affinity_list", "2\n" },
    { "proc/irq/42/effective_affinity_list", "3\n" },
    { "sys/class/net/eth1/operstate", "down\n" },
    { "sys/class/net/eth1/device/vendor", "0x1af4\n" },
    { "sys/class/net/docker0/operstate", "up\n" },
    { "sys/class/net/docker0/queues/rx-0/rps_cpus", "0\n" },
    { "sys/class/net/lo/operstate", "unknown\n" },
    { "sys/class/net/lo/queues/rx-0/rps_cpus", "0\n" },
};

static int open_desktop(void **state)
{
    static struct fake_root root;
    fake_root_open(&root, desktop, ARRAY_LEN(desktop));
    *state = &root;
    return 0;
}

static int open_empty(void **state)
{
    static struct fake_root root;
    fake_root_open(&root, NULL, 0);
    *state = &root;
    return 0;
}

static int close_root(void **state)
{
    fake_root_close(*state);
    return 0;
}

static struct host host_of(void **state)
{
    const struct fake_root *root = *state;
    struct host h;
    host_read(&h, root->path);
    return h;
}

static void the_kernel_and_its_switch_are_read(void **state)
{
    const struct host h = host_of(state);
    assert_string_equal(h.kernel.release, "6.1.0-18-amd64");
    assert_int_equal(h.kernel.major, 6);
    assert_int_equal(h.kernel.minor, 1);
    assert_int_equal(h.kernel.io_uring_disabled, 1);
    assert_int_equal(h.kernel.io_uring_group, -1);
}

static void the_first_allowed_cpu_of_each_core_leads_it(void **state)
{
    const struct host h = host_of(state);
    assert_int_equal(CPU_COUNT(&h.cpus.online), 8);
    assert_int_equal(CPU_COUNT(&h.cpus.allowed), 4);
    assert_int_equal(CPU_COUNT(&h.cpus.one_per_core), 2);
    assert_true(CPU_ISSET(0, &h.cpus.one_per_core) && CPU_ISSET(1, &h.cpus.one_per_core));
}

static void a_sibling_that_is_not_allowed_shares_nothing(void **state)
{
    fake_root_write(*state, "proc/self/status", "Cpus_allowed_list:\t2-3\n");
    const struct host h = host_of(state);
    assert_int_equal(CPU_COUNT(&h.cpus.one_per_core), 2);
    assert_true(CPU_ISSET(2, &h.cpus.one_per_core) && CPU_ISSET(3, &h.cpus.one_per_core));
}

static void one_slow_governor_is_told_among_fast_ones(void **state)
{
    assert_string_equal(host_of(state).cpus.governor, "powersave");
    fake_root_write(*state, CPU "cpu1/cpufreq/scaling_governor", "performance\n");
    assert_string_equal(host_of(state).cpus.governor, "performance");
}

static void steal_is_its_share_of_all_ticks_and_guests_are_not_counted_twice(void **state)
{
    const struct host h = host_of(state);
    assert_int_equal(h.cpus.steal_ticks, 30);
    assert_int_equal(h.cpus.all_ticks, 100 + 200 + 600 + 50 + 20 + 30);
}

static void limits_are_read_soft_and_hard(void **state)
{
    const struct host h = host_of(state);
    assert_int_equal(h.limits.files_soft, 1024);
    assert_int_equal(h.limits.files_hard, 524288);
    assert_int_equal(h.limits.locked_bytes, 8388608);
}

static void the_right_to_lock_memory_counts_on_the_host_itself_only(void **state)
{
    assert_true(host_of(state).limits.locks_freely);
    fake_root_write(*state, "proc/self/uid_map", "         0       1000          1\n");
    assert_false(host_of(state).limits.locks_freely);
    fake_root_write(*state, "proc/self/uid_map", "         0          0 4294967295\n");
    fake_root_write(*state, "proc/self/status", "CapEff:\t0000000000000000\n");
    assert_false(host_of(state).limits.locks_freely);
}

/* 32768-32770, 40000 and 60999 are in the range. */
static void reserved_ports_count_where_they_are_in_the_range(void **state)
{
    const struct host h = host_of(state);
    assert_int_equal(h.network.port_first, 32768);
    assert_int_equal(h.network.port_last, 60999);
    assert_int_equal(h.network.ports_reserved, 3 + 1 + 1);
}

static void a_port_rests_a_second_where_the_kernel_does_not_say(void **state)
{
    assert_int_equal(host_of(state).network.tw_reuse_delay_ms, 1000);
    fake_root_write(*state, IPV4 "tcp_tw_reuse_delay", "250\n");
    assert_int_equal(host_of(state).network.tw_reuse_delay_ms, 250);
}

static void cards_that_are_up_are_listed_with_their_interrupts(void **state)
{
    const struct host h = host_of(state);
    assert_int_equal(h.interfaces.count, 1);
    const struct interface *card = &h.interfaces.items[0];
    assert_string_equal(card->name, "eth0");
    assert_int_equal(card->queues, 2);
    assert_false(card->spreads);
    assert_int_equal(CPU_COUNT(&card->interrupted), 2);
    assert_true(CPU_ISSET(2, &card->interrupted) && CPU_ISSET(3, &card->interrupted));
    fake_root_write(*state, CARD "queues/rx-1/rps_cpus", "00000000,0000000f\n");
    assert_true(host_of(state).interfaces.items[0].spreads);
}

/* ---- control groups ---- */

static void without_groups_there_is_no_limit(void **state)
{
    const struct cgroup c = host_of(state).cgroup;
    assert_int_equal(c.quota_us, READING_UNLIMITED);
    assert_int_equal(c.memory_left, READING_UNLIMITED);
}

static void the_tightest_group_on_the_way_up_counts(void **state)
{
    fake_root_write(*state, "proc/self/cgroup", "0::/user.slice/run.scope\n");
    fake_root_write(*state, "sys/fs/cgroup/user.slice/run.scope/cpu.max", "max 100000\n");
    fake_root_write(*state, "sys/fs/cgroup/user.slice/run.scope/memory.max", "500000000\n");
    fake_root_write(*state, "sys/fs/cgroup/user.slice/run.scope/memory.current", "100000000\n");
    fake_root_write(*state, "sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
    fake_root_write(*state, "sys/fs/cgroup/user.slice/cpu.stat", "nr_periods 40\nnr_throttled 7\n");
    fake_root_write(*state, "sys/fs/cgroup/user.slice/memory.max", "600000000\n");
    fake_root_write(*state, "sys/fs/cgroup/user.slice/memory.current", "450000000\n");
    fake_root_write(*state, "sys/fs/cgroup/user.slice/memory.stat",
                    "anon 1\ninactive_file 50000000\n");
    const struct host h = host_of(state);
    assert_int_equal(h.cgroup.quota_us, 150000);
    assert_int_equal(h.cgroup.period_us, 100000);
    assert_int_equal(h.cgroup.throttled, 7);
    assert_int_equal(h.cgroup.periods, 40);
    assert_int_equal(h.cgroup.memory_limit, 600000000);
    assert_int_equal(h.cgroup.memory_left, 600000000 - (450000000 - 50000000));
    assert_int_equal(host_memory_left(&h), 200000000);
}

static void groups_of_version_1_are_read_too(void **state)
{
    fake_root_write(*state, "proc/self/cgroup", "4:memory:/box\n2:cpu,cpuacct:/box\n0::/\n");
    fake_root_write(*state, "sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "200000\n");
    fake_root_write(*state, "sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
    fake_root_write(*state, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    fake_root_write(*state, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    fake_root_write(*state, "sys/fs/cgroup/memory/box/memory.limit_in_bytes",
                    "9223372036854771712\n");
    fake_root_write(*state, "sys/fs/cgroup/memory/box/memory.usage_in_bytes", "1000\n");
    const struct cgroup c = host_of(state).cgroup;
    assert_int_equal(c.quota_us, 200000);
    assert_int_equal(c.period_us, 100000);
    assert_int_equal(c.memory_left, READING_UNLIMITED);
}

/* There the path is that outside, and what is mounted is the group itself. */
static void inside_a_container_the_mounted_group_counts(void **state)
{
    fake_root_write(*state, "proc/self/cgroup", "4:memory:/docker/4711\n2:cpu:/docker/4711\n");
    fake_root_write(*state, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
    fake_root_write(*state, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    fake_root_write(*state, "sys/fs/cgroup/memory/memory.limit_in_bytes", "64000000\n");
    fake_root_write(*state, "sys/fs/cgroup/memory/memory.usage_in_bytes", "4000000\n");
    const struct cgroup c = host_of(state).cgroup;
    assert_int_equal(c.quota_us, 50000);
    assert_int_equal(c.memory_left, 60000000);
}

static void a_path_out_of_the_groups_is_no_trouble(void **state)
{
    static const char *const lines[] = { "0::/../../etc\n", "0::\n",        "0:\n",      ":::\n",
                                         "2:cpu\n",         "1:cpu:/a\n1:", "\n\n0::/\n" };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        fake_root_write(*state, "proc/self/cgroup", lines[i]);
        assert_int_equal(host_of(state).cgroup.quota_us, READING_UNLIMITED);
    }
}

/* ---- what is missing or mangled ---- */

static void an_empty_root_leaves_everything_unknown(void **state)
{
    const struct host h = host_of(state);
    assert_string_equal(h.kernel.release, "");
    assert_int_equal(h.kernel.major, READING_UNKNOWN);
    assert_int_equal(h.kernel.io_uring_disabled, READING_UNKNOWN);
    assert_int_equal(CPU_COUNT(&h.cpus.allowed), 0);
    assert_int_equal(h.cpus.all_ticks, READING_UNKNOWN);
    assert_int_equal(h.limits.files_hard, READING_UNKNOWN);
    assert_int_equal(h.limits.locked_bytes, READING_UNKNOWN);
    assert_int_equal(h.network.port_first, READING_UNKNOWN);
    assert_int_equal(h.network.ports_reserved, 0);
    assert_int_equal(h.network.tracked_max, READING_UNKNOWN);
    assert_int_equal(h.memory.available_bytes, READING_UNKNOWN);
    assert_int_equal(host_memory_left(&h), READING_UNKNOWN);
    assert_int_equal(h.interfaces.count, 0);
}

/* Each file, cut at every byte, and full of what does not belong there. */
static void mangled_files_are_read_in_bounds(void **state)
{
    static const char *const nonsense[] = {
        "",
        "\n",
        "-",
        "99999999999999999999999999",
        "-99999999999999999999999999",
        "\xff\xfe",
        "max max max",
        "1-2-3,,,",
        "cpu cpu cpu",
        "0::/"
        "x/../x/../x",
    };
    const struct fake_root *root = *state;
    struct host h;
    for (size_t i = 0; i < ARRAY_LEN(desktop); i++) {
        for (size_t len = 0; len <= strlen(desktop[i].text); len++) {
            char *cut = strndup(desktop[i].text, len);
            assert_non_null(cut);
            fake_root_write(root, desktop[i].path, cut);
            free(cut);
            host_read(&h, root->path);
        }
        for (size_t n = 0; n < ARRAY_LEN(nonsense); n++) {
            fake_root_write(root, desktop[i].path, nonsense[n]);
            host_read(&h, root->path);
        }
        fake_root_write(root, desktop[i].path, desktop[i].text);
    }
}

static void a_root_with_too_long_a_name_is_empty(void **state)
{
    char root[2 * READING_PATH_MAX];
    struct host h;
    (void)state;
    memset(root, 'a', sizeof root - 1);
    root[sizeof root - 1] = '\0';
    host_read(&h, root);
    assert_int_equal(h.network.port_first, READING_UNKNOWN);
}

#define ON_DESKTOP(test) cmocka_unit_test_setup_teardown(test, open_desktop, close_root)
#define ON_NOTHING(test) cmocka_unit_test_setup_teardown(test, open_empty, close_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DESKTOP(the_kernel_and_its_switch_are_read),
        ON_DESKTOP(the_first_allowed_cpu_of_each_core_leads_it),
        ON_DESKTOP(a_sibling_that_is_not_allowed_shares_nothing),
        ON_DESKTOP(one_slow_governor_is_told_among_fast_ones),
        ON_DESKTOP(steal_is_its_share_of_all_ticks_and_guests_are_not_counted_twice),
        ON_DESKTOP(limits_are_read_soft_and_hard),
        ON_DESKTOP(the_right_to_lock_memory_counts_on_the_host_itself_only),
        ON_DESKTOP(reserved_ports_count_where_they_are_in_the_range),
        ON_DESKTOP(a_port_rests_a_second_where_the_kernel_does_not_say),
        ON_DESKTOP(cards_that_are_up_are_listed_with_their_interrupts),
        ON_DESKTOP(without_groups_there_is_no_limit),
        ON_DESKTOP(the_tightest_group_on_the_way_up_counts),
        ON_DESKTOP(groups_of_version_1_are_read_too),
        ON_DESKTOP(inside_a_container_the_mounted_group_counts),
        ON_DESKTOP(a_path_out_of_the_groups_is_no_trouble),
        ON_NOTHING(an_empty_root_leaves_everything_unknown),
        ON_DESKTOP(mangled_files_are_read_in_bounds),
        cmocka_unit_test(a_root_with_too_long_a_name_is_empty),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("host", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
