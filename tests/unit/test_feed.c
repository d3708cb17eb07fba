/* test_feed.c — goal: a table is read as it was written, or refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/plan/arena.h"
#include "engine/plan/feed.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof((rows)[0]))
#define FAULT_SIZE     256

typedef int read_fn(struct feed *ret_feed, struct arena *a, struct span text, char *ret_fault,
                    size_t fault_size);

static struct arena *arena;
static char *block; /* the text being read, in a block of exactly its size */
static char fault[FAULT_SIZE];

static int open_arena(void **state)
{
    (void)state;
    return arena_open(&arena);
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    free(block);
    block = NULL;
    return 0;
}

static int read_text(struct feed *f, read_fn *read, struct span text)
{
    free(block);
    block = malloc(text.len > 0 ? text.len : 1);
    assert_non_null(block);
    if (text.len > 0)
        memcpy(block, text.bytes, text.len);
    fault[0] = '\0';
    return read(f, arena, (struct span){ block, text.len }, fault, sizeof(fault));
}

static void read_well(struct feed *f, read_fn *read, const char *text)
{
    if (read_text(f, read, span_of(text)) != 0)
        fail_msg("'%s' was refused: %s", text, fault);
}

static void assert_text(struct span text, const char *expected)
{
    if (!span_equal(text, span_of(expected)))
        fail_msg("'%.*s' is not '%s'", (int)text.len, text.bytes, expected);
}

static struct span field_at(const struct feed *f, uint32_t row, uint32_t column)
{
    const struct feed_field *field = feed_field(f, row, column);
    return (struct span){ field->bytes, field->len };
}

/* The whole table in one text: fields with '|' behind them, rows with '/'. */
static void assert_table(const struct feed *f, const char *expected)
{
    char shown[1024];
    size_t used = 0;
    for (uint32_t i = 0; i < (f->row_count + 1) * f->column_count; i++) {
        const struct span field =
            i < f->column_count ? f->columns[i] : field_at(f, 0, i - f->column_count);
        used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%.*s|%s", (int)field.len,
                                 field.bytes, (i + 1) % f->column_count == 0 ? "/" : "");
        assert_true(used < sizeof(shown));
    }
    assert_string_equal(shown, expected);
}

static void fields_are_read_as_rfc_4180_writes_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *table;
    } rows[] = {
        { "email,name\na@b.c,Ada\nd@e.f,Bo\n", "email|name|/a@b.c|Ada|/d@e.f|Bo|/" },
        { "a,b\r\n1,2\r\n3,4\r\n", "a|b|/1|2|/3|4|/" },
        { "a,b\n1,2\r\n3,4", "a|b|/1|2|/3|4|/" },
        { "\xEF\xBB\xBF"
          "a\n1\n",
          "a|/1|/" },
        { "\"a\",\"b\"\n\"1\",\"2\"", "a|b|/1|2|/" },
        { "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "a|b|/x,y|say \"hi\"|/" },
        { "a,b\n\"one\ntwo\r\nthree\",2\n", "a|b|/one\ntwo\r\nthree|2|/" },
        { "a\n\"\"\n\"\"\"\"\n", "a|/|/\"|/" },
        { "a,b\n,\n\"\",\n x , y \n", "a|b|/||/||/ x | y |/" },
        { "\n\na\n\n1\n\r\n\n2\n\n", "a|/1|/2|/" },
        { "first name,\xC3\xA9\n1,\xE4\xB8\xAD\n", "first name|\xC3\xA9|/1|\xE4\xB8\xAD|/" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct feed f;
        read_well(&f, feed_read_csv, rows[i].text);
        assert_table(&f, rows[i].table);
    }
}

static void json_values_become_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *table;
    } rows[] = {
        { "{\"a\":\"x\",\"b\":1}\n{\"b\":-2.50e3,\"a\":\"y\"}\n", "a|b|/x|1|/y|-2.50e3|/" },
        { "\xEF\xBB\xBF{\"a\":true}\r\n\n {\"a\" : false } \r\n{\"a\":null}",
          "a|/true|/false|/null|/" },
        { "{\"a\":{\"x\": [1, \"}\\n\"]},\"b\":[ ]}\n", "a|b|/{\"x\": [1, \"}\\n\"]}|[ ]|/" },
        { "{\"\\u0061\":\"\\u00e9\\n\\\"\\ud83d\\ude00\"}\n{\"a\":\"\"}",
          "a|/\xC3\xA9\n\"\xF0\x9F\x98\x80|/|/" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct feed f;
        read_well(&f, feed_read_json_lines, rows[i].text);
        assert_table(&f, rows[i].table);
    }
}

static void a_mistake_in_csv_names_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        { "", "expected columns and rows, found an empty file" },
        { "\xEF\xBB\xBF", "expected rows, found none" },
        { "\n\n", "expected rows, found none" },
        { "a,b", "expected rows, found none" },
        { "a,b\r\n\r\n", "expected rows, found none" },
        { "a,b\n1,2\n1\n", "line 3: expected 2 fields as in the header, found 1" },
        { "a,b\n\n1,2,3\n", "line 3: expected 2 fields as in the header, found 3" },
        { "a\n1,\n", "line 2: expected 1 field as in the header, found 2" },
        { "a,b\n\"x\ny\"\n1,2\n", "line 2: expected 2 fields as in the header, found 1" },
        { "a,,b\n", "line 1: column 2 has no name" },
        { "\na,b,a\n", "line 2: column 'a' is there twice" },
        { "a\n\"x\ny\nz", "line 2: a quote is opened and never closed" },
        { "a\n\"x\"\"", "line 2: a quote is opened and never closed" },
        { "a\n\"x\"y\n", "line 2: expected ',' or the end of the line after '\"'" },
        { "a\n\"x\ny\" \n", "line 3: expected ',' or the end of the line after '\"'" },
        { "a\nb\nx\"y\n",
          "line 3: a quote within a field: quote the whole field and write the quote twice" },
        { "a\n \"x\"\n",
          "line 2: a quote within a field: quote the whole field and write the quote twice" },
        { "a\rb\rc", "line 1: a carriage return without a line feed" },
        { "a,b\r\n\r\n1,2\r\n3\r\n", "line 4: expected 2 fields as in the header, found 1" },
        { "a\n1\r", "line 2: a carriage return without a line feed" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct feed f;
        assert_int_equal(read_text(&f, feed_read_csv, span_of(rows[i].text)), -EINVAL);
        assert_string_equal(fault, rows[i].sentence);
    }
}

static void a_mistake_in_json_lines_names_its_line_and_key(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        { "", "expected columns and rows, found an empty file" },
        { " \n\r\n", "expected rows, found none" },
        { "{\"a\":1}\n{\"b\":1}\n", "line 2: the first line has no key 'b'" },
        { "{\"a\":1}\n\n{\"a\":1,\"b\":2}\n", "line 3: the first line has no key 'b'" },
        { "{\"a\":1,\"b\":2}\n{\"b\":1}\n", "line 2: key 'a' is missing" },
        { "{\"a\":1}\n{}\n", "line 2: key 'a' is missing" },
        { "{\"a\":1,\"a\":2}\n", "line 1: column 'a' is there twice" },
        { "{\"a\":1}\n{\"a\":1,\"\\u0061\":2}\n", "line 2: key 'a' is there twice" },
        { "{}\n", "line 1: expected keys, found none" },
        { "{\"\":1}\n", "line 1: column 1 has no name" },
        { "{\"a\":1}\n[1]\n", "line 2: expected a JSON object, found '[1]'" },
        { "{\"a\":1}\n{\"a\":1,}\n", "line 2: expected a JSON object, found '{\"a\":1,}'" },
        { "{\"a\":\n1}\n", "line 1: expected a JSON object, found '{\"a\":'" },
        { "{\"a\":1}{\"a\":2}\n", "line 1: expected a JSON object, found '{\"a\":1}{\"a\":2}'" },
        { "{\"a\":\"\\u0000\"}\n", "line 1: expected text, found a NUL byte (\\u0000)" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct feed f;
        assert_int_equal(read_text(&f, feed_read_json_lines, span_of(rows[i].text)), -EINVAL);
        assert_string_equal(fault, rows[i].sentence);
    }
}

static void a_nul_byte_is_refused_where_it_stands(void **state)
{
    (void)state;
    static read_fn *const readers[] = { feed_read_csv, feed_read_json_lines };
    struct feed f;
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        assert_int_equal(read_text(&f, readers[i], SPAN_LITERAL("a\n1\n\0\n")), -EINVAL);
        assert_string_equal(fault, "line 3: expected UTF-8 text, found a NUL byte");
    }
}

/* A table of one field of `len` bytes. */
static int read_field_of(struct feed *f, read_fn *read, const char *before, size_t len,
                         const char *after)
{
    static char text[2 * FEED_FIELD_MAX];
    const size_t head = strlen(before);
    memcpy(text, before, head);
    memset(text + head, 'x', len);
    memcpy(text + head + len, after, strlen(after));
    return read_text(f, read, (struct span){ text, head + len + strlen(after) });
}

static void only_json_values_other_than_strings_are_json(void **state)
{
    (void)state;
    static const bool expected[] = { true, false, true, true, true, false };
    struct feed f;
    assert_int_equal(read_text(&f, feed_read_json_lines,
                               SPAN_LITERAL("{\"a\":7,\"b\":\"7\",\"c\":null,\"d\":[1],\"e\":true,"
                                            "\"f\":\"\\u0037\"}")),
                     0);
    for (uint32_t i = 0; i < COUNT_OF(expected); i++)
        assert_int_equal(feed_field(&f, 0, i)->is_json, expected[i]);
    assert_int_equal(read_text(&f, feed_read_csv, SPAN_LITERAL("a,b\n1815,true\n")), 0);
    for (uint32_t i = 0; i < 2; i++)
        assert_false(feed_field(&f, 0, i)->is_json);
}

static void a_field_may_be_as_long_as_a_variable(void **state)
{
    (void)state;
    struct feed f;
    assert_int_equal(read_field_of(&f, feed_read_csv, "a\n", FEED_FIELD_MAX, "\n"), 0);
    assert_int_equal(f.fields[0].len, FEED_FIELD_MAX);
    assert_int_equal(read_field_of(&f, feed_read_csv, "a\n", FEED_FIELD_MAX + 1, "\n"), -EINVAL);
    assert_string_equal(fault, "line 2: expected at most 4096 bytes in 'a', found 4097");
    static const char *const befores[] = { "{\"a\":\"", "{\"a\":\"\\n" };
    for (size_t i = 0; i < COUNT_OF(befores); i++) {
        const size_t len = FEED_FIELD_MAX - i;
        assert_int_equal(read_field_of(&f, feed_read_json_lines, befores[i], len, "\"}"), 0);
        assert_int_equal(f.fields[0].len, FEED_FIELD_MAX);
        assert_int_equal(read_field_of(&f, feed_read_json_lines, befores[i], len + 1, "\"}"),
                         -EINVAL);
    }
}

static void there_may_be_256_columns(void **state)
{
    (void)state;
    char text[FEED_COLUMNS_MAX * 12];
    for (uint32_t count = FEED_COLUMNS_MAX; count <= FEED_COLUMNS_MAX + 1; count++) {
        struct feed f;
        size_t used = 0;
        for (int line = 0; line < 2; line++)
            for (uint32_t i = 0; i < count; i++)
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%u%s", i,
                                         i + 1 < count ? "," : "\n");
        const int rc = read_text(&f, feed_read_csv, (struct span){ text, used });
        assert_int_equal(rc, count > FEED_COLUMNS_MAX ? -EINVAL : 0);
    }
    assert_string_equal(fault, "line 1: expected at most 256 columns, found more");
}

/* ---- tables written here and read back ---- */

#define TABLE_COLUMNS 5u
#define TABLE_ROWS    8u

static struct prng random_state;

static uint32_t random_below(uint32_t bound)
{
    return (uint32_t)prng_below(&random_state, bound);
}

struct table {
    char fields[TABLE_ROWS][TABLE_COLUMNS][12];
    uint32_t rows, columns;
};

static void draw_table(struct table *t)
{
    static const char bytes[] = "ab\",\n\r \\{}:";
    t->rows = 1 + random_below(TABLE_ROWS);
    t->columns = 1 + random_below(TABLE_COLUMNS);
    memset(t->fields, 0, sizeof(t->fields));
    for (uint32_t r = 0; r < t->rows; r++)
        for (uint32_t c = 0; c < t->columns; c++)
            for (uint32_t i = random_below(11); i-- > 0;)
                t->fields[r][c][i] = bytes[random_below(sizeof(bytes) - 1)];
}

/* Quotes where it must and sometimes where it need not. */
static void write_csv_field(FILE *out, const char *field)
{
    if (field[0] != '\0' && field[strcspn(field, "\",\n\r")] == '\0' && random_below(2) == 0) {
        fputs(field, out);
        return;
    }
    fputc('"', out);
    for (; *field != '\0'; field++)
        fputs(*field == '"' ? "\"\"" : (const char[]){ *field, '\0' }, out);
    fputc('"', out);
}

static void write_json_field(FILE *out, const char *field)
{
    fputc('"', out);
    for (; *field != '\0'; field++) {
        if (*field < ' ' || random_below(8) == 0)
            fprintf(out, "\\u%04x", (unsigned)*field);
        else
            fprintf(out, *field == '"' || *field == '\\' ? "\\%c" : "%c", *field);
    }
    fputc('"', out);
}

static void write_csv(FILE *out, const struct table *t)
{
    for (uint32_t c = 0; c < t->columns; c++)
        fprintf(out, "%s%c", c > 0 ? "," : "", 'A' + (int)c);
    for (uint32_t r = 0; r < t->rows; r++) {
        fputs(random_below(2) == 0 ? "\n" : "\r\n", out);
        for (uint32_t c = 0; c < t->columns; c++) {
            fputs(c > 0 ? "," : "", out);
            write_csv_field(out, t->fields[r][c]);
        }
    }
}

/* The first line in the order of the columns, the others turned about. */
static void write_json_lines(FILE *out, const struct table *t)
{
    for (uint32_t r = 0; r < t->rows; r++) {
        for (uint32_t i = 0; i < t->columns; i++) {
            const uint32_t c = (i + r) % t->columns;
            fprintf(out, "%s\"%c\": ", i > 0 ? ", " : "{", 'A' + (int)c);
            write_json_field(out, t->fields[r][c]);
        }
        fputs("}\n", out);
    }
}

static void assert_read_back(read_fn *read, void (*write)(FILE *, const struct table *),
                             const struct table *t)
{
    char text[4096];
    struct feed f;
    FILE *out = fmemopen(text, sizeof(text), "w");
    assert_non_null(out);
    write(out, t);
    const size_t len = (size_t)ftell(out);
    fclose(out);
    if (read_text(&f, read, (struct span){ text, len }) != 0)
        fail_msg("'%.*s' was refused: %s", (int)len, text, fault);
    assert_int_equal(f.row_count, t->rows);
    assert_int_equal(f.column_count, t->columns);
    for (uint32_t r = 0; r < t->rows; r++)
        for (uint32_t c = 0; c < t->columns; c++)
            assert_text(field_at(&f, r, c), t->fields[r][c]);
}

static void any_table_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    prng_init(&random_state, 4, 0);
    for (int i = 0; i < 3000; i++) {
        struct table t;
        draw_table(&t);
        assert_read_back(feed_read_csv, write_csv, &t);
        assert_read_back(feed_read_json_lines, write_json_lines, &t);
    }
}

static void every_prefix_is_a_table_or_a_mistake(void **state)
{
    (void)state;
    static const struct {
        read_fn *read;
        struct span text;
    } rows[] = {
        { feed_read_csv, SPAN_LITERAL("\xEF\xBB\xBF"
                                      "a,\"b\"\r\n\"1\"\"\n\",2\n\n3,\"\"\r\n") },
        { feed_read_json_lines,
          SPAN_LITERAL(
              "\xEF\xBB\xBF{\"a\\n\":\"\\u00e9\",\"b\":[{}]}\r\n {\"b\":-1.5,\"a\\n\":\"x\"}\n") },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t len = 0; len <= rows[i].text.len; len++) {
            struct feed f;
            const int rc = read_text(&f, rows[i].read, (struct span){ rows[i].text.bytes, len });
            assert_true(rc == 0 || rc == -EINVAL);
            assert_int_equal(rc == 0, fault[0] == '\0');
            assert_true(rc != 0 || (f.row_count > 0 && f.column_count > 0));
        }
    }
}

static void a_column_is_found_by_its_name(void **state)
{
    (void)state;
    struct feed f;
    read_well(&f, feed_read_csv, "email,name\n1,2\n");
    assert_int_equal(feed_column(&f, span_of("email")), 0);
    assert_int_equal(feed_column(&f, span_of("name")), 1);
    assert_int_equal(feed_column(&f, span_of("Name")), UINT32_MAX);
    assert_int_equal(feed_column(&f, span_of("")), UINT32_MAX);
}

/* ---- files ---- */

static char folder[] = "/tmp/squall-feed-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[64];
    assert_true(snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path));
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *out = fopen(path_of(name), "w");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static int read_file(struct feed *f, const char *name)
{
    return feed_read(f, arena, path_of(name), FEED_SEQUENTIAL, 1, fault, sizeof(fault));
}

static void assert_file_refused(const char *name, const char *format)
{
    struct feed f;
    char sentence[FAULT_SIZE];
    (void)snprintf(sentence, sizeof(sentence), format, path_of(name));
    assert_int_equal(read_file(&f, name), -EINVAL);
    assert_string_equal(fault, sentence);
}

static void a_file_is_read_by_the_ending_of_its_name(void **state)
{
    (void)state;
    struct feed f;
    write_file("a.csv", "a\n1\n");
    write_file("a.JSONL", "{\"b\":2}\n");
    write_file("a.ndjson", "{\"c\":3}\n");
    write_file("bad.csv", "a\n1,2\n");
    assert_int_equal(read_file(&f, "a.csv"), 0);
    assert_table(&f, "a|/1|/");
    assert_int_equal(read_file(&f, "a.JSONL"), 0);
    assert_table(&f, "b|/2|/");
    assert_int_equal(read_file(&f, "a.ndjson"), 0);
    assert_table(&f, "c|/3|/");
    assert_file_refused("bad.csv", "'%s': line 2: expected 1 field as in the header, found 2");
    assert_file_refused("a.txt",
                        "expected a file name that ends in .csv, .jsonl or .ndjson, found '%s'");
}

static void what_is_no_regular_file_of_fair_size_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path_of("pipe.csv"), 0600), 0);
    assert_int_equal(mkdir(path_of("folder.csv"), 0700), 0);
    const int fd = open(path_of("huge.csv"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, FEED_FILE_BYTES_MAX + 1), 0);
    close(fd);
    assert_file_refused("none.csv", "cannot open '%s': no such file");
    assert_file_refused("pipe.csv", "cannot read '%s': it is no regular file");
    assert_file_refused("folder.csv", "cannot read '%s': it is a directory");
    assert_file_refused("huge.csv", "cannot read '%s': it is longer than 256 MiB");
}

static int make_folder(void **state)
{
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    return mkdtemp(folder) == NULL ? -1 : open_arena(state);
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "a.csv",    "a.JSONL",    "a.ndjson", "bad.csv",
                                         "pipe.csv", "folder.csv", "huge.csv" };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)remove(path_of(names[i]));
    assert_int_equal(rmdir(folder), 0);
    return close_arena(state);
}

#define TEST_IN_ARENA(test)  cmocka_unit_test_setup_teardown(test, open_arena, close_arena)
#define TEST_IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_ARENA(fields_are_read_as_rfc_4180_writes_them),
        TEST_IN_ARENA(json_values_become_text),
        TEST_IN_ARENA(a_mistake_in_csv_names_its_line),
        TEST_IN_ARENA(a_mistake_in_json_lines_names_its_line_and_key),
        TEST_IN_ARENA(a_nul_byte_is_refused_where_it_stands),
        TEST_IN_ARENA(only_json_values_other_than_strings_are_json),
        TEST_IN_ARENA(a_field_may_be_as_long_as_a_variable),
        TEST_IN_ARENA(there_may_be_256_columns),
        TEST_IN_ARENA(any_table_is_read_back_as_it_was_written),
        TEST_IN_ARENA(every_prefix_is_a_table_or_a_mistake),
        TEST_IN_ARENA(a_column_is_found_by_its_name),
        TEST_IN_FOLDER(a_file_is_read_by_the_ending_of_its_name),
        TEST_IN_FOLDER(what_is_no_regular_file_of_fair_size_is_refused),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("feed", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                       : EXIT_FAILURE;
}
