/* base64 — RFC 4648. */
#ifndef SQUALL_ENGINE_PLAN_BASE64_H
#define SQUALL_ENGINE_PLAN_BASE64_H

#include <stddef.h>

#include "http/span.h"

/* Writes `text` into out[0..cap), with padding. The length, or -ENOSPC. */
int base64_write(struct span text, char *out, size_t cap);

/* Both alphabets are read, that of URLs too, with or without padding: tokens have neither. The
 * length, -EINVAL when it is no base64, -ENOSPC. */
int base64_read(struct span text, char *out, size_t cap);

#endif
