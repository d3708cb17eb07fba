/* site — what the server serves: requests in, replies out, without a socket. A route is a row of
 * one table. All on the server's thread. */
#ifndef SQUALL_TOOLS_WEB_SITE_H
#define SQUALL_TOOLS_WEB_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/web/guard.h"
#include "tools/web/run_control.h"

#define SITE_BODY_MAX ((size_t)64 << 10) /* of a request */

struct catalog;

/* The last result of a kind, given again as long as it is still true: a thousand who ask for it
 * cost one. */
struct site_memo {
    uint64_t version;
    double since_s;
    char *json; /* NULL = none yet */
};

struct site {
    struct run_control *control;
    const struct catalog *catalog;
    struct run_store *store;       /* NULL = runs are not kept */
    const struct options *options; /* of the command line */
    struct guard guard;
    struct site_memo live, result;
};

enum site_body { SITE_BODY_NONE, SITE_BODY_JSON, SITE_BODY_FORM, SITE_BODY_OTHER };

struct site_request {
    const char *method, *path; /* the path decoded, without the query */
    const char *rest;          /* what follows the route's own path; "" = nothing */
    const char *body;
    size_t body_len;
    enum site_body body_kind;
    const char *(*query)(const void *context, const char *key); /* NULL = not there */
    const void *context;
    bool has_waited; /* it was put off once with is_pending, and what it waits for is over */
};

struct site_reply {
    unsigned status;
    const char *type;     /* Content-Type */
    const char *allow;    /* of 405; NULL = no such header */
    char attachment[160]; /* file name to save it as; "" = to be shown */
    const char *bytes;    /* `owned`, or static */
    size_t size;
    char *owned;     /* malloc'd; NULL when the bytes are static */
    bool is_alone;   /* a whole page in itself, with scripts inside: it gets an origin of its own */
    bool is_pending; /* ask again when the run has stopped */
};

struct site_route;

/* The route of a request, and what is left of the path. NULL with *ret_reply: 404 or 405. */
const struct site_route *site_route(const char *method, const char *path, const char **ret_rest,
                                    struct site_reply *ret_reply);
enum guard_access site_access(const struct site_route *route);

void site_answer(struct site *s, const struct site_route *route, const struct site_request *r,
                 struct site_reply *ret_reply);

/* Frees what it remembers. */
void site_forget(struct site *s);

/* ---- for routes ---- */

/* What a request shows of the run. */
struct look {
    struct run_view view;
    struct record *record; /* NULL = there was no run yet, or no memory */
};

/* The run is held until look_end(). */
void look_begin(struct site *s, struct look *ret_look);
void look_end(struct site *s, struct look *look);

/* The whole result of the run as JSON, for the caller to free; NULL = there was no run yet, or no
 * memory. */
char *site_whole_result(struct site *s);

void reply_text(struct site_reply *reply, unsigned status, const char *text);

/* Takes over malloc'd `text`; NULL = no memory, answered with 500. */
void reply_owned(struct site_reply *reply, const char *type, char *text);

/* The same of JSON, in which no byte is left that could end a script or begin a tag: it takes over
 * `json`. */
void reply_json(struct site_reply *reply, unsigned status, char *json);

/* { "error": …, "field": … } */
void reply_refusal(struct site_reply *reply, const struct run_refusal *refusal);

typedef void site_handler(struct site *s, const struct site_request *r, struct site_reply *reply);

/* Routes of squall's own API. */
site_handler api_state, api_live, api_result, api_histogram, api_start, api_edit, api_stop,
    api_reset, api_runs, api_run, api_run_edit, api_run_delete, api_download, api_metrics;

/* Locust's. */
site_handler locust_swarm, locust_stop, locust_reset, locust_requests, locust_requests_csv,
    locust_history_csv, locust_failures_csv, locust_exceptions, locust_exceptions_csv, locust_tasks,
    locust_report;

#endif
