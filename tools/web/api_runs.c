/* Runs that are kept: lists, names, downloads. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/stored.h"
#include "tools/cli/fault.h"
#include "tools/cli/format.h"
#include "tools/web/site.h"

static void refuse(struct site_reply *reply, int rc)
{
    struct run_refusal refusal = { .status = rc == -ENOENT ? 404 : 500 };
    (void)snprintf(refusal.sentence, sizeof refusal.sentence, "%s",
                   rc == -ENOENT ? "there is no such run" : fault_reason(-rc).text);
    reply_refusal(reply, &refusal);
}

void api_runs(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    char *text = NULL;
    (void)r;
    const int rc = s->store != NULL ? run_store_list(s->store, &text) : 0;
    if (rc != 0)
        refuse(reply, rc);
    else
        reply_json(reply, 200, s->store != NULL ? text : strdup("[]"));
}

void api_run(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    char *text = NULL;
    const int rc = s->store != NULL ? run_store_get(s->store, r->rest, &text) : -ENOENT;
    if (rc != 0)
        refuse(reply, rc);
    else
        reply_json(reply, 200, text);
}

void api_run_edit(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    struct form form;
    if (r->body_kind != SITE_BODY_JSON || form_read_json(&form, r->body, r->body_len) != 0) {
        const struct run_refusal refusal = { .status = 400,
                                             .sentence =
                                                 "expected a JSON object with name or note" };
        reply_refusal(reply, &refusal);
        return;
    }
    const int rc = s->store != NULL ? run_store_edit(s->store, r->rest, &form) : -ENOENT;
    form_close(&form);
    if (rc != 0)
        refuse(reply, rc);
    else
        reply_json(reply, 200, strdup("{ \"ok\": true }"));
}

void api_run_delete(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    const int rc = s->store != NULL ? run_store_remove(s->store, r->rest) : -ENOENT;
    if (rc != 0)
        refuse(reply, rc);
    else
        reply_json(reply, 200, strdup("{ \"ok\": true }"));
}

/* ---- downloads ---- */

static const char *type_of(const char *ending)
{
    static const char *const types[][2] = { { ".json", "application/json" },
                                            { ".csv", "text/csv; charset=utf-8" },
                                            { ".html", "text/html; charset=utf-8" },
                                            { ".xml", "application/xml" } };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i][0], ending) == 0)
            return types[i][1];
    return "text/plain; charset=utf-8";
}

/* The run's JSON as another format. 0 or -errno. */
static int draw(char **ret_text, const struct format *format, const char *json)
{
    struct stored_fault fault;
    struct stored *stored = NULL;
    int rc = stored_read(&stored, json, strlen(json), &fault);
    if (rc == 0)
        rc = format->draw(ret_text, stored);
    stored_close(stored);
    return rc;
}

/* The JSON of the run that is called `id`, or "current". 0 or -errno. */
static int json_of(struct site *s, const char *id, char **ret_json)
{
    if (strcmp(id, "current") == 0) {
        *ret_json = site_whole_result(s);
        return *ret_json != NULL ? 0 : -ENOENT;
    }
    return s->store != NULL ? run_store_get(s->store, id, ret_json) : -ENOENT;
}

void api_download(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    const char *dot = strrchr(r->rest, '.');
    const struct format *format = dot != NULL ? format_of(r->rest) : NULL;
    char id[RUN_ID_MAX + 1] = "", *json = NULL, *text = NULL;
    if (format != NULL && (size_t)(dot - r->rest) <= RUN_ID_MAX)
        memcpy(id, r->rest, (size_t)(dot - r->rest));
    int rc = id[0] != '\0' ? json_of(s, id, &json) : -ENOENT;
    if (rc == 0)
        rc = draw(&text, format, json);
    free(json);
    if (rc != 0) {
        refuse(reply, rc);
        return;
    }
    reply_owned(reply, type_of(format->ending), text);
    reply->is_alone = true;
    (void)snprintf(reply->attachment, sizeof reply->attachment, "squall-%s%s", id, format->ending);
}
