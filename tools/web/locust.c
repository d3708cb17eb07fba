/* Locust's web API, for scripts that were written for it: the routes and keys of 2.12.1, and what
 * the newest has more. Where both have a key and mean different things, it is 2.12.1's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/csv.h"
#include "stats/report/json_writer.h"
#include "stats/report/sink.h"
#include "tools/cli/format.h"
#include "tools/web/catalog.h"
#include "tools/web/site.h"

#define ROWS_MAX    500u
#define DECIMALS_MS 6u
#define DECIMALS    6u
#define STAND_BY    409

/* ---- orders ---- */

static void reply_swarm(struct site_reply *reply, bool is_success, const char *message,
                        const char *host, const char *run_time)
{
    struct sink out;
    struct json_writer w;
    char *text = NULL;
    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    json_put_string(&w, "host", host);
    json_put_string(&w, "message", message);
    if (run_time != NULL) {
        uint64_t ns = 0;
        (void)quantity_duration_ns(span_of(run_time), &ns);
        json_put_count(&w, "run_time", ns / 1000000000);
    }
    json_put_bool(&w, "success", is_success);
    json_close(&w);
    (void)sink_finish(&out, &text);
    reply_json(reply, 200, text);
}

/* Locust calls users by another name. */
static void rename_users(struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        char *key = strcmp(form->fields[i].key, "user_count") == 0 ? strdup("users") : NULL;
        if (key == NULL)
            continue;
        free(form->fields[i].key);
        form->fields[i].key = key;
    }
}

static const char *host_now(const struct site *s, const struct run_view *v)
{
    return v->plan != NULL ? v->plan->host : s->catalog->entries[0].plan->host;
}

/* A start, or while a run goes on new users and a new rate for it. */
static void swarm(struct site *s, const struct form *form, struct site_reply *reply)
{
    struct run_refusal refusal;
    struct run_view v;
    const bool is_edit = !run_control_is_idle(s->control);
    const bool is_done = is_edit ? run_control_edit(s->control, form, &refusal)
                                 : run_control_start(s->control, form, &refusal);
    run_control_hold(s->control, &v);
    if (is_done)
        reply_swarm(reply, true, "Swarming started", host_now(s, &v), form_get(form, "run_time"));
    else
        reply_swarm(reply, false, refusal.sentence, host_now(s, &v), NULL);
    run_control_release(s->control);
}

void locust_swarm(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    struct form form = { .count = 0 };
    int rc = 0;
    if (r->body_kind == SITE_BODY_JSON)
        rc = form_read_json(&form, r->body, r->body_len);
    else if (r->body_kind == SITE_BODY_FORM)
        rc = form_read_urlencoded(&form, r->body, r->body_len);
    if (rc != 0) {
        reply_text(reply, 400, "expected the fields of a form, such as user_count=10&spawn_rate=2");
        return;
    }
    rename_users(&form);
    if (form_get(&form, "users") == NULL || form_get(&form, "spawn_rate") == NULL)
        reply_swarm(reply, false, "Missing user_count or spawn_rate from /swarm request", NULL,
                    NULL);
    else
        swarm(s, &form, reply);
    form_close(&form);
}

/* Answers when the run has stopped, as Locust does. */
void locust_stop(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    struct run_refusal refusal;
    if (!r->has_waited && !run_control_is_idle(s->control)) {
        (void)run_control_stop(s->control, &refusal);
        reply->is_pending = true;
        return;
    }
    reply_json(reply, 200, strdup("{ \"message\": \"Test stopped\", \"success\": true }"));
}

void locust_reset(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    struct run_refusal refusal;
    (void)r;
    if (run_control_reset(s->control, &refusal) || refusal.status == STAND_BY)
        reply_text(reply, 200, "ok");
    else
        reply_text(reply, 500, "no memory");
}

/* ---- figures ---- */

/* Where squall has no figure Locust has 0. */
static double or_zero(double value)
{
    return isnan(value) ? 0 : value;
}

static void write_ms(struct json_writer *w, const char *key, double us)
{
    json_put_number(w, key, or_zero(us / 1e3), DECIMALS_MS);
}

static void write_row(struct json_writer *w, const struct summary_row *row,
                      const struct summary_row *second)
{
    const double *quantiles = row->latency.quantile_us;
    json_open_object(w, NULL);
    json_put_number(w, "avg_content_length", or_zero(row->size_avg), DECIMALS);
    write_ms(w, "avg_response_time", row->latency.mean_us);
    json_put_number(w, "current_fail_per_sec", second != NULL ? or_zero(second->failures_per_s) : 0,
                    DECIMALS);
    json_put_number(w, "current_rps", second != NULL ? or_zero(second->rps) : 0, DECIMALS);
    write_ms(w, "max_response_time", row->latency.max_us);
    write_ms(w, "median_response_time", quantiles[SUMMARY_P50]);
    json_put_string(w, "method", row->method);
    write_ms(w, "min_response_time", row->latency.min_us);
    json_put_string(w, "name", row->name);
    write_ms(w, "ninetieth_response_time", quantiles[SUMMARY_P90]);
    write_ms(w, "ninety_ninth_response_time", quantiles[SUMMARY_P99]);
    json_put_count(w, "num_failures", row->failed);
    json_put_count(w, "num_requests", row->count);
    write_ms(w, "response_time_percentile_0.95", quantiles[SUMMARY_P95]);
    write_ms(w, "response_time_percentile_0.99", quantiles[SUMMARY_P99]);
    json_put_string(w, "safe_name", row->name);
    json_put_number(w, "total_fail_per_sec", or_zero(row->failures_per_s), DECIMALS);
    json_put_number(w, "total_rps", or_zero(row->rps), DECIMALS);
    json_close(w);
}

/* The summary of the last second; NULL when there is none, or the run is over. */
static const struct summary *second_of(const struct look *look)
{
    return look->record != NULL && look->view.state != RUN_STOPPED
               ? look->view.measured->collector->second
               : NULL;
}

static void write_rows(struct json_writer *w, const struct look *look)
{
    /* Locust's method is null until there was a run. */
    static const struct summary_row none = { .method = NULL, .name = "Aggregated" };
    const struct summary *second = second_of(look);
    const struct summary *all = look->record != NULL ? look->record->result.summary : NULL;
    uint32_t written = 0;
    json_open_array(w, "stats");
    for (uint32_t i = 0; all != NULL && i < all->row_count && written < ROWS_MAX; i++) {
        if (all->rows[i].count == 0)
            continue;
        write_row(w, &all->rows[i], second != NULL ? &second->rows[i] : NULL);
        written++;
    }
    write_row(w, all != NULL ? &all->total : &none, second != NULL ? &second->total : NULL);
    json_close(w);
}

static void write_errors(struct json_writer *w, const struct look *look)
{
    const struct result *r = look->record != NULL ? &look->record->result : NULL;
    json_open_array(w, "errors");
    for (uint32_t i = 0; r != NULL && i < r->tally->failure_count && i < ROWS_MAX; i++) {
        const struct tally_failure *f = &r->tally->failures[i];
        const bool has_name = f->endpoint < r->tally->endpoint_count;
        char error[FAILURE_MESSAGE_MAX + 64];
        (void)snprintf(error, sizeof error, "%s: %s", failure_name(f->class), f->message);
        json_open_object(w, NULL);
        json_put_string(w, "error", error);
        json_put_string(w, "method", has_name ? r->names[f->endpoint].method : "");
        json_put_string(w, "name", has_name ? r->names[f->endpoint].name : "");
        json_put_count(w, "occurrences", f->count);
        json_close(w);
    }
    json_close(w);
}

/* Null where nothing finished in the last second. */
static void write_current(struct json_writer *w, const struct look *look)
{
    const struct summary *second = second_of(look);
    const struct summary_latency *now = second != NULL ? &second->total.latency : NULL;
    const double p50_ms = now != NULL ? now->quantile_us[SUMMARY_P50] / 1e3 : NAN;
    const double p95_ms = now != NULL ? now->quantile_us[SUMMARY_P95] / 1e3 : NAN;
    const double rps = second != NULL ? or_zero(second->total.rps) : 0;
    const double failures = second != NULL ? or_zero(second->total.failures_per_s) : 0;
    const struct summary_row *whole =
        look->record != NULL ? &look->record->result.summary->total : NULL;
    json_put_number(w, "current_response_time_percentile_50", p50_ms, DECIMALS_MS);
    json_put_number(w, "current_response_time_percentile_95", p95_ms, DECIMALS_MS);
    json_open_object(w, "current_response_time_percentiles");
    json_put_number(w, "response_time_percentile_0.5", p50_ms, DECIMALS_MS);
    json_put_number(w, "response_time_percentile_0.95", p95_ms, DECIMALS_MS);
    json_close(w);
    json_put_number(w, "current_rps", rps, DECIMALS);
    json_put_number(w, "current_fail_per_sec", failures, DECIMALS);
    json_put_number(w, "total_rps", rps, DECIMALS);
    json_put_number(w, "total_fail_per_sec", whole != NULL ? or_zero(whole->failures_per_s) : 0,
                    DECIMALS);
    json_put_number(w, "fail_ratio", whole != NULL ? or_zero(whole->fail_ratio) : 0, DECIMALS);
}

void locust_requests(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    struct look look;
    struct sink out;
    struct json_writer w;
    char *text = NULL;
    (void)r;
    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    look_begin(s, &look);
    write_rows(&w, &look);
    write_errors(&w, &look);
    write_current(&w, &look);
    json_put_string(&w, "state", run_state_name(look.view.state));
    json_put_count(&w, "user_count", look.view.users);
    look_end(s, &look);
    json_close(&w);
    (void)sink_finish(&out, &text);
    reply_json(reply, 200, text);
}

void locust_exceptions(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    (void)s;
    (void)r;
    reply_json(reply, 200, strdup("{ \"exceptions\": [] }"));
}

/* ---- files ---- */

static void attach(struct site_reply *reply, const char *name, const char *ending)
{
    (void)snprintf(reply->attachment, sizeof reply->attachment, "%s%s", name, ending);
}

/* Before there was a run Locust has the heading alone, and so have we: it is that of no rows. */
static void reply_csv(struct site *s, struct site_reply *reply, const char *name,
                      int (*draw)(char **ret_text, const struct stored *stored))
{
    struct stored_fault fault;
    struct stored none = { .row_count = 0 };
    struct stored *stored = NULL;
    char *text = NULL, *json = site_whole_result(s);
    if (json == NULL || stored_read(&stored, json, strlen(json), &fault) == 0)
        (void)draw(&text, stored != NULL ? stored : &none);
    stored_close(stored);
    free(json);
    reply_owned(reply, "text/csv; charset=utf-8", text);
    attach(reply, name, ".csv");
}

void locust_requests_csv(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    (void)r;
    reply_csv(s, reply, "requests", csv_stats);
}

void locust_failures_csv(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    (void)r;
    reply_csv(s, reply, "failures", csv_failures);
}

void locust_exceptions_csv(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    (void)r;
    reply_csv(s, reply, "exceptions", csv_exceptions);
}

void locust_history_csv(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    struct look look;
    char *text = NULL;
    (void)r;
    look_begin(s, &look);
    const bool is_there = look.record != NULL;
    if (is_there)
        (void)csv_history(&text, &look.record->result);
    look_end(s, &look);
    if (!is_there) {
        reply_text(reply, 404, "there was no run yet");
        return;
    }
    reply_owned(reply, "text/csv; charset=utf-8", text);
    attach(reply, "requests_full_history", ".csv");
}

void locust_report(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    const struct format *format = format_of("report.html");
    struct stored_fault fault;
    struct stored *stored = NULL;
    char *text = NULL, *json = site_whole_result(s);
    if (json == NULL || format == NULL) {
        free(json);
        reply_text(reply, 404, "there was no run yet");
        return;
    }
    if (stored_read(&stored, json, strlen(json), &fault) == 0)
        (void)format->draw(&text, stored);
    stored_close(stored);
    free(json);
    reply_owned(reply, "text/html; charset=utf-8", text);
    reply->is_alone = true;
    if (r->query(r->context, "download") != NULL)
        attach(reply, "report", ".html");
}
