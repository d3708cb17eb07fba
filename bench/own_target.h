/* own_target — the project's own server in a process beside the benchmark, for round trips. */
#ifndef SQUALL_BENCH_OWN_TARGET_H
#define SQUALL_BENCH_OWN_TARGET_H

#include <stdint.h>
#include <sys/types.h>

struct own_target {
    pid_t pid;
    uint16_t port; /* of 127.0.0.1 */
};

/* Begin it before this process has threads. `cpu`: where it runs, -1 = anywhere. It ends with this
 * process. 0, or -errno when it did not come up. */
int own_target_open(struct own_target *t, int cpu);
void own_target_close(struct own_target *t);

#endif
