#include "stats/report/junit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "stats/report/figure.h"
#include "stats/report/headline.h"
#include "stats/report/markup.h"
#include "stats/report/sink.h"

static void attribute(struct sink *out, const char *name, const char *text)
{
    sink_format(out, " %s=\"", name);
    markup_write(out, text);
    sink_text(out, "\"");
}

static void attribute_s(struct sink *out, const char *name, double s)
{
    sink_format(out, " %s=\"%s\"", name, figure_decimal(isfinite(s) ? s : 0, 6).text);
}

/* The schema knows no time zone. */
static void write_timestamp(struct sink *out, const struct stored *s)
{
    const time_t seconds = (time_t)s->started_at_s;
    struct tm utc;
    char text[40];

    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        text[0] = '\0';
    attribute(out, "timestamp", text);
}

struct suite {
    const char *name;
    size_t tests, failures;
    double time_s;
};

static void property(struct sink *out, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    sink_text(out, "      <property");
    attribute(out, "name", name);
    attribute(out, "value", value);
    sink_text(out, "/>\n");
}

static void begin_suite(struct sink *out, const struct stored *s, const struct suite *suite,
                        unsigned id)
{
    sink_text(out, "  <testsuite");
    attribute(out, "name", suite->name);
    attribute(out, "package", "squall");
    sink_format(out, " id=\"%u\"", id);
    write_timestamp(out, s);
    attribute(out, "hostname", "localhost");
    sink_format(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\"", suite->tests, suite->failures);
    attribute_s(out, "time", suite->time_s);
    sink_text(out, ">\n    <properties>\n");
    property(out, "tool", "squall");
}

static void end_suite(struct sink *out)
{
    sink_text(out, "    <system-out></system-out>\n    <system-err></system-err>\n"
                   "  </testsuite>\n");
}

static void begin_case(struct sink *out, const char *method, const char *name,
                       const char *class_name, double time_s)
{
    sink_text(out, "    <testcase name=\"");
    markup_write(out, method);
    sink_text(out, method[0] != '\0' ? " " : "");
    markup_write(out, name);
    sink_text(out, "\"");
    attribute(out, "classname", class_name);
    attribute_s(out, "time", time_s);
}

static bool is_of(const struct stored_failure *f, const struct summary_row *row)
{
    return f->method != NULL && f->name != NULL && strcmp(f->method, row->method) == 0 &&
           strcmp(f->name, row->name) == 0;
}

/* The first kind of its failures names the type; all of them are listed. */
static void write_failed_requests(struct sink *out, const struct stored *s,
                                  const struct summary_row *row)
{
    const struct stored_failure *first = NULL;

    for (size_t i = s->failure_count; i > 0; i--)
        if (is_of(&s->failures[i - 1], row))
            first = &s->failures[i - 1];
    sink_text(out, ">\n      <failure");
    sink_format(out, " message=\"%" PRIu64 " of %" PRIu64 " requests failed\"", row->failed,
                row->count);
    attribute(out, "type", first == NULL || first->class == NULL ? "failed" : first->class);
    sink_text(out, ">");
    for (size_t i = 0; i < s->failure_count; i++) {
        const struct stored_failure *f = &s->failures[i];
        if (!is_of(f, row))
            continue;
        sink_format(out, "%" PRIu64 " times ", f->count);
        markup_write(out, f->message == NULL ? "failed" : f->message);
        sink_text(out, "\n");
    }
    sink_text(out, "</failure>\n    </testcase>\n");
}

/* The time of a test case is the mean latency: that of the whole run is the suite's. */
static void write_endpoint(struct sink *out, const struct stored *s, const struct summary_row *row)
{
    begin_case(out, row->method, row->name, "squall.requests", row->latency.mean_us / 1e6);
    if (row->failed > 0)
        write_failed_requests(out, s, row);
    else
        sink_text(out, row->count == 0 ? "><skipped/></testcase>\n" : "/>\n");
}

static void write_requests(struct sink *out, const struct stored *s)
{
    struct suite suite = { .name = "requests", .tests = s->row_count, .time_s = s->duration_s };

    for (size_t i = 0; i < s->row_count; i++)
        suite.failures += s->rows[i].figures.failed > 0;
    begin_suite(out, s, &suite, 0);
    property(out, "host", s->host);
    property(out, "scenario", s->scenario);
    property(out, "version", s->version);
    property(out, "verdict", s->verdict);
    property(out, "bottleneck", s->bottleneck);
    sink_text(out, "    </properties>\n");
    for (size_t i = 0; i < s->row_count; i++)
        write_endpoint(out, s, &s->rows[i].figures);
    end_suite(out);
}

static void write_expectation(struct sink *out, const struct stored_expectation *e)
{
    begin_case(out, "", e->expr, "squall.expectations", 0);
    if (e->holds) {
        sink_text(out, "/>\n");
        return;
    }
    sink_text(out, ">\n      <failure message=\"expected ");
    markup_write(out, e->expr);
    if (isnan(e->value))
        sink_text(out, ", nothing was measured");
    else if (e->is_time)
        sink_format(out, ", found %s ms", figure_ms(e->value).text);
    else
        sink_format(out, ", found %s", figure_json(e->value, 6).text);
    sink_text(out, "\" type=\"expectation\"/>\n    </testcase>\n");
}

static void write_expectations(struct sink *out, const struct stored *s)
{
    const struct suite suite = { .name = "expectations",
                                 .tests = s->expectation_count,
                                 .failures = headline_unmet(s) };

    begin_suite(out, s, &suite, 1);
    sink_text(out, "    </properties>\n");
    for (size_t i = 0; i < s->expectation_count; i++)
        write_expectation(out, &s->expectations[i]);
    end_suite(out);
}

int report_junit(char **ret_text, const struct stored *s)
{
    struct sink out;

    sink_init(&out);
    sink_text(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    write_requests(&out, s);
    write_expectations(&out, s);
    sink_text(&out, "</testsuites>\n");
    return sink_finish(&out, ret_text);
}
