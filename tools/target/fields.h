/* fields — the named values of a request body, sent as JSON or as a form. */
#ifndef SQUALL_TOOLS_TARGET_FIELDS_H
#define SQUALL_TOOLS_TARGET_FIELDS_H

#include <stdint.h>

#include "http/span.h"

struct fields;

/* 0, -EINVAL (not a JSON object), -ENOTSUP (a content type that is neither), or -ENOMEM. */
int fields_open(struct fields **ret_fields, struct span content_type, struct span body);
void fields_close(struct fields *f);

/* True when there is a string of that name; the span lives as long as `f`. Ask once for each name.
 */
bool fields_text(struct fields *f, const char *name, struct span *ret);
/* True when there is a whole number of that name, or a string that is one. */
bool fields_number(struct fields *f, const char *name, int64_t *ret);

#endif
