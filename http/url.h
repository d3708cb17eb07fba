/* url — an absolute http or https URL taken apart, spans into the caller's text. */
#ifndef SQUALL_HTTP_URL_H
#define SQUALL_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "http/span.h"

struct url {
    bool is_tls;
    struct span userinfo; /* "user:password", empty when absent */
    struct span host;     /* without the brackets of an IPv6 address */
    bool host_is_ipv6;
    uint16_t port;        /* 80 or 443 when absent */
    bool port_is_default; /* absent or the scheme's own: the Host header omits it */
    struct span path;     /* from the first '/', without query and fragment; empty when absent */
    struct span query;    /* without '?'; empty when absent */
    bool has_query;
};

/* NULL when `text` is a URL that can be requested, else one sentence: what was expected and what
 * was found. 'host:port/path' without a scheme is taken as http, as curl and wrk's users type it.
 * Refuses control bytes, spaces, other schemes, bad ports. `*ret_url` is written only on success.
 */
const char *url_parse(struct url *ret_url, struct span text);

/* The same of a reference, such as a Location (RFC 3986 section 4.1): scheme, host and port that it
 * leaves out are those of `base`. Path and query are what stands in it, so either may be empty, and
 * spaces may be in them. */
const char *url_parse_reference(struct url *ret_url, const struct url *base, struct span text,
                                bool *ret_has_host);

/* The path of a request target: up to its query; "/" when it does not begin with a '/'. */
struct span url_target_path(struct span target);

/* Writes the value of the Host header ("a.example:8080", "[::1]"). Returns its length, or 0 when
 * `cap` is too small. */
size_t url_host_header(const struct url *u, char *out, size_t cap);

#endif
