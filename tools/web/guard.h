/* guard — which requests the page's server may answer: those of its own page, and those of scripts
 * on this machine.
 *
 * A browser on this machine runs pages of strangers too, and they can send requests here. Three
 * things tell them apart: the Host header (a stranger's name that was made to point here, DNS
 * rebinding), the headers Origin, Referer and Sec-Fetch-Site that browsers add, and a secret token
 * that only our own page gets to read. What has none of those headers comes from a script, as
 * Locust's users write them.
 *
 * Pure: facts in, verdict out.
 */
#ifndef SQUALL_TOOLS_WEB_GUARD_H
#define SQUALL_TOOLS_WEB_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#define GUARD_TOKEN_CHARS 32u /* 128 bits in hex */

struct guard {
    bool is_local; /* bound to a loopback address: scripts need no token */
    uint16_t port;
    char token[GUARD_TOKEN_CHARS + 1];
};

/* What is asked for. */
enum guard_access {
    GUARD_PAGE,      /* files of the page, the same for everybody */
    GUARD_READ,      /* figures and settings */
    GUARD_CHANGE,    /* starts, stops, deletes */
    GUARD_LOCUST_GET /* so does this, though it is a GET, as in Locust: for scripts only */
};

/* Headers as they came; NULL = there was none. */
struct guard_request {
    enum guard_access access;
    unsigned host_count; /* Host headers */
    const char *host, *origin, *referer, *token;
    const char *fetch_site, *fetch_mode; /* Sec-Fetch-… */
};

struct guard_verdict {
    unsigned status;      /* 200 = answer it */
    const char *sentence; /* why not */
};

/* Draws a new token. 0 or -errno. */
int guard_draw_token(struct guard *g);

struct guard_verdict guard_judge(const struct guard *g, const struct guard_request *r);

/* Takes the same time wherever they differ. */
bool guard_token_is(const struct guard *g, const char *token);

#endif
