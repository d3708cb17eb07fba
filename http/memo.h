/* memo — the last head that was parsed whole, to be known again without parsing: by all of its
 * bytes, or by all but the digits of its Content-Length. Private to http. */
#ifndef SQUALL_HTTP_MEMO_H
#define SQUALL_HTTP_MEMO_H

#include "http/response.h"

/* Whether the bytes begin with a head that means what the kept one does, but for its length.
 * *ret_head is what it says, worth nothing where they do not; it has memo->len bytes. */
bool memo_matches(const struct response_memo *memo, const char *bytes, size_t len,
                  struct response_head *ret_head);

/* Keeps a head of at most RESPONSE_MEMO_MAX bytes. `is_counted`: its length is what its
 * Content-Length says. */
void memo_keep(struct response_memo *memo, struct span bytes, const struct response_head *head,
               bool is_counted);

#endif
