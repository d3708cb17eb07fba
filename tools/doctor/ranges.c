#include "tools/doctor/ranges.h"

#include <stdio.h>
#include <string.h>

#define DIGITS_MAX  9 /* any such number fits 32 bits */
#define MASK_BITS   32
#define MASK_GROUPS (CPU_SETSIZE / MASK_BITS)

static bool read_number(const char **at, uint32_t *ret_number)
{
    uint32_t number = 0;
    const char *c = *at;
    for (; *c >= '0' && *c <= '9' && c - *at < DIGITS_MAX; c++)
        number = number * 10 + (uint32_t)(*c - '0');
    if (c == *at || (*c >= '0' && *c <= '9'))
        return false;
    *at = c;
    *ret_number = number;
    return true;
}

bool ranges_next(const char **at, uint32_t *ret_first, uint32_t *ret_last)
{
    const char *c = *at;
    uint32_t first, last;
    if (!read_number(&c, &first))
        return false;
    last = first;
    if (*c == '-') {
        c++;
        if (!read_number(&c, &last) || last < first)
            return false;
    }
    if (*c != ',' && *c != '\0')
        return false;
    *at = *c == ',' ? c + 1 : c;
    *ret_first = first;
    *ret_last = last;
    return true;
}

cpu_set_t ranges_cpus(const char *list)
{
    cpu_set_t cpus;
    uint32_t first, last;
    CPU_ZERO(&cpus);
    while (ranges_next(&list, &first, &last)) {
        for (uint32_t cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++)
            CPU_SET(cpu, &cpus);
    }
    return cpus;
}

void ranges_write_cpus(const cpu_set_t *cpus, char *out, size_t cap)
{
    size_t used = 0;
    (void)snprintf(out, cap, "none");
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, cpus))
            continue;
        unsigned last = cpu;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
            last++;
        char range[32];
        const int len =
            last == cpu ? snprintf(range, sizeof range, "%s%u", used > 0 ? "," : "", cpu)
                        : snprintf(range, sizeof range, "%s%u-%u", used > 0 ? "," : "", cpu, last);
        if (used + (size_t)len >= cap)
            return;
        memcpy(out + used, range, (size_t)len + 1);
        used += (size_t)len;
        cpu = last;
    }
}

static uint32_t mask_group(const cpu_set_t *cpus, unsigned group)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < MASK_BITS; i++) {
        if (CPU_ISSET(group * MASK_BITS + i, cpus))
            bits |= UINT32_C(1) << i;
    }
    return bits;
}

void ranges_write_mask(const cpu_set_t *cpus, char *out, size_t cap)
{
    unsigned group = MASK_GROUPS - 1;
    while (group > 0 && mask_group(cpus, group) == 0)
        group--;
    size_t used = (size_t)snprintf(out, cap, "%x", mask_group(cpus, group));
    while (group > 0 && used < cap) {
        group--;
        used += (size_t)snprintf(out + used, cap - used, ",%08x", mask_group(cpus, group));
    }
}
