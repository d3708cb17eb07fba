#include "stats/report/sink.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 4096u

void sink_init(struct sink *s)
{
    *s = (struct sink){ 0 };
}

void sink_close(struct sink *s)
{
    free(s->bytes);
    sink_init(s);
}

/* Room for `more` bytes and a NUL. */
static bool sink_reserve(struct sink *s, size_t more)
{
    if (s->has_failed)
        return false;
    if (more < s->capacity - s->len)
        return true;

    size_t capacity = s->capacity == 0 ? CAPACITY_FIRST : s->capacity;
    while (capacity - s->len <= more && capacity <= SIZE_MAX / 2u)
        capacity *= 2u;
    char *bytes = capacity - s->len > more ? realloc(s->bytes, capacity) : NULL;
    if (bytes == NULL) {
        s->has_failed = true;
        return false;
    }
    s->bytes = bytes;
    s->capacity = capacity;
    return true;
}

void sink_bytes(struct sink *s, const char *bytes, size_t len)
{
    if (len == 0 || !sink_reserve(s, len))
        return;
    memcpy(s->bytes + s->len, bytes, len);
    s->len += len;
}

void sink_text(struct sink *s, const char *text)
{
    sink_bytes(s, text, strlen(text));
}

void sink_repeat(struct sink *s, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        sink_text(s, text);
}

void sink_format(struct sink *s, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    const int len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (len < 0 || (size_t)len < sizeof(line)) {
        sink_bytes(s, line, len < 0 ? 0 : (size_t)len);
        return;
    }
    if (!sink_reserve(s, (size_t)len))
        return;
    va_start(args, format);
    vsnprintf(s->bytes + s->len, (size_t)len + 1u, format, args);
    va_end(args);
    s->len += (size_t)len;
}

int sink_finish(struct sink *s, char **ret_text)
{
    if (!sink_reserve(s, 0)) {
        sink_close(s);
        return -ENOMEM;
    }
    s->bytes[s->len] = '\0';
    *ret_text = s->bytes;
    sink_init(s);
    return 0;
}
