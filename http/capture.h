/* capture — a value out of a response: where to look, and the looking. No allocation. */
#ifndef SQUALL_HTTP_CAPTURE_H
#define SQUALL_HTTP_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/span.h"

struct json_document;
struct regex;
struct regex_matcher;

enum capture_kind { CAPTURE_JSON, CAPTURE_HEADER, CAPTURE_COOKIE, CAPTURE_REGEX, CAPTURE_BODY };

/* What happens when there is nothing to be found. */
enum capture_absence {
    ABSENCE_FAILS,   /* the request fails and the task ends */
    ABSENCE_FORGETS, /* the variable has no value then */
    ABSENCE_DEFAULTS /* the variable becomes `fallback` */
};

struct capture {
    enum capture_kind kind;
    enum capture_absence absence;
    struct span what; /* JSON pointer (RFC 6901: "" or "/a/0"; see below), header or cookie
                         name, pattern as written; empty for a body */
    struct span fallback;
    bool is_list;              /* CAPTURE_JSON: capture_pointer_is_list(what) */
    bool fallback_is_json;     /* a number, true, false or null, to be sent as one */
    const struct regex *regex; /* CAPTURE_REGEX */
    uint32_t variable;         /* where the value goes; meaning known to the caller */
};

/* NULL when `pointer` is a JSON pointer, else one sentence. A reference token that is just '*'
 * stands for every item of an array or every member's value of an object; there may be one. */
const char *capture_pointer_fault(struct span pointer);
bool capture_pointer_is_list(struct span pointer); /* has a '*' */

/* Finds `pointer`, which has no fault, in an answer that was read. A string is unescaped into out
 * (UTF-8); a number, true, false, null, object or array is copied as its text, which *ret_is_json
 * says (of a list, text_list_is_json() of each item). Returns the length; -ENOENT: nothing there;
 * -ENOSPC: longer than cap.
 * A pointer with '*' writes a text_list; items that lack the rest of the pointer are left out, and
 * no item at all is -ENOENT only when what '*' stands in is not there. Of an object every member
 * counts, of equal names too. -ENOSPC also when one item is longer than TEXT_LIST_ITEM_MAX, or the
 * list than TEXT_LIST_BYTES_MAX. */
int capture_json(const struct json_document *j, struct span pointer, char *out, size_t cap,
                 bool *ret_is_json);

#endif
