#include "stats/report/command_line.h"

#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "stats/report/sink.h"

/* Characters that mean nothing to any shell. A '=' or '~' in front would. */
static bool is_plain(const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "@%+:,./_-=";

    return word[0] != '\0' && word[0] != '=' && word[strspn(word, plain)] == '\0';
}

/* In single quotes nothing has a meaning but the single quote. */
static void write_word(struct sink *out, const char *word)
{
    if (is_plain(word)) {
        sink_text(out, word);
        return;
    }
    sink_text(out, "'");
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'')
            sink_text(out, "'\\''");
        else
            sink_bytes(out, c, 1);
    }
    sink_text(out, "'");
}

/* What a word says behind "--header=" or "-H", in a bundle too; else the word. */
static const char *header_in(const char *word)
{
    static const char option[] = "--header=";

    if (strncmp(word, option, sizeof(option) - 1) == 0)
        return word + sizeof(option) - 1;
    const char *letter = word[0] == '-' && word[1] != '-' ? strchr(word, 'H') : NULL;
    return letter == NULL ? word : letter + 1;
}

size_t command_line_public_bytes(const char *word)
{
    static const char *const names[] = { "Authorization:", "Proxy-Authorization:", "Cookie:",
                                         "X-Api-Key:" };
    const char *header = header_in(word);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strncasecmp(header, names[i], strlen(names[i])) == 0)
            return (size_t)(header - word) + strlen(names[i]);
    return strlen(word);
}

void command_line_write(struct sink *out, const struct stored *s)
{
    const json_t *words = json_object_get(s->root, "command");

    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        sink_text(out, i > 0 ? " " : "");
        write_word(out, word == NULL ? "" : word);
    }
}
