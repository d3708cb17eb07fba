/* squall's own API: the run as JSON, and orders for it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/json_writer.h"
#include "stats/report/report.h"
#include "stats/report/sink.h"
#include "tools/web/catalog.h"
#include "tools/web/histogram.h"
#include "tools/web/site.h"

#define DECIMALS_S 3u

/* ---- state ---- */

static void write_state(struct json_writer *w, const struct run_view *v)
{
    json_put_string(w, "state", run_state_name(v->state));
    json_put_string(w, "run", v->id);
    json_put_string(w, "name", v->name);
    json_put_number(w, "elapsed_s", v->elapsed_s, DECIMALS_S);
    json_put_number(w, "time_left_s", v->time_left_s, DECIMALS_S);
    json_put_count(w, "users", v->users);
    json_put_count(w, "users_target", v->users_wanted);
    json_put_count(w, "users_max", v->users_max);
    json_put_number(w, "spawn_rate", v->spawn_rate, DECIMALS_S);
}

/* The plan of the run, before the first one that of the first scenario. */
static void write_plan(struct json_writer *w, const struct site *s, const struct run_view *v)
{
    const struct catalog_entry *first = &s->catalog->entries[0];
    const struct plan *plan = v->plan != NULL ? v->plan : first->plan;
    char *text = plan_describe(plan);
    json_put_string(w, "plan", text);
    json_put_string(w, "scenario", plan->file != NULL ? plan->file : "GET /");
    catalog_write_form(w, plan, v->options != NULL ? v->options : s->options,
                       v->plan != NULL || first->has_host);
    free(text);
}

void api_state(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    struct run_view v;
    struct sink out;
    struct json_writer w;
    char *text = NULL;
    const size_t kept = s->store != NULL ? run_store_count(s->store) : 0;
    (void)r;
    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    run_control_hold(s->control, &v);
    write_state(&w, &v);
    write_plan(&w, s, &v);
    run_control_release(s->control);
    json_put_string(&w, "version", SQUALL_VERSION);
    catalog_write(&w, s->catalog);
    /* Who reads this over another address has the token already. */
    json_put_string(&w, "token", s->guard.token);
    json_put_count(&w, "kept", kept);
    json_put_string(&w, "runs_dir", s->store != NULL ? run_store_folder(s->store) : NULL);
    json_close(&w);
    (void)sink_finish(&out, &text);
    reply_json(reply, 200, text);
}

/* ---- results ---- */

static char *make_live(const struct run_view *v, double since_s)
{
    struct record *record = NULL;
    char *text = NULL;
    if (v->id == NULL || measurement_record(&record, v->measured, false) != 0)
        return NULL;
    record->result.name = v->name;
    (void)report_json_since(&text, &record->result, since_s);
    record_close(record);
    return text;
}

/* NULL before there is a run, or without memory. With the run held. */
static const char *live_result(struct site *s, const struct run_view *v, double since_s)
{
    struct site_memo *memo = &s->live;
    if (memo->json == NULL || memo->version != v->version || memo->since_s != since_s) {
        free(memo->json);
        *memo = (struct site_memo){ v->version, since_s, make_live(v, since_s) };
    }
    return memo->json;
}

/* Seconds of the query; -1 = from the start. */
static double since_of(const struct site_request *r)
{
    const char *text = r->query(r->context, "since");
    char *end = NULL;
    const double since_s = text != NULL ? strtod(text, &end) : -1;
    return text == NULL || end == text || !isfinite(since_s) ? -1 : since_s;
}

void api_live(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    const double since_s = since_of(r);
    struct run_view v;
    struct sink out;
    struct json_writer w;
    char *text = NULL;
    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    run_control_hold(s->control, &v);
    const char *result = live_result(s, &v, since_s);
    write_state(&w, &v);
    run_control_release(s->control);
    json_put_value(&w, "result", result != NULL ? result : "null");
    json_close(&w);
    (void)sink_finish(&out, &text);
    reply_json(reply, 200, text);
}

/* With ranges, trends and heat. */
static char *make_result(const struct run_view *v)
{
    struct record *record = NULL;
    char *text = NULL;
    int rc = v->id == NULL ? -1 : measurement_record(&record, v->measured, true);
    if (rc == 0) {
        record->result.name = v->name;
        rc = report_json(&text, &record->result);
    }
    record_close(record);
    return rc == 0 ? text : NULL;
}

char *site_whole_result(struct site *s)
{
    struct run_view v;
    run_control_hold(s->control, &v);
    if (s->result.json == NULL || s->result.version != v.version) {
        free(s->result.json);
        s->result = (struct site_memo){ .version = v.version, .json = make_result(&v) };
    }
    run_control_release(s->control);
    return s->result.json != NULL ? strdup(s->result.json) : NULL;
}

static void no_run(struct site_reply *reply)
{
    const struct run_refusal refusal = { .status = 404, .sentence = "there was no run yet" };
    reply_refusal(reply, &refusal);
}

void api_result(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    char *text = site_whole_result(s);
    (void)r;
    if (text == NULL)
        no_run(reply);
    else
        reply_json(reply, 200, text);
}

void api_histogram(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    const char *method = r->query(r->context, "method"), *name = r->query(r->context, "name");
    struct look look;
    char *text = NULL;
    look_begin(s, &look);
    const bool is_there =
        look.record != NULL && histogram_json(&text, &look.record->result, method, name);
    look_end(s, &look);
    if (is_there)
        reply_json(reply, 200, text);
    else
        no_run(reply);
}

/* ---- orders ---- */

static bool read_form(struct form *ret_form, const struct site_request *r, struct site_reply *reply)
{
    const struct run_refusal refusal = { .status = 400,
                                         .sentence =
                                             "expected a JSON object of texts and numbers" };
    *ret_form = (struct form){ .count = 0 };
    if (r->body_kind == SITE_BODY_NONE)
        return true;
    if (r->body_kind == SITE_BODY_JSON && form_read_json(ret_form, r->body, r->body_len) == 0)
        return true;
    reply_refusal(reply, &refusal);
    return false;
}

static void reply_done(struct site *s, struct site_reply *reply)
{
    struct run_view v;
    struct sink out;
    struct json_writer w;
    char *text = NULL;
    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object_line(&w, NULL);
    json_put_bool(&w, "ok", true);
    run_control_hold(s->control, &v);
    write_state(&w, &v);
    run_control_release(s->control);
    json_close(&w);
    (void)sink_finish(&out, &text);
    reply_json(reply, 200, text);
}

typedef bool order_fn(struct run_control *c, const struct form *form, struct run_refusal *ret);

static void carry_out(struct site *s, const struct site_request *r, struct site_reply *reply,
                      order_fn *order)
{
    struct form form;
    struct run_refusal refusal;
    if (!read_form(&form, r, reply))
        return;
    if (order(s->control, &form, &refusal))
        reply_done(s, reply);
    else
        reply_refusal(reply, &refusal);
    form_close(&form);
}

static bool order_stop(struct run_control *c, const struct form *form, struct run_refusal *ret)
{
    (void)form;
    return run_control_stop(c, ret);
}

static bool order_reset(struct run_control *c, const struct form *form, struct run_refusal *ret)
{
    (void)form;
    return run_control_reset(c, ret);
}

void api_start(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    carry_out(s, r, reply, run_control_start);
}

void api_edit(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    carry_out(s, r, reply, run_control_edit);
}

void api_stop(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    carry_out(s, r, reply, order_stop);
}

void api_reset(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    carry_out(s, r, reply, order_reset);
}
