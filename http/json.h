/* json — a strict RFC 8259 scanner that allocates nothing: finds values in a text and takes strings
 * apart. */
#ifndef SQUALL_HTTP_JSON_H
#define SQUALL_HTTP_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "http/span.h"

#define JSON_DEPTH_MAX 64 /* arrays and objects inside each other */

/* Finds what `pointer` (RFC 6901, valid) leads to; the span is its text in `text`, a string with
 * its quotes. The whole text must be valid, or -EBADMSG; -ENOENT: nothing there. Of equal names in
 * an object the last one counts. */
int json_find(struct span text, struct span pointer, struct span *ret_value);

/* The member at *at of an object, whose text is valid; *at is stepped over it, begin with 0. The
 * name has its quotes. False at the end. */
bool json_next_member(struct span object, size_t *at, struct span *ret_name,
                      struct span *ret_value);

/* Who is told of each value that a pointer with a '*' leads to. */
struct json_each {
    void (*begin)(void *context); /* what was told until now counts no more; comes first, too */
    void (*add)(void *context, struct span value);
    void *context;
};

/* The same for a pointer with one token that is just '*' (json_find() has no such token): it stands
 * for every item of an array and every member of an object, in their order. The text is read once;
 * what `each` was told holds when 0 is returned. -ENOENT: no array or object where the '*' is. */
int json_find_each(struct span text, struct span pointer, const struct json_each *each);

/* Writes what a quoted string that was found says, as UTF-8. Returns its length, or
 * -ENOSPC. */
int json_unescape(struct span quoted, char *out, size_t cap);

/* A number, true, false or null, and nothing around it. */
bool json_is_plain_value(struct span text);

/* How many bytes at the beginning are one UTF-8 character; 0 when they are none. No overlong forms,
 * no surrogates. */
size_t json_utf8_len(const char *bytes, size_t len);

/* Writes one character of UTF-8, `len` bytes as json_utf8_len() says, as json.dumps of Python has
 * it inside a string: \n and its like, \uXXXX for all that is not ASCII. Returns how many bytes. */
#define JSON_ESCAPE_MAX 12
size_t json_escape(const char *bytes, size_t len, char out[JSON_ESCAPE_MAX]);

#endif
