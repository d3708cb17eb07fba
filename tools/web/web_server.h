/* web_server — the page's HTTP server: libmicrohttpd on a thread of its own that yields to every
 * worker.
 *
 * It bears clients who mean harm: so many connections and no more, the one that has waited longest
 * without asking gives way; a request has a few seconds to come and an answer some more to be
 * taken; heads and bodies have limits.
 */
#ifndef SQUALL_TOOLS_WEB_WEB_SERVER_H
#define SQUALL_TOOLS_WEB_WEB_SERVER_H

#include <stdint.h>

#include "tools/web/site.h"

struct web_server;

struct web_server_setup {
    struct site *site;   /* borrowed */
    const char *address; /* to bind to, "127.0.0.1" or "::1" */
    uint16_t port;       /* 0 = any that is free */
    const int *cpus;     /* of workers, to keep away from; NULL = nobody said which */
    uint32_t cpu_count;
};

/* Binds and tells the port; nobody is answered before web_server_start(). 0; -EINVAL: no address;
 * -EADDRINUSE; or -errno. */
int web_server_open(struct web_server **ret_server, const struct web_server_setup *setup,
                    uint16_t *ret_port);
int web_server_start(struct web_server *s);
void web_server_close(struct web_server *s);

#endif
