#include <stdio.h>
#include <string.h>

#include "tools/cli/command.h"
#include "tools/cli/measurement.h"
#include "tools/cli/options.h"
#include "tools/cli/planning.h"

static void print_help(const struct invocation *call)
{
    command_usage(stdout, call);
    fputs("\n'squall COMMAND --help' tells about a command. The options for a URL:\n", stdout);
    options_help(stdout, FORM_URL);
}

int command_url(const struct invocation *call)
{
    struct options o;
    struct fault fault;
    const int rc =
        options_parse(&o, FORM_URL, call->argc - call->first, call->argv + call->first, &fault);
    if (rc == 0 && o.subject != NULL && strcmp(o.subject, "help") == 0)
        o.help = true;
    else if (o.subject != NULL && command_is_mistyped(call, o.subject))
        return EXIT_USAGE;
    if (rc != 0) {
        fault_print(&fault);
        return EXIT_USAGE;
    }
    if (o.help || o.version) {
        if (o.help)
            print_help(call);
        else
            puts("squall " SQUALL_VERSION);
        return EXIT_DONE;
    }
    struct plan *plan = NULL;
    const int code = planning_from_url(&plan, &o);
    if (code != EXIT_DONE)
        return code;
    const int exit_code = measurement_run(plan, &o, call);
    plan_close(plan);
    return exit_code;
}
