/* span — bytes that belong to somebody else. Not NUL-terminated; may hold any byte. */
#ifndef SQUALL_HTTP_SPAN_H
#define SQUALL_HTTP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
    const char *bytes;
    size_t len;
};

#define SPAN_LITERAL(text) ((struct span){ (text), sizeof(text) - 1 })

static inline struct span span_of(const char *text)
{
    return (struct span){ text, strlen(text) };
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

/* ASCII only, whatever the locale. */
bool span_equal_ignoring_case(struct span a, struct span b);
bool span_begins_ignoring_case(struct span text, struct span prefix);

/* Without the spaces and tabs around it. */
struct span span_trim(struct span text);

#endif
