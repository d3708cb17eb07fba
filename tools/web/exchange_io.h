/* exchange_io — one request and its reply between libmicrohttpd and the site: headers to the guard,
 * the body in pieces, the reply with the headers that every one has. Server thread only. */
#ifndef SQUALL_TOOLS_WEB_EXCHANGE_IO_H
#define SQUALL_TOOLS_WEB_EXCHANGE_IO_H

#include <microhttpd.h>
#include <stdbool.h>

#include "tools/web/site.h"

struct exchange;

struct exchange_context {
    struct site *site;
    struct exchange *waiting; /* put off until the run has stopped */
};

/* libmicrohttpd's access handler. */
enum MHD_Result exchange_step(struct exchange_context *c, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *upload,
                              size_t *upload_len, void **exchange);
/* Answered, or put off: the client has done its part. False when NULL. */
bool exchange_is_in_hand(const struct exchange *e);
void exchange_close(struct exchange_context *c, struct exchange *e);

/* Goes on with those put off when what they wait for is over. */
void exchange_resume_waiting(struct exchange_context *c);

/* Before the server stops: libmicrohttpd wants nobody put off then. */
void exchange_drop_waiting(struct exchange_context *c);

#endif
