#include "stats/report/json_writer.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "stats/report/figure.h"
#include "stats/report/glyph.h"
#include "stats/report/sink.h"

void json_writer_init(struct json_writer *w, struct sink *out)
{
    *w = (struct json_writer){ .out = out };
}

static void write_code(struct sink *out, uint32_t code)
{
    if (code < 0x10000) {
        sink_format(out, "\\u%04" PRIx32, code);
        return;
    }
    const uint32_t pair = code - 0x10000;
    sink_format(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xD800 + (pair >> 10),
                0xDC00 + (pair & 0x3FFu));
}

static void write_string(struct sink *out, const char *text)
{
    const size_t len = strlen(text);

    sink_text(out, "\"");
    for (size_t at = 0; at < len;) {
        const struct glyph g = glyph_next(text + at, len - at);
        if (!g.is_valid)
            sink_text(out, "\xEF\xBF\xBD");
        else if (g.code == '"' || g.code == '\\')
            sink_format(out, "\\%c", (char)g.code);
        else if (g.code == '\n')
            sink_text(out, "\\n");
        else if (!g.is_visible)
            write_code(out, g.code);
        else
            sink_bytes(out, text + at, g.bytes);
        at += g.bytes;
    }
    sink_text(out, "\"");
}

static void break_line(struct json_writer *w)
{
    sink_text(w->out, "\n");
    sink_repeat(w->out, "  ", w->depth);
}

/* What stands before a value: comma, line or blank, key. */
static void begin_item(struct json_writer *w, const char *key)
{
    if (w->depth > 0) {
        const bool is_line = w->levels[w->depth - 1].is_line;
        const bool is_first = !w->levels[w->depth - 1].has_items;
        w->levels[w->depth - 1].has_items = true;
        if (!is_first)
            sink_text(w->out, is_line ? ", " : ",");
        else if (is_line && w->levels[w->depth - 1].close == '}')
            sink_text(w->out, " ");
        if (!is_line)
            break_line(w);
    }
    if (key != NULL) {
        write_string(w->out, key);
        sink_text(w->out, ": ");
    }
}

static void open_level(struct json_writer *w, const char *key, const char *pair, bool is_line)
{
    assert(w->depth < JSON_DEPTH_MAX);
    begin_item(w, key);
    sink_bytes(w->out, pair, 1);
    const bool is_inside_line = w->depth > 0 && w->levels[w->depth - 1].is_line;
    w->levels[w->depth].is_line = is_line || is_inside_line;
    w->levels[w->depth].has_items = false;
    w->levels[w->depth].close = pair[1];
    w->depth++;
}

void json_open_object(struct json_writer *w, const char *key)
{
    open_level(w, key, "{}", false);
}

void json_open_object_line(struct json_writer *w, const char *key)
{
    open_level(w, key, "{}", true);
}

void json_open_array(struct json_writer *w, const char *key)
{
    open_level(w, key, "[]", false);
}

void json_open_array_line(struct json_writer *w, const char *key)
{
    open_level(w, key, "[]", true);
}

void json_close(struct json_writer *w)
{
    assert(w->depth > 0);
    w->depth--;
    if (w->levels[w->depth].has_items && !w->levels[w->depth].is_line)
        break_line(w);
    else if (w->levels[w->depth].has_items && w->levels[w->depth].close == '}')
        sink_text(w->out, " ");
    sink_bytes(w->out, &w->levels[w->depth].close, 1);
}

void json_put_string(struct json_writer *w, const char *key, const char *text)
{
    if (text == NULL) {
        json_put_null(w, key);
        return;
    }
    begin_item(w, key);
    write_string(w->out, text);
}

void json_put_count(struct json_writer *w, const char *key, uint64_t count)
{
    begin_item(w, key);
    sink_format(w->out, "%" PRIu64, count);
}

void json_put_integer(struct json_writer *w, const char *key, int64_t value)
{
    begin_item(w, key);
    sink_format(w->out, "%" PRId64, value);
}

void json_put_number(struct json_writer *w, const char *key, double value, unsigned decimals)
{
    begin_item(w, key);
    sink_text(w->out, figure_json(value, decimals).text);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
    begin_item(w, key);
    sink_text(w->out, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
    begin_item(w, key);
    sink_text(w->out, "null");
}

void json_put_value(struct json_writer *w, const char *key, const char *json)
{
    begin_item(w, key);
    sink_text(w->out, json);
}
