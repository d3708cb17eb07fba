#include <stdio.h>

#include "tools/cli/command.h"
#include "tools/cli/measurement.h"
#include "tools/cli/options.h"
#include "tools/cli/planning.h"

static void print_help(void)
{
    fputs("usage: squall run FILE [options]\n\n"
          "Plays a scenario: users start, choose tasks, send requests and wait. Options win\n"
          "over the file. Without a run time it goes on until Ctrl-C.\n",
          stdout);
    options_help(stdout, FORM_RUN);
}

int command_run(const struct invocation *call)
{
    struct options o;
    struct fault fault;
    if (options_parse(&o, FORM_RUN, call->argc - call->first, call->argv + call->first, &fault) !=
        0) {
        fault_print(&fault);
        return EXIT_USAGE;
    }
    if (o.help) {
        print_help();
        return EXIT_DONE;
    }
    struct plan *plan = NULL;
    const int code = planning_from_file(&plan, &o);
    if (code != EXIT_DONE)
        return code;
    if (plan->load.duration_ns == 0 && plan->load.requests_max == 0 && !o.quiet)
        fault_note("no run time given: running until Ctrl-C");
    const int exit_code = measurement_run(plan, &o, call);
    plan_close(plan);
    return exit_code;
}
