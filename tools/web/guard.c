#include "tools/web/guard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#define ORIGIN_SCHEME "http://"

int guard_draw_token(struct guard *g)
{
    unsigned char bytes[GUARD_TOKEN_CHARS / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return -errno;
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(g->token + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

bool guard_token_is(const struct guard *g, const char *token)
{
    unsigned char difference = 0;
    if (strlen(token) != GUARD_TOKEN_CHARS)
        return false;
    for (size_t i = 0; i < GUARD_TOKEN_CHARS; i++)
        difference |= (unsigned char)(token[i] ^ g->token[i]);
    return difference == 0;
}

/* "127.0.0.1:8089" and its kin: the names that only lead to this machine, at our port. */
static bool is_own_host(const struct guard *g, const char *host)
{
    static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t len = strlen(names[i]);
        char port[8];
        if (strncasecmp(host, names[i], len) != 0)
            continue;
        (void)snprintf(port, sizeof port, ":%u", g->port);
        if (strcmp(host + len, port) == 0 || (g->port == 80 && host[len] == '\0'))
            return true;
    }
    return false;
}

/* Whether `url` is, or leads into, the origin of this very request. */
static bool is_same_origin(const char *url, const char *host)
{
    const size_t scheme_len = strlen(ORIGIN_SCHEME), host_len = strlen(host);
    if (strncasecmp(url, ORIGIN_SCHEME, scheme_len) != 0 ||
        strncasecmp(url + scheme_len, host, host_len) != 0)
        return false;
    const char next = url[scheme_len + host_len];
    return next == '\0' || next == '/';
}

/* Another site's page asks. It may link to the page, as a link in a chat does, and no more. */
static bool is_foreign(const struct guard_request *r)
{
    if (r->fetch_site == NULL || strcasecmp(r->fetch_site, "same-origin") == 0 ||
        strcasecmp(r->fetch_site, "none") == 0)
        return false;
    return r->access != GUARD_PAGE || r->fetch_mode == NULL ||
           strcasecmp(r->fetch_mode, "navigate") != 0;
}

static bool is_browser(const struct guard_request *r)
{
    return r->fetch_site != NULL || r->fetch_mode != NULL || r->origin != NULL ||
           r->referer != NULL;
}

static struct guard_verdict refuse(unsigned status, const char *sentence)
{
    return (struct guard_verdict){ .status = status, .sentence = sentence };
}

struct guard_verdict guard_judge(const struct guard *g, const struct guard_request *r)
{
    const bool changes = r->access == GUARD_CHANGE || r->access == GUARD_LOCUST_GET;
    if (r->host_count != 1 || r->host[0] == '\0' || (g->is_local && !is_own_host(g, r->host)))
        return refuse(421, "expected one Host header that names this server's own address");
    if (is_foreign(r))
        return refuse(403, "another site may not ask this");
    if (r->origin != NULL && !is_same_origin(r->origin, r->host))
        return refuse(403, "expected an Origin header of this server's own page");
    if (changes && r->referer != NULL && !is_same_origin(r->referer, r->host))
        return refuse(403, "expected a Referer header of this server's own page");
    if (r->token != NULL && !guard_token_is(g, r->token))
        return refuse(403, "the X-Squall-Token header is wrong: load the page again");
    if (!g->is_local && r->access != GUARD_PAGE && r->token == NULL)
        return refuse(401, "expected an X-Squall-Token header with the token that was shown when "
                           "squall started");
    if (r->access == GUARD_LOCUST_GET && is_browser(r))
        return refuse(403, "expected a script: a browser changes things with POST only");
    if (changes && is_browser(r) && r->token == NULL)
        return refuse(403, "expected an X-Squall-Token header");
    return (struct guard_verdict){ .status = 200 };
}
