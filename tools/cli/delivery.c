#include "tools/cli/delivery.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/plan/diag.h"
#include "stats/report/csv.h"
#include "tools/cli/format.h"
#include "tools/cli/output.h"
#include "tools/cli/streams.h"
#include "tools/live/terminal.h"
#include "tools/viewer/report_page.h"

#define COLUMNS_OF_A_FILE 100 /* width of a report that goes to a file or pipe */

/* The files of --csv: each is made from the run as it is stored, but for the history. */
static const struct csv_file {
    const char *ending;
    int (*draw)(char **ret_text, const struct stored *s);
    int (*write)(char **ret_text, const struct result *r);
    int (*write_full)(char **ret_text, const struct result *r); /* --csv-full-history */
} csv_files[] = {
    { "_stats.csv", .draw = csv_stats },
    { "_stats_history.csv", .write = csv_history, .write_full = csv_full_history },
    { "_failures.csv", .draw = csv_failures },
    { "_exceptions.csv", .draw = csv_exceptions },
};
#define CSV_FILES (sizeof csv_files / sizeof csv_files[0])

/* A result and, once something has been drawn from it, the same as it is stored. */
struct delivery {
    const struct result *result;
    struct stored *stored;
};

/* A file that an option asked for. */
struct wish {
    const char *option;
    const char *path;
};

static bool probe(struct wish wish)
{
    const int rc = output_probe(wish.path);
    if (rc != 0)
        fault_note("%s: cannot write %s: %s", wish.option, diag_quote(span_of(wish.path)).text,
                   fault_reason(-rc).text);
    return rc == 0;
}

int delivery_write(const char *option, const char *path, char *text, int made)
{
    const int rc = made != 0 ? made : output_write(path, text, strlen(text));
    if (rc != 0)
        fault_note("%s: cannot write %s: %s", option, diag_quote(span_of(path)).text,
                   fault_reason(-rc).text);
    free(text);
    return rc;
}

static void csv_path(char out[PATH_MAX], const char *prefix, const struct csv_file *file)
{
    (void)snprintf(out, PATH_MAX, "%s%s", prefix, file->ending);
}

bool delivery_probe(const struct options *o)
{
    bool is_good = true;
    for (size_t i = 0; i < o->outputs.count; i++)
        is_good &= probe((struct wish){ "--output", o->outputs.items[i] });
    if (o->html != NULL)
        is_good &= probe((struct wish){ "--html", o->html });
    if (o->csv != NULL && strlen(o->csv) >= PATH_MAX - sizeof "_stats_history.csv") {
        fault_note("--csv: expected a shorter PREFIX");
        return false;
    }
    /* One of the four says it for all, unless one of them is a folder. */
    bool is_csv_good = true;
    for (size_t i = 0; i < CSV_FILES && o->csv != NULL && is_csv_good; i++) {
        char path[PATH_MAX];
        csv_path(path, o->csv, &csv_files[i]);
        is_csv_good = probe((struct wish){ "--csv", path });
    }
    return is_good && is_csv_good;
}

static int make_text(char **ret_text, const struct result *r, const struct options *o, int fd)
{
    const struct report_text_style style = {
        .color = terminal_has_color(fd, o->no_color),
        .unicode = terminal_has_unicode(),
        .columns = terminal_columns(fd, COLUMNS_OF_A_FILE),
        .distribution = o->latency,
    };
    return report_text(ret_text, r, &style);
}

static int print(const struct result *r, const struct options *o)
{
    char *text = NULL;
    int rc = o->json ? report_json(&text, r) : make_text(&text, r, o, STDOUT_FILENO);
    if (rc == 0)
        rc = streams_print(text);
    if (rc != 0)
        fault_note("cannot write the report: %s", fault_reason(-rc).text);
    free(text);
    return rc;
}

/* What was measured is not lost because there was no place to put it. */
static void print_after_failure(const struct result *r, const struct options *o)
{
    char *text = NULL;
    if (make_text(&text, r, o, STDERR_FILENO) == 0)
        fputs(text, stderr);
    free(text);
}

/* The result as it is stored: made on first use. */
static int stored_of(struct delivery *d)
{
    struct stored_fault fault = { "" };
    char *text = NULL;
    if (d->stored != NULL)
        return 0;
    int rc = report_json(&text, d->result);
    if (rc == 0)
        rc = stored_read(&d->stored, text, strlen(text), &fault);
    if (rc == -EBADMSG)
        fault_note("BUG: squall cannot read its own result: %s", fault.sentence);
    free(text);
    return rc;
}

static int write_file(struct delivery *d, struct wish wish,
                      int (*write)(char **, const struct result *),
                      int (*draw)(char **, const struct stored *))
{
    char *text = NULL;
    int rc = write != NULL ? 0 : stored_of(d);
    if (rc == 0)
        rc = write != NULL ? write(&text, d->result) : draw(&text, d->stored);
    return delivery_write(wish.option, wish.path, text, rc);
}

static int write_files(struct delivery *d, const struct options *o)
{
    int first = 0;
    for (size_t i = 0; i < o->outputs.count; i++) {
        const char *path = o->outputs.items[i];
        const struct format *format = format_of(path);
        const int rc =
            write_file(d, (struct wish){ "--output", path }, format->write, format->draw);
        first = first != 0 ? first : rc;
    }
    if (o->html != NULL) {
        const int rc = write_file(d, (struct wish){ "--html", o->html }, NULL, report_page);
        first = first != 0 ? first : rc;
    }
    for (size_t i = 0; i < CSV_FILES && o->csv != NULL; i++) {
        char path[PATH_MAX];
        const struct csv_file *file = &csv_files[i];
        csv_path(path, o->csv, file);
        const int rc = write_file(d, (struct wish){ "--csv", path },
                                  o->csv_full_history && file->write_full != NULL ? file->write_full
                                                                                  : file->write,
                                  file->draw);
        first = first != 0 ? first : rc;
    }
    return first;
}

int delivery_make(const struct result *r, const struct options *o)
{
    struct delivery d = { .result = r };
    const int printed = print(r, o);
    const int written = write_files(&d, o);
    stored_close(d.stored);
    if (printed != 0 || (written != 0 && o->json))
        print_after_failure(r, o);
    return printed != 0 ? printed : written;
}
