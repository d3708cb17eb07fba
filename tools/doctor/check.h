/* check — one thing that a doctor looks at: what was found and whether it stands in the way.
 *
 * The checks are one table (checks.c); each judge is a pure function of the facts.
 */
#ifndef SQUALL_TOOLS_DOCTOR_CHECK_H
#define SQUALL_TOOLS_DOCTOR_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/doctor/host.h"

/* From so many connections on a load is called large; a limit below is worth a warning. */
#define CHECK_CONNECTIONS_LARGE 10000

enum check_level {
    CHECK_FINE,
    CHECK_UNKNOWN, /* the facts could not be read */
    CHECK_LIMITS,  /* some loads will be held back by it */
    CHECK_BROKEN   /* nothing can run */
};

struct check;

struct finding {
    const struct check *check;
    enum check_level level;
    char sentence[512]; /* what was found, with the sum behind it; "" = nothing to say here */
    char remedy[256];   /* "" = none */
    bool is_command;    /* the remedy is for a shell; else it is advice */
};

struct check {
    const char *name;  /* for scripts */
    const char *label; /* for people; at most 11 columns */
    void (*judge)(const struct host *h, struct finding *f);
    unsigned group; /* those of a number are shown together */
};

#define CHECKS_MAX 32

struct findings {
    size_t count; /* in the order of the table */
    struct finding items[CHECKS_MAX];
};

/* Judges everything. What has nothing to say about this host is left out. */
void checks_run(const struct host *h, struct findings *ret_findings);

/* The worst of all levels. */
enum check_level findings_worst(const struct findings *f);

/* For the judges. */
void finding_say(struct finding *f, enum check_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void finding_advise(struct finding *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_command(struct finding *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
