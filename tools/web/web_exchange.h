/* web_exchange — one request and its reply between libmicrohttpd and the site: headers to the
 * guard, the body in pieces, the reply with the headers that every one has. Server thread only. */
#ifndef SQUALL_TOOLS_WEB_WEB_EXCHANGE_H
#define SQUALL_TOOLS_WEB_WEB_EXCHANGE_H

#include <microhttpd.h>
#include <stdbool.h>

#include "tools/web/site.h"

struct web_exchange;

struct web_exchanges {
    struct site *site;
    struct web_exchange *waiting; /* put off until the run has stopped */
};

/* libmicrohttpd's access handler. */
enum MHD_Result web_exchange_step(struct web_exchanges *c, struct MHD_Connection *connection,
                                  const char *url, const char *method, const char *upload,
                                  size_t *upload_len, void **exchange);
/* Answered, or put off: the client has done its part. False when NULL. */
bool web_exchange_is_in_hand(const struct web_exchange *e);
void web_exchange_close(struct web_exchanges *c, struct web_exchange *e);

/* Goes on with those put off when what they wait for is over. */
void web_exchange_resume_waiting(struct web_exchanges *c);

/* Before the server stops: libmicrohttpd wants nobody put off then. */
void web_exchange_drop_waiting(struct web_exchanges *c);

#endif
