/* json — a strict RFC 8259 scanner that allocates nothing: finds one value in a text and takes
 * strings apart. */
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

/* Writes what a quoted string that json_find() returned says, as UTF-8. Returns its length, or
 * -ENOSPC. */
int json_unescape(struct span quoted, char *out, size_t cap);

/* A number, true, false or null, and nothing around it. */
bool json_is_plain_value(struct span text);

/* How many bytes at the beginning are one UTF-8 character; 0 when they are none. No overlong forms,
 * no surrogates. */
size_t json_utf8_len(const char *bytes, size_t len);

#endif
