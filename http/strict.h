/* strict — what llhttp lets pass, more or less of it by version, and squall does not: in heads,
 * chunk lines and trailers.
 *
 * A line end that is not CR LF, a folded line, a header without a name, a control byte; and a
 * status line that does not begin with "HTTP/1.0 " or "HTTP/1.1 " and a status code from 100 to
 * 999.
 */
#ifndef SQUALL_HTTP_STRICT_H
#define SQUALL_HTTP_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STRICT_START_LEN 13u /* "HTTP/1.1 200" and the byte after it */

/* The index of the first byte at fault, or `len`. `before` is the byte before them, 0 at the
 * beginning of a head and after a chunk's data. */
size_t strict_find_fault(const uint8_t *bytes, size_t len, uint8_t before);

/* Why `byte` is at fault after `before`: static text. */
const char *strict_fault_reason(uint8_t before, uint8_t byte);

/* How many of the bytes are as the first STRICT_START_LEN of a status line must be; `index` is
 * where they begin in it. */
size_t strict_match_start(unsigned index, const char *bytes, size_t len);

/* Why byte `index` of a status line is wrong: static text. */
const char *strict_start_reason(unsigned index);

#endif
