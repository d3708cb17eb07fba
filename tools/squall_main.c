/* squall — the program: finds the subcommand and hands over. */
#include <stdio.h>
#include <string.h>

#include "tools/cli/command.h"
#include "tools/cli/fault.h"
#include "tools/cli/options.h"
#include "tools/cli/streams.h"
#include "tools/web/web_command.h"

static const struct command commands[] = {
    { "run", "FILE [options]", "a scenario: users, tasks, waits", command_run, FORM_RUN },
    { "web", "[FILE...]", "the same, in a browser", command_web, FORM_WEB },
    { "check", "FILE", "read a scenario, print the plan it means", command_check, FORM_CHECK },
    { "report", "RUN.json -o FILE", "draw a stored run again", command_report, FORM_REPORT },
    { "compare", "A.json B.json", "two stored runs side by side", command_compare, FORM_COMPARE },
    { "doctor", "[--fix]", "is this host ready for the load you plan", command_doctor,
      FORM_DOCTOR },
    { "target", "[options]", "the built-in server with known answers", command_target,
      FORM_TARGET },
    { "pages", "man|bash|zsh|fish", NULL, command_pages },
};

/* 'squall help run' is 'squall run --help'. */
static void turn_help_around(int argc, char **argv)
{
    static char help_option[] = "--help";
    if (argc == 3 && strcmp(argv[1], "help") == 0) {
        argv[1] = argv[2];
        argv[2] = help_option;
    }
}

/* `code`, unless what stands for success did not reach stdout. */
static int written(int code)
{
    if (code != EXIT_DONE)
        return code;
    const int rc = streams_print("");
    if (rc == 0)
        return code;
    fault_note("cannot write: %s", fault_reason(-rc).text);
    return EXIT_REQUEST_FAILED;
}

int main(int argc, char **argv)
{
    turn_help_around(argc, argv);
    struct invocation call = {
        .argc = argc,
        .argv = argv,
        .first = 1,
        .commands = commands,
        .command_count = sizeof commands / sizeof commands[0],
    };
    streams_hold();
    if (argc < 2) {
        command_usage(stderr, &call);
        fputs("\n'squall --help' lists the options\n", stderr);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < call.command_count; i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            call.first = 2;
            return written(commands[i].run(&call));
        }
    return written(command_url(&call));
}
