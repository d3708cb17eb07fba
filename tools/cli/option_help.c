#include "tools/cli/options.h"

#include <string.h>

#define HELP_COLUMNS  80
#define HELP_SENTENCE 30 /* column where the sentences begin */

/* Writes "  -c, --connections N" and returns how many columns that took. */
static unsigned put_names(FILE *out, const struct option_row *row)
{
    int used = row->letter != 0 ? fprintf(out, "  -%c, ", row->letter) : fprintf(out, "      ");
    used += fprintf(out, "--%s", row->name);
    if (row->argument != NULL)
        used += fprintf(out, " %s", row->argument);
    return used > 0 ? (unsigned)used : 0;
}

static void put_column(FILE *out, unsigned from, unsigned to)
{
    fprintf(out, "%*s", (int)(to - from), "");
}

/* Writes words from column `at`, going on in the next line where the row ends. Returns the column
 * it stopped in. */
static unsigned put_words(FILE *out, unsigned at, const char *words)
{
    while (*words != '\0') {
        const size_t len = strcspn(words, " ");
        if (at > HELP_SENTENCE && at + 1 + len > HELP_COLUMNS) {
            fputc('\n', out);
            put_column(out, 0, HELP_SENTENCE);
            at = HELP_SENTENCE;
        } else if (at > HELP_SENTENCE) {
            fputc(' ', out);
            at++;
        }
        fwrite(words, 1, len, out);
        at += (unsigned)len;
        words += len;
        words += strspn(words, " ");
    }
    return at;
}

static void put_row(FILE *out, const struct option_row *row)
{
    unsigned at = put_names(out, row);
    if (at + 2 > HELP_SENTENCE) {
        fputc('\n', out);
        at = 0;
    }
    put_column(out, at, HELP_SENTENCE);
    at = put_words(out, HELP_SENTENCE, row->sentence);
    if (row->fallback != NULL) {
        char fallback[64];
        (void)snprintf(fallback, sizeof fallback, "(default %s)", row->fallback);
        put_words(out, at, fallback);
    }
    fputc('\n', out);
}

void options_help(FILE *out, enum option_form form)
{
    const char *group = "";
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (!(row->forms & (unsigned)form))
            continue;
        if (strcmp(row->group, group) != 0)
            fprintf(out, "\n%s\n", row->group);
        group = row->group;
        put_row(out, row);
    }
}
