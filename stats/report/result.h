/* result — a whole run, ready to be written in any format: what reports take as their only
 * argument.
 *
 * Filled by the program, borrowed pointers throughout; nothing here is owned.
 */
#ifndef SQUALL_STATS_REPORT_RESULT_H
#define SQUALL_STATS_REPORT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/address_tally.h"
#include "stats/audit.h"
#include "stats/blame.h"
#include "stats/evidence.h"
#include "stats/expectation.h"
#include "stats/interval_log.h"
#include "stats/series.h"
#include "stats/summary.h"
#include "stats/tally.h"

struct result_load {
    const char *kind; /* "connections", "users" or "rate" */
    uint64_t users;   /* asked for; 0 = none */
    uint64_t users_peak;
    double spawn_rate; /* NaN = none */
    uint64_t connections;
    double rate;     /* NaN = closed loop */
    bool has_stages; /* users or rate are the highest of them */
    uint32_t pipeline;
    double gather_us; /* answers were left waiting for others so long; 0 = were not */
    uint32_t threads;
    const int *cpus; /* `threads` of them; -1 = not pinned */
};

struct result_expectation {
    const char *expr;
    enum expectation_unit unit;
    double value; /* NaN = nothing was measured */
    bool holds;
};

/* The beginning of a run that is left out, or told apart. */
struct result_warmup {
    bool is_asked; /* false: nothing of the rest means anything */
    bool is_found; /* by itself: the result is of the whole run; else it is of what came after */
    bool settled;  /* false: the latency kept changing, no steady part was seen */
    double cut_s;
    double p50_us, p99_us;             /* without it */
    double whole_p50_us, whole_p99_us; /* and with it */
};

/* What one core had to bear up to `t_s`, since the point before. Shares are of the time; NaN = not
 * known. */
struct result_strain {
    double t_s;
    uint32_t core;
    double cpu, run_delay, steal;
    uint64_t preempted, throttled, overflows, buffers_dry;
    double turn_max_us; /* the longest turn of the event loop */
};

struct result_generator {
    const char *verdict; /* "ok", "generator", "interrupted", … */
    size_t reason_count;
    const char *const *reasons;
    const double *cpu;         /* share of its CPU that each worker used, 0..1 */
    const char *limited_by;    /* "server", "generator", "think time" or "unproven" */
    const char *bottleneck;    /* the same and why, in one sentence */
    const struct blame *blame; /* NULL = not known */
    size_t strain_count;
    const struct result_strain *strain;
};

struct result_tls {
    bool is_used;     /* some host is https:// */
    bool is_insecure; /* certificates are not verified */
};

/* Where squall ran: what is needed to know whether another run can be held against this one. */
struct result_machine {
    char system[128]; /* "Linux 6.1.0-18-amd64 x86_64" */
    char cpu[96];     /* model; "" = not known */
    uint32_t cpus;    /* online */
};

struct result {
    const char *version;
    int argc;
    char *const *argv;
    const char *scenario; /* file name, NULL for a URL */
    const char *host;
    uint64_t seed;
    int64_t started_at_s; /* wall clock, for the label only */
    bool interrupted;
    bool is_running;                      /* the figures are those of a run that still goes on */
    const struct result_machine *machine; /* NULL = not told */
    const char *name;                     /* that somebody gave the run, and … */
    const char *note;                     /* … what they wrote about it; NULL = nothing */
    struct result_load load;
    struct result_tls tls;
    struct result_warmup warmup;
    const struct tally *tally; /* what counts */
    const struct tally *whole; /* what the accounts are of: with the warm-up; NULL = `tally` */
    const struct summary *summary;
    const struct endpoint_name *names;
    const struct series *series;
    const struct interval_log *intervals; /* NULL = not kept */
    const struct evidence *evidence;      /* NULL = none */
    const struct audit *audit;            /* NULL = none */
    struct result_generator generator;
    size_t address_count;
    const struct address_tally *addresses;
    size_t expectation_count;
    const struct result_expectation *expectations;
};

/* The count identity: scheduled = ok + failed + dropped + in_flight_at_end + not_sent. */
struct result_accounting {
    uint64_t scheduled, ok, failed, dropped, in_flight_at_end, not_sent;
    uint64_t due; /* at a rate: of those scheduled the first ones of tasks, which come at it */
    bool balanced;
};
struct result_accounting result_account(const struct result *r);

/* Squall itself was the bottleneck. */
bool result_is_generators(const struct result *r);

/* How many expectations do not hold. */
size_t result_unmet(const struct result *r);

#endif
