/* interfaces — the network cards that are up, and which CPUs take what comes in through them.
 * Loopback and other interfaces without a device behind them have no interrupts to spread. */
#ifndef SQUALL_TOOLS_DOCTOR_INTERFACES_H
#define SQUALL_TOOLS_DOCTOR_INTERFACES_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#define INTERFACES_MAX 8u

struct interface {
    char name[16];
    uint32_t queues;       /* that receive */
    bool spreads;          /* RPS: some queue's packets are handed on to other CPUs */
    cpu_set_t interrupted; /* CPUs that take its interrupts; none = not readable */
};

struct interfaces {
    uint32_t count;
    struct interface items[INTERFACES_MAX];
};

struct interfaces interfaces_read(const char *root);

#endif
