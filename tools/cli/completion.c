#include "tools/cli/completion.h"

#include <string.h>

#include "tools/cli/options.h"

/* One way to call squall. */
struct form {
    const char *name; /* the subcommand; NULL = the URL form */
    const char *arguments;
    unsigned bit; /* enum option_form */
};

/* What stands after an option, or as the subject of a form. */
enum value { VALUE_NONE, VALUE_CHOICE, VALUE_FILE, VALUE_OTHER };

static enum value value_of(const struct option_row *row)
{
    if (row->argument == NULL)
        return VALUE_NONE;
    if (row->kind == OPTION_CHOICE)
        return VALUE_CHOICE;
    return strcmp(row->argument, "FILE") == 0 || strcmp(row->argument, "PATH") == 0 ? VALUE_FILE
                                                                                    : VALUE_OTHER;
}

static bool is_repeatable(const struct option_row *row)
{
    return row->kind == OPTION_TEXTS || row->kind == OPTION_HEADER || row->kind == OPTION_OUTPUT;
}

static bool takes_files(const struct form *f)
{
    return strstr(f->arguments, "FILE") != NULL || strstr(f->arguments, ".json") != NULL;
}

static void for_each_form(FILE *out, const struct invocation *call,
                          void (*write)(FILE *out, const struct invocation *call,
                                        const struct form *f))
{
    for (size_t i = 0; i < call->command_count; i++) {
        const struct command *c = &call->commands[i];
        if (c->sentence != NULL)
            write(out, call, &(struct form){ c->name, c->arguments, c->form });
    }
    write(out, call, &(struct form){ NULL, "URL", FORM_URL });
}

static void for_each_row(FILE *out, const struct form *f,
                         void (*write)(FILE *out, const struct form *f,
                                       const struct option_row *row))
{
    for (size_t i = 0; i < option_row_count; i++)
        if (option_rows[i].forms & f->bit)
            write(out, f, &option_rows[i]);
}

/* The names of all commands, `between` them. */
static void put_commands(FILE *out, const struct invocation *call, const char *between)
{
    const char *before = "";
    for (size_t i = 0; i < call->command_count; i++) {
        if (call->commands[i].sentence == NULL)
            continue;
        fprintf(out, "%s%s", before, call->commands[i].name);
        before = between;
    }
}

/* "constant|poisson" with blanks for the bars. */
static void put_choices(FILE *out, const char *argument)
{
    for (; *argument != '\0'; argument++)
        fputc(*argument == '|' ? ' ' : *argument, out);
}

/* Within '...' of a shell: each of `special` behind a backslash, quotes in the shell's own way. */
static void put_quoted(FILE *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr(special, *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

/* ---- bash ---- */

static void put_bash_name(FILE *out, const struct form *f, const struct option_row *row)
{
    (void)f;
    if (row->letter != 0)
        fprintf(out, " -%c", row->letter);
    fprintf(out, " --%s", row->name);
}

/* One case for an option that takes a value; nothing is proposed for a value nobody can know. */
static void put_bash_value(FILE *out, const struct form *f, const struct option_row *row)
{
    (void)f;
    const enum value value = value_of(row);
    if (value == VALUE_NONE)
        return;
    fputs("        ", out);
    if (row->letter != 0)
        fprintf(out, "-%c | ", row->letter);
    fprintf(out, "--%s) ", row->name);
    if (value == VALUE_CHOICE) {
        fputs("_squall_propose -W '", out);
        put_choices(out, row->argument);
        fputs("'; ", out);
    } else if (value == VALUE_FILE) {
        fputs("_squall_files; ", out);
    }
    fputs("return ;;\n", out);
}

static void put_bash_form(FILE *out, const struct invocation *call, const struct form *f)
{
    fprintf(out, "    %s)\n        names='", f->name == NULL ? "*" : f->name);
    for_each_row(out, f, put_bash_name);
    fputs("'\n        case $option in\n", out);
    for_each_row(out, f, put_bash_value);
    fputs("        esac\n", out);
    if (f->name == NULL) {
        fputs("        [ \"$COMP_CWORD\" -eq 1 ] && subjects='", out);
        put_commands(out, call, " ");
        fputs("'\n", out);
    } else if (takes_files(f)) {
        fputs("        subjects=files\n", out);
    }
    fputs("        ;;\n", out);
}

void completion_write_bash(FILE *out, const struct invocation *call)
{
    fputs("# bash completion for squall; written by the build from its table of options\n"
          "_squall_propose()\n{\n"
          "    mapfile -t COMPREPLY < <(compgen \"$@\" -- \"$word\")\n}\n\n"
          "_squall_files()\n{\n"
          "    compopt -o filenames\n"
          "    _squall_propose -f\n}\n\n"
          "_squall()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local form= names= subjects=\n"
          "    COMPREPLY=()\n"
          "    # '--name=value' comes as three words.\n"
          "    if [ \"$word\" = = ]; then\n"
          "        word=\n"
          "    elif [ \"$option\" = = ]; then\n"
          "        option=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    [ \"$COMP_CWORD\" -gt 1 ] && form=${COMP_WORDS[1]}\n"
          "    case $form in\n",
          out);
    for_each_form(out, call, put_bash_form);
    fputs("    esac\n"
          "    if [[ $word == -* ]]; then\n"
          "        _squall_propose -W \"$names\"\n"
          "    elif [ \"$subjects\" = files ]; then\n"
          "        _squall_files\n"
          "    elif [ -n \"$subjects\" ]; then\n"
          "        _squall_propose -W \"$subjects\"\n"
          "    fi\n}\n"
          "complete -F _squall squall\n",
          out);
}

/* ---- zsh ---- */

/* A specification of _arguments, such as '(-u --users)'{-u+,--users=}'[simulated users]:N: '. */
static void put_zsh_row(FILE *out, const struct form *f, const struct option_row *row)
{
    (void)f;
    const enum value value = value_of(row);
    const char *glued = value == VALUE_NONE ? "" : "+", *equals = value == VALUE_NONE ? "" : "=";
    fputs(" \\\n            ", out);
    if (is_repeatable(row))
        fputs("'*'", out);
    else if (row->letter != 0)
        fprintf(out, "'(-%c --%s)'", row->letter, row->name);
    if (row->letter != 0)
        fprintf(out, "{-%c%s,--%s%s}", row->letter, glued, row->name, equals);
    else
        fprintf(out, "--%s%s", row->name, equals);
    fputs("'[", out);
    put_quoted(out, row->sentence, "[]:\\");
    fputc(']', out);
    if (value != VALUE_NONE) {
        fputc(':', out);
        put_quoted(out, row->argument, ":\\");
        fputc(':', out);
        if (value == VALUE_CHOICE) {
            fputc('(', out);
            put_choices(out, row->argument);
            fputc(')', out);
        } else {
            fputs(value == VALUE_FILE ? "_files" : " ", out);
        }
    }
    fputc('\'', out);
}

static void put_zsh_form(FILE *out, const struct invocation *call, const struct form *f)
{
    (void)call;
    fprintf(out, "    %s)\n        _arguments -s -S", f->name == NULL ? "*" : f->name);
    for_each_row(out, f, put_zsh_row);
    fprintf(out, " \\\n            '%s'\n        ;;\n",
            takes_files(f)    ? "*:FILE:_files"
            : f->name == NULL ? "1:URL: "
                              : "*: : ");
}

void completion_write_zsh(FILE *out, const struct invocation *call)
{
    fputs("#compdef squall\n"
          "# zsh completion for squall; written by the build from its table of options\n"
          "_squall() {\n"
          "    local -a commands=(\n",
          out);
    for (size_t i = 0; i < call->command_count; i++) {
        if (call->commands[i].sentence == NULL)
            continue;
        fprintf(out, "        '%s:", call->commands[i].name);
        put_quoted(out, call->commands[i].sentence, "\\");
        fputs("'\n", out);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
          "        _describe command commands\n"
          "        return\n"
          "    fi\n"
          "    local form=$words[2]\n"
          "    if (( ${commands[(I)$form:*]} )); then\n"
          "        shift words\n"
          "        (( CURRENT-- ))\n"
          "    fi\n"
          "    case $form in\n",
          out);
    for_each_form(out, call, put_zsh_form);
    fputs("    esac\n}\n_squall \"$@\"\n", out);
}

/* ---- fish ---- */

static void put_fish_condition(FILE *out, const struct form *f)
{
    if (f->name == NULL)
        fputs("complete -c squall -n 'not __fish_seen_subcommand_from $__squall_commands'", out);
    else
        fprintf(out, "complete -c squall -n '__fish_seen_subcommand_from %s'", f->name);
}

static void put_fish_row(FILE *out, const struct form *f, const struct option_row *row)
{
    put_fish_condition(out, f);
    if (row->letter != 0)
        fprintf(out, " -s %c", row->letter);
    fprintf(out, " -l %s", row->name);
    switch (value_of(row)) {
    case VALUE_NONE:
        break;
    case VALUE_CHOICE:
        fputs(" -x -a '", out);
        put_choices(out, row->argument);
        fputc('\'', out);
        break;
    case VALUE_FILE:
        fputs(" -r -F", out);
        break;
    case VALUE_OTHER:
        fputs(" -x", out);
        break;
    }
    fputs(" -d '", out);
    put_quoted(out, row->sentence, "\\");
    fputs("'\n", out);
}

static void put_fish_form(FILE *out, const struct invocation *call, const struct form *f)
{
    (void)call;
    for_each_row(out, f, put_fish_row);
    if (f->name != NULL && takes_files(f)) {
        put_fish_condition(out, f);
        fputs(" -F\n", out);
    }
}

void completion_write_fish(FILE *out, const struct invocation *call)
{
    fputs("# fish completion for squall; written by the build from its table of options\n"
          "set -g __squall_commands ",
          out);
    put_commands(out, call, " ");
    fputs("\ncomplete -c squall -f\n", out);
    for (size_t i = 0; i < call->command_count; i++) {
        const struct command *c = &call->commands[i];
        if (c->sentence == NULL)
            continue;
        fprintf(out, "complete -c squall -n __fish_use_subcommand -a %s -d '", c->name);
        put_quoted(out, c->sentence, "\\");
        fputs("'\n", out);
    }
    for_each_form(out, call, put_fish_form);
}
