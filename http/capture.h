/* capture — a value out of a response: where to look, and the looking. No allocation. */
#ifndef SQUALL_HTTP_CAPTURE_H
#define SQUALL_HTTP_CAPTURE_H

#include <stdint.h>

#include "http/span.h"

enum capture_kind { CAPTURE_JSON, CAPTURE_HEADER };

struct capture {
    enum capture_kind kind;
    struct span what;  /* JSON pointer (RFC 6901: "" or "/a/0"), or header name */
    uint32_t variable; /* where the value goes; meaning known to the caller */
};

/* NULL when `pointer` is a JSON pointer, else one sentence. */
const char *capture_pointer_fault(struct span pointer);

/* Finds `pointer` in the JSON text `body`. A string is unescaped into out (UTF-8); a number, true,
 * false, null, object or array is copied as its text. Returns the length; -ENOENT: nothing there;
 * -EBADMSG: the body as a whole is no valid JSON (of equal names the last counts, so it must be
 * read to its end); -ENOSPC: longer than cap. Depth is bounded by 64
 * (-EBADMSG beyond). */
int capture_json(struct span body, struct span pointer, char *out, size_t cap);

#endif
