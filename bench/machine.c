#include "bench/machine.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* The text after `key` in the first line of a file that has it; "unknown" when there is none. */
static void read_fact(const char *path, const char *key, char *out, size_t size)
{
    char line[256];
    snprintf(out, size, "unknown");
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            const char *value = line + strlen(key);
            value += strspn(value, " \t:");
            snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
            break;
        }
    }
    fclose(file);
}

void machine_pin(int cpu)
{
    cpu_set_t set;
    if (cpu < 0)
        return;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void choose_cpus(struct machine *m)
{
    cpu_set_t allowed;
    int first = -1, last = -1;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            if (!CPU_ISSET(cpu, &allowed))
                continue;
            first = first < 0 ? cpu : first;
            last = cpu;
        }
    }
    m->pinned_to = last;
    m->other_cpu = first == last ? -1 : first;
}

void machine_settle(struct machine *ret_machine)
{
    struct machine *m = ret_machine;
    struct utsname name;
    char path[96];

    choose_cpus(m);
    machine_pin(m->pinned_to);
    read_fact("/proc/cpuinfo", "model name", m->cpu, sizeof m->cpu);
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor",
             m->pinned_to);
    read_fact(path, "", m->governor, sizeof m->governor);
    const bool is_known = uname(&name) == 0;
    snprintf(m->kernel, sizeof m->kernel, "%s", is_known ? name.release : "unknown");
}
