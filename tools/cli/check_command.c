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
    struct plan *plan = NULL;
    int code = EXIT_DONE;
    if (!planning_begin(&plan, &o, FORM_CHECK, call, print_help, &code))
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
