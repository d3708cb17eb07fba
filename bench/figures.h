/* figures — what a benchmark came to, and writing it as JSON. */
#ifndef SQUALL_BENCH_FIGURES_H
#define SQUALL_BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

struct machine;

struct figures {
    const char *name;
    const char *skipped;              /* why, NULL when it ran */
    double min_ns, median_ns, max_ns; /* of one round */
    const char *beside;               /* NULL = none, or it did not run */
    double ratio;                     /* median here / median of `beside` */
};

/* 0 or -errno. `path` "-" is stdout. */
int figures_write(const char *path, const struct machine *m, bool is_quick,
                  const struct figures *all, size_t count);

#endif
