#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "stats/report/figure.h"
#include "tools/doctor/check.h"
#include "tools/doctor/judges.h"
#include "tools/doctor/ranges.h"

#define LIST_MAX       64u  /* of CPUs, as shown */
#define STEAL_RATIO    0.01 /* from here on measurements are worth little */
#define SHELL_HARMLESS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@-"

void judge_cpus(const struct host *h, struct finding *f)
{
    char list[LIST_MAX];
    const int allowed = CPU_COUNT(&h->cpus.allowed);
    if (allowed == 0) {
        finding_say(f, CHECK_UNKNOWN, "those this process may use cannot be read");
        return;
    }
    ranges_write_cpus(&h->cpus.allowed, list, sizeof list);
    finding_say(f, CHECK_FINE, "%d of %d may be used (%s): %d worker%s unless told otherwise",
                allowed, CPU_COUNT(&h->cpus.online), list, allowed, allowed == 1 ? "" : "s");
}

void judge_cores(const struct host *h, struct finding *f)
{
    char list[LIST_MAX];
    const int allowed = CPU_COUNT(&h->cpus.allowed);
    const int cores = CPU_COUNT(&h->cpus.one_per_core);
    if (allowed < 2)
        return;
    if (cores == allowed) {
        finding_say(f, CHECK_FINE, "no two of these CPUs share a core");
        return;
    }
    ranges_write_cpus(&h->cpus.one_per_core, list, sizeof list);
    finding_say(f, CHECK_LIMITS,
                "%d CPUs are %d cores: workers on two CPUs of one core slow each other down, and "
                "a server there slows both",
                allowed, cores);
    finding_advise(f, "--cpus %s", list);
}

void judge_quota(const struct host *h, struct finding *f)
{
    const struct cgroup *c = &h->cgroup;
    if (c->quota_us == READING_UNLIMITED) {
        finding_say(f, CHECK_FINE, "no cgroup limits the CPU time");
        return;
    }
    const int allowed = CPU_COUNT(&h->cpus.allowed);
    const double cpus = (double)c->quota_us / (double)c->period_us;
    finding_say(f, cpus < allowed ? CHECK_LIMITS : CHECK_FINE,
                "a cgroup allows %" PRId64 " us in each %" PRId64 " us = %s CPUs for %d worker%s, "
                "then all stand still; that was so in %" PRId64 " of %" PRId64 " periods",
                c->quota_us, c->period_us, figure_decimal(cpus, 2).text, allowed,
                allowed == 1 ? "" : "s", c->throttled > 0 ? c->throttled : 0,
                c->periods > 0 ? c->periods : 0);
    if (cpus < allowed)
        finding_advise(f, "--threads %d, or more CPU time for the container",
                       cpus < 2 ? 1 : (int)cpus);
}

void judge_governor(const struct host *h, struct finding *f)
{
    const char *governor = h->cpus.governor;
    if (governor[0] == '\0')
        return; /* a virtual machine: its host decides */
    if (strcmp(governor, "performance") == 0) {
        finding_say(f, CHECK_FINE, "performance: no CPU has to speed up first");
        return;
    }
    finding_say(f, CHECK_LIMITS,
                "%s: a CPU that was idle is slow at first, so latencies at low rates are longer "
                "and less even",
                governor);
    finding_command(f, "echo performance | tee "
                       "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
}

void judge_steal(const struct host *h, struct finding *f)
{
    const struct host_cpus *c = &h->cpus;
    if (c->all_ticks <= 0)
        return;
    const double ratio = (double)c->steal_ticks / (double)c->all_ticks;
    finding_say(f, ratio > STEAL_RATIO ? CHECK_LIMITS : CHECK_FINE,
                "%" PRId64 " of %" PRId64 " ticks since boot = %s went to other guests",
                c->steal_ticks, c->all_ticks, figure_percent(ratio).text);
    if (ratio > STEAL_RATIO)
        finding_advise(f, "measure on a machine, or at a time, that is not shared");
}

void judge_clock(const struct host *h, struct finding *f)
{
    /* They need a system call and a slow device for each reading. */
    static const char *const slow[] = { "hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit" };
    const struct host_cpus *c = &h->cpus;
    if (c->clocksource[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++) {
        if (strcmp(c->clocksource, slow[i]) != 0)
            continue;
        finding_say(f, CHECK_LIMITS,
                    "%s: each reading is a system call and takes about a microsecond, not 25 ns",
                    c->clocksource);
        if (strstr(c->clocksources, "tsc") != NULL)
            finding_command(f, "echo tsc > /sys/devices/system/clocksource/clocksource0/"
                               "current_clocksource");
        return;
    }
    finding_say(f, CHECK_FINE, "%s", c->clocksource);
}

void judge_timer_slack(const struct host *h, struct finding *f)
{
    if (h->cpus.timer_slack_ns >= 0)
        finding_say(f, CHECK_FINE, "%" PRId64 " ns; waits in io_uring showed no effect of it",
                    h->cpus.timer_slack_ns);
}

/* ---- interrupts ---- */

static bool is_narrow(const struct interface *i, int allowed)
{
    if (allowed < 2 || i->spreads)
        return false;
    return i->queues == 1 || CPU_COUNT(&i->interrupted) == 1;
}

/* The first interface that leaves the work to one CPU, or NULL. */
static const struct interface *find_narrow(const struct host *h)
{
    for (uint32_t i = 0; i < h->interfaces.count; i++) {
        if (is_narrow(&h->interfaces.items[i], CPU_COUNT(&h->cpus.allowed)))
            return &h->interfaces.items[i];
    }
    return NULL;
}

static void describe_interface(const struct interface *i, char *out, size_t cap)
{
    char list[LIST_MAX], interrupted[LIST_MAX + 32] = "";
    if (i->queues > 1 && CPU_COUNT(&i->interrupted) > 0) {
        ranges_write_cpus(&i->interrupted, list, sizeof list);
        (void)snprintf(interrupted, sizeof interrupted, ", interrupts on CPU%s %s",
                       CPU_COUNT(&i->interrupted) == 1 ? "" : "s", list);
    }
    (void)snprintf(out, cap, "%s: %" PRIu32 " receive queue%s%s, RPS %s", i->name, i->queues,
                   i->queues == 1 ? "" : "s", interrupted, i->spreads ? "on" : "off");
}

void judge_interrupts(const struct host *h, struct finding *f)
{
    char words[160], mask[CPU_SETSIZE / 3];
    const struct interface *narrow = find_narrow(h);
    if (h->interfaces.count == 0)
        return;
    describe_interface(narrow != NULL ? narrow : &h->interfaces.items[0], words, sizeof words);
    if (narrow == NULL) {
        finding_say(f, CHECK_FINE, "%s", words);
        return;
    }
    finding_say(f, CHECK_LIMITS, "%s: one CPU takes all that comes in there", words);
    if (strspn(narrow->name, SHELL_HARMLESS) < strlen(narrow->name))
        return; /* nobody should find such a name in a script */
    ranges_write_mask(&h->cpus.allowed, mask, sizeof mask);
    finding_command(f, "echo %s | tee /sys/class/net/%s/queues/rx-*/rps_cpus", mask, narrow->name);
}
