/* Goal: a request means the same however it is cut, and what is not a request is refused, never
 * read past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tools/target/intake.h"
#include "tools/target/request.h"

#define POST_HEAD "POST /echo?a=b HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
#define CHUNKS    "3;name=value\r\nabc\r\nA \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"

static const char *const good_heads[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    "HEAD http://there/a/b?c HTTP/1.1\r\nHOST:\tthere \r\nConnection: x , close\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost:\r\nContent-Length: 0\r\n\r\n",
    POST_HEAD,
};

static const char *const bad_heads[] = {
    "GET / HTTP/1.1\r\n\r\n",
    "GET /\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\n\n",
    "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\n",
    "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
};

/* Bytes in a block of exactly their size: a sanitizer sees each byte read past it. */
static char *exact_copy(const char *bytes, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    return copy;
}

static enum request_state read_once(struct request *ret, const char *bytes, size_t len,
                                    size_t *ret_head_len)
{
    size_t scanned = 0;
    int status = 0;
    return request_read(ret, ret_head_len, &status, bytes, len, &scanned);
}

static void every_prefix_of_a_good_head_is_partial(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_heads / sizeof good_heads[0]; i++) {
        const size_t whole = strlen(good_heads[i]);
        for (size_t len = 1; len <= whole; len++) {
            struct request rq;
            size_t head_len = 0;
            char *copy = exact_copy(good_heads[i], len);
            const enum request_state got = read_once(&rq, copy, len, &head_len);
            assert_int_equal(got, len < whole ? REQUEST_PARTIAL : REQUEST_WHOLE);
            assert_int_equal(head_len, len < whole ? 0 : whole);
            free(copy);
        }
    }
}

static void no_prefix_of_a_bad_head_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_heads / sizeof bad_heads[0]; i++) {
        const size_t whole = strlen(bad_heads[i]);
        for (size_t len = 1; len <= whole; len++) {
            struct request rq;
            size_t head_len = 0;
            char *copy = exact_copy(bad_heads[i], len);
            const enum request_state got = read_once(&rq, copy, len, &head_len);
            assert_int_not_equal(got, REQUEST_WHOLE);
            assert_true(len < whole || got == REQUEST_BAD);
            free(copy);
        }
    }
}

static void a_head_read_byte_by_byte_is_found_where_it_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_heads / sizeof good_heads[0]; i++) {
        struct request rq;
        size_t head_len = 0, scanned = 0, len = 1;
        int status = 0;
        while (request_read(&rq, &head_len, &status, good_heads[i], len, &scanned) ==
               REQUEST_PARTIAL)
            len++;
        assert_int_equal(head_len, strlen(good_heads[i]));
        assert_int_equal(len, head_len);
    }
}

static void what_a_head_says_is_understood(void **state)
{
    (void)state;
    struct request rq;
    size_t head_len;
    assert_int_equal(read_once(&rq, good_heads[2], strlen(good_heads[2]), &head_len),
                     REQUEST_WHOLE);
    assert_int_equal(rq.method, METHOD_HEAD);
    assert_false(rq.keeps_alive);
    assert_true(span_equal(rq.path, SPAN_LITERAL("/a/b")));
    assert_true(span_equal(rq.query, SPAN_LITERAL("c")));
    assert_true(span_equal(rq.host, SPAN_LITERAL("there")));
    assert_false(request_has_body(&rq));

    assert_int_equal(read_once(&rq, POST_HEAD, strlen(POST_HEAD), &head_len), REQUEST_WHOLE);
    assert_true(rq.keeps_alive && rq.is_chunked && request_has_body(&rq));
    struct span rest = rq.fields, name, value;
    assert_true(request_next_field(&rest, &name, &value));
    assert_true(span_equal(name, SPAN_LITERAL("Host")) && span_equal(value, SPAN_LITERAL("here")));
    assert_true(request_next_field(&rest, &name, &value));
    assert_true(span_equal(value, SPAN_LITERAL("chunked")));
    assert_false(request_next_field(&rest, &name, &value));
}

static void every_cut_of_a_chunked_body_means_the_same(void **state)
{
    (void)state;
    const size_t whole = strlen(CHUNKS);
    struct intake in = { 0 };
    for (size_t cut = 0; cut <= whole; cut++) {
        char *first = exact_copy(CHUNKS, cut), *second = exact_copy(CHUNKS + cut, whole - cut);
        size_t used = 0;
        int status = 0;
        assert_int_equal(intake_begin(&in, SPAN_LITERAL(POST_HEAD), true), 0);
        assert_int_equal(intake_read(&in, first, cut, &used, &status),
                         cut < whole ? INTAKE_PARTIAL : INTAKE_WHOLE);
        assert_int_equal(used, cut);
        assert_int_equal(intake_read(&in, second, whole - cut, &used, &status), INTAKE_WHOLE);
        assert_int_equal(used, whole - cut);
        assert_true(span_equal(in.request.body, SPAN_LITERAL("abc0123456789")));
        assert_int_equal(in.raw, strlen(POST_HEAD) + whole);
        free(first);
        free(second);
    }
    intake_close(&in);
}

static void a_body_ends_where_it_ends(void **state)
{
    (void)state;
    static const char wire[] = CHUNKS "GET / HTTP/1.1\r\n";
    struct intake in = { 0 };
    size_t used = 0;
    int status = 0;
    assert_int_equal(intake_begin(&in, SPAN_LITERAL(POST_HEAD), false), 0);
    assert_int_equal(intake_read(&in, wire, strlen(wire), &used, &status), INTAKE_WHOLE);
    assert_int_equal(used, strlen(CHUNKS));
    assert_int_equal(in.request.body.len, 0);
    intake_close(&in);
}

static void a_broken_chunk_is_refused_at_every_cut(void **state)
{
    (void)state;
    static const char *const broken[] = { "3\r\nabcd\r\n", "3\nabc",     "g\r\n",
                                          "\r\n",          "3\r\nabc\n", "0\r\nx\n" };
    struct intake in = { 0 };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const size_t whole = strlen(broken[i]);
        for (size_t cut = 0; cut < whole; cut++) {
            size_t used = 0;
            int status = 0;
            assert_int_equal(intake_begin(&in, SPAN_LITERAL(POST_HEAD), true), 0);
            enum intake_state got = intake_read(&in, broken[i], cut, &used, &status);
            if (got == INTAKE_PARTIAL)
                got = intake_read(&in, broken[i] + cut, whole - cut, &used, &status);
            assert_int_equal(got, INTAKE_BAD);
            assert_int_equal(status, 400);
        }
    }
    intake_close(&in);
}

static void json_text_is_escaped_and_always_valid(void **state)
{
    (void)state;
    struct outbox o = { 0 };
    outbox_add_json(&o,
                    SPAN_LITERAL("a\"\\\n\x01\xff\xc3\xbc\xed\xa0\x80\xf0\x9f\x98\x80\xe2\x82"));
    assert_true(span_equal(outbox_span(&o),
                           SPAN_LITERAL("\"a\\\"\\\\\\n\\u0001\\u00ff\xc3\xbc\\u00ed\\u00a0\\u0080"
                                        "\xf0\x9f\x98\x80\\u00e2\\u0082\"")));
    outbox_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prefix_of_a_good_head_is_partial),
        cmocka_unit_test(no_prefix_of_a_bad_head_is_whole),
        cmocka_unit_test(a_head_read_byte_by_byte_is_found_where_it_ends),
        cmocka_unit_test(what_a_head_says_is_understood),
        cmocka_unit_test(every_cut_of_a_chunked_body_means_the_same),
        cmocka_unit_test(a_body_ends_where_it_ends),
        cmocka_unit_test(a_broken_chunk_is_refused_at_every_cut),
        cmocka_unit_test(json_text_is_escaped_and_always_valid),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("target_request", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                                 : EXIT_FAILURE;
}
