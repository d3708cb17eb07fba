/* cookie — the cookies of one user, as browsers keep them (RFC 6265), in one run of bytes.
 *
 * A jar is a span that the caller keeps, empty at first; setting a cookie writes the new jar into
 * the caller's buffer. No allocation, no clock: `now_s` is seconds since 1970, not negative. Of
 * RFC 6265bis there are the prefixes __Secure- and __Host- and what keeps a place without TLS from
 * setting secure cookies or hiding them. A Domain must be the host itself or one of its parents,
 * and one without a dot only the host itself: no other public suffix is known here.
 */
#ifndef SQUALL_HTTP_COOKIE_H
#define SQUALL_HTTP_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/span.h"

#define COOKIE_JAR_BYTES_MAX 4096u /* when it is full, those set longest ago go */

/* Where a request goes, as cookies see it. */
struct cookie_place {
    struct span host; /* no port, no brackets; any case */
    struct span path; /* target; what follows '?' is not looked at */
    bool is_secure;
};

/* Takes the value of one Set-Cookie header into the jar: out[0..cap) becomes the new jar, without
 * the cookies that are over. `out` must not overlap `jar`. The new length; -EINVAL: it is no cookie
 * that this place may set; -ENOSPC: this one cookie does not fit. On failure nothing was written.
 */
int cookie_jar_take(struct span jar, const struct cookie_place *from, struct span set_cookie,
                    int64_t now_s, char *out, size_t cap);

/* Sets a cookie of the whole host at `place`, path "/", without end. As cookie_jar_take(). */
int cookie_jar_set(struct span jar, const struct cookie_place *place, struct span name,
                   struct span value, char *out, size_t cap);

/* The value of a Cookie header for a request to `to`: "a=1; b=2", longest paths first, then oldest
 * first (RFC 6265 section 5.4). The length, 0 = none; -ENOSPC. */
int cookie_jar_header(struct span jar, const struct cookie_place *to, int64_t now_s, char *out,
                      size_t cap);

/* The value of the cookie `name`, of any place, the one set last. False when there is none. */
bool cookie_jar_find(struct span jar, struct span name, int64_t now_s, struct span *ret_value);

/* The three date forms of RFC 9110 section 5.6.7, and what RFC 6265 section 5.1.1 also takes.
 * False when it is no date. */
bool cookie_date_read(struct span text, int64_t *ret_s);

#endif
