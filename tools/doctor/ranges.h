/* ranges — lists of numbers as the kernel writes them: "0-3,8". */
#ifndef SQUALL_TOOLS_DOCTOR_RANGES_H
#define SQUALL_TOOLS_DOCTOR_RANGES_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the range at *at and moves past it and the comma behind it. False at the end, and at
 * anything that is no range. */
bool ranges_next(const char **at, uint32_t *ret_first, uint32_t *ret_last);

/* The CPUs of a list; those that a cpu_set_t cannot hold are left out. */
cpu_set_t ranges_cpus(const char *list);

/* The list of a set, cut where the room ends: "none" for an empty one. */
void ranges_write_cpus(const cpu_set_t *cpus, char *out, size_t cap);

/* The mask of a set as /sys reads and writes it, in groups of 32 bits: "ff" or "1,00000000". */
void ranges_write_mask(const cpu_set_t *cpus, char *out, size_t cap);

#endif
