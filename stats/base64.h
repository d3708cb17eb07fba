/* base64 — bytes as text, with the standard alphabet and padding (RFC 4648, section 4). No
 * allocation. */
#ifndef SQUALL_STATS_BASE64_H
#define SQUALL_STATS_BASE64_H

#include <stddef.h>
#include <stdint.h>

#define BASE64_LEN(size) (((size) + 2u) / 3u * 4u)

/* Writes BASE64_LEN(size) characters, no NUL. */
void base64_encode(char *out, const uint8_t *bytes, size_t size);

/* What is read as base64. */
enum base64_manner {
    BASE64_STRICT, /* only what base64_encode() would have written: no blanks, no bits that belong
                      to no byte */
    BASE64_LENIENT /* the alphabet of URLs too (section 5), padding may be left out: tokens */
};

/* Writes into out[0..cap). 0, -EBADMSG when it is no base64, -ENOSPC; *ret_size is written only on
 * success. */
int base64_decode(uint8_t *out, size_t cap, size_t *ret_size, const char *text, size_t len,
                  enum base64_manner manner);

#endif
