#include <errno.h>

#include "engine/plan/diag.h"
#include "engine/plan/feed_table.h"
#include "http/json.h"
#include "http/json_text.h"

/* What a JSON value says as text: a string without its quotes, all else as it is written. */
static bool text_of(struct feed_table *t, struct span value, struct span *ret_text)
{
    char unescaped[FEED_FIELD_MAX];
    *ret_text = value;
    if (value.bytes[0] != '"')
        return true;
    *ret_text = (struct span){ value.bytes + 1, value.len - 2 };
    if (memchr(ret_text->bytes, '\\', ret_text->len) == NULL)
        return true;
    const int len = json_unescape(value, unescaped, sizeof(unescaped));
    if (len < 0)
        return feed_table_refuse(t, "expected strings of at most %u bytes", FEED_FIELD_MAX);
    if (memchr(unescaped, '\0', (size_t)len) != NULL)
        return feed_table_refuse(t, "expected text, found a NUL byte (\\u0000)");
    const char *copy = arena_copy(t->arena, (struct span){ unescaped, (size_t)len });
    if (copy == NULL)
        t->error = -ENOMEM;
    *ret_text = (struct span){ copy, (size_t)len };
    return copy != NULL;
}

/* The column of that name, UINT32_MAX = none. Lines mostly have their keys in the same order, so
 * `guess` is looked at first. */
static uint32_t find_column(const struct feed_table *t, struct span name, uint32_t guess)
{
    if (guess < t->column_count && span_equal(t->columns[guess], name))
        return guess;
    for (uint32_t i = 0; i < t->column_count; i++)
        if (span_equal(t->columns[i], name))
            return i;
    return UINT32_MAX;
}

/* The `number`-th member of a line. The first line says which columns there are. */
static bool read_member(struct feed_table *t, struct span name, struct span value, uint32_t number)
{
    struct span key, field;
    if (!text_of(t, name, &key) || (t->row_count == 0 && !feed_table_add_column(t, key)))
        return false;
    const uint32_t column = find_column(t, key, number);
    if (column == UINT32_MAX)
        return feed_table_refuse(t, "the first line has no key %s", diag_quote(key).text);
    if (t->row[column].bytes != NULL)
        return feed_table_refuse(t, "key %s is there twice", diag_quote(key).text);
    return text_of(t, value, &field) && feed_table_set(t, column, field, value.bytes[0] != '"');
}

static bool read_line(struct feed_table *t, struct span line)
{
    struct span object, name, value;
    size_t at = 0;
    uint32_t number = 0;
    if (!json_is_valid(line, &object) || object.bytes[0] != '{')
        return feed_table_refuse(t, "expected a JSON object, found %s", diag_quote(line).text);
    for (; json_next_member(object, &at, &name, &value); number++)
        if (!read_member(t, name, value, number))
            return false;
    for (uint32_t i = 0; i < t->column_count; i++)
        if (t->row[i].bytes == NULL)
            return feed_table_refuse(t, "key %s is missing", diag_quote(t->columns[i]).text);
    if (t->column_count == 0)
        return feed_table_refuse(t, "expected keys, found none");
    feed_table_end_row(t);
    return true;
}

static bool is_blank(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.bytes[i] != ' ' && line.bytes[i] != '\t' && line.bytes[i] != '\r')
            return false;
    return true;
}

int feed_read_json_lines(struct feed *ret_feed, struct arena *a, struct span text, char *ret_fault,
                         size_t fault_size)
{
    struct feed_table t;
    bool is_well = feed_table_open(&t, a, text, ret_fault, fault_size);
    for (size_t at = 0; is_well && at < t.text.len; t.line++) {
        const char *start = t.text.bytes + at;
        const char *end = memchr(start, '\n', t.text.len - at);
        const struct span line = { start, end != NULL ? (size_t)(end - start) : t.text.len - at };
        is_well = is_blank(line) || read_line(&t, line);
        at += line.len + 1;
    }
    return feed_table_close(&t, ret_feed);
}
