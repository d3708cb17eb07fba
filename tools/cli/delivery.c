#include "tools/cli/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/plan/diag.h"
#include "tools/cli/format.h"
#include "tools/cli/output.h"
#include "tools/live/terminal.h"

#define COLUMNS_OF_A_FILE 100 /* width of a report that goes to a file or pipe */

void delivery_probe(const struct options *o)
{
    for (size_t i = 0; i < o->outputs.count; i++) {
        const int rc = output_probe(o->outputs.items[i]);
        if (rc != 0)
            fault_note("--output: %s cannot be written as things are: %s",
                       diag_quote(span_of(o->outputs.items[i])).text, fault_reason(-rc).text);
    }
}

static int make_text(char **ret_text, const struct result *r, const struct options *o)
{
    const struct report_text_style style = {
        .color = terminal_has_color(STDOUT_FILENO, o->no_color),
        .unicode = terminal_has_unicode(),
        .columns = terminal_columns(STDOUT_FILENO, COLUMNS_OF_A_FILE),
        .distribution = o->latency,
    };
    return report_text(ret_text, r, &style);
}

/* What stdio still holds must reach the file or pipe before the exit code may say that it did. */
static int write_stdout(const char *text)
{
    errno = 0;
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    const int rc = errno != 0 ? -errno : -EIO;
    fault_note("cannot write the report: %s", fault_reason(-rc).text);
    return rc;
}

static int print(const struct result *r, const struct options *o)
{
    char *text = NULL;
    int rc = o->json ? report_json(&text, r) : make_text(&text, r, o);
    if (rc != 0)
        fault_note("cannot make the report: %s", fault_reason(-rc).text);
    else
        rc = write_stdout(text);
    free(text);
    return rc;
}

static int write_file(const char *path, const struct result *r)
{
    char *text = NULL;
    int rc = format_of(path)->write(&text, r);
    if (rc == 0)
        rc = output_write(path, text, strlen(text));
    if (rc != 0)
        fault_note("--output: cannot write %s: %s", diag_quote(span_of(path)).text,
                   fault_reason(-rc).text);
    free(text);
    return rc;
}

int delivery_make(const struct result *r, const struct options *o)
{
    int first = print(r, o);
    for (size_t i = 0; i < o->outputs.count; i++) {
        const int rc = write_file(o->outputs.items[i], r);
        if (first == 0)
            first = rc;
    }
    return first;
}
