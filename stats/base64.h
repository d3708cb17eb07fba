/* base64 — bytes as text, with the standard alphabet and padding (RFC 4648, section 4). */
#ifndef SQUALL_STATS_BASE64_H
#define SQUALL_STATS_BASE64_H

#include <stddef.h>
#include <stdint.h>

#define BASE64_LEN(size) (((size) + 2u) / 3u * 4u)

/* Writes BASE64_LEN(size) characters, no NUL. */
void base64_encode(char *out, const uint8_t *bytes, size_t size);

/* Writes at most len / 4 * 3 bytes. 0, or -EBADMSG for anything that base64_encode() would not have
 * written: blanks, padding elsewhere than at the end, bits that belong to no byte. */
int base64_decode(uint8_t *out, size_t *ret_size, const char *text, size_t len);

#endif
