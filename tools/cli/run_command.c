#include <stdio.h>

#include "tools/cli/command.h"
#include "tools/cli/measurement.h"
#include "tools/cli/options.h"
#include "tools/cli/planning.h"

static const char usage[] =
    "usage: squall run FILE [options]\n\n"
    "Plays a scenario: users start, choose tasks, send requests and wait. Options win\n"
    "over the file. Without a run time it goes on until Ctrl-C.\n";

int command_run(const struct invocation *call)
{
    struct options o;
    struct plan *plan = NULL;
    int code = EXIT_DONE;
    if (!planning_begin(&plan, &o, FORM_RUN, call, usage, &code))
        return code;
    if (plan->load.duration_ns == 0 && plan->load.requests_max == 0 && !o.quiet)
        fault_note("no run time given: running until Ctrl-C");
    const int exit_code = measurement_run(plan, &o, call);
    plan_close(plan);
    return exit_code;
}
