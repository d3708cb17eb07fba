/* harness — microbenchmarks: how long one round takes, with the spread, and whether the answer was
 * right.
 *
 * A benchmark is a function that does `rounds` rounds and checks its answer with bench_check(): a
 * fast wrong answer is no result. Fixtures are made in a `prepare` function, before timing. The
 * thread that is measured is pinned to one CPU.
 *
 * usage of a binary: [--quick] [--json FILE|-] [--compare OLD.json] [NAME]
 *   --quick     1000 rounds once, to see that it works; the figures mean little
 *   --json      the figures into FILE, or to stdout (the table then goes to stderr)
 *   --compare   beside the figures of an earlier --json, marking what differs beyond both spreads
 *   NAME        those that contain it
 */
#ifndef SQUALL_BENCH_HARNESS_H
#define SQUALL_BENCH_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench {
    const char *name;
    uint64_t rounds;       /* of one timed repetition */
    void (*prepare)(void); /* before each benchmark, not timed; NULL = nothing to do */
    void (*run)(uint64_t rounds);
    void (*finish)(void); /* after each benchmark, skipped or not; NULL = nothing to do */
    const char *beside;   /* an earlier one: how many times its median this takes is shown too */
};

/* Ends the program with 1, naming the place, when the answer is wrong. */
#define bench_check(holds) bench_check_at((holds), #holds, __FILE__, __LINE__)
void bench_check_at(bool holds, const char *what, const char *file, int line);

/* Called in `prepare`: this machine cannot show it. `why` must live on. */
void bench_skip(const char *why);

/* A CPU for a second thread or a server, not the one that is measured; -1 = there is none. */
int bench_other_cpu(void);

/* Keeps the compiler from leaving out work whose result nobody looks at. */
static inline void bench_keep(uint64_t value)
{
    __asm__ volatile("" : : "r"(value) : "memory");
}

/* Runs them and prints a line each. Returns the exit code; 2 for usage, and for a build whose
 * figures would mislead. */
int bench_main(int argc, char **argv, const struct bench *benches, size_t count);

/* False when this binary was built without optimisation or with a sanitizer. */
bool bench_is_measurable(void);

#endif
