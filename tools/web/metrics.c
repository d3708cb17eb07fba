/* GET /metrics: the run in the text format of Prometheus, version 0.0.4. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "stats/report/figure.h"
#include "stats/report/sink.h"
#include "tools/web/site.h"

#define DECIMALS 9u

/* Upper ends of the ranges that requests are counted in. */
static const struct {
    uint64_t ns;
    const char *seconds;
} ends[] = {
    { 1000000, "0.001" },
    { 2500000, "0.0025" },
    { 5000000, "0.005" },
    { 10000000, "0.01" },
    { 25000000, "0.025" },
    { 50000000, "0.05" },
    { 100000000, "0.1" },
    { 250000000, "0.25" },
    { 500000000, "0.5" },
    { 1000000000, "1" },
    { 2500000000, "2.5" },
    { 5000000000, "5" },
    { UINT64_C(10000000000), "10" },
    { UINT64_C(30000000000), "30" },
};

static void write_head(struct sink *out, const char *name, const char *type, const char *help)
{
    sink_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* What would end a label, or its line. */
static void write_label(struct sink *out, const char *name, const char *value)
{
    sink_format(out, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            sink_text(out, "\\n");
        else if (*value == '"' || *value == '\\')
            sink_bytes(out, (const char[]){ '\\', *value }, 2);
        else
            sink_bytes(out, value, 1);
    }
    sink_text(out, "\"");
}

static void write_row(struct sink *out, const char *metric, const struct endpoint_name *row)
{
    sink_format(out, "%s{", metric);
    write_label(out, "method", row->method);
    sink_text(out, ",");
    write_label(out, "name", row->name);
}

static void write_gauge(struct sink *out, const char *name, const char *help, double value)
{
    write_head(out, name, "gauge", help);
    sink_format(out, "%s %s\n", name, isnan(value) ? "NaN" : figure_json(value, DECIMALS).text);
}

static void write_states(struct sink *out, enum run_state now)
{
    write_head(out, "squall_state", "gauge", "1 for the state that the run is in");
    for (int state = RUN_READY; state <= RUN_STOPPED; state++)
        sink_format(out, "squall_state{state=\"%s\"} %d\n", run_state_name((enum run_state)state),
                    (int)now == state);
}

static void write_failures(struct sink *out, const struct result *r)
{
    write_head(out, "squall_failures_total", "counter", "Failed requests by class of failure");
    for (uint32_t i = 0; i < r->tally->endpoint_count; i++) {
        uint64_t counts[FAILURE_CLASS_COUNT] = { 0 };
        for (uint32_t f = 0; f < r->tally->failure_count; f++)
            if (r->tally->failures[f].endpoint == i)
                counts[r->tally->failures[f].class] += r->tally->failures[f].count;
        for (int class = 0; class < FAILURE_CLASS_COUNT; class ++) {
            if (counts[class] == 0)
                continue;
            write_row(out, "squall_failures_total", &r->names[i]);
            sink_format(out, ",class=\"%s\"} %" PRIu64 "\n",
                        failure_name((enum failure_class) class), counts[class]);
        }
    }
}

/* Requests of a row that took at most `ns`; the bucket that it lies in counts by its upper end. */
static uint64_t count_until(const struct tally_endpoint *e, uint64_t ns)
{
    uint64_t count = 0;
    for (int o = 0; o < OUTCOME_COUNT; o++) {
        const struct hist_view *v = &e->latency[o];
        for (uint32_t b = v->index_first; b < v->index_last && hist_high_ns(b) <= ns; b++)
            count += v->counts[b];
    }
    return count;
}

static void write_durations(struct sink *out, const struct result *r)
{
    static const char name[] = "squall_request_duration_seconds";
    write_head(out, name, "histogram",
               "From the moment a request was due to the end of its answer");
    for (uint32_t i = 0; i < r->tally->endpoint_count; i++) {
        const struct tally_endpoint *e = &r->tally->endpoints[i];
        const uint64_t total = e->latency[OUTCOME_OK].total + e->latency[OUTCOME_FAILED].total;
        const double sum_s =
            (double)(e->latency[OUTCOME_OK].sum_ns + e->latency[OUTCOME_FAILED].sum_ns) / 1e9;
        for (size_t k = 0; k < sizeof ends / sizeof ends[0]; k++) {
            write_row(out, "squall_request_duration_seconds_bucket", &r->names[i]);
            sink_format(out, ",le=\"%s\"} %" PRIu64 "\n", ends[k].seconds,
                        count_until(e, ends[k].ns));
        }
        write_row(out, "squall_request_duration_seconds_bucket", &r->names[i]);
        sink_format(out, ",le=\"+Inf\"} %" PRIu64 "\n", total);
        write_row(out, "squall_request_duration_seconds_sum", &r->names[i]);
        sink_format(out, "} %s\n", figure_json(sum_s, DECIMALS).text);
        write_row(out, "squall_request_duration_seconds_count", &r->names[i]);
        sink_format(out, "} %" PRIu64 "\n", total);
    }
}

static void write_bytes(struct sink *out, const struct tally *t)
{
    write_head(out, "squall_received_bytes_total", "counter", "Bytes received");
    sink_format(out, "squall_received_bytes_total %" PRIu64 "\n", t->counters[COUNTER_BYTES_IN]);
    write_head(out, "squall_sent_bytes_total", "counter", "Bytes of requests sent");
    sink_format(out, "squall_sent_bytes_total %" PRIu64 "\n", t->counters[COUNTER_BYTES_OUT]);
}

void api_metrics(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    struct look look;
    struct sink out;
    char *text = NULL;
    (void)r;
    sink_init(&out);
    look_begin(s, &look);
    write_states(&out, look.view.state);
    write_gauge(&out, "squall_users", "Users alive", (double)look.view.users);
    write_gauge(&out, "squall_users_wanted", "Users asked for", (double)look.view.users_wanted);
    if (look.record != NULL) {
        const struct result *result = &look.record->result;
        write_gauge(&out, "squall_elapsed_seconds", "Since the run began", look.view.elapsed_s);
        write_durations(&out, result);
        write_failures(&out, result);
        write_bytes(&out, result->tally);
    }
    look_end(s, &look);
    (void)sink_finish(&out, &text);
    reply_owned(reply, "text/plain; version=0.0.4; charset=utf-8", text);
}
