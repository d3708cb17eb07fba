#include "tools/web/site.h"

#include <stdlib.h>
#include <string.h>

#include "stats/report/json_writer.h"
#include "stats/report/sink.h"
#include "tools/viewer/assets.h"

struct site_route {
    const char *method, *path; /* one that ends with '/' has more after it */
    enum guard_access access;
    site_handler *answer;
};

static const struct site_route routes[] = {
    { "GET", "/api/state", GUARD_READ, api_state },
    { "GET", "/api/live", GUARD_READ, api_live },
    { "GET", "/api/result", GUARD_READ, api_result },
    { "GET", "/api/histogram", GUARD_READ, api_histogram },
    { "POST", "/api/start", GUARD_CHANGE, api_start },
    { "POST", "/api/edit", GUARD_CHANGE, api_edit },
    { "POST", "/api/stop", GUARD_CHANGE, api_stop },
    { "POST", "/api/reset", GUARD_CHANGE, api_reset },
    { "GET", "/api/runs", GUARD_READ, api_runs },
    { "GET", "/api/runs/", GUARD_READ, api_run },
    { "POST", "/api/runs/", GUARD_CHANGE, api_run_edit },
    { "DELETE", "/api/runs/", GUARD_CHANGE, api_run_delete },
    { "GET", "/api/download/", GUARD_READ, api_download },
    { "GET", "/metrics", GUARD_READ, api_metrics },

    { "POST", "/swarm", GUARD_CHANGE, locust_swarm },
    { "GET", "/stop", GUARD_LOCUST_GET, locust_stop },
    { "GET", "/stats/reset", GUARD_LOCUST_GET, locust_reset },
    { "GET", "/stats/requests", GUARD_READ, locust_requests },
    { "GET", "/stats/requests/csv", GUARD_READ, locust_requests_csv },
    { "GET", "/stats/requests_full_history/csv", GUARD_READ, locust_history_csv },
    { "GET", "/stats/failures/csv", GUARD_READ, locust_failures_csv },
    { "GET", "/stats/report", GUARD_READ, locust_report },
    { "GET", "/exceptions", GUARD_READ, locust_exceptions },
    { "GET", "/exceptions/csv", GUARD_READ, locust_exceptions_csv },
    { "GET", "/tasks", GUARD_READ, locust_tasks },
};

/* ---- finding ---- */

static site_handler answer_asset;
static const struct site_route asset_route = { "GET", "/", GUARD_PAGE, answer_asset };

static const struct asset *asset_of(const char *path)
{
    const struct asset *asset = asset_find(path[1] == '\0' ? "index.html" : path + 1);
    /* The template of reports is no page. */
    return asset != NULL && strcmp(asset->name, "report.html") != 0 ? asset : NULL;
}

/* What is left of `path` after the route's own; NULL when it is not that route's. */
static const char *rest_of(const struct site_route *route, const char *path)
{
    const size_t len = strlen(route->path);
    if (route->path[len - 1] != '/')
        return strcmp(route->path, path) == 0 ? path + len : NULL;
    return strncmp(route->path, path, len) == 0 && path[len] != '\0' ? path + len : NULL;
}

/* HEAD is a GET whose body stays behind. */
static bool is_method(const struct site_route *route, const char *method)
{
    return strcmp(route->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

const struct site_route *site_route(const char *method, const char *path, const char **ret_rest,
                                    struct site_reply *ret_reply)
{
    const char *allow = NULL;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const char *rest = rest_of(&routes[i], path);
        if (rest == NULL)
            continue;
        *ret_rest = rest;
        if (is_method(&routes[i], method))
            return &routes[i];
        allow = routes[i].method;
    }
    if (allow == NULL && asset_of(path) != NULL) {
        *ret_rest = path;
        if (is_method(&asset_route, method))
            return &asset_route;
        allow = "GET";
    }
    *ret_reply = (struct site_reply){ .allow = allow };
    reply_text(ret_reply, allow != NULL ? 405 : 404,
               allow != NULL ? "this address does not take that method" : "there is nothing here");
    return NULL;
}

enum guard_access site_access(const struct site_route *route)
{
    return route->access;
}

static void answer_asset(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    const struct asset *asset = asset_of(r->rest);
    (void)s;
    *reply = (struct site_reply){
        .status = 200, .type = asset->type, .bytes = (const char *)asset->bytes, .size = asset->size
    };
}

void site_answer(struct site *s, const struct site_route *route, const struct site_request *r,
                 struct site_reply *ret_reply)
{
    *ret_reply = (struct site_reply){ .status = 200 };
    route->answer(s, r, ret_reply);
}

void site_forget(struct site *s)
{
    free(s->live.json);
    free(s->result.json);
    s->live.json = s->result.json = NULL;
}

/* ---- looking ---- */

void look_begin(struct site *s, struct look *ret_look)
{
    *ret_look = (struct look){ .record = NULL };
    run_control_hold(s->control, &ret_look->view);
    if (ret_look->view.id == NULL ||
        measurement_record(&ret_look->record, ret_look->view.measured, false) != 0)
        return;
    ret_look->record->result.name = ret_look->view.name;
}

void look_end(struct site *s, struct look *look)
{
    record_close(look->record);
    run_control_release(s->control);
}

/* ---- replies ---- */

void reply_text(struct site_reply *reply, unsigned status, const char *text)
{
    reply->status = status;
    reply->type = "text/plain; charset=utf-8";
    reply->bytes = text;
    reply->size = strlen(text);
}

void reply_owned(struct site_reply *reply, const char *type, char *text)
{
    if (text == NULL) {
        reply_text(reply, 500, "no memory");
        return;
    }
    reply->type = type;
    reply->bytes = reply->owned = text;
    reply->size = strlen(text);
}

/* In JSON these stand in texts only, and there they may be written in this way too. */
static const char *escape_of(const char *at, size_t *ret_len)
{
    *ret_len = 1;
    switch (*at) {
    case '<':
        return "\\u003c";
    case '>':
        return "\\u003e";
    case '&':
        return "\\u0026";
    case '\xe2':
        *ret_len = 3;
        if (at[1] == '\x80' && at[2] == '\xa8')
            return "\\u2028";
        if (at[1] == '\x80' && at[2] == '\xa9')
            return "\\u2029";
        *ret_len = 1;
        return NULL;
    default:
        return NULL;
    }
}

static char *make_inert(const char *json)
{
    struct sink out;
    char *text = NULL;
    sink_init(&out);
    while (*json != '\0') {
        const size_t plain = strcspn(json, "<>&\xe2");
        size_t len = 0;
        sink_bytes(&out, json, plain);
        json += plain;
        const char *escape = *json != '\0' ? escape_of(json, &len) : NULL;
        if (escape != NULL)
            sink_text(&out, escape);
        else
            sink_bytes(&out, json, len);
        json += len;
    }
    return sink_finish(&out, &text) == 0 ? text : NULL;
}

void reply_json(struct site_reply *reply, unsigned status, char *json)
{
    char *inert = json != NULL ? make_inert(json) : NULL;
    free(json);
    reply->status = status;
    reply_owned(reply, "application/json", inert);
}

void reply_refusal(struct site_reply *reply, const struct run_refusal *refusal)
{
    struct sink out;
    struct json_writer w;
    char *text = NULL;
    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object_line(&w, NULL);
    json_put_string(&w, "error", refusal->sentence);
    json_put_string(&w, "field", refusal->field[0] != '\0' ? refusal->field : NULL);
    json_close(&w);
    (void)sink_finish(&out, &text);
    reply_json(reply, refusal->status, text);
}
