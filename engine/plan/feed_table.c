#include "engine/plan/feed_table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/plan/diag.h"

bool feed_table_refuse(struct feed_table *t, const char *format, ...)
{
    int used = 0;
    if (t->line > 0)
        used = snprintf(t->fault, t->fault_size, "line %u: ", t->line);
    if (used >= 0 && (size_t)used < t->fault_size) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(t->fault + used, t->fault_size - (size_t)used, format, arguments);
        va_end(arguments);
    }
    t->error = -EINVAL;
    return false;
}

static size_t count_bytes(struct span text, char byte)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.bytes[i] == byte;
    return count;
}

static void *take(struct feed_table *t, size_t size)
{
    void *memory = arena_alloc(t->arena, size);
    if (memory == NULL)
        t->error = -ENOMEM;
    return memory;
}

/* Both forms part fields with commas and rows with line feeds, so whole rows can have no more
 * fields than those and one. What of that stays unused is never touched and costs no memory. */
static bool reserve(struct feed_table *t)
{
    const size_t fields_max =
        count_bytes(t->text, ',') + count_bytes(t->text, '\n') + 1 + FEED_COLUMNS_MAX;
    t->columns = take(t, FEED_COLUMNS_MAX * sizeof(*t->columns));
    t->row = take(t, fields_max * sizeof(*t->row));
    t->fields = t->row;
    return t->error == 0;
}

bool feed_table_open(struct feed_table *t, struct arena *a, struct span text, char *ret_fault,
                     size_t fault_size)
{
    static const char mark[] = "\xEF\xBB\xBF";
    *t = (struct feed_table){
        .arena = a, .text = text, .fault = ret_fault, .fault_size = fault_size
    };
    if (text.len > FEED_FILE_BYTES_MAX)
        return feed_table_refuse(t, "expected at most %u MiB", FEED_FILE_BYTES_MAX >> 20);
    if (text.len == 0)
        return feed_table_refuse(t, "expected columns and rows, found an empty file");
    const char *nul = memchr(text.bytes, '\0', text.len);
    if (nul != NULL) {
        const struct span before = { text.bytes, (size_t)(nul - text.bytes) };
        t->line = (uint32_t)count_bytes(before, '\n') + 1;
        return feed_table_refuse(t, "expected UTF-8 text, found a NUL byte");
    }
    if (text.len >= 3 && memcmp(text.bytes, mark, 3) == 0)
        t->text = (struct span){ text.bytes + 3, text.len - 3 };
    t->line = 1;
    return reserve(t);
}

bool feed_table_add_column(struct feed_table *t, struct span name)
{
    if (name.len == 0)
        return feed_table_refuse(t, "column %u has no name", t->column_count + 1);
    if (t->column_count == FEED_COLUMNS_MAX)
        return feed_table_refuse(t, "expected at most %u columns, found more", FEED_COLUMNS_MAX);
    for (uint32_t i = 0; i < t->column_count; i++)
        if (span_equal(t->columns[i], name))
            return feed_table_refuse(t, "column %s is there twice", diag_quote(name).text);
    t->columns[t->column_count++] = name;
    return true;
}

bool feed_table_set(struct feed_table *t, uint32_t column, struct span field, bool is_json)
{
    if (field.len > FEED_FIELD_MAX)
        return feed_table_refuse(t, "expected at most %u bytes in %s, found %zu", FEED_FIELD_MAX,
                                 diag_quote(t->columns[column]).text, field.len);
    t->row[column] = (struct feed_field){ field.bytes, (uint32_t)field.len, is_json };
    return true;
}

void feed_table_end_row(struct feed_table *t)
{
    t->row += t->column_count;
    t->row_count++;
}

int feed_table_close(struct feed_table *t, struct feed *ret_feed)
{
    if (t->error != 0)
        return t->error;
    t->line = 0;
    if (t->row_count == 0) {
        (void)feed_table_refuse(t, "expected rows, found none");
        return t->error;
    }
    *ret_feed = (struct feed){
        .columns = t->columns,
        .column_count = t->column_count,
        .row_count = t->row_count,
        .fields = t->fields,
    };
    return 0;
}
