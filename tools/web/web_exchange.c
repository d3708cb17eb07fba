#include "tools/web/web_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/io/clock.h"

#define WAIT_MAX_NS UINT64_C(25000000000) /* for a run to stop */

struct web_exchange {
    const struct site_route *route;
    const char *rest;
    struct MHD_Connection *connection;
    char *path;
    char *body;
    size_t body_len;
    struct web_exchange *next; /* of those put off */
    uint64_t put_off_ns;       /* when; 0 = it was not */
    bool is_answered;
};

/* Nothing is fetched from elsewhere, nothing runs but app.js, nobody may frame the page. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/* A report has its scripts inside: they run, but in an origin of their own, which reaches nothing.
 */
static const char report_policy[] =
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'";

static const struct {
    const char *name, *value;
} headers[] = {
    { "X-Content-Type-Options", "nosniff" },
    { "X-Frame-Options", "DENY" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Cache-Control", "no-store" },
};

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* ---- replies ---- */

static enum MHD_Result send_reply(struct web_exchange *e, struct site_reply *reply)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->size, (void *)(uintptr_t)(reply->owned != NULL ? reply->owned : reply->bytes),
        reply->owned != NULL ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (response == NULL) {
        free(reply->owned);
        return MHD_NO;
    }
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        (void)MHD_add_response_header(response, headers[i].name, headers[i].value);
    (void)MHD_add_response_header(response, "Content-Security-Policy",
                                  reply->is_alone ? report_policy : page_policy);
    (void)MHD_add_response_header(response, "Content-Type", reply->type);
    if (reply->allow != NULL)
        (void)MHD_add_response_header(response, "Allow", reply->allow);
    if (reply->attachment[0] != '\0') {
        char value[200];
        (void)snprintf(value, sizeof value, "attachment; filename=\"%s\"", reply->attachment);
        (void)MHD_add_response_header(response, "Content-Disposition", value);
    }
    const enum MHD_Result result = MHD_queue_response(e->connection, reply->status, response);
    MHD_destroy_response(response);
    e->is_answered = true;
    return result;
}

static enum MHD_Result refuse(struct web_exchange *e, unsigned status, const char *sentence)
{
    struct site_reply reply = { .allow = NULL };
    reply_text(&reply, status, sentence);
    return send_reply(e, &reply);
}

/* ---- requests ---- */

static enum MHD_Result count_hosts(void *count, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
    (void)kind;
    (void)value;
    if (strcasecmp(key, "Host") == 0)
        ++*(unsigned *)count;
    return MHD_YES;
}

static struct guard_verdict judge(const struct web_exchanges *c, const struct web_exchange *e)
{
    struct MHD_Connection *connection = e->connection;
    struct guard_request r = {
        .access = e->route != NULL ? site_access(e->route) : GUARD_PAGE,
        .host = header_of(connection, "Host"),
        .origin = header_of(connection, "Origin"),
        .referer = header_of(connection, "Referer"),
        .token = header_of(connection, "X-Squall-Token"),
        .fetch_site = header_of(connection, "Sec-Fetch-Site"),
        .fetch_mode = header_of(connection, "Sec-Fetch-Mode"),
    };
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, count_hosts, &r.host_count);
    return guard_judge(&c->site->guard, &r);
}

static enum site_body body_kind_of(const struct web_exchange *e)
{
    static const struct {
        const char *type;
        enum site_body kind;
    } kinds[] = { { "application/json", SITE_BODY_JSON },
                  { "application/x-www-form-urlencoded", SITE_BODY_FORM } };
    const char *type = header_of(e->connection, "Content-Type");
    if (type == NULL)
        return e->body_len == 0 ? SITE_BODY_NONE : SITE_BODY_OTHER;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t len = strlen(kinds[i].type);
        if (strncasecmp(type, kinds[i].type, len) == 0 &&
            (type[len] == '\0' || type[len] == ';' || type[len] == ' '))
            return kinds[i].kind;
    }
    return SITE_BODY_OTHER;
}

static const char *query_of(const void *context, const char *key)
{
    const struct web_exchange *e = context;
    return MHD_lookup_connection_value(e->connection, MHD_GET_ARGUMENT_KIND, key);
}

static void put_off(struct web_exchanges *c, struct web_exchange *e)
{
    e->put_off_ns = clock_now_ns();
    e->next = c->waiting;
    c->waiting = e;
    MHD_suspend_connection(e->connection);
}

static enum MHD_Result answer(struct web_exchanges *c, struct web_exchange *e, const char *method)
{
    const struct site_request request = {
        .method = method,
        .path = e->path,
        .rest = e->rest,
        .body = e->body,
        .body_len = e->body_len,
        .body_kind = body_kind_of(e),
        .query = query_of,
        .context = e,
        .has_waited = e->put_off_ns != 0,
    };
    struct site_reply reply;
    if (request.body_kind == SITE_BODY_OTHER)
        return refuse(e, 415, "expected a body of application/json, or of a form");
    site_answer(c->site, e->route, &request, &reply);
    if (reply.is_pending && !request.has_waited) {
        put_off(c, e);
        return MHD_YES;
    }
    return send_reply(e, &reply);
}

/* The head is there. The reply may be clear already. */
static enum MHD_Result begin(struct web_exchanges *c, struct MHD_Connection *connection,
                             const char *url, const char *method,
                             struct web_exchange **ret_exchange)
{
    struct web_exchange *e = calloc(1, sizeof *e);
    struct site_reply reply;
    if (e == NULL)
        return MHD_NO;
    *ret_exchange = e;
    e->connection = connection;
    e->path = strdup(url);
    if (e->path == NULL)
        return MHD_NO;
    e->route = site_route(method, e->path, &e->rest, &reply);
    const struct guard_verdict verdict = judge(c, e);
    if (verdict.status != 200)
        return refuse(e, verdict.status, verdict.sentence);
    if (e->route == NULL)
        return send_reply(e, &reply);
    const char *length = header_of(connection, "Content-Length");
    if (length != NULL && strtoull(length, NULL, 10) > SITE_BODY_MAX)
        return refuse(e, 413, "expected a body of at most 64 KiB");
    return MHD_YES;
}

static enum MHD_Result take_body(struct web_exchange *e, const char *upload, size_t *upload_len)
{
    const size_t len = e->body_len + *upload_len;
    char *more = len <= SITE_BODY_MAX ? realloc(e->body, len + 1) : NULL;
    if (more == NULL)
        return MHD_NO; /* it came in chunks and did not say how long it is */
    memcpy(more + e->body_len, upload, *upload_len);
    more[len] = '\0';
    e->body = more;
    e->body_len = len;
    *upload_len = 0;
    return MHD_YES;
}

enum MHD_Result web_exchange_step(struct web_exchanges *c, struct MHD_Connection *connection,
                                  const char *url, const char *method, const char *upload,
                                  size_t *upload_len, void **exchange)
{
    struct web_exchange *e = *exchange;
    if (e == NULL) {
        const enum MHD_Result result = begin(c, connection, url, method, &e);
        *exchange = e;
        return result;
    }
    if (*upload_len > 0)
        return take_body(e, upload, upload_len);
    return answer(c, e, method);
}

bool web_exchange_is_in_hand(const struct web_exchange *e)
{
    return e != NULL && (e->is_answered || e->put_off_ns != 0);
}

static void take_out(struct web_exchanges *c, const struct web_exchange *e)
{
    for (struct web_exchange **at = &c->waiting; *at != NULL; at = &(*at)->next) {
        if (*at != e)
            continue;
        *at = e->next;
        return;
    }
}

void web_exchange_close(struct web_exchanges *c, struct web_exchange *e)
{
    if (e == NULL)
        return;
    take_out(c, e);
    free(e->path);
    free(e->body);
    free(e);
}

void web_exchange_resume_waiting(struct web_exchanges *c)
{
    if (c->waiting == NULL)
        return;
    const bool is_idle = run_control_is_idle(c->site->control);
    const uint64_t now_ns = clock_now_ns();
    struct web_exchange *e = c->waiting;
    while (e != NULL) {
        struct web_exchange *next = e->next;
        if (is_idle || now_ns - e->put_off_ns > WAIT_MAX_NS) {
            take_out(c, e);
            MHD_resume_connection(e->connection);
        }
        e = next;
    }
}

void web_exchange_drop_waiting(struct web_exchanges *c)
{
    while (c->waiting != NULL) {
        struct web_exchange *e = c->waiting;
        take_out(c, e);
        MHD_resume_connection(e->connection);
    }
}
