/* command — one of squall's subcommands, or the URL form that needs no name. Returns squall's exit
 * code. */
#ifndef SQUALL_TOOLS_CLI_COMMAND_H
#define SQUALL_TOOLS_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tools/cli/options.h"

/* Exit codes that scripts rely on; 1 and its replacement come from --exit-code-on-failure. */
enum {
    EXIT_DONE = 0,
    EXIT_REQUEST_FAILED =
        1,             /* also: the result is whole but could not be written where it was wanted */
    EXIT_USAGE = 2,    /* usage or scenario error: nothing was sent */
    EXIT_HOST = 3,     /* this host cannot run it */
    EXIT_INVALID = 98, /* the generator was the bottleneck, and --strict was given */
    EXIT_UNMET = 99,   /* an expectation does not hold, whatever else failed */
    EXIT_SIGNAL = 128  /* plus the signal's number */
};

struct invocation;

struct command {
    const char *name;
    const char *arguments; /* as usage lines show them */
    const char *sentence;  /* NULL = not shown, for the build only */
    int (*run)(const struct invocation *call);
    unsigned form; /* enum option_form: whose options it takes; 0 = none of the table's */
};

/* How squall was called. */
struct invocation {
    int argc;
    char **argv;
    int first;                      /* index of the first word after the subcommand's name */
    const struct command *commands; /* all there are */
    size_t command_count;
};

/* What a command begins with: reads its options; when help is asked for, prints `usage` and them.
 * False when the command is over, with *ret_code. */
bool command_begin(struct options *ret_options, enum option_form form,
                   const struct invocation *call, const char *usage, int *ret_code);

int command_url(const struct invocation *call);
int command_run(const struct invocation *call);
int command_check(const struct invocation *call);
int command_report(const struct invocation *call);
int command_compare(const struct invocation *call);
int command_doctor(const struct invocation *call);
int command_target(const struct invocation *call);
int command_pages(const struct invocation *call);

/* The usage lines of all forms. */
void command_usage(FILE *out, const struct invocation *call);

/* True, and said so on stderr, when `word` can be no URL and is near the name of a command, or is
 * one in the wrong place. */
bool command_is_mistyped(const struct invocation *call, const char *word);

#endif
