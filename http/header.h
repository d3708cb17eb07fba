/* header — names and values that may stand in a request without becoming something else.
 *
 * Grammar: RFC 9110 section 5.1 (token) and 5.5 (field value), RFC 9112 section 3 (request line).
 */
#ifndef SQUALL_HTTP_HEADER_H
#define SQUALL_HTTP_HEADER_H

#include <stdbool.h>

#include "http/span.h"

bool header_name_is_valid(struct span name);   /* a token: not empty, no separators, no controls */
bool header_value_is_valid(struct span value); /* no NUL, CR, LF or other control but TAB */
bool method_is_valid(struct span method);      /* a token */
bool method_is_idempotent(struct span method); /* RFC 9110 section 9.2.2; false when not known */
bool target_is_valid(struct span target); /* no controls, no space: can stand in a request line */

/* Splits "Name: value" as curl's -H has it, blanks around the value trimmed. False when it is no
 * header. */
bool header_split(struct span line, struct span *ret_name, struct span *ret_value);

/* Takes a line without its CR LF off the text. False when there is none. */
bool header_take_line(struct span *text, struct span *ret_line);

/* Whether a request line and headers, up to a blank line or the end, have a header `name`, in any
 * case. */
bool header_is_in(struct span head, struct span name);

#endif
