/* test_template.c — goal: what was rendered is exactly the request that was meant, whatever the
 * values hold. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/header.h"
#include "http/template.h"

#define SLOT_COUNT 8u

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

/* The values of a rendering; a slot without bytes has none now. */
struct values {
    struct span slot[SLOT_COUNT];
    uint32_t json; /* bit per slot that is JSON as it stands */
};

static int value_of(void *context, uint32_t slot, struct slot_value *ret_value)
{
    const struct values *v = context;
    assert_true(slot < SLOT_COUNT);
    if (!v->slot[slot].bytes)
        return -ENODATA;
    *ret_value = (struct slot_value){ v->slot[slot], (v->json >> slot & 1) != 0 };
    return 0;
}

/* An arena of the simplest kind; `left` allocations succeed. */
struct store {
    void *kept[16];
    unsigned count;
    unsigned left;
};

static void *store_alloc(void *context, size_t size)
{
    struct store *s = context;
    if (s->left == 0)
        return NULL;
    s->left--;
    assert_true(s->count < 16);
    return s->kept[s->count++] = malloc(size);
}

static void store_free(struct store *s)
{
    while (s->count > 0)
        free(s->kept[--s->count]);
}

static void assert_rendered(const struct template *t, struct values *v, const char *expected)
{
    const size_t want = strlen(expected);
    char *out = malloc(want + 1);
    size_t len;
    uint32_t slot;

    assert_non_null(out);
    const int rc = template_render(t, value_of, v, out, want, &len, &slot);
    if (rc < 0 || !span_equal((struct span){ out, len }, span_of(expected)))
        fail_msg("%d: '%.*s' instead of '%s'", rc, rc < 0 ? 0 : (int)len, out, expected);
    free(out);
    /* One byte less is too little, at every smaller size too, and nothing is written past it. */
    for (size_t cap = 0; cap < want; cap++) {
        out = malloc(cap ? cap : 1);
        assert_non_null(out);
        assert_int_equal(template_render(t, value_of, v, out, cap, &len, &slot), -ENOSPC);
        free(out);
    }
}

static struct template_builder *builder_of(const char *head)
{
    struct template_builder *b;
    assert_int_equal(template_builder_open(&b), 0);
    template_builder_fixed(b, span_of(head));
    return b;
}

static struct template finish(struct template_builder *b, struct store *s)
{
    struct template t;
    *s = (struct store){ .left = 16 };
    assert_int_equal(template_builder_finish(b, &t, store_alloc, s), 0);
    template_builder_close(b);
    return t;
}

static void a_request_without_slots_is_finished_at_load_time(void **state)
{
    (void)state;
    struct store s;
    struct values none = { 0 };
    struct template t = finish(builder_of("GET / HTTP/1.1\r\nHost: a\r\n"), &s);

    assert_true(template_is_fixed(&t));
    assert_true(span_equal(t.whole, span_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n")));
    assert_rendered(&t, &none, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    store_free(&s);

    struct template_builder *b = builder_of("POST / HTTP/1.1\r\n");
    template_builder_fixed(b, span_of("Host: a\r\n"));
    template_builder_begin_body(b);
    template_builder_fixed(b, span_of("hello, "));
    template_builder_fixed(b, span_of("world"));
    t = finish(b, &s);
    assert_true(template_is_fixed(&t));
    assert_rendered(&t, &none,
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nhello, world");
    store_free(&s);

    b = builder_of("POST / HTTP/1.1\r\nHost: a\r\n");
    template_builder_begin_body(b);
    t = finish(b, &s);
    assert_rendered(&t, &none, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    store_free(&s);
}

static void the_last_line_end_of_the_head_is_added_when_it_is_missing(void **state)
{
    (void)state;
    struct store s;
    struct values v = { .slot = { SPAN_LITERAL("x") } };
    struct template t = finish(builder_of("GET / HTTP/1.1\r\nHost: a"), &s);
    assert_rendered(&t, &v, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    store_free(&s);

    struct template_builder *b = builder_of("GET / HTTP/1.1\r\nHost: ");
    template_builder_slot(b, 0, ESCAPE_HEADER);
    t = finish(b, &s);
    assert_rendered(&t, &v, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    store_free(&s);
}

static void slots_take_their_values_where_they_stand(void **state)
{
    (void)state;
    struct store s;
    struct template_builder *b = builder_of("POST /a/");
    template_builder_slot(b, 0, ESCAPE_PATH);
    template_builder_fixed(b, span_of("?q="));
    template_builder_slot(b, 1, ESCAPE_QUERY);
    template_builder_fixed(b, span_of(" HTTP/1.1\r\nHost: a\r\nX: "));
    template_builder_slot(b, 2, ESCAPE_HEADER);
    template_builder_fixed(b, span_of("\r\n"));
    template_builder_optional_header(b, span_of("Cookie"), 3);
    template_builder_begin_body(b);
    template_builder_fixed(b, span_of("{\"a\":\""));
    template_builder_slot(b, 4, ESCAPE_JSON);
    template_builder_fixed(b, span_of("\",\"b\":"));
    template_builder_slot(b, 5, ESCAPE_JSON_VALUE);
    template_builder_fixed(b, span_of("}"));
    const struct template t = finish(b, &s);
    assert_false(template_is_fixed(&t));

    struct values v = { .slot = { SPAN_LITERAL("x/y z"), SPAN_LITERAL("a&b"), SPAN_LITERAL("h"),
                                  SPAN_LITERAL("c=1"), SPAN_LITERAL("\"\n"), SPAN_LITERAL("12") } };
    assert_rendered(&t, &v,
                    "POST /a/x%2Fy%20z?q=a%26b HTTP/1.1\r\nHost: a\r\nX: h\r\nCookie: c=1\r\n"
                    "Content-Length: 21\r\n\r\n{\"a\":\"\\\"\\n\",\"b\":\"12\"}");
    v.json = 1u << 5;
    v.slot[3].bytes = NULL;
    assert_rendered(&t, &v,
                    "POST /a/x%2Fy%20z?q=a%26b HTTP/1.1\r\nHost: a\r\nX: h\r\n"
                    "Content-Length: 19\r\n\r\n{\"a\":\"\\\"\\n\",\"b\":12}");
    store_free(&s);
}

static void a_target_that_is_a_value_is_a_path_or_a_url_of_the_origin(void **state)
{
    (void)state;
    static const struct {
        const char *value, *target; /* NULL = refused */
    } rows[] = {
        { "/a?b=%20&c#d", "/a?b=%20&c#d" },
        { "http://a:80/x/", "/x/" },
        { "HTTP://A:80?page=2", "/?page=2" },
        { "http://a:80", "/" },
        { "", NULL },
        { "a", NULL },
        { "?page=2", NULL },
        { "http://a:800/x", NULL },
        { "http://a:80@b/", NULL },
        { "http://b:80/", NULL },
        { "/a b", NULL },
        { "/a\r\nX: y", NULL },
        { "http://a:80/ HTTP/1.1", NULL },
    };
    struct store s;
    struct template_builder *b = builder_of("GET ");
    template_builder_target(b, 0, SPAN_LITERAL("http://a:80"));
    template_builder_fixed(b, SPAN_LITERAL(" HTTP/1.1\r\nHost: a\r\n"));
    const struct template t = finish(b, &s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct values v = { .slot = { span_of(rows[i].value) } };
        char expected[100], out[100];
        size_t len;
        uint32_t slot;
        snprintf(expected, sizeof(expected), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
                 rows[i].target ? rows[i].target : "");
        if (rows[i].target)
            assert_rendered(&t, &v, expected);
        else
            assert_int_equal(template_render(&t, value_of, &v, out, sizeof(out), &len, &slot),
                             -EILSEQ);
    }
    store_free(&s);
}

static void the_length_is_right_when_its_digits_are_not_those_expected(void **state)
{
    (void)state;
    struct store s;
    static char value[12000], expected[13000];
    memset(value, 'v', sizeof(value));
    struct template_builder *b = builder_of("POST / HTTP/1.1\r\n");
    template_builder_begin_body(b);
    template_builder_fixed(b, span_of("<"));
    template_builder_slot(b, 0, ESCAPE_NONE);
    template_builder_fixed(b, span_of(">"));
    const struct template t = finish(b, &s);

    static const int lens[] = { 0, 7, 8, 97, 98, 997, 998 };
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct values v = { .slot = { { value, (size_t)lens[i] } } };
        snprintf(expected, sizeof(expected), "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n<%.*s>",
                 lens[i] + 2, lens[i], value);
        assert_rendered(&t, &v, expected);
    }
    store_free(&s);
}

static void assert_escaped(enum escape how, struct span value, const char *expected)
{
    const size_t want = strlen(expected);
    char *out = malloc(want ? want : 1);
    assert_non_null(out);
    const int len = template_escape(how, value, out, want);
    if (len < 0 || !span_equal((struct span){ out, (size_t)len }, span_of(expected)))
        fail_msg("escape %d: %d '%.*s' instead of '%s'", (int)how, len, len < 0 ? 0 : len, out,
                 expected);
    if (want > 0)
        assert_int_equal(template_escape(how, value, out, want - 1), -ENOSPC);
    free(out);
}

static void values_are_escaped_for_the_place_where_they_land(void **state)
{
    (void)state;
    const struct span marks = SPAN_LITERAL("aZ09-._~!$&'()*+,;=:@/?#[]% \"\\<>^`{|}\x7f\xc3\xa9");
    assert_escaped(
        ESCAPE_PATH, marks,
        "aZ09-._~!$&'()*+,;=:@%2F%3F%23%5B%5D%25%20%22%5C%3C%3E%5E%60%7B%7C%7D%7F%C3%A9");
    assert_escaped(
        ESCAPE_QUERY, marks,
        "aZ09-._~%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40%2F%3F%23%5B%5D%25%20%22%5C%3C%3E"
        "%5E%60%7B%7C%7D%7F%C3%A9");
    assert_escaped(ESCAPE_FORM, SPAN_LITERAL("a b+c&d=\r\n\0"), "a+b%2Bc%26d%3D%0D%0A%00");
    assert_escaped(ESCAPE_JSON, SPAN_LITERAL("a\"b\\c/\r\n\t\x1f\0\x7f\xc3\xa9\xf0\x9f\x98\x80"),
                   "a\\\"b\\\\c/\\r\\n\\t\\u001f\\u0000\\u007f\\u00e9\\ud83d\\ude00");
    assert_escaped(ESCAPE_NONE, SPAN_LITERAL("a b\r\n"), "a b\r\n");
    assert_escaped(ESCAPE_HEADER, SPAN_LITERAL("a\tb \xff"), "a\tb \xff");
    for (int how = ESCAPE_NONE; how <= ESCAPE_JSON; how++)
        assert_escaped((enum escape)how, SPAN_LITERAL(""), "");
}

static void a_text_is_a_json_string_whatever_it_reads_as(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "0", "1815", "true", "null", "{}", "[1]", "a b" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "\"%s\"", texts[i]);
        assert_escaped(ESCAPE_JSON_VALUE, span_of(texts[i]), expected);
    }
    assert_escaped(ESCAPE_JSON_VALUE, SPAN_LITERAL("\"a\""), "\"\\\"a\\\"\"");
}

static void a_value_that_may_not_stand_there_is_refused(void **state)
{
    (void)state;
    char out[64];
    static const char *const headers[] = { "a\r\nX: y", "a\n", "\r", "\x01", "\x7f" };
    static const char *const no_utf8[] = { "\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80",
                                           "\xf5\x80" };
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(template_escape(ESCAPE_HEADER, span_of(headers[i]), out, 64), -EILSEQ);
        assert_int_equal(template_escape(ESCAPE_JSON, span_of(no_utf8[i]), out, 64), -EILSEQ);
        assert_int_equal(template_escape(ESCAPE_JSON_VALUE, span_of(no_utf8[i]), out, 64), -EILSEQ);
    }
    assert_int_equal(template_escape(ESCAPE_HEADER, SPAN_LITERAL("a\0b"), out, 64), -EILSEQ);
}

static void a_failed_rendering_names_the_slot(void **state)
{
    (void)state;
    struct store s;
    struct template_builder *b = builder_of("GET /");
    template_builder_slot(b, 5, ESCAPE_NONE);
    template_builder_fixed(b, span_of(" HTTP/1.1\r\n"));
    template_builder_optional_header(b, span_of("Cookie"), 6);
    template_builder_begin_body(b);
    template_builder_slot(b, 7, ESCAPE_JSON);
    const struct template t = finish(b, &s);
    const struct span good = SPAN_LITERAL("x");
    static const struct {
        struct span path, cookie, body;
        int error;
        uint32_t slot;
    } rows[] = {
        { { NULL, 0 }, { NULL, 0 }, SPAN_LITERAL("x"), -ENODATA, 5 },
        { SPAN_LITERAL("a b"), { NULL, 0 }, SPAN_LITERAL("x"), -EILSEQ, 5 },
        { SPAN_LITERAL("a\r\nX: y"), { NULL, 0 }, SPAN_LITERAL("x"), -EILSEQ, 5 },
        { SPAN_LITERAL(""), { NULL, 0 }, SPAN_LITERAL("x"), -EILSEQ, 5 },
        { SPAN_LITERAL("x"), SPAN_LITERAL("a\nb"), SPAN_LITERAL("x"), -EILSEQ, 6 },
        { SPAN_LITERAL("x"), { NULL, 0 }, { NULL, 0 }, -ENODATA, 7 },
        { SPAN_LITERAL("x"), { NULL, 0 }, SPAN_LITERAL("\xff"), -EILSEQ, 7 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct values v = { 0 };
        v.slot[5] = rows[i].path;
        v.slot[6] = rows[i].cookie;
        v.slot[7] = rows[i].body;
        char out[200];
        size_t len = 77;
        uint32_t slot = 99;
        assert_int_equal(template_render(&t, value_of, &v, out, 200, &len, &slot), rows[i].error);
        assert_int_equal(slot, rows[i].slot);
        assert_int_equal(len, 77);
    }
    struct values v = { 0 };
    v.slot[5] = v.slot[7] = good;
    assert_rendered(&t, &v, "GET /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
    store_free(&s);
}

static void a_builder_refuses_what_could_break_a_head(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct template t = { .head_count = 42 };
        struct store s = { .left = 16 };
        struct template_builder *b = builder_of("GET /");
        if (i < 3)
            template_builder_slot(b, 0, (enum escape)(ESCAPE_JSON + i));
        else if (i == 3)
            template_builder_optional_header(b, span_of("Cookie"), 0);
        template_builder_fixed(b, span_of(" HTTP/1.1\r\n"));
        if (i == 4)
            template_builder_optional_header(b, span_of("Coo kie"), 0);
        template_builder_begin_body(b);
        if (i == 5)
            template_builder_optional_header(b, span_of("Cookie"), 0);
        assert_int_equal(template_builder_finish(b, &t, store_alloc, &s), -EINVAL);
        assert_int_equal(t.head_count, 42);
        template_builder_close(b);
        store_free(&s);
    }
}

static void a_failed_allocation_is_reported_and_nothing_is_given(void **state)
{
    (void)state;
    struct template t = { .head_count = 42 };
    unsigned left = 0;
    int rc;
    do {
        struct store s = { .left = left };
        struct template_builder *b = builder_of("GET / HTTP/1.1\r\n");
        rc = template_builder_finish(b, &t, store_alloc, &s);
        assert_true(rc == 0 || (rc == -ENOMEM && t.head_count == 42));
        template_builder_close(b);
        store_free(&s);
        left++;
    } while (rc != 0);
    assert_int_equal(left - 1, 4);
    template_builder_close(NULL);
}

/* A strict reader of requests: takes `text` and a line end off, or fails. */
static void take(struct span *wire, struct span text)
{
    assert_true(wire->len >= text.len);
    assert_true(span_equal((struct span){ wire->bytes, text.len }, text));
    wire->bytes += text.len;
    wire->len -= text.len;
}

static struct span take_line(struct span *wire)
{
    const char *end = memmem(wire->bytes, wire->len, "\r\n", 2);
    assert_non_null(end);
    const struct span line = { wire->bytes, (size_t)(end - wire->bytes) };
    take(wire, line);
    take(wire, SPAN_LITERAL("\r\n"));
    assert_true(header_value_is_valid(line));
    return line;
}

static char hex_value(char c)
{
    return (char)(c <= '9' ? c - '0' : c - 'A' + 10);
}

static struct span percent_decode(struct span s, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.bytes[i] == '%') {
            out[len++] = (char)(hex_value(s.bytes[i + 1]) * 16 + hex_value(s.bytes[i + 2]));
            i += 2;
        } else {
            out[len++] = s.bytes[i];
        }
    }
    return (struct span){ out, len };
}

/* GET /p/${0}?q=${1} HTTP/1.1 | X: ${2} | optional Cookie: ${3} | body <${4}> */
static struct template hostile_template(struct store *s)
{
    struct template_builder *b = builder_of("GET /p/");
    template_builder_slot(b, 0, ESCAPE_PATH);
    template_builder_fixed(b, span_of("?q="));
    template_builder_slot(b, 1, ESCAPE_QUERY);
    template_builder_fixed(b, span_of(" HTTP/1.1\r\nX: "));
    template_builder_slot(b, 2, ESCAPE_HEADER);
    template_builder_fixed(b, span_of("\r\n"));
    template_builder_optional_header(b, span_of("Cookie"), 3);
    template_builder_begin_body(b);
    template_builder_fixed(b, span_of("<"));
    template_builder_slot(b, 4, ESCAPE_NONE);
    template_builder_fixed(b, span_of(">"));
    return finish(b, s);
}

static void assert_reads_as_meant(struct span wire, const struct values *v)
{
    static char decoded[1000];
    char length[40];
    struct span line = take_line(&wire);

    take(&line, span_of("GET /p/"));
    const char *mark = memchr(line.bytes, '?', line.len);
    assert_non_null(mark);
    const struct span path = { line.bytes, (size_t)(mark - line.bytes) };
    assert_true(span_equal(percent_decode(path, decoded), v->slot[0]));
    assert_null(memchr(path.bytes, '/', path.len));
    take(&line, path);
    take(&line, span_of("?q="));
    const char *space = memchr(line.bytes, ' ', line.len);
    assert_non_null(space);
    const struct span query = { line.bytes, (size_t)(space - line.bytes) };
    assert_true(span_equal(percent_decode(query, decoded), v->slot[1]));
    take(&line, query);
    assert_true(span_equal(line, span_of(" HTTP/1.1")));

    line = take_line(&wire);
    take(&line, span_of("X: "));
    assert_true(span_equal(line, v->slot[2]));
    if (v->slot[3].bytes) {
        line = take_line(&wire);
        take(&line, span_of("Cookie: "));
        assert_true(span_equal(line, v->slot[3]));
    }
    snprintf(length, sizeof(length), "Content-Length: %zu", v->slot[4].len + 2);
    assert_true(span_equal(take_line(&wire), span_of(length)));
    assert_int_equal(take_line(&wire).len, 0);
    take(&wire, span_of("<"));
    take(&wire, v->slot[4]);
    assert_true(span_equal(wire, span_of(">")));
}

static void hostile_values_never_change_a_request(void **state)
{
    (void)state;
    static const char bytes[] = "\r\n \t:/?#&%=\"\\\0\x01\x7f\xc3\xa9\xffgHX19<>";
    static char room[SLOT_COUNT][200], out[4000];
    struct store s;
    const struct template t = hostile_template(&s);
    unsigned rendered = 0, refused = 0;
    random_state = 1;

    for (unsigned round = 0; round < 30000; round++) {
        struct values v = { 0 };
        for (size_t i = 0; i < 5; i++) {
            const size_t len = random_below(random_below(8) == 0 ? 200 : 6);
            for (size_t n = 0; n < len; n++)
                room[i][n] = bytes[random_below(sizeof(bytes) - 1)];
            v.slot[i] = (struct span){ room[i], len };
        }
        if (random_below(2) == 0)
            v.slot[3].bytes = NULL;
        size_t len;
        uint32_t slot;
        const int rc = template_render(&t, value_of, &v, out, sizeof(out), &len, &slot);
        const bool is_fine = header_value_is_valid(v.slot[2]) &&
                             (!v.slot[3].bytes || header_value_is_valid(v.slot[3]));
        assert_int_equal(rc, is_fine ? 0 : -EILSEQ);
        if (rc == 0)
            assert_reads_as_meant((struct span){ out, len }, &v);
        rendered += rc == 0;
        refused += rc != 0;
    }
    assert_true(rendered > 3000 && refused > 3000);
    store_free(&s);
}

static void a_text_alone_has_no_line_ends_and_may_hold_any_byte(void **state)
{
    (void)state;
    char out[16];
    size_t len;
    uint32_t slot = 9;
    struct values v = { .slot = { SPAN_LITERAL("b\n\x01 c") } };
    const struct piece pieces[] = { { .kind = PIECE_FIXED, .len = 1 },
                                    { .kind = PIECE_SLOT, .escape = ESCAPE_NONE } };
    const struct template t = { .bytes = "a", .head = pieces, .head_count = 2 };
    assert_int_equal(template_render_text(&t, value_of, &v, out, 6, &len, &slot), 0);
    assert_true(span_equal((struct span){ out, len }, SPAN_LITERAL("ab\n\x01 c")));
    assert_int_equal(template_render_text(&t, value_of, &v, out, 5, &len, &slot), -ENOSPC);
    assert_int_equal(slot, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_without_slots_is_finished_at_load_time),
        cmocka_unit_test(the_last_line_end_of_the_head_is_added_when_it_is_missing),
        cmocka_unit_test(slots_take_their_values_where_they_stand),
        cmocka_unit_test(a_target_that_is_a_value_is_a_path_or_a_url_of_the_origin),
        cmocka_unit_test(the_length_is_right_when_its_digits_are_not_those_expected),
        cmocka_unit_test(values_are_escaped_for_the_place_where_they_land),
        cmocka_unit_test(a_text_is_a_json_string_whatever_it_reads_as),
        cmocka_unit_test(a_value_that_may_not_stand_there_is_refused),
        cmocka_unit_test(a_failed_rendering_names_the_slot),
        cmocka_unit_test(a_builder_refuses_what_could_break_a_head),
        cmocka_unit_test(a_failed_allocation_is_reported_and_nothing_is_given),
        cmocka_unit_test(hostile_values_never_change_a_request),
        cmocka_unit_test(a_text_alone_has_no_line_ends_and_may_hold_any_byte),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("template", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
