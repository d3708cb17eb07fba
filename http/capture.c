#include "http/capture.h"

#include <errno.h>
#include <limits.h>

#include "http/json.h"

const char *capture_pointer_fault(struct span pointer)
{
    if (pointer.len > 0 && pointer.bytes[0] != '/')
        return "expected a JSON pointer such as '/items/0/id', found one that does not begin with "
               "'/'";
    for (size_t i = 0; i < pointer.len; i++) {
        const bool has_next = i + 1 < pointer.len;
        if (pointer.bytes[i] == '~' &&
            !(has_next && (pointer.bytes[i + 1] == '0' || pointer.bytes[i + 1] == '1')))
            return "expected '~0' or '~1' in a JSON pointer, found another '~'";
    }
    return NULL;
}

int capture_json(struct span body, struct span pointer, char *out, size_t cap)
{
    struct span value;

    if (capture_pointer_fault(pointer))
        return -ENOENT;
    const int rc = json_find(body, pointer, &value);
    if (rc < 0)
        return rc;
    if (value.bytes[0] == '"')
        return json_unescape(value, out, cap);
    if (value.len > cap || value.len > INT_MAX)
        return -ENOSPC;
    memcpy(out, value.bytes, value.len);
    return (int)value.len;
}
