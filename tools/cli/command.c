#include "tools/cli/command.h"

#include <string.h>

#include "engine/plan/diag.h"

void command_usage(FILE *out, const struct invocation *call)
{
    fprintf(out, "usage: squall %-24s one kind of request, as fast as it goes\n", "[options] URL");
    for (size_t i = 0; i < call->command_count; i++) {
        const struct command *c = &call->commands[i];
        if (c->sentence == NULL)
            continue;
        fprintf(out, "       squall %s %-*s %s\n", c->name,
                (int)(23 - snprintf(NULL, 0, "%s", c->name)), c->arguments, c->sentence);
    }
}

bool command_is_mistyped(const struct invocation *call, const char *word)
{
    if (strpbrk(word, ".:/") != NULL)
        return false;
    const char *names[16];
    size_t count = 0;
    for (size_t i = 0; i < call->command_count && count < sizeof names / sizeof names[0]; i++)
        if (call->commands[i].sentence != NULL)
            names[count++] = call->commands[i].name;
    const char *near = diag_nearest(word, names, count);
    if (near == NULL)
        return false;
    const struct diag_quote quoted = diag_quote(span_of(word));
    if (strcmp(near, word) == 0)
        fault_note("%s is a command: it must be the first word, before the options", quoted.text);
    else
        fault_note("expected a URL or a command, got %s; did you mean '%s'?", quoted.text, near);
    return true;
}

bool command_begin(struct options *ret_options, enum option_form form,
                   const struct invocation *call, const char *usage, int *ret_code)
{
    struct fault fault;
    if (options_parse(ret_options, form, call->argc - call->first, call->argv + call->first,
                      &fault) != 0) {
        fault_print(&fault);
        *ret_code = EXIT_USAGE;
        return false;
    }
    if (ret_options->help) {
        fputs(usage, stdout);
        options_help(stdout, form);
        *ret_code = EXIT_DONE;
        return false;
    }
    return true;
}
