/* cgroup — what the control groups of this process, of version 1 or 2, allow it: CPU time and
 * memory. Every group on the way to the root has a say: the least counts. */
#ifndef SQUALL_TOOLS_DOCTOR_CGROUP_H
#define SQUALL_TOOLS_DOCTOR_CGROUP_H

#include <stdint.h>

struct cgroup {
    int64_t quota_us;  /* CPU time of all threads in each period; READING_UNLIMITED = no limit */
    int64_t period_us; /* of that quota */
    int64_t periods;   /* so far, … */
    int64_t
        throttled; /* … and those in which the time was used up; READING_UNKNOWN = none counted */
    int64_t memory_left;  /* bytes up to the nearest limit; READING_UNLIMITED = no limit */
    int64_t memory_limit; /* that limit */
};

struct cgroup cgroup_read(const char *root);

#endif
