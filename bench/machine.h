/* machine — what a figure was measured on, and the CPUs this process may use. */
#ifndef SQUALL_BENCH_MACHINE_H
#define SQUALL_BENCH_MACHINE_H

struct machine {
    char cpu[128], governor[64], kernel[96]; /* "unknown" when the system does not tell */
    int pinned_to; /* the last CPU allowed: interrupts and all else tend to be on the first; -1 =
                      not pinned */
    int other_cpu; /* the first one allowed; -1 = there is but one */
};

/* Reads the facts, pins the calling thread to `pinned_to`. */
void machine_settle(struct machine *ret_machine);

/* The calling thread, to one CPU; -1 = leave it. */
void machine_pin(int cpu);

#endif
