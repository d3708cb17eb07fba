#include "stats/report/html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "stats/report/sink.h"

#define DIGITS_DRAWN 6
#define DIGITS_ALL   15

static const char style_place[] = "<link rel=\"stylesheet\" href=\"app.css\">";
static const char script_place[] = "<script src=\"app.js\" defer></script>";
static const char run_place[] = "<script type=\"application/json\" id=\"squall-result\"></script>";

/* Nothing may be loaded from anywhere, whatever a name in the run says. */
static const char policy[] =
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'\">\n";

/* In a script of JSON, '<' and '>' could end it or begin a comment. They stand in strings only. */
static void write_json(struct sink *out, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        const size_t plain = strcspn(at, "<>&");
        sink_bytes(out, at, plain);
        at += plain;
        if (*at != '\0')
            sink_format(out, "\\u%04x", (unsigned char)*at++);
    }
}

static void write_value(struct sink *out, const json_t *value, int digits)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII |
                                       JSON_REAL_PRECISION(digits));

    if (text == NULL)
        out->has_failed = true;
    else
        write_json(out, text);
    free(text);
}

static void write_key(struct sink *out, const char *key, bool is_first)
{
    json_t *text = json_sprintf("%s", key);

    sink_text(out, is_first ? "{" : ",\n");
    write_value(out, text, DIGITS_ALL);
    sink_text(out, ":");
    json_decref(text);
}

static bool is_drawn(const char *key)
{
    return strcmp(key, "timeline") == 0 || strcmp(key, "heat") == 0;
}

/* Only the latency is shown as a histogram. */
static void write_histogram(struct sink *out, const json_t *histogram)
{
    const json_t *latency = json_object_get(histogram, "latency");

    if (latency == NULL) {
        sink_text(out, "null");
        return;
    }
    write_key(out, "latency", true);
    write_value(out, latency, DIGITS_ALL);
    sink_text(out, "}");
}

/* Without what each worker had to bear in each second, which no page shows. */
static void write_generator(struct sink *out, const json_t *generator)
{
    const char *key;
    json_t *value;
    bool is_first = true;

    json_object_foreach((json_t *)generator, key, value)
    {
        if (strcmp(key, "seconds") == 0)
            continue;
        write_key(out, key, is_first);
        is_first = false;
        write_value(out, value, DIGITS_ALL);
    }
    sink_text(out, is_first ? "{}" : "}");
}

static void write_rows(struct sink *out, const json_t *rows);

/* An object at the top, or a row of its "requests". */
static void write_object(struct sink *out, const json_t *object)
{
    const char *key;
    json_t *value;
    bool is_first = true;

    json_object_foreach((json_t *)object, key, value)
    {
        write_key(out, key, is_first);
        is_first = false;
        if (strcmp(key, "requests") == 0)
            write_rows(out, value);
        else if (strcmp(key, "histogram") == 0)
            write_histogram(out, value);
        else if (strcmp(key, "generator") == 0)
            write_generator(out, value);
        else
            write_value(out, value, is_drawn(key) ? DIGITS_DRAWN : DIGITS_ALL);
    }
    sink_text(out, is_first ? "{}" : "}");
}

static void write_rows(struct sink *out, const json_t *rows)
{
    const size_t count = json_array_size(rows);

    sink_text(out, "[");
    for (size_t i = 0; i < count; i++) {
        sink_text(out, i > 0 ? ",\n" : "");
        write_object(out, json_array_get(rows, i));
    }
    sink_text(out, "]");
}

/* What would end the element that the text stands in, or begin a comment, gets a backslash: it can
 * stand in a string only, where that changes nothing. */
static void write_source(struct sink *out, const char *bytes, size_t size, const char *element)
{
    const size_t len = strlen(element);

    for (size_t i = 0; i < size; i++) {
        const size_t left = size - i - 1u;
        const char *next = bytes + i + 1u;
        const bool is_end = bytes[i] == '<' && left > len && next[0] == '/' &&
                            strncasecmp(next + 1, element, len) == 0;
        const bool is_comment = bytes[i] == '<' && left > 2 && memcmp(next, "!--", 3) == 0;
        sink_bytes(out, bytes + i, 1);
        if (is_end || is_comment)
            sink_text(out, "\\");
    }
}

/* Copies the template up to a place and moves past it. False when it is not there. */
static bool copy_to(struct sink *out, const char **at, const char *end, const char *place)
{
    const char *found = memmem(*at, (size_t)(end - *at), place, strlen(place));

    if (found == NULL)
        return false;
    sink_bytes(out, *at, (size_t)(found - *at));
    *at = found + strlen(place);
    return true;
}

static bool fill(struct sink *out, const struct stored *s, const struct html_parts *parts)
{
    const char *at = parts->page, *end = parts->page + parts->page_size;

    if (!copy_to(out, &at, end, style_place))
        return false;
    sink_text(out, policy);
    sink_text(out, "<style>\n");
    write_source(out, parts->style, parts->style_size, "style");
    sink_text(out, "</style>");
    if (!copy_to(out, &at, end, run_place))
        return false;
    sink_bytes(out, run_place, sizeof(run_place) - sizeof("</script>"));
    write_object(out, s->root);
    sink_text(out, "</script>");
    if (!copy_to(out, &at, end, script_place))
        return false;
    sink_text(out, "<script>\n");
    write_source(out, parts->script, parts->script_size, "script");
    sink_text(out, "</script>");
    sink_bytes(out, at, (size_t)(end - at));
    return true;
}

int report_html(char **ret_text, const struct stored *s, const struct html_parts *parts)
{
    struct sink out;

    sink_init(&out);
    if (!fill(&out, s, parts)) {
        sink_close(&out);
        return -EINVAL;
    }
    return sink_finish(&out, ret_text);
}
