#include "tools/doctor/reading.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the text is; 0 when it cannot be read. */
static size_t read_whole(const char *path, char *out, size_t cap)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len = 0;
    ssize_t got = fd < 0 ? 0 : 1;
    while (got > 0 && len + 1 < cap) {
        got = read(fd, out + len, cap - 1 - len);
        if (got > 0)
            len += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    while (len > 0 && out[len - 1] == '\n')
        len--;
    out[len] = '\0';
    return len;
}

static size_t read_at(const char *root, const char *path, va_list words, char *out, size_t cap)
{
    char whole[READING_PATH_MAX];
    const int len = snprintf(whole, sizeof whole, "%s/", root);
    out[0] = '\0';
    if (len < 0 || (size_t)len >= sizeof whole)
        return 0;
    const size_t room = sizeof whole - (size_t)len;
    const int more = vsnprintf(whole + len, room, path, words);
    return more < 0 || (size_t)more >= room ? 0 : read_whole(whole, out, cap);
}

bool reading_take(struct reading *r, const char *root, const char *path, ...)
{
    va_list words;
    va_start(words, path);
    const size_t len = read_at(root, path, words, r->text, sizeof r->text);
    va_end(words);
    return len > 0;
}

bool reading_line(char *out, size_t cap, const char *root, const char *path, ...)
{
    va_list words;
    va_start(words, path);
    const size_t len = read_at(root, path, words, out, cap);
    va_end(words);
    out[strcspn(out, "\n")] = '\0';
    return len > 0;
}

int64_t reading_next_number(const char **at)
{
    const char *c = *at + strspn(*at, " \t\n");
    for (size_t i = 0; i < 2; i++) {
        static const char *const words[] = { "max", "unlimited" };
        const size_t len = strlen(words[i]);
        if (strncmp(c, words[i], len) == 0) {
            *at = c + len;
            return READING_UNLIMITED;
        }
    }
    /* What is too large or too small becomes READING_UNLIMITED or READING_UNKNOWN: the same numbers
     * that strtoll() has for them. */
    char *end;
    const long long number = strtoll(c, &end, 10);
    if (end == c)
        return READING_UNKNOWN;
    *at = end;
    return number;
}

int64_t reading_number(const char *root, const char *path, ...)
{
    char line[64];
    const char *at = line;
    va_list words;
    va_start(words, path);
    (void)read_at(root, path, words, line, sizeof line);
    va_end(words);
    return reading_next_number(&at);
}

const char *reading_field(const struct reading *r, const char *key)
{
    const size_t len = strlen(key);
    const char *line = r->text;
    while (line != NULL) {
        if (strncmp(line, key, len) == 0)
            return line + len;
        line = strchr(line, '\n');
        if (line != NULL)
            line++;
    }
    return NULL;
}

int64_t reading_field_number(const struct reading *r, const char *key)
{
    const char *at = reading_field(r, key);
    return at == NULL ? READING_UNKNOWN : reading_next_number(&at);
}
