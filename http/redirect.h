/* redirect — where an answer of 301, 302, 303, 307 or 308 sends its request next, and that request
 * made out of the one before. RFC 9110 section 15.4; Fetch for what POST becomes. No allocation.
 */
#ifndef SQUALL_HTTP_REDIRECT_H
#define SQUALL_HTTP_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>

#include "http/span.h"
#include "http/url.h"

#define REDIRECT_TARGET_MAX 4096u

bool redirect_is_status(unsigned status); /* 301, 302, 303, 307, 308 */

/* The place a Location value names, seen from a request for `target` on the host of `base`
 * (RFC 3986 section 5.2: absolute, scheme-relative, path, relative path, query only; dot segments
 * removed, the fragment dropped; spaces and what else a target may not have percent-encoded, as
 * browsers do it). ret_url->host, port and is_tls are filled in, spans into `location`; they are
 * `base`'s when the location names none. The target goes into out[0..cap), which needs room for its
 * dot segments too. The target's length; -EINVAL: no http(s) URL, or control bytes in it; -ENOSPC.
 * *ret_url is written only on success. */
int redirect_resolve(struct span location, const struct url *base, struct span target,
                     struct url *ret_url, char *out, size_t cap);

/* What changes on the way from one request to the next. */
struct redirect_next {
    unsigned status;
    struct span authority; /* before the target, for a proxy: "http://host:port"; len 0 = none */
    struct span target;
    struct span host_header; /* of the new place */
    struct span cookie;      /* value of the Cookie header; len 0 = none */
    bool is_other_host;      /* then Authorization stays behind */
    bool imitates_locust;    /* what Python's requests does with method and body */
};

/* `request` is the whole request as it was sent. Writes the next one into out[0..cap): after 303,
 * and a POST after 301 and 302, it is a GET without body and Content headers (HEAD stays HEAD). In
 * requests every method but HEAD becomes GET after 302, and only 307 and 308 repeat a body. Host
 * stands first and Cookie last. The length; -ENOSPC; -EINVAL: something in `request` or `next`
 * may not stand there. *ret_is_head, *ret_is_idempotent tell of the new method. */
int redirect_render(struct span request, const struct redirect_next *next, char *out, size_t cap,
                    bool *ret_is_head, bool *ret_is_idempotent);

#endif
