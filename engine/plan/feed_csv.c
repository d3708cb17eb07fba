#include <errno.h>

#include "engine/plan/diag.h"
#include "engine/plan/feed_table.h"

struct csv {
    struct feed_table *table;
    const char *at, *end;
};

/* What stands behind a field. */
enum csv_after { CSV_FIELD, CSV_LINE_END, CSV_FAULT };

static bool at_line_end(const struct csv *c)
{
    return c->at == c->end || *c->at == '\n' ||
           (*c->at == '\r' && c->end - c->at > 1 && c->at[1] == '\n');
}

/* The end of the line that was read, and empty lines behind it. */
static void skip_line_ends(struct csv *c)
{
    while (c->at < c->end && at_line_end(c)) {
        c->at += *c->at == '\r' ? 2 : 1;
        c->table->line++;
    }
}

/* The inside of a quoted field, where each quote is written twice. */
static bool unquote(struct csv *c, struct span inside, size_t quotes, struct span *ret_field)
{
    *ret_field = inside;
    if (quotes == 0)
        return true;
    char *copy = arena_alloc(c->table->arena, inside.len - quotes);
    if (copy == NULL) {
        c->table->error = -ENOMEM;
        return false;
    }
    size_t used = 0;
    for (size_t i = 0; i < inside.len; i++) {
        copy[used++] = inside.bytes[i];
        i += inside.bytes[i] == '"';
    }
    *ret_field = (struct span){ copy, used };
    return true;
}

static bool read_quoted(struct csv *c, struct span *ret_field)
{
    const char *start = ++c->at;
    const uint32_t first_line = c->table->line;
    size_t quotes = 0;
    for (; c->at < c->end; c->at++) {
        if (*c->at == '\n')
            c->table->line++;
        if (*c->at != '"')
            continue;
        if (c->end - c->at == 1 || c->at[1] != '"') {
            c->at++;
            return unquote(c, (struct span){ start, (size_t)(c->at - 1 - start) }, quotes,
                           ret_field);
        }
        quotes++;
        c->at++;
    }
    c->table->line = first_line;
    return feed_table_refuse(c->table, "a quote is opened and never closed");
}

static void read_plain(struct csv *c, struct span *ret_field)
{
    const char *start = c->at;
    while (c->at < c->end && *c->at != ',' && *c->at != '"' && *c->at != '\n' && *c->at != '\r')
        c->at++;
    *ret_field = (struct span){ start, (size_t)(c->at - start) };
}

static bool refuse_after(struct csv *c, bool was_quoted)
{
    if (*c->at == '\r')
        return feed_table_refuse(c->table, "a carriage return without a line feed");
    if (was_quoted)
        return feed_table_refuse(c->table, "expected ',' or the end of the line after '\"'");
    return feed_table_refuse(
        c->table, "a quote within a field: quote the whole field and write the quote twice");
}

static enum csv_after read_field(struct csv *c, struct span *ret_field)
{
    const bool is_quoted = c->at < c->end && *c->at == '"';
    if (!is_quoted)
        read_plain(c, ret_field);
    else if (!read_quoted(c, ret_field))
        return CSV_FAULT;
    if (at_line_end(c))
        return CSV_LINE_END;
    if (*c->at != ',') {
        (void)refuse_after(c, is_quoted);
        return CSV_FAULT;
    }
    c->at++;
    return CSV_FIELD;
}

static bool read_header(struct csv *c)
{
    enum csv_after after = CSV_FIELD;
    while (after == CSV_FIELD) {
        struct span name;
        after = read_field(c, &name);
        if (after == CSV_FAULT || !feed_table_add_column(c->table, name))
            return false;
    }
    return true;
}

static bool read_row(struct csv *c)
{
    struct feed_table *t = c->table;
    const uint32_t first_line = t->line;
    uint32_t count = 0;
    enum csv_after after = CSV_FIELD;
    while (after == CSV_FIELD) {
        struct span field;
        after = read_field(c, &field);
        if (after == CSV_FAULT ||
            (count < t->column_count && !feed_table_set(t, count, field, false)))
            return false;
        count++;
    }
    if (count != t->column_count) {
        t->line = first_line;
        return feed_table_refuse(t, "expected %u field%s as in the header, found %u",
                                 t->column_count, t->column_count == 1 ? "" : "s", count);
    }
    feed_table_end_row(t);
    return true;
}

int feed_read_csv(struct feed *ret_feed, struct arena *a, struct span text, char *ret_fault,
                  size_t fault_size)
{
    struct feed_table t;
    if (feed_table_open(&t, a, text, ret_fault, fault_size)) {
        struct csv c = { &t, t.text.bytes, t.text.bytes + t.text.len };
        skip_line_ends(&c);
        bool is_well = c.at == c.end || read_header(&c);
        skip_line_ends(&c);
        while (is_well && c.at < c.end) {
            is_well = read_row(&c);
            skip_line_ends(&c);
        }
    }
    return feed_table_close(&t, ret_feed);
}
