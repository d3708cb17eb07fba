#include "tools/cli/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The rest of the line after "model name : "; other processors than those of x86 tell none. */
static void read_model(char *out, size_t size)
{
    char line[256];
    FILE *in = fopen("/proc/cpuinfo", "re");
    out[0] = '\0';
    if (in == NULL)
        return;
    while (fgets(line, sizeof line, in) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", strlen("model name")) != 0 || colon == NULL)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        (void)snprintf(out, size, "%.*s", (int)strcspn(colon, "\n"), colon);
        break;
    }
    (void)fclose(in);
}

void machine_read(struct result_machine *ret_machine)
{
    struct utsname name;
    *ret_machine = (struct result_machine){ .system = "" };
    if (uname(&name) == 0)
        (void)snprintf(ret_machine->system, sizeof ret_machine->system, "%.40s %.64s %.20s",
                       name.sysname, name.release, name.machine);
    read_model(ret_machine->cpu, sizeof ret_machine->cpu);
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    ret_machine->cpus = cpus > 0 ? (uint32_t)cpus : 0;
}
