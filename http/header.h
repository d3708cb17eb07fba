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
bool target_is_valid(struct span target); /* no controls, no space: can stand in a request line */

/* Splits "Name: value" as curl's -H has it, blanks around the value trimmed. False when it is no
 * header. */
bool header_split(struct span line, struct span *ret_name, struct span *ret_value);

#endif
