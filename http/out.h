/* out — bytes on their way into a caller's buffer, which never grows. */
#ifndef SQUALL_HTTP_OUT_H
#define SQUALL_HTTP_OUT_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "http/span.h"

struct out {
    char *bytes;
    size_t len, cap;
    bool has_overflowed; /* something found no room: what stands there is worth nothing */
};

/* 0, or -ENOSPC: then nothing of it was written. */
static inline int out_put(struct out *o, const char *bytes, size_t len)
{
    if (len > o->cap - o->len) {
        o->has_overflowed = true;
        return -ENOSPC;
    }
    if (len > 0)
        memcpy(o->bytes + o->len, bytes, len);
    o->len += len;
    return 0;
}

static inline int out_put_span(struct out *o, struct span text)
{
    return out_put(o, text.bytes, text.len);
}

static inline int out_put_percent_encoded(struct out *o, char byte)
{
    static const char hex[] = "0123456789ABCDEF";
    const unsigned char c = (unsigned char)byte;
    return out_put(o, (const char[]){ '%', hex[c >> 4], hex[c & 15] }, 3);
}

/* For those who look once, at the end: the length, or -ENOSPC when anything found no room. */
static inline int out_finish(const struct out *o)
{
    return o->has_overflowed || o->len > INT_MAX ? -ENOSPC : (int)o->len;
}

#endif
