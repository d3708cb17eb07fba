/* plan_make — what both makers of plans share: the empty plan, the host, headers of the command
 * line. Private to engine/plan.
 */
#ifndef SQUALL_ENGINE_PLAN_PLAN_MAKE_H
#define SQUALL_ENGINE_PLAN_PLAN_MAKE_H

#include "engine/plan/diag.h"
#include "engine/plan/plan.h"
#include "engine/plan/request_head.h"
#include "http/url.h"

#define PLAN_TIMEOUT_DEFAULT_NS UINT64_C(30000000000)
#define PLAN_GRACE_DEFAULT_NS   UINT64_C(2000000000)
#define PLAN_EXTRA_HEADERS_MAX  100u /* headers on a command line */

/* A plan with nothing in it but its arena. 0 or -ENOMEM. */
int plan_open(struct plan **ret_plan);

/* Frees the patterns of all captures of so many requests. */
void plan_captures_close(const struct plan_request *requests, uint32_t count);

/* A host as requests need it. */
struct plan_host {
    struct url url;
    char header[300];   /* value of the Host header */
    struct span prefix; /* the URL's path without a '/' at its end; empty for most hosts */
};

/* Where all requests of a scenario go; *ret_host points into `text`. NULL, or what was expected and
 * found. */
const char *plan_read_host(struct plan_host *ret_host, struct span text);

/* "http://host:port" in the arena, NULL = no memory. */
/* The CONNECT for a host, asked of a proxy; empty where none is needed. False = no memory. */
bool plan_tunnel_request(const struct plan *p, const struct plan_host *host,
                         struct span *ret_request);

const char *plan_origin_text(struct arena *a, const struct plan_host *host);

/* Takes "Name: value" of the command line apart, the one of number `index`. An empty value leaves
 * the header out, as with curl. False when it is no header that may be sent, with an entry in
 * `diags`. */
bool plan_read_header(const char *line, size_t index, struct diag_list *diags,
                      struct span *ret_name, struct span *ret_value);

#endif
