/* content_coding — bodies that were sent compressed: gzip, deflate (zlib or raw) and br.
 *
 * A decoder belongs to one core and is used for one body at a time; all its memory is reserved when
 * it is opened, 32 MiB, of which only what decoding touches is ever used: some 50 KiB for gzip and
 * deflate, for br the tables, at most 3 MiB, and up to four times the body. RFC 9110 section 8.4.1,
 * RFC 1950 to 1952, RFC 7932.
 */
#ifndef SQUALL_HTTP_CONTENT_CODING_H
#define SQUALL_HTTP_CONTENT_CODING_H

#include <stddef.h>

#include "http/span.h"

enum content_coding { CODING_IDENTITY, CODING_GZIP, CODING_DEFLATE, CODING_BR, CODING_UNKNOWN };

/* What the value of a Content-Encoding header means; a list of several is CODING_UNKNOWN. */
enum content_coding content_coding_read(struct span value);

struct content_decoder;
int content_decoder_open(struct content_decoder **ret_decoder); /* 0 or -ENOMEM */
void content_decoder_close(struct content_decoder *d);

/* Decodes a whole body into out[0..cap); body and cap below 2 GiB. The length; -EBADMSG: not valid,
 * cut short (nothing at all is that too), or something behind its end; -ENOSPC: longer than cap
 * (bombs end here); -EOPNOTSUPP: CODING_UNKNOWN. */
int content_decode(struct content_decoder *d, enum content_coding coding, struct span body,
                   char *out, size_t cap);

/* `body` compressed, for requests at load and for servers: malloc'd, NULL = no memory. */
char *content_gzip(struct span body, size_t *ret_len);
char *content_deflate(struct span body, size_t *ret_len);
char *content_br(struct span body, size_t *ret_len);

#endif
