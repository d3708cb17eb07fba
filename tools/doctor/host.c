#include "tools/doctor/host.h"

#include <stdio.h>
#include <string.h>

#include "tools/doctor/ranges.h"

#define IPV4         "proc/sys/net/ipv4/"
#define CPUS         "sys/devices/system/cpu/"
#define CLOCK        "sys/devices/system/clocksource/clocksource0/"
#define TRACKING     "proc/sys/net/netfilter/nf_conntrack_"
#define CAP_IPC_LOCK 14

/* How long a port in TIME_WAIT waits for its next use, where the kernel has no setting for it. */
#define REUSE_DELAY_MS 1000

static void read_kernel(struct host_kernel *k, const char *root)
{
    (void)reading_line(k->release, sizeof k->release, root, "proc/sys/kernel/osrelease");
    const char *at = k->release;
    k->major = reading_next_number(&at);
    at += *at == '.';
    k->minor = reading_next_number(&at);
    k->io_uring_disabled = reading_number(root, "proc/sys/kernel/io_uring_disabled");
    k->io_uring_group = reading_number(root, "proc/sys/kernel/io_uring_group");
}

/* ---- CPUs ---- */

/* Whether the CPU is the first of its core among those that are allowed. */
static bool leads_its_core(const struct host_cpus *c, const char *root, unsigned cpu)
{
    char list[1024];
    if (!reading_line(list, sizeof list, root, CPUS "cpu%u/topology/thread_siblings_list", cpu))
        return true;
    const cpu_set_t siblings = ranges_cpus(list);
    for (unsigned other = 0; other < cpu; other++) {
        if (CPU_ISSET(other, &siblings) && CPU_ISSET(other, &c->allowed))
            return false;
    }
    return true;
}

static void read_governor(struct host_cpus *c, const char *root, unsigned cpu)
{
    char governor[sizeof c->governor];
    const bool is_seen =
        reading_line(governor, sizeof governor, root, CPUS "cpu%u/cpufreq/scaling_governor", cpu);
    if (is_seen && (c->governor[0] == '\0' || strcmp(c->governor, "performance") == 0))
        memcpy(c->governor, governor, sizeof governor);
}

/* The first line of /proc/stat: "cpu user nice system idle iowait irq softirq steal guest ..";
 * guest time is in user time already. */
static void read_steal(struct host_cpus *c, const char *root)
{
    char line[256];
    const char *at = line + 3;
    c->steal_ticks = c->all_ticks = READING_UNKNOWN;
    if (!reading_line(line, sizeof line, root, "proc/stat") || strncmp(line, "cpu", 3) != 0)
        return;
    int64_t all = 0, ticks = 0;
    for (unsigned i = 0; i < 8; i++) {
        ticks = reading_next_number(&at);
        if (ticks < 0 || ticks > INT64_MAX / 16)
            return;
        all += ticks;
    }
    c->steal_ticks = ticks;
    c->all_ticks = all;
}

static void read_cpus(struct host_cpus *c, const char *root)
{
    struct reading status;
    char online[1024];
    (void)reading_line(online, sizeof online, root, CPUS "online");
    (void)reading_take(&status, root, "proc/self/status");
    const char *allowed = reading_field(&status, "Cpus_allowed_list:");
    char list[1024] = "";
    if (allowed != NULL)
        (void)snprintf(list, sizeof list, "%.*s",
                       (int)strcspn(allowed + strspn(allowed, "\t "), "\n"),
                       allowed + strspn(allowed, "\t "));
    c->online = ranges_cpus(online);
    c->allowed = ranges_cpus(list);
    CPU_ZERO(&c->one_per_core);
    c->governor[0] = '\0';
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &c->allowed))
            continue;
        if (leads_its_core(c, root, cpu))
            CPU_SET(cpu, &c->one_per_core);
        read_governor(c, root, cpu);
    }
    read_steal(c, root);
    (void)reading_line(c->clocksource, sizeof c->clocksource, root, CLOCK "current_clocksource");
    (void)reading_line(c->clocksources, sizeof c->clocksources, root,
                       CLOCK "available_clocksource");
    c->timer_slack_ns = reading_number(root, "proc/self/timerslack_ns");
}

/* ---- limits ---- */

/* Capabilities of a user namespace count for nothing here; the host's own maps all users. */
static bool is_on_the_host_itself(const char *root)
{
    char line[64];
    const char *at = line;
    (void)reading_line(line, sizeof line, root, "proc/self/uid_map");
    return reading_next_number(&at) == 0 && reading_next_number(&at) == 0 &&
           reading_next_number(&at) == UINT32_MAX;
}

static bool may_lock_memory(const char *root)
{
    struct reading status;
    unsigned long long capabilities = 0;
    (void)reading_take(&status, root, "proc/self/status");
    const char *at = reading_field(&status, "CapEff:");
    return at != NULL && sscanf(at, " %llx", &capabilities) == 1 &&
           (capabilities >> CAP_IPC_LOCK & 1) != 0 && is_on_the_host_itself(root);
}

static void read_limits(struct host_limits *l, const char *root)
{
    struct reading limits;
    (void)reading_take(&limits, root, "proc/self/limits");
    const char *files = reading_field(&limits, "Max open files");
    l->files_soft = files == NULL ? READING_UNKNOWN : reading_next_number(&files);
    l->files_hard = files == NULL ? READING_UNKNOWN : reading_next_number(&files);
    l->locked_bytes = reading_field_number(&limits, "Max locked memory");
    l->locks_freely = may_lock_memory(root);
}

/* ---- network ---- */

static int64_t ports_reserved(const struct host_network *n, const char *root)
{
    struct reading list;
    const char *at = list.text;
    uint32_t first, last;
    int64_t count = 0;
    (void)reading_take(&list, root, IPV4 "ip_local_reserved_ports");
    while (ranges_next(&at, &first, &last)) {
        const int64_t from = first > n->port_first ? first : n->port_first;
        const int64_t to = last < n->port_last ? last : n->port_last;
        count += to >= from ? to - from + 1 : 0;
    }
    return count;
}

static void read_network(struct host_network *n, const char *root)
{
    char range[64];
    const char *at = range;
    (void)reading_line(range, sizeof range, root, IPV4 "ip_local_port_range");
    n->port_first = reading_next_number(&at);
    n->port_last = reading_next_number(&at);
    n->ports_reserved = ports_reserved(n, root);
    n->tw_reuse = reading_number(root, IPV4 "tcp_tw_reuse");
    n->tw_reuse_delay_ms = reading_number(root, IPV4 "tcp_tw_reuse_delay");
    if (n->tw_reuse_delay_ms == READING_UNKNOWN)
        n->tw_reuse_delay_ms = REUSE_DELAY_MS;
    n->tw_buckets = reading_number(root, IPV4 "tcp_max_tw_buckets");
    n->timestamps = reading_number(root, IPV4 "tcp_timestamps");
    n->fin_timeout_s = reading_number(root, IPV4 "tcp_fin_timeout");
    n->syn_backlog = reading_number(root, IPV4 "tcp_max_syn_backlog");
    n->somaxconn = reading_number(root, "proc/sys/net/core/somaxconn");
    n->tracked = reading_number(root, TRACKING "count");
    n->tracked_max = reading_number(root, TRACKING "max");
    n->tracked_time_wait_s = reading_number(root, TRACKING "tcp_timeout_time_wait");
}

static void read_memory(struct host_memory *m, const char *root)
{
    struct reading memory;
    (void)reading_take(&memory, root, "proc/meminfo");
    const int64_t kib = reading_field_number(&memory, "MemAvailable:");
    m->available_bytes = kib < 0 || kib > INT64_MAX / 1024 ? READING_UNKNOWN : kib * 1024;
}

void host_read_limits(struct host *h, const char *root)
{
    *h = (struct host){ .tls_built = NULL };
    read_limits(&h->limits, root);
    read_network(&h->network, root);
    read_memory(&h->memory, root);
    h->cgroup = cgroup_read(root);
}

void host_read(struct host *h, const char *root)
{
    host_read_limits(h, root);
    read_kernel(&h->kernel, root);
    read_cpus(&h->cpus, root);
    h->interfaces = interfaces_read(root);
}

int64_t host_memory_left(const struct host *h)
{
    const int64_t machine = h->memory.available_bytes;
    const int64_t group = h->cgroup.memory_left;
    if (machine == READING_UNKNOWN)
        return group == READING_UNLIMITED ? READING_UNKNOWN : group;
    return group < machine ? group : machine;
}
