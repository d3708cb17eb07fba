/* record — what a finished run leaves behind: its numbers, ready for the reports. */
#ifndef SQUALL_TOOLS_CLI_RECORD_H
#define SQUALL_TOOLS_CLI_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/plan/plan.h"
#include "engine/run/fleet.h"
#include "stats/report/result.h"
#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/verdict.h"
#include "tools/live/collector.h"
#include "tools/live/settling.h"
#include "tools/live/strain.h"

/* Everything is borrowed and must outlive the record. */
struct record_setup {
    const struct plan *plan;
    const struct options *options;
    const struct invocation *call;
    const struct fleet *fleet;
    const struct collector *collector; /* while the run goes on: after the first tick */
    struct settling *settling;         /* of that collector */
    const struct strain *strain;       /* up to its last tick */
    int64_t started_at_s;
    uint64_t duration_ns;
    int signal; /* that stopped the run; 0 = none */
    struct verdict_changes changes;
    bool has_evidence; /* ranges and trends too: costs a while in a long run */
};

struct record {
    struct result result;  /* borrows from the rest */
    struct tally *counted; /* without a warm-up that was asked for, */
    struct series series;  /* and so is what is borrowed here */
    struct interval_log intervals;
    uint64_t duration_ns;
    struct result_machine machine;
    struct summary *summary;
    struct evidence *evidence;
    struct audit audit;
    struct blame blame;
    struct verdict verdict;
    const char *reasons[VERDICT_REASONS_MAX];
    struct result_expectation *expectations;
    size_t expectation_count;
    double *cpu;       /* share of each worker over the run, … */
    double *run_delay; /* … and of the time that it waited for a CPU */
    struct address_tally *addresses;
    uint32_t address_count;
    int *cpus;
};

/* 0 or -ENOMEM. */
int record_open(struct record **ret_record, const struct record_setup *setup);
void record_close(struct record *r);

#endif
