#include <stdio.h>

#include "tools/cli/command.h"
#include "tools/cli/delivery.h"
#include "tools/cli/format.h"
#include "tools/cli/options.h"
#include "tools/cli/stored_file.h"

static const char usage[] =
    "usage: squall report RUN.json -o FILE [-o FILE ...]\n\n"
    "Draws a run again that -o FILE.json has left. An interval log of it has one\n"
    "interval, the whole run, as the JSON has no histograms of parts.\n";

static int draw(const struct stored *s, const char *path)
{
    char *text = NULL;
    const int rc = format_of(path)->draw(&text, s);
    return delivery_write("--output", path, text, rc) == 0 ? EXIT_DONE : EXIT_REQUEST_FAILED;
}

int command_report(const struct invocation *call)
{
    struct options o;
    struct stored *stored = NULL;
    int code = EXIT_DONE;
    if (!command_begin(&o, FORM_REPORT, call, usage, &code))
        return code;
    if (!delivery_probe(&o))
        return EXIT_USAGE;
    code = stored_file_read(&stored, o.subject);
    for (size_t i = 0; i < o.outputs.count && stored != NULL; i++) {
        const int drawn = draw(stored, o.outputs.items[i]);
        code = code != EXIT_DONE ? code : drawn;
    }
    stored_close(stored);
    return code;
}
