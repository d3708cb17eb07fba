#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/cli/command.h"
#include "tools/cli/options.h"
#include "tools/cli/planning.h"

static void print_help(void)
{
    fputs("usage: squall check FILE [options]\n\n"
          "Reads a scenario and prints the plan it means; runs nothing. Options change the\n"
          "plan as they would for 'squall run'.\n",
          stdout);
    options_help(stdout, FORM_CHECK);
}

int command_check(const struct invocation *call)
{
    struct options o;
    struct fault fault;
    if (options_parse(&o, FORM_CHECK, call->argc - call->first, call->argv + call->first, &fault) !=
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
    char *words = plan_describe(plan);
    plan_close(plan);
    if (words == NULL) {
        fault_note("no memory");
        return EXIT_HOST;
    }
    const int rc = fputs(words, stdout) == EOF || fflush(stdout) == EOF ? -errno : 0;
    free(words);
    if (rc != 0) {
        fault_note("cannot write the plan: %s", fault_reason(-rc).text);
        return EXIT_REQUEST_FAILED;
    }
    return EXIT_DONE;
}
