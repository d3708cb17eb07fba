#include "stats/report/stored.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "stats/hist_codec.h"
#include "stats/report/sink.h"

/* Whole numbers that every reader of JSON keeps. */
#define COUNT_MAX      (INT64_C(1) << 53)
#define DURATION_MAX_S 1e9

/* Reading: the first fault stays, and what is read after it does not count. */
struct reader {
    struct stored_fault *fault;
    int rc;
    char where[48]; /* the place that keys are in, such as "requests[2]." */
};

static void refuse(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void refuse(struct reader *r, const char *format, ...)
{
    va_list arguments;

    if (r->rc != 0)
        return;
    r->rc = -EBADMSG;
    va_start(arguments, format);
    (void)vsnprintf(r->fault->sentence, sizeof(r->fault->sentence), format, arguments);
    va_end(arguments);
}

static void no_memory(struct reader *r)
{
    if (r->rc == 0)
        r->rc = -ENOMEM;
}

static const char *kind_of(const json_t *value)
{
    static const char *const kinds[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };

    return value == NULL ? "nothing" : kinds[json_typeof(value)];
}

static void refuse_value(struct reader *r, const char *key, const char *expected,
                         const json_t *value)
{
    refuse(r, "%s%s: expected %s, found %s", r->where, key, expected, kind_of(value));
}

static uint64_t read_count(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    const json_int_t count = json_integer_value(value);

    if (!json_is_integer(value))
        refuse_value(r, key, "a whole number", value);
    else if (count < 0 || count > COUNT_MAX)
        refuse(r, "%s%s: expected a number from 0 to 2^53, found %" JSON_INTEGER_FORMAT, r->where,
               key, count);
    return r->rc == 0 ? (uint64_t)count : 0;
}

/* A number that may be null or missing. */
static double read_number(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || json_is_null(value))
        return NAN;
    if (!json_is_number(value))
        refuse_value(r, key, "a number", value);
    else if (json_number_value(value) < 0)
        refuse(r, "%s%s: expected a number from 0 on, found a negative one", r->where, key);
    return json_number_value(value);
}

/* A text that may be null or missing. */
static const char *read_text(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || json_is_null(value))
        return NULL;
    if (!json_is_string(value))
        refuse_value(r, key, "a string", value);
    return json_string_value(value);
}

static const char *read_name(struct reader *r, const json_t *object, const char *key)
{
    const char *text = read_text(r, object, key);

    if (text == NULL)
        refuse_value(r, key, "a string", json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* False when it is missing. */
static bool read_bool(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (value != NULL && !json_is_boolean(value))
        refuse_value(r, key, "true or false", value);
    return json_is_true(value);
}

/* NULL when it is missing. */
static const json_t *read_object(struct reader *r, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (value != NULL && !json_is_null(value) && !json_is_object(value))
        refuse_value(r, key, "an object", value);
    return json_is_object(value) ? value : NULL;
}

/* The items of an array that may be missing, as calloc'd room for as many of `size` bytes. */
static void *read_array(struct reader *r, const json_t **ret_array, size_t *ret_count, size_t size,
                        const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    const size_t count = json_array_size(value);
    void *items = calloc(count + 1u, size);

    if (value != NULL && !json_is_array(value))
        refuse_value(r, key, "an array", value);
    if (count > STORED_ROWS_MAX)
        refuse(r, "%s: expected at most %u items, found %zu", key, STORED_ROWS_MAX, count);
    if (items == NULL)
        no_memory(r);
    *ret_array = value;
    *ret_count = r->rc == 0 ? count : 0;
    return items;
}

/* The item of an array; what is read next stands in it. */
static const json_t *enter(struct reader *r, const json_t *array, const char *key, size_t index)
{
    const json_t *item = json_array_get(array, index);

    (void)snprintf(r->where, sizeof(r->where), "%s[%zu]", key, index);
    if (!json_is_object(item))
        refuse_value(r, "", "an object", item);
    (void)snprintf(r->where, sizeof(r->where), "%s[%zu].", key, index);
    return item;
}

static const char *const quantile_keys[SUMMARY_QUANTILE_COUNT] = {
#define X(id, key, num, den, label) [SUMMARY_##id] = key,
    SUMMARY_QUANTILES(X)
#undef X
};

static struct summary_latency read_latency(struct reader *r, const json_t *row, const char *key)
{
    const json_t *object = read_object(r, row, key);
    struct summary_latency l = {
        .min_us = read_number(r, object, "min"),
        .mean_us = read_number(r, object, "mean"),
        .max_us = read_number(r, object, "max"),
    };

    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++)
        l.quantile_us[q] = read_number(r, object, quantile_keys[q]);
    return l;
}

static void read_ranges(struct reader *r, struct stored_row *row, const json_t *object)
{
    const json_t *confidence = read_object(r, object, "confidence");

    for (int q = 0; q < SUMMARY_QUANTILE_COUNT; q++) {
        const json_t *range = read_object(r, confidence, quantile_keys[q]);
        row->ranges[q] = (struct stored_range){
            .low_us = read_number(r, range, "low_us"),
            .high_us = read_number(r, range, "high_us"),
        };
    }
}

/* Decodes it once, so that nobody meets a broken one later. */
static void check_histogram(struct reader *r, const struct stored_row *row)
{
    uint64_t *counts = row->histogram == NULL ? NULL : calloc(HIST_SLOTS, sizeof(*counts));
    struct hist_view v;

    if (counts == NULL) {
        if (row->histogram != NULL)
            no_memory(r);
        return;
    }
    hist_view_init(&v, counts);
    if (!stored_take_histogram(row, &v))
        refuse(r, "%shistogram.latency: expected a histogram of HdrHistogram, version 2", r->where);
    else if (v.total != row->figures.count)
        refuse(r,
               "%shistogram.latency: expected as many values as requests, %" PRIu64
               ", found %" PRIu64,
               r->where, row->figures.count, v.total);
    free(counts);
}

static void read_row(struct reader *r, struct stored_row *row, const json_t *object)
{
    row->figures = (struct summary_row){
        .method = "",
        .name = "Aggregated",
        .count = read_count(r, object, "count"),
        .ok = read_count(r, object, "ok"),
        .failed = read_count(r, object, "failed"),
        .fail_ratio = read_number(r, object, "fail_ratio"),
        .rps = read_number(r, object, "rps"),
        .failures_per_s = read_number(r, object, "failures_per_s"),
        .bytes_in = read_count(r, object, "bytes_in"),
        .bytes_out = read_count(r, object, "bytes_out"),
        .size_avg = read_number(r, object, "size_avg"),
        .latency = read_latency(r, object, "latency_us"),
        .latency_ok = read_latency(r, object, "latency_ok_us"),
        .service = read_latency(r, object, "service_us"),
    };
    read_ranges(r, row, object);
    row->histogram = read_text(r, read_object(r, object, "histogram"), "latency");
    check_histogram(r, row);
}

static void read_rows(struct reader *r, struct stored *s)
{
    const json_t *array, *total = json_object_get(s->root, "total");

    if (!json_is_object(total))
        refuse_value(r, "total", "an object", total);
    (void)snprintf(r->where, sizeof(r->where), "total.");
    read_row(r, &s->total, total);
    r->where[0] = '\0';
    s->rows = read_array(r, &array, &s->row_count, sizeof(*s->rows), s->root, "requests");
    for (size_t i = 0; i < s->row_count && r->rc == 0; i++) {
        const json_t *item = enter(r, array, "requests", i);
        read_row(r, &s->rows[i], item);
        s->rows[i].figures.method = read_name(r, item, "method");
        s->rows[i].figures.name = read_name(r, item, "name");
    }
    r->where[0] = '\0';
}

static void read_failures(struct reader *r, struct stored *s)
{
    const json_t *array;

    s->failures =
        read_array(r, &array, &s->failure_count, sizeof(*s->failures), s->root, "failures");
    for (size_t i = 0; i < s->failure_count && r->rc == 0; i++) {
        const json_t *item = enter(r, array, "failures", i);
        s->failures[i] = (struct stored_failure){
            .method = read_text(r, item, "method"),
            .name = read_text(r, item, "name"),
            .class = read_text(r, item, "class"),
            .message = read_text(r, item, "message"),
            .count = read_count(r, item, "count"),
        };
    }
    r->where[0] = '\0';
}

static void read_expectations(struct reader *r, struct stored *s)
{
    const json_t *array;

    s->expectations = read_array(r, &array, &s->expectation_count, sizeof(*s->expectations),
                                 s->root, "expectations");
    for (size_t i = 0; i < s->expectation_count && r->rc == 0; i++) {
        const json_t *item = enter(r, array, "expectations", i);
        const double value_us = read_number(r, item, "value_us");
        s->expectations[i] = (struct stored_expectation){
            .expr = read_name(r, item, "expr"),
            .value = isnan(value_us) ? read_number(r, item, "value") : value_us,
            .is_time = !isnan(value_us),
            .holds = read_bool(r, item, "holds"),
        };
    }
    r->where[0] = '\0';
}

static void read_generator(struct reader *r, struct stored *s)
{
    const json_t *generator = read_object(r, s->root, "generator");
    const json_t *array;

    (void)snprintf(r->where, sizeof(r->where), "generator.");
    s->verdict = read_text(r, generator, "verdict");
    s->bottleneck = read_text(r, generator, "bottleneck");
    s->reasons = read_array(r, &array, &s->reason_count, sizeof(*s->reasons), generator, "reasons");
    for (size_t i = 0; i < s->reason_count; i++) {
        s->reasons[i] = json_string_value(json_array_get(array, i));
        if (s->reasons[i] == NULL)
            refuse_value(r, "reasons", "strings", json_array_get(array, i));
    }
    r->where[0] = '\0';
}

static void read_accounting(struct reader *r, struct stored *s)
{
    const json_t *accounting = read_object(r, s->root, "accounting");

    s->is_balanced = accounting == NULL;
    if (accounting == NULL)
        return;
    (void)snprintf(r->where, sizeof(r->where), "accounting.");
    const bool has_due = json_is_integer(json_object_get(accounting, "due"));
    s->due = read_count(r, accounting, has_due ? "due" : "scheduled");
    s->never_sent = read_count(r, accounting, "dropped") + read_count(r, accounting, "not_sent");
    s->is_balanced = read_bool(r, accounting, "balanced");
    r->where[0] = '\0';
}

static int64_t seconds_of(const char *text)
{
    struct tm utc = { 0 };

    if (text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc) == NULL)
        return 0;
    return (int64_t)timegm(&utc);
}

static void read_head(struct reader *r, struct stored *s)
{
    s->version = read_text(r, s->root, "version");
    s->scenario = read_text(r, s->root, "scenario");
    s->host = read_text(r, s->root, "host");
    s->started_at = read_text(r, s->root, "started_at");
    s->started_at_s = seconds_of(s->started_at);
    s->name = read_text(r, s->root, "name");
    s->note = read_text(r, s->root, "note");
    s->duration_s = read_number(r, s->root, "duration_s");
    if (s->duration_s > DURATION_MAX_S)
        refuse(r, "duration_s: expected at most %g, found more", DURATION_MAX_S);
    s->interrupted = read_bool(r, s->root, "interrupted");
    s->rate = read_number(r, read_object(r, s->root, "load"), "rate");
}

/* Whether it is a result of squall at all. */
static void check_schema(struct reader *r, const json_t *root)
{
    const char *schema = json_string_value(json_object_get(root, "schema"));

    if (!json_is_object(root) || schema == NULL)
        refuse(r, "expected a result of squall, with \"schema\": \"squall/1\"");
    else if (strcmp(schema, "squall/1") != 0)
        refuse(r, "expected \"schema\": \"squall/1\", found another schema");
}

static json_t *parse(struct reader *r, const char *text, size_t len)
{
    json_error_t error;
    json_t *root = NULL;

    if (len > STORED_BYTES_MAX)
        refuse(r, "it is longer than %zu MiB", STORED_BYTES_MAX >> 20);
    else
        root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL && r->rc == 0 && json_error_code(&error) == json_error_out_of_memory)
        no_memory(r);
    else if (root == NULL && r->rc == 0)
        refuse(r, "line %d, column %d: expected JSON", error.line, error.column);
    return root;
}

int stored_read(struct stored **ret_stored, const char *text, size_t len,
                struct stored_fault *ret_fault)
{
    struct reader r = { .fault = ret_fault };
    struct stored *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return -ENOMEM;
    s->root = parse(&r, text, len);
    if (r.rc == 0)
        check_schema(&r, s->root);
    if (r.rc == 0) {
        read_head(&r, s);
        read_rows(&r, s);
        read_failures(&r, s);
        read_expectations(&r, s);
        read_generator(&r, s);
        read_accounting(&r, s);
    }
    if (r.rc != 0) {
        stored_close(s);
        return r.rc;
    }
    *ret_stored = s;
    return 0;
}

void stored_close(struct stored *s)
{
    if (s == NULL)
        return;
    json_decref(s->root);
    free(s->reasons);
    free(s->rows);
    free(s->failures);
    free(s->expectations);
    free(s);
}

int report_json_stored(char **ret_text, const struct stored *s)
{
    char *text = json_dumps(s->root, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));
    struct sink out;

    if (text == NULL)
        return -ENOMEM;
    sink_init(&out);
    sink_text(&out, text);
    sink_text(&out, "\n");
    free(text);
    return sink_finish(&out, ret_text);
}

bool stored_take_histogram(const struct stored_row *row, struct hist_view *v)
{
    uint64_t *counts;
    struct hist_view decoded;
    bool is_good = false;

    if (row->histogram == NULL || (counts = calloc(HIST_SLOTS, sizeof(*counts))) == NULL)
        return false;
    hist_view_init(&decoded, counts);
    if (hist_codec_decode_text(&decoded, row->histogram, strlen(row->histogram)) == 0) {
        hist_view_add(v, &decoded);
        is_good = true;
    }
    free(counts);
    return is_good;
}
