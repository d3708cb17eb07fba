#include "tools/cli/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/plan/diag.h"
#include "stats/report/report.h"
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

static int print_text(const struct result *r, const struct options *o)
{
    const struct report_text_style style = {
        .color = terminal_has_color(STDOUT_FILENO, o->no_color),
        .unicode = terminal_has_unicode(),
        .columns = terminal_columns(STDOUT_FILENO, COLUMNS_OF_A_FILE),
        .distribution = o->latency,
    };
    char *text = NULL;
    const int rc = report_text(&text, r, &style);
    if (rc == 0)
        fputs(text, stdout);
    free(text);
    return rc;
}

static int write_files(const char *json, const struct options *o)
{
    int first = 0;
    for (size_t i = 0; i < o->outputs.count; i++) {
        const char *path = o->outputs.items[i];
        const int rc = output_write(path, json, strlen(json));
        if (rc != 0)
            fault_note("--output: cannot write %s: %s", diag_quote(span_of(path)).text,
                       fault_reason(-rc).text);
        if (first == 0)
            first = rc;
    }
    return first;
}

/* What stdio still holds must reach the file or pipe before the exit code may say that it did. */
static int flush_stdout(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    const int rc = errno != 0 ? -errno : -EIO;
    fault_note("cannot write the report: %s", fault_reason(-rc).text);
    return rc;
}

int delivery_make(const struct result *r, const struct options *o)
{
    char *json = NULL;
    int rc = o->json || o->outputs.count > 0 ? report_json(&json, r) : 0;
    if (rc == 0 && o->json)
        fputs(json, stdout);
    if (!o->json) {
        const int text_rc = print_text(r, o);
        if (rc == 0)
            rc = text_rc;
    }
    if (rc != 0)
        fault_note("cannot make the report: %s", fault_reason(-rc).text);
    const int flush_rc = flush_stdout();
    const int files_rc = json != NULL ? write_files(json, o) : 0;
    free(json);
    return rc != 0 ? rc : flush_rc != 0 ? flush_rc : files_rc;
}
