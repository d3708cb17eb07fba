#include "tools/cli/manual.h"

#include <signal.h>
#include <string.h>

#include "tools/cli/options.h"
#include "tools/live/keys.h"

/* A text as roff understands it: a dash is a dash to be typed, a quote is not curled. */
static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '-':
            fputs("\\-", out);
            break;
        case '\\':
            fputs("\\e", out);
            break;
        case '\'':
            fputs("\\(aq", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

static void put_section(FILE *out, const char *name, const char *const *lines, size_t count)
{
    fprintf(out, ".SH %s\n", name);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s\n", lines[i]);
}

#define SECTION(out, name, lines) put_section(out, name, lines, sizeof(lines) / sizeof((lines)[0]))

static void put_synopsis(FILE *out, const struct invocation *call)
{
    fputs(".SH SYNOPSIS\n.B squall\n.RI [ options ]\\~ URL\n", out);
    for (size_t i = 0; i < call->command_count; i++) {
        const struct command *c = &call->commands[i];
        if (c->sentence == NULL)
            continue;
        fprintf(out, ".br\n.B squall %s\n", c->name);
        put_text(out, c->arguments);
        fputc('\n', out);
    }
}

static const char *const description[] = {
    "squall makes HTTP/1.1 load, measures every answer and says who limited the run.",
    "Given a URL, it sends one kind of request over some connections as fast as the server",
    "answers, or at a fixed rate.",
    "Given a scenario, it plays users who log in, choose tasks, wait and remember.",
    ".PP",
    "Every latency runs from the moment the request was due to the last byte of its answer,",
    "and every request is accounted for: ok, failed, dropped, in flight at the end or not sent.",
    "On a terminal a live view is drawn on standard error while the run goes on; the report",
    "follows on standard output. Where standard error is no terminal nothing is drawn.",
};

static void put_commands(FILE *out, const struct invocation *call)
{
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; i < call->command_count; i++) {
        const struct command *c = &call->commands[i];
        if (c->sentence == NULL)
            continue;
        fprintf(out, ".TP\n.B squall %s ", c->name);
        put_text(out, c->arguments);
        fputc('\n', out);
        put_text(out, c->sentence);
        fputc('\n', out);
    }
    fputs(".PP\n.B squall\n.I COMMAND\n.B \\-\\-help\nshows the options of a command.\n", out);
}

static void put_option(FILE *out, const struct option_row *row)
{
    fputs(".TP\n", out);
    if (row->letter != 0)
        fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
    fputs("\\fB\\-\\-", out);
    put_text(out, row->name);
    fputs("\\fR", out);
    if (row->argument != NULL) {
        fputs(" \\fI", out);
        put_text(out, row->argument);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_text(out, row->sentence);
    if (row->fallback != NULL) {
        fputs(" (default ", out);
        put_text(out, row->fallback);
        fputc(')', out);
    }
    fputc('\n', out);
}

/* The options of one form, under the headings that --help has. */
static void put_options(FILE *out, const char *title, unsigned form)
{
    const char *group = "";
    fprintf(out, ".SS %s\n", title);
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (!(row->forms & form))
            continue;
        if (strcmp(row->group, group) != 0)
            fprintf(out, ".PP\n\\fI%s\\fR\n", row->group);
        group = row->group;
        put_option(out, row);
    }
}

static void put_all_options(FILE *out, const struct invocation *call)
{
    fputs(".SH OPTIONS\n", out);
    put_options(out, "squall URL", FORM_URL);
    for (size_t i = 0; i < call->command_count; i++) {
        char title[64];
        (void)snprintf(title, sizeof title, "squall %s", call->commands[i].name);
        if (call->commands[i].form != 0)
            put_options(out, title, call->commands[i].form);
    }
}

static const char *const scenarios[] = {
    "What users do stands in a YAML file. Its manual, with an example for each thing, is",
    ".IR scenario.md ,",
    "installed with this package as is the JSON Schema",
    ".I scenario.schema.json",
    "with which editors complete and mark mistakes.",
    ".PP",
    ".nf",
    ".RS",
    "host: http://127.0.0.1:8000",
    "users: 250",
    "spawn_rate: 25",
    "run_time: 60s",
    "wait: 5s..10s",
    "tasks:",
    "  \\- { weight: 5, get: /api/tweets/ }",
    "  \\- { weight: 1, post: /api/tweets/, json: { body: \"${uuid()}\" } }",
    ".RE",
    ".fi",
    ".PP",
    ".B squall check",
    ".I FILE",
    "prints the plan that a file means.",
};

static void put_keys(FILE *out)
{
    fputs(".SH KEYS\nWhile a run is watched on a terminal, a key does this at once:\n", out);
    for (size_t i = 0; i < key_row_count; i++) {
        const char letter[] = { key_rows[i].letter, '\0' };
        fputs(".TP\n.B ", out);
        put_text(out, letter);
        fputc('\n', out);
        put_text(out, key_rows[i].sentence);
        fputc('\n', out);
    }
    fputs(".PP\nThe report says what was changed. Users can be changed in\n.B squall run\nonly, "
          "up to ten times as many as it began with; a pause is in no duration and no rate.\n",
          out);
}

static const struct {
    int code;
    const char *sentence;
} exit_codes[] = {
    { EXIT_DONE, "Done." },
    { EXIT_REQUEST_FAILED,
      "Done, but some request failed (\\fB\\-\\-exit\\-code\\-on\\-failure\\fR "
      "changes it), the audit did, or the result could not be written." },
    { EXIT_USAGE, "A mistake on the command line or in the scenario, or a file that cannot be "
                  "written: nothing was sent." },
    { EXIT_HOST, "This host cannot run it; the remedy is told." },
    { EXIT_INVALID, "squall itself was the bottleneck, and \\fB\\-\\-strict\\fR was given." },
    { EXIT_UNMET,
      "Something that \\fB\\-\\-expect\\fR or the scenario asked for does not hold; with "
      "\\fB\\-\\-fail\\-if\\-slower\\fR something is slower." },
    { EXIT_SIGNAL + SIGINT, "Stopped with Ctrl\\-C; the report is whole all the same." },
};

static void put_exit_codes(FILE *out)
{
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; i < sizeof exit_codes / sizeof exit_codes[0]; i++)
        fprintf(out, ".TP\n.B %d\n%s\n", exit_codes[i].code, exit_codes[i].sentence);
}

static const char *const environment[] = {
    ".TP",
    ".B NO_COLOR",
    "When set to anything, no colors are written.",
    ".TP",
    ".BR LC_ALL ,\\~ LC_CTYPE ,\\~ LANG",
    "Where they do not name UTF\\-8, everything is drawn in ASCII.",
    ".TP",
    ".B SQUALL_RING_MASK",
    "Features of io_uring not to use, separated by commas; for tests and comparisons.",
};

static const char *const files[] = {
    ".TP",
    ".I " SQUALL_DOC_DIR "/scenario.md",
    "The manual of scenarios.",
    ".TP",
    ".I " SQUALL_DOC_DIR "/examples/tweets.yaml",
    "A scenario to begin with.",
    ".TP",
    ".I " SQUALL_SHARE_DIR "/scenario.schema.json",
    "The JSON Schema of scenarios.",
};

static const char *const examples[] = {
    ".TP",
    "As fast as it goes, over 64 connections, for two seconds:",
    "squall \\-c 64 \\-d 2s http://127.0.0.1:8000/",
    ".TP",
    "1000 requests per second, whatever the server does, and the result as JSON too:",
    "squall \\-R 1000 \\-d 30s \\-o run.json http://127.0.0.1:8000/",
    ".TP",
    "A scenario with 50 users, 25 of them started each second, for a minute:",
    "squall run tweets.yaml \\-u 50 \\-r 25 \\-t 60s",
    ".TP",
    "Fail a pipeline when answers become slow:",
    "squall \\-d 10s \\-\\-expect \\(aqp99 < 50ms\\(aq http://127.0.0.1:8000/",
    ".TP",
    "Something to practise on:",
    "squall target \\-\\-listen 127.0.0.1:8000",
};

static const char *const see_also[] = {
    ".BR curl (1),",
    ".BR io_uring (7)",
};

void manual_write(FILE *out, const struct invocation *call)
{
    fputs(".TH SQUALL 1 \"\" \"squall " SQUALL_VERSION "\" \"User Commands\"\n"
          ".SH NAME\nsquall \\- load generator for HTTP/1.1\n",
          out);
    put_synopsis(out, call);
    SECTION(out, "DESCRIPTION", description);
    put_commands(out, call);
    put_all_options(out, call);
    SECTION(out, "SCENARIOS", scenarios);
    put_keys(out);
    put_exit_codes(out);
    SECTION(out, "ENVIRONMENT", environment);
    SECTION(out, "FILES", files);
    SECTION(out, "EXAMPLES", examples);
    SECTION(out, "SEE ALSO", see_also);
}
