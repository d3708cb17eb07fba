#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/command.h"
#include "tools/cli/costing.h"
#include "tools/cli/options.h"
#include "tools/cli/planning.h"

static const char usage[] =
    "usage: squall check FILE [options]\n"
    "       squall check --keys      every key that a scenario may have\n\n"
    "Reads a scenario and prints the plan it means; runs nothing. Options change the\n"
    "plan as they would for 'squall run'.\n";

/* Prints a text that was malloc'd; NULL = no memory. The exit code. */
static int print_text(char *text)
{
    if (text == NULL) {
        fault_note("no memory");
        return EXIT_HOST;
    }
    const int rc = fputs(text, stdout) == EOF || fflush(stdout) == EOF ? -errno : 0;
    free(text);
    if (rc != 0) {
        fault_note("cannot write the plan: %s", fault_reason(-rc).text);
        return EXIT_REQUEST_FAILED;
    }
    return EXIT_DONE;
}

int command_check(const struct invocation *call)
{
    struct options o;
    struct plan *plan = NULL;
    int code = EXIT_DONE;
    if (call->argc - call->first == 1 && strcmp(call->argv[call->first], "--keys") == 0)
        return print_text(plan_list_keys());
    if (!planning_begin(&plan, &o, FORM_CHECK, call, usage, &code))
        return code;
    char *words = plan_describe(plan);
    if (words != NULL && o.cost) {
        fputs(words, stdout);
        costing_write(stdout, plan);
        free(words);
        words = strdup("");
    }
    plan_close(plan);
    return print_text(words);
}
