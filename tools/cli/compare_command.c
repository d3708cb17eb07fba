#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/plan/diag.h"
#include "stats/report/comparison.h"
#include "tools/cli/command.h"
#include "tools/cli/delivery.h"
#include "tools/cli/options.h"
#include "tools/cli/stored_file.h"
#include "tools/cli/streams.h"
#include "tools/live/terminal.h"

#define COLUMNS_OF_A_FILE 100

static const struct form {
    const char *ending;
    int (*write)(char **ret_text, const struct comparison *c);
} forms[] = {
    { ".html", comparison_html },
    { ".md", comparison_markdown },
    { ".json", comparison_json },
};

static const char usage[] =
    "usage: squall compare BASE.json NEW.json [options]\n\n"
    "Shows two runs that -o FILE.json has left side by side: the figures of each\n"
    "endpoint, whether the 95 % ranges of its percentiles overlap, and what was\n"
    "configured otherwise. Endpoints are the same when method and name are.\n";

static const struct form *form_of(const char *path)
{
    const size_t len = strlen(path);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const size_t ending_len = strlen(forms[i].ending);
        if (len > ending_len && strcmp(path + len - ending_len, forms[i].ending) == 0)
            return &forms[i];
    }
    return NULL;
}

/* A comparison has fewer forms than a run. */
static bool check_outputs(const struct options *o)
{
    for (size_t i = 0; i < o->outputs.count; i++) {
        if (form_of(o->outputs.items[i]) != NULL)
            continue;
        fault_note("--output: expected a file name that ends in .html, .md or .json, got %s",
                   diag_quote(span_of(o->outputs.items[i])).text);
        return false;
    }
    return true;
}

static int print(const struct comparison *c, const struct options *o)
{
    const struct report_text_style style = {
        .color = terminal_has_color(STDOUT_FILENO, o->no_color),
        .unicode = terminal_has_unicode(),
        .columns = terminal_columns(STDOUT_FILENO, COLUMNS_OF_A_FILE),
    };
    char *text = NULL;
    int rc = comparison_text(&text, c, &style);
    if (rc == 0)
        rc = streams_print(text);
    if (rc != 0)
        fault_note("cannot write the comparison: %s", fault_reason(-rc).text);
    free(text);
    return rc == 0 ? EXIT_DONE : EXIT_REQUEST_FAILED;
}

static int write_file(const struct comparison *c, const char *path)
{
    char *text = NULL;
    const int rc = form_of(path)->write(&text, c);
    return delivery_write("--output", path, text, rc) == 0 ? EXIT_DONE : EXIT_REQUEST_FAILED;
}

/* How many percentiles of NEW lie above those of BASE, each with its range. */
static size_t slower_count(const struct comparison *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->row_count; i++)
        for (int f = COMPARISON_P50; f <= COMPARISON_P99; f++)
            count += c->rows[i].pairs[f].verdict == COMPARISON_HIGHER;
    return count;
}

static int show(const struct stored *base, const struct stored *now, const struct options *o)
{
    struct comparison *c = NULL;
    if (comparison_make(&c, base, now) != 0) {
        fault_note("no memory for the comparison");
        return EXIT_HOST;
    }
    int code = print(c, o);
    for (size_t i = 0; i < o->outputs.count; i++) {
        const int written = write_file(c, o->outputs.items[i]);
        code = code != EXIT_DONE ? code : written;
    }
    const size_t slower = slower_count(c);
    if (code == EXIT_DONE && o->fail_if_slower && slower > 0) {
        fault_note("--fail-if-slower: %zu percentile%s slower", slower,
                   slower == 1 ? " is" : "s are");
        code = EXIT_UNMET;
    }
    comparison_close(c);
    return code;
}

int command_compare(const struct invocation *call)
{
    struct options o;
    struct stored *base = NULL, *now = NULL;
    int code = EXIT_DONE;
    if (!command_begin(&o, FORM_COMPARE, call, usage, &code))
        return code;
    if (!check_outputs(&o) || !delivery_probe(&o))
        return EXIT_USAGE;
    (void)setlocale(LC_CTYPE, "");
    code = stored_file_read(&base, o.subject);
    if (code == EXIT_DONE)
        code = stored_file_read(&now, o.other);
    if (code == EXIT_DONE)
        code = show(base, now, &o);
    stored_close(base);
    stored_close(now);
    return code;
}
