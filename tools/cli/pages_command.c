#include <stdio.h>
#include <string.h>

#include "tools/cli/command.h"
#include "tools/cli/completion.h"
#include "tools/cli/fault.h"
#include "tools/cli/manual.h"

static const struct {
    const char *name;
    void (*write)(FILE *out, const struct invocation *call);
} pages[] = {
    { "man", manual_write },
    { "bash", completion_write_bash },
    { "zsh", completion_write_zsh },
    { "fish", completion_write_fish },
};

int command_pages(const struct invocation *call)
{
    const char *name = call->first < call->argc ? call->argv[call->first] : "";
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(pages[i].name, name) != 0)
            continue;
        pages[i].write(stdout, call);
        return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_DONE : EXIT_REQUEST_FAILED;
    }
    fault_note("pages: expected man, bash, zsh or fish, got '%s'", name);
    return EXIT_USAGE;
}
