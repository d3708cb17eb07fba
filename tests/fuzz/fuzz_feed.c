/* Any bytes as a table: either one whose fields keep the limits and which, written as CSV, is read
 * as the same again, or a mistake.
 *
 * Input: a byte that says whether it is JSON lines ('j') or CSV, the text. */
#include <errno.h>
#include <stdlib.h>

#include "engine/plan/arena.h"
#include "engine/plan/feed.h"
#include "tests/fuzz/replay.h"

const struct span replay_seeds[] = {
    SPAN_LITERAL("c\xEF\xBB\xBF"
                 "email,\"full name\"\r\na@b.c,\"Ada \"\"A\"\"\n\"\r\n\n,\"\"\n"),
    SPAN_LITERAL("ca\n1\n\"2\n\"\"\"\n3"),
    SPAN_LITERAL("j{\"a\":\"x\\u00e9\\n\",\"b\":[1,{}]}\n\n {\"b\":-1.5e3 , \"\\u0061\":null}\r\n"),
    SPAN_LITERAL("j\xEF\xBB\xBF{\"\\\\\":true}\n{\"\\\\\":\"\"}"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Field `i` of the table, the names of the columns first. */
static struct span field_at(const struct feed *f, size_t i)
{
    if (i < f->column_count)
        return f->columns[i];
    const struct feed_field *field = &f->fields[i - f->column_count];
    return (struct span){ field->bytes, field->len };
}

static size_t write_quoted(char *out, struct span field, char after)
{
    size_t used = 0;
    out[used++] = '"';
    for (size_t i = 0; i < field.len; i++) {
        if (field.bytes[i] == '"')
            out[used++] = '"';
        out[used++] = field.bytes[i];
    }
    out[used++] = '"';
    out[used++] = after;
    return used;
}

static void check_table(const struct feed *f, struct arena *a)
{
    const size_t count = (f->row_count + (size_t)1) * f->column_count;
    require(f->row_count > 0 && f->column_count > 0 && f->column_count <= FEED_COLUMNS_MAX);
    size_t size = 0, used = 0;
    for (size_t i = 0; i < count; i++)
        size += 2 * field_at(f, i).len + 3;
    char *text = malloc(size);
    require(text != NULL);
    for (size_t i = 0; i < count; i++) {
        const struct span field = field_at(f, i);
        require(i < f->column_count || field.len <= FEED_FIELD_MAX);
        require(field.len == 0 || memchr(field.bytes, '\0', field.len) == NULL);
        used += write_quoted(text + used, field, (i + 1) % f->column_count == 0 ? '\n' : ',');
    }
    struct feed again;
    char fault[256];
    require(feed_read_csv(&again, a, (struct span){ text, used }, fault, sizeof(fault)) == 0);
    require(again.row_count == f->row_count && again.column_count == f->column_count);
    for (size_t i = 0; i < count; i++)
        require(span_equal(field_at(f, i), field_at(&again, i)));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a;
    struct feed f;
    char fault[256] = "";
    if (size == 0 || arena_open(&a) != 0)
        return 0;
    const struct span text = { (const char *)data + 1, size - 1 };
    const int rc = data[0] == 'j' ? feed_read_json_lines(&f, a, text, fault, sizeof(fault))
                                  : feed_read_csv(&f, a, text, fault, sizeof(fault));
    require(rc == 0 || rc == -EINVAL || rc == -ENOMEM);
    require((rc == -EINVAL) == (fault[0] != '\0'));
    if (rc == 0)
        check_table(&f, a);
    arena_close(a);
    return 0;
}
