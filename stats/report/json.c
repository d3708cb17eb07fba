#include "stats/report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stats/hist_codec.h"
#include "stats/report/command_line.h"
#include "stats/report/json_evidence.h"
#include "stats/report/json_timeline.h"
#include "stats/report/json_writer.h"
#include "stats/report/phases.h"
#include "stats/report/sink.h"

/* Places after the point: times are whole nanoseconds, the others are finer than any run can tell
 * apart. */
#define DECIMALS_US    3u
#define DECIMALS_S     6u
#define DECIMALS_POINT 3u /* seconds of a point over time */
#define DECIMALS_RATE  6u
#define DECIMALS_RATIO 9u

/* How much of a result is written. */
struct extent {
    bool is_whole;  /* with histograms and heat */
    double since_s; /* of the timelines only what came after; below 0 = all */
};

static void write_started_at(struct json_writer *w, int64_t started_at_s)
{
    const time_t seconds = (time_t)started_at_s;
    struct tm utc;
    char text[40];

    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        json_put_null(w, "started_at");
    else
        json_put_string(w, "started_at", text);
}

/* 0 stands for "none". */
static void write_count_or_null(struct json_writer *w, const char *key, uint64_t count)
{
    if (count == 0)
        json_put_null(w, key);
    else
        json_put_count(w, key, count);
}

static void write_word(struct json_writer *w, const char *word)
{
    const size_t shown = command_line_public_bytes(word);
    char masked[64];

    if (word[shown] == '\0') {
        json_put_string(w, NULL, word);
        return;
    }
    (void)snprintf(masked, sizeof(masked), "%.*s ***", (int)shown, word);
    json_put_string(w, NULL, masked);
}

static void write_head(struct json_writer *w, const struct result *r)
{
    json_put_string(w, "schema", "squall/1");
    json_put_string(w, "version", r->version);
    json_open_array_line(w, "command");
    for (int i = 0; i < r->argc; i++)
        write_word(w, r->argv[i]);
    json_close(w);
    json_put_string(w, "scenario", r->scenario);
    json_put_string(w, "host", r->host);
    json_put_count(w, "seed", r->seed);
    write_started_at(w, r->started_at_s);
    json_put_number(w, "duration_s", r->summary->duration_s, DECIMALS_S);
}

static void write_load(struct json_writer *w, const struct result_load *l)
{
    json_open_object_line(w, "load");
    json_put_string(w, "kind", l->kind);
    write_count_or_null(w, "users", l->users);
    if (l->users == 0 && l->users_peak == 0)
        json_put_null(w, "users_peak");
    else
        json_put_count(w, "users_peak", l->users_peak);
    json_put_number(w, "spawn_rate", l->spawn_rate, DECIMALS_RATE);
    json_put_count(w, "connections", l->connections);
    json_put_number(w, "rate", l->rate, DECIMALS_RATE);
    json_put_count(w, "threads", l->threads);
    json_open_array_line(w, "cpus");
    for (uint32_t i = 0; i < l->threads && l->cpus != NULL; i++) {
        if (l->cpus[i] < 0)
            json_put_null(w, NULL);
        else
            json_put_integer(w, NULL, l->cpus[i]);
    }
    json_close(w);
    json_put_count(w, "pipeline", l->pipeline);
    json_put_number(w, "gather_us", l->gather_us > 0 ? l->gather_us : NAN, DECIMALS_US);
    json_close(w);
}

static void write_latency(struct json_writer *w, const char *key, const struct summary_latency *l)
{
    static const char *const keys[SUMMARY_QUANTILE_COUNT] = {
#define X(id, key, num, den, label) [SUMMARY_##id] = key,
        SUMMARY_QUANTILES(X)
#undef X
    };

    json_open_object_line(w, key);
    json_put_number(w, "min", l->min_us, DECIMALS_US);
    json_put_number(w, "mean", l->mean_us, DECIMALS_US);
    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++)
        json_put_number(w, keys[q], l->quantile_us[q], DECIMALS_US);
    json_put_number(w, "max", l->max_us, DECIMALS_US);
    json_close(w);
}

static void write_row(struct json_writer *w, const struct summary_row *row)
{
    json_put_count(w, "count", row->count);
    json_put_count(w, "ok", row->ok);
    json_put_count(w, "failed", row->failed);
    json_put_number(w, "fail_ratio", row->fail_ratio, DECIMALS_RATIO);
    json_put_number(w, "rps", row->rps, DECIMALS_RATE);
    json_put_number(w, "failures_per_s", row->failures_per_s, DECIMALS_RATE);
    json_put_count(w, "bytes_in", row->bytes_in);
    json_put_count(w, "bytes_out", row->bytes_out);
    json_put_number(w, "size_avg", row->size_avg, DECIMALS_US);
    write_latency(w, "latency_us", &row->latency);
    write_latency(w, "latency_ok_us", &row->latency_ok);
    write_latency(w, "service_us", &row->service);
}

static void write_histogram(struct json_writer *w, const char *key, struct hist_view *all,
                            const struct hist_view outcomes[OUTCOME_COUNT])
{
    char *text = NULL;

    hist_view_clear(all);
    for (int o = 0; o < OUTCOME_COUNT; o++)
        hist_view_add(all, &outcomes[o]);
    if (hist_codec_encode_text(&text, all) != 0)
        w->out->has_failed = true;
    json_put_string(w, key, text);
    free(text);
}

/* The counts of an endpoint, for other tools and for comparing runs. */
static void write_histograms(struct json_writer *w, struct hist_view *all,
                             const struct tally_endpoint *e)
{
    json_open_object(w, "histogram");
    write_histogram(w, "latency", all, e->latency);
    write_histogram(w, "service", all, e->service);
    json_close(w);
}

static void write_requests(struct json_writer *w, const struct result *r,
                           const struct extent *extent)
{
    const struct summary *s = r->summary;
    uint64_t *counts = calloc(HIST_SLOTS, sizeof(*counts));
    struct json_timeline timeline;
    struct hist_view all;

    if (counts == NULL) {
        w->out->has_failed = true;
        return;
    }
    hist_view_init(&all, counts);
    json_timeline_init(&timeline, r, extent->since_s, &all);
    json_open_array(w, "requests");
    for (uint32_t i = 0; i < s->row_count; i++) {
        json_open_object(w, NULL);
        json_put_string(w, "method", s->rows[i].method);
        json_put_string(w, "name", s->rows[i].name);
        write_row(w, &s->rows[i]);
        if (r->evidence != NULL)
            json_evidence(w, &r->evidence->rows[i]);
        json_timeline_endpoint(w, &timeline, i, s->rows[i].latency.max_us);
        if (extent->is_whole)
            write_histograms(w, &all, &r->tally->endpoints[i]);
        json_close(w);
    }
    json_close(w);
    free(counts);
}

static void write_rows(struct json_writer *w, const struct result *r, const struct extent *extent)
{
    json_open_object(w, "total");
    write_row(w, &r->summary->total);
    if (r->evidence != NULL)
        json_evidence(w, &r->evidence->total);
    json_close(w);
    write_requests(w, r, extent);
}

static void write_failures(struct json_writer *w, const struct result *r)
{
    json_open_array(w, "failures");
    for (uint32_t i = 0; i < r->tally->failure_count; i++) {
        const struct tally_failure *f = &r->tally->failures[i];
        const bool has_name = f->endpoint < r->tally->endpoint_count;
        json_open_object_line(w, NULL);
        json_put_string(w, "method", has_name ? r->names[f->endpoint].method : NULL);
        json_put_string(w, "name", has_name ? r->names[f->endpoint].name : NULL);
        json_put_string(w, "class", failure_name(f->class));
        json_put_string(w, "message", f->message);
        json_put_count(w, "count", f->count);
        json_close(w);
    }
    json_close(w);
}

static void write_status_codes(struct json_writer *w, const struct tally *t)
{
    json_open_object_line(w, "status_codes");
    for (int code = 0; code < STATUS_CODES; code++) {
        char key[16];
        if (t->status[code] == 0)
            continue;
        snprintf(key, sizeof(key), "%d", code);
        json_put_count(w, key, t->status[code]);
    }
    json_close(w);
}

static void write_accounting(struct json_writer *w, const struct result *r)
{
    const struct result_accounting a = result_account(r);

    json_open_object_line(w, "accounting");
    json_put_count(w, "scheduled", a.scheduled);
    if (isfinite(r->load.rate))
        json_put_count(w, "due", a.due);
    else
        json_put_null(w, "due");
    json_put_count(w, "ok", a.ok);
    json_put_count(w, "failed", a.failed);
    json_put_count(w, "dropped", a.dropped);
    json_put_count(w, "in_flight_at_end", a.in_flight_at_end);
    json_put_count(w, "not_sent", a.not_sent);
    json_put_bool(w, "balanced", a.balanced);
    json_close(w);
}

static void write_audit(struct json_writer *w, const struct audit *a)
{
    if (a == NULL || a->equations == 0) {
        json_put_null(w, "audit");
        return;
    }
    json_open_object_line(w, "audit");
    json_put_bool(w, "ok", audit_is_ok(a));
    json_put_count(w, "equations", a->equations);
    json_put_count(w, "looks", a->looks);
    json_put_count(w, "broken", a->broken);
    json_open_array_line(w, "findings");
    for (uint64_t i = 0; i < a->broken && i < AUDIT_SHOWN_MAX; i++)
        json_put_string(w, NULL, a->shown[i].text);
    json_close(w);
    json_close(w);
}

static void write_connections(struct json_writer *w, const struct tally *t)
{
    json_open_object_line(w, "connections");
    json_put_count(w, "opened", t->counters[COUNTER_OPENED]);
    json_put_count(w, "reused", t->counters[COUNTER_REUSED]);
    json_open_object_line(w, "closed");
    for (int i = 0; i < CLOSE_REASON_COUNT; i++)
        if (t->closes[i] != 0)
            json_put_count(w, close_reason_name((enum close_reason)i), t->closes[i]);
    json_close(w);
    json_close(w);
}

static void write_addresses(struct json_writer *w, const struct result *r)
{
    json_open_array(w, "addresses");
    for (size_t i = 0; i < r->address_count; i++) {
        json_open_object_line(w, NULL);
        json_put_string(w, "address", r->addresses[i].text);
        json_put_count(w, "opened", r->addresses[i].opened);
        json_put_count(w, "failed", r->addresses[i].failed);
        json_close(w);
    }
    json_close(w);
}

static void write_lateness(struct json_writer *w, const struct hist_view *v)
{
    const bool is_empty = v->total == 0;

    json_open_object_line(w, "lateness_us");
    json_put_number(w, "p50", is_empty ? NAN : (double)hist_view_quantile_ns(v, 50, 100) / 1e3,
                    DECIMALS_US);
    json_put_number(w, "p99", is_empty ? NAN : (double)hist_view_quantile_ns(v, 99, 100) / 1e3,
                    DECIMALS_US);
    json_put_number(w, "max", is_empty ? NAN : (double)v->max_ns / 1e3, DECIMALS_US);
    json_close(w);
}

static void write_warmup(struct json_writer *w, const struct result_warmup *u)
{
    if (!u->is_asked) {
        json_put_null(w, "warmup");
        return;
    }
    json_open_object_line(w, "warmup");
    json_put_number(w, "cut_s", u->cut_s, DECIMALS_S);
    json_put_bool(w, "settled", u->settled);
    json_put_bool(w, "is_counted", u->is_found);
    json_put_number(w, "p50_us", u->p50_us, DECIMALS_US);
    json_put_number(w, "p99_us", u->p99_us, DECIMALS_US);
    json_put_number(w, "whole_p50_us", u->whole_p50_us, DECIMALS_US);
    json_put_number(w, "whole_p99_us", u->whole_p99_us, DECIMALS_US);
    json_close(w);
}

static void write_ages(struct json_writer *w, const struct hist_view *v)
{
    const bool is_empty = v->total == 0;

    json_open_object_line(w, "in_flight_ages");
    json_put_count(w, "count", v->total);
    json_put_number(w, "min_us", is_empty ? NAN : (double)v->min_ns / 1e3, DECIMALS_US);
    json_put_number(w, "p50_us", is_empty ? NAN : (double)hist_view_quantile_ns(v, 50, 100) / 1e3,
                    DECIMALS_US);
    json_put_number(w, "max_us", is_empty ? NAN : (double)v->max_ns / 1e3, DECIMALS_US);
    json_close(w);
}

static void write_blame(struct json_writer *w, const struct blame *b)
{
    static const char *const keys[SUMMARY_QUANTILE_COUNT] = {
#define X(id, key, num, den, label) [SUMMARY_##id] = key,
        SUMMARY_QUANTILES(X)
#undef X
    };

    json_open_object_line(w, "of_latency_us");
    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++)
        json_put_number(w, keys[q], b->share_us[q], DECIMALS_US);
    json_close(w);
    json_put_number(w, "standstill_s", b->standstill_s, DECIMALS_S);
}

/* What each worker had to bear in each second. */
static void write_strain(struct json_writer *w, const struct result_generator *g, double since_s)
{
    json_open_array(w, "seconds");
    for (size_t i = 0; i < g->strain_count; i++) {
        const struct result_strain *p = &g->strain[i];
        if (p->t_s <= since_s)
            continue;
        json_open_object_line(w, NULL);
        json_put_number(w, "t_s", p->t_s, DECIMALS_POINT);
        json_put_count(w, "worker", p->core);
        json_put_number(w, "cpu", p->cpu, DECIMALS_RATE);
        json_put_number(w, "run_delay", p->run_delay, DECIMALS_RATE);
        json_put_number(w, "steal", p->steal, DECIMALS_RATE);
        json_put_count(w, "throttled", p->throttled);
        json_put_count(w, "preempted", p->preempted);
        json_put_count(w, "overflows", p->overflows);
        json_put_count(w, "buffers_dry", p->buffers_dry);
        json_put_number(w, "turn_max_us", p->turn_max_us, DECIMALS_US);
        json_close(w);
    }
    json_close(w);
}

static void write_generator(struct json_writer *w, const struct result *r,
                            const struct extent *extent)
{
    const struct result_generator *g = &r->generator;

    json_open_object(w, "generator");
    json_put_string(w, "verdict", g->verdict);
    json_open_array(w, "reasons");
    for (size_t i = 0; i < g->reason_count; i++)
        json_put_string(w, NULL, g->reasons[i]);
    json_close(w);
    json_open_array_line(w, "cpu");
    for (uint32_t i = 0; i < r->load.threads && g->cpu != NULL; i++)
        json_put_number(w, NULL, g->cpu[i], DECIMALS_RATE);
    json_close(w);
    write_lateness(w, &r->tally->lateness);
    json_put_string(w, "limited_by", g->limited_by);
    json_put_string(w, "bottleneck", g->bottleneck);
    if (g->blame != NULL)
        write_blame(w, g->blame);
    write_strain(w, g, extent->since_s);
    json_close(w);
}

static void write_expectations(struct json_writer *w, const struct result *r)
{
    json_open_array(w, "expectations");
    for (size_t i = 0; i < r->expectation_count; i++) {
        const struct result_expectation *e = &r->expectations[i];
        json_open_object_line(w, NULL);
        json_put_string(w, "expr", e->expr);
        const bool is_time = e->unit == EXPECTATION_TIME_US;
        json_put_number(w, "value_us", is_time ? e->value : NAN, DECIMALS_US);
        json_put_bool(w, "holds", e->holds);
        json_put_number(w, "value", is_time ? NAN : e->value, DECIMALS_RATIO);
        json_close(w);
    }
    json_close(w);
}

static void write_machine(struct json_writer *w, const struct result_machine *m)
{
    json_open_object_line(w, "machine");
    json_put_string(w, "system", m->system);
    json_put_string(w, "cpu", m->cpu);
    json_put_count(w, "cpus", m->cpus);
    json_close(w);
}

/* What the schema does not ask for stands last. */
static void write_extras(struct json_writer *w, const struct result *r)
{
    if (r->machine != NULL)
        write_machine(w, r->machine);
    json_put_string(w, "name", r->name);
    json_put_string(w, "note", r->note);
    if (r->is_running)
        json_put_string(w, "state", "running");
    json_put_bool(w, "interrupted", r->interrupted);
    json_put_count(w, "failures_not_listed", r->tally->failures_overflow);
    json_open_object(w, "counters");
    for (int i = 0; i < COUNTER_COUNT; i++)
        json_put_count(w, counter_name((enum counter)i), r->tally->counters[i]);
    json_close(w);
    json_phases(w, r);
}

static int write_result(char **ret_text, const struct result *r, const struct extent *extent)
{
    struct sink out;
    struct json_writer w;

    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    write_head(&w, r);
    write_load(&w, &r->load);
    write_rows(&w, r, extent);
    write_failures(&w, r);
    write_status_codes(&w, r->tally);
    json_timeline_total(&w, r, extent->since_s);
    if (extent->is_whole)
        json_heat(&w, r);
    write_accounting(&w, r);
    write_audit(&w, r->audit);
    write_warmup(&w, &r->warmup);
    write_ages(&w, &r->tally->phases[PHASE_AGE]);
    write_connections(&w, r->tally);
    write_addresses(&w, r);
    write_generator(&w, r, extent);
    write_expectations(&w, r);
    write_extras(&w, r);
    json_close(&w);
    sink_text(&out, "\n");
    return sink_finish(&out, ret_text);
}

int report_json(char **ret_text, const struct result *r)
{
    return write_result(ret_text, r, &(struct extent){ .is_whole = true, .since_s = -1 });
}

int report_json_since(char **ret_text, const struct result *r, double since_s)
{
    return write_result(ret_text, r, &(struct extent){ .is_whole = false, .since_s = since_s });
}
