/* test_response.c — goal: a response means one thing, however its bytes were cut or watched. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "http/response.h"
#include "tests/unit/response_player.h"

static void check_every_cut(const char *name, struct span wire, enum fixture_option option,
                            const struct response_watch *watch, const struct outcome *whole)
{
    static struct outcome cut;

    for (size_t at = 1; at < wire.len; at++) {
        size_t where = at;
        play(&cut, wire, option, watch, cut_once, &where);
        assert_outcomes_equal(name, &cut, whole);
    }
    for (size_t size = 1; size <= 3; size++) {
        play(&cut, wire, option, watch, cut_every, &size);
        assert_outcomes_equal(name, &cut, whole);
    }
    for (unsigned round = 0; round < 64; round++) {
        uint32_t most = 1 + random_below(40);
        play(&cut, wire, option, watch, cut_at_random, &most);
        assert_outcomes_equal(name, &cut, whole);
    }
}

static void every_fixture_is_what_it_is_said_to_be(void **state)
{
    (void)state;
    static struct outcome o;

    for (size_t i = 0; i < FIXTURE_COUNT; i++) {
        const struct fixture *x = &fixtures[i];
        play(&o, x->wire, x->option, &watch_body, cut_nowhere, NULL);
        if (o.verdict != x->verdict || (o.failure != x->failure))
            fail_msg("'%s': verdict %d, failure %d, '%s'", x->name, (int)o.verdict, (int)o.failure,
                     o.reason ? o.reason : "");
        assert_int_equal(o.bytes, o.used);
        assert_int_equal(o.verdict == RESPONSE_BROKEN, o.reason != NULL);
        if (x->verdict != RESPONSE_DONE)
            continue;
        const bool fits = o.head.status == x->status && o.head.keep_alive == x->keep_alive &&
                          o.used == x->wire.len - x->left_over && o.body_bytes == x->body.len &&
                          span_equal((struct span){ o.text, o.text_len }, x->body);
        if (!fits)
            fail_msg("'%s': status %u, keep-alive %d, used %zu, body '%.*s'", x->name,
                     o.head.status, (int)o.head.keep_alive, o.used, (int)o.text_len, o.text);
    }
}

static void no_outcome_depends_on_the_cuts(void **state)
{
    (void)state;
    static const struct response_watch *const watches[] = { NULL, &watch_body, &watch_all };
    static struct outcome whole;
    random_state = 1;

    for (size_t i = 0; i < FIXTURE_COUNT; i++) {
        const struct fixture *x = &fixtures[i];
        for (size_t w = 0; w < 3; w++) {
            play(&whole, x->wire, x->option, watches[w], cut_nowhere, NULL);
            assert_int_equal(whole.verdict, x->verdict);
            check_every_cut(x->name, x->wire, x->option, watches[w], &whole);
        }
    }
}

static void no_outcome_of_a_mutant_depends_on_the_cuts(void **state)
{
    (void)state;
    static struct outcome whole, cut;
    char room[1024];
    random_state = 2;

    for (unsigned round = 0; round < 6000; round++) {
        const struct fixture *x = &fixtures[random_below(FIXTURE_COUNT)];
        const struct span wire = mutate(x->wire, room, sizeof(room));
        const struct response_watch *watch = round % 3 ? &watch_all : NULL;
        play(&whole, wire, x->option, watch, cut_nowhere, NULL);
        size_t size = 1;
        play(&cut, wire, x->option, watch, cut_every, &size);
        assert_outcomes_equal(x->name, &cut, &whole);
        uint32_t most = 30;
        play(&cut, wire, x->option, watch, cut_at_random, &most);
        assert_outcomes_equal(x->name, &cut, &whole);
    }
}

/* A wire of `before`, `count` times `unit`, `after`. */
static struct span wire_of(struct span before, size_t count, struct span unit, struct span after)
{
    const size_t len = before.len + count * unit.len + after.len;
    char *bytes = malloc(len);
    assert_non_null(bytes);
    memcpy(bytes, before.bytes, before.len);
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + before.len + i * unit.len, unit.bytes, unit.len);
    memcpy(bytes + len - after.len, after.bytes, after.len);
    return (struct span){ bytes, len };
}

/* Plays the wire whole, byte by byte and in pieces; they agree. */
static const struct outcome *play_three_ways(struct span wire)
{
    static struct outcome whole, cut;
    size_t sizes[] = { 1, 1447 };

    play(&whole, wire, PLAIN, NULL, cut_nowhere, NULL);
    for (size_t i = 0; i < 2; i++) {
        play(&cut, wire, PLAIN, NULL, cut_every, &sizes[i]);
        assert_outcomes_equal("a long wire", &cut, &whole);
    }
    free((char *)wire.bytes);
    return &whole;
}

static void a_head_may_be_64_kib_long_and_not_a_byte_longer(void **state)
{
    (void)state;
    const struct span start = SPAN_LITERAL("HTTP/1.1 204 No\r\nX: ");
    const struct span end = SPAN_LITERAL("\r\n\r\n");
    const size_t fill = RESPONSE_HEAD_MAX - start.len - end.len;

    const struct outcome *o = play_three_ways(wire_of(start, fill, SPAN_LITERAL("x"), end));
    assert_int_equal(o->verdict, RESPONSE_DONE);
    assert_int_equal(o->bytes, RESPONSE_HEAD_MAX);

    o = play_three_ways(wire_of(start, fill + 1, SPAN_LITERAL("x"), end));
    assert_int_equal(o->verdict, RESPONSE_BROKEN);
    assert_int_equal(o->failure, FAILURE_PROTO_LIMIT);
    assert_int_equal(o->bytes, RESPONSE_HEAD_MAX);
}

static void ten_thousand_headers_are_too_many(void **state)
{
    (void)state;
    const struct outcome *o = play_three_ways(wire_of(SPAN_LITERAL("HTTP/1.1 200 OK\r\n"), 10000,
                                                      SPAN_LITERAL("Cookie: a\r\n"),
                                                      SPAN_LITERAL("Content-Length: 0\r\n\r\n")));
    assert_int_equal(o->failure, FAILURE_PROTO_LIMIT);
}

static void informational_heads_count_against_the_head_limit(void **state)
{
    (void)state;
    char hint[10000];
    const int len = snprintf(hint, sizeof(hint), "HTTP/1.1 103 Hint\r\nX: %08970d\r\n\r\n", 0);
    assert_true(len > 8990 && len < 9100);
    const struct span unit = { hint, (size_t)len };
    const struct span end = SPAN_LITERAL("HTTP/1.1 204 No\r\n\r\n");

    assert_int_equal(play_three_ways(wire_of(SPAN_LITERAL(""), 7, unit, end))->verdict,
                     RESPONSE_DONE);
    assert_int_equal(play_three_ways(wire_of(SPAN_LITERAL(""), 8, unit, end))->failure,
                     FAILURE_PROTO_LIMIT);
}

static void ten_informational_responses_are_let_pass(void **state)
{
    (void)state;
    const struct span unit = SPAN_LITERAL("HTTP/1.1 102 Wait\r\nContent-Length: 3\r\n\r\n");
    const struct span end = SPAN_LITERAL("HTTP/1.1 204 No\r\n\r\n");

    const struct outcome *o = play_three_ways(wire_of(SPAN_LITERAL(""), 10, unit, end));
    assert_int_equal(o->verdict, RESPONSE_DONE);
    assert_int_equal(o->head.status, 204);
    assert_int_equal(o->bytes, 10 * unit.len + end.len);

    o = play_three_ways(wire_of(SPAN_LITERAL(""), 11, unit, end));
    assert_int_equal(o->verdict, RESPONSE_BROKEN);
    assert_int_equal(o->failure, FAILURE_PROTO_LIMIT);
    assert_int_equal(o->bytes, 11 * unit.len);
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void chunk_extensions_and_trailers_are_limited_to_16_kib(void **state)
{
    (void)state;
    static const struct {
        struct span before, unit, after;
    } floods[] = {
        { SPAN_LITERAL(CHUNKED "1;"), SPAN_LITERAL("a"), SPAN_LITERAL("\r\nx\r\n0\r\n\r\n") },
        { SPAN_LITERAL(CHUNKED "1"), SPAN_LITERAL(";abc"), SPAN_LITERAL("\r\nx\r\n0\r\n\r\n") },
        { SPAN_LITERAL(CHUNKED "0\r\n"), SPAN_LITERAL("X: y\r\n"), SPAN_LITERAL("\r\n") },
        { SPAN_LITERAL(CHUNKED), SPAN_LITERAL("0"), SPAN_LITERAL("\r\n\r\n") },
    };

    for (size_t i = 0; i < 4; i++) {
        const size_t fitting = RESPONSE_CHUNK_EXT_MAX / floods[i].unit.len;
        const struct outcome *o =
            play_three_ways(wire_of(floods[i].before, fitting, floods[i].unit, floods[i].after));
        assert_int_equal(o->verdict, RESPONSE_DONE);
        o = play_three_ways(
            wire_of(floods[i].before, fitting + 40, floods[i].unit, floods[i].after));
        assert_int_equal(o->verdict, RESPONSE_BROKEN);
        assert_int_equal(o->failure, FAILURE_PROTO_LIMIT);
        assert_int_equal(o->bytes, sizeof(CHUNKED) - 1 + 32 + RESPONSE_CHUNK_EXT_MAX);
    }
}

static void many_long_chunk_lines_add_up_to_the_limit(void **state)
{
    (void)state;
    const struct span start = SPAN_LITERAL(CHUNKED);
    const struct span end = SPAN_LITERAL("0\r\n\r\n");
    /* 41 bytes of framing each, 9 of them beyond a line's 32; the first has no CR LF of data before
     * it. */
    const struct span unit = SPAN_LITERAL("1;abcdefghijklmnopqrstuvwxyz0123456789\r\nx\r\n");
    const size_t most = RESPONSE_CHUNK_EXT_MAX / 10;

    assert_int_equal(unit.len, 43);
    assert_int_equal(play_three_ways(wire_of(start, most, unit, end))->verdict, RESPONSE_DONE);
    assert_int_equal(play_three_ways(wire_of(start, most + 2, unit, end))->failure,
                     FAILURE_PROTO_LIMIT);
}

static void many_small_chunks_are_no_offence(void **state)
{
    (void)state;
    const struct outcome *o = play_three_ways(wire_of(
        SPAN_LITERAL(CHUNKED), 50000, SPAN_LITERAL("1\r\nx\r\n"), SPAN_LITERAL("0\r\n\r\n")));
    assert_int_equal(o->verdict, RESPONSE_DONE);
    assert_int_equal(o->body_bytes, 50000);
}

static void watchers_see_the_final_head_only_and_no_trailer(void **state)
{
    (void)state;
    static struct outcome o;
    const struct span wire = SPAN_LITERAL("HTTP/1.1 103 Hint\r\nLink: a\r\n\r\n"
                                          "HTTP/1.1 200 OK\r\nX:  y z \t\r\nEmpty:\r\n"
                                          "Transfer-Encoding: chunked\r\n\r\n"
                                          "2\r\nok\r\n0\r\nTrailer: t\r\n\r\n");
    play(&o, wire, PLAIN, &watch_all, cut_nowhere, NULL);

    assert_int_equal(o.verdict, RESPONSE_DONE);
    assert_true(span_equal((struct span){ o.text, o.text_len },
                           SPAN_LITERAL("X=y z|Empty=|Transfer-Encoding=chunked|ok")));
}

static void a_long_header_is_cut_off_at_8_kib_however_it_came(void **state)
{
    (void)state;
    static struct outcome whole;
    const struct span parts[] = { SPAN_LITERAL("v"), SPAN_LITERAL("v ") };
    const struct span end = SPAN_LITERAL(" \r\nContent-Length: 0\r\n\r\n");

    for (size_t i = 0; i < 2; i++) {
        struct span wire = wire_of(SPAN_LITERAL("HTTP/1.1 200 OK\r\nLong: "), 9000, parts[i], end);
        play(&whole, wire, PLAIN, &watch_all, cut_nowhere, NULL);
        assert_int_equal(whole.verdict, RESPONSE_DONE);
        const size_t others = sizeof("=||Content-Length=0") - 1;
        const size_t kept = RESPONSE_LINE_MAX - i; /* a blank that became the last one goes */
        assert_int_equal(whole.text_len, kept + others);
        for (size_t size = 1; size < 6000; size = size * 3 + 1) {
            static struct outcome cut;
            size_t every = size;
            play(&cut, wire, PLAIN, &watch_all, cut_every, &every);
            assert_outcomes_equal("a long header", &cut, &whole);
        }
        free((char *)wire.bytes);
    }
}

static void a_cut_header_without_room_breaks_the_response(void **state)
{
    (void)state;
    static const struct response_watch watch = { note_header, NULL, lend_nothing, false };
    static struct outcome o;
    const struct span wire = SPAN_LITERAL("HTTP/1.1 200 OK\r\nX: yz\r\nContent-Length: 0\r\n\r\n");
    size_t at = 22;

    play(&o, wire, PLAIN, &watch, cut_once, &at);
    assert_int_equal(o.verdict, RESPONSE_BROKEN);
    assert_int_equal(o.failure, FAILURE_LOCAL_MEMORY);

    at = 17; /* between two lines: nothing to keep */
    play(&o, wire, PLAIN, &watch, cut_once, &at);
    assert_int_equal(o.verdict, RESPONSE_DONE);
}

static void a_body_nobody_reads_may_be_discarded_unseen(void **state)
{
    (void)state;
    const struct span wire =
        SPAN_LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
    struct response r;
    struct outcome *o = calloc(1, sizeof(*o));
    assert_non_null(o);
    size_t used;

    response_begin(&r, false, NULL, NULL);
    assert_false(response_has_begun(&r));
    assert_int_equal(response_discardable(&r), 0);
    assert_int_equal(response_feed(&r, NULL, wire.bytes, wire.len, &used, NULL), RESPONSE_MORE);
    assert_true(response_has_begun(&r));
    assert_int_equal(response_discardable(&r), 90);
    assert_int_equal(response_discarded(&r, 89), RESPONSE_MORE);
    assert_int_equal(response_discardable(&r), 1);
    assert_int_equal(response_discarded(&r, 1), RESPONSE_DONE);
    assert_int_equal(response_body_bytes(&r), 100);
    assert_int_equal(response_bytes(&r), wire.len + 90);
    assert_int_equal(response_discardable(&r), 0);

    response_begin(&r, false, &watch_body, o);
    assert_int_equal(response_feed(&r, NULL, wire.bytes, wire.len, &used, NULL), RESPONSE_MORE);
    assert_int_equal(response_discardable(&r), 0);
    free(o);
}

static void an_empty_feed_changes_nothing(void **state)
{
    (void)state;
    const struct span wire = SPAN_LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    struct response r;
    size_t used;

    response_begin(&r, false, NULL, NULL);
    for (size_t i = 0; i < wire.len; i++) {
        assert_int_equal(response_feed(&r, NULL, wire.bytes + i, 0, &used, NULL), RESPONSE_MORE);
        assert_int_equal(response_feed(&r, NULL, wire.bytes + i, 1, &used, NULL),
                         i + 1 < wire.len ? RESPONSE_MORE : RESPONSE_DONE);
    }
    assert_int_equal(response_feed(&r, NULL, "y", 1, &used, NULL), RESPONSE_DONE);
    assert_int_equal(used, 0);
    assert_int_equal(response_eof(&r), RESPONSE_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_is_what_it_is_said_to_be),
        cmocka_unit_test(no_outcome_depends_on_the_cuts),
        cmocka_unit_test(no_outcome_of_a_mutant_depends_on_the_cuts),
        cmocka_unit_test(a_head_may_be_64_kib_long_and_not_a_byte_longer),
        cmocka_unit_test(ten_thousand_headers_are_too_many),
        cmocka_unit_test(informational_heads_count_against_the_head_limit),
        cmocka_unit_test(ten_informational_responses_are_let_pass),
        cmocka_unit_test(chunk_extensions_and_trailers_are_limited_to_16_kib),
        cmocka_unit_test(many_long_chunk_lines_add_up_to_the_limit),
        cmocka_unit_test(many_small_chunks_are_no_offence),
        cmocka_unit_test(watchers_see_the_final_head_only_and_no_trailer),
        cmocka_unit_test(a_long_header_is_cut_off_at_8_kib_however_it_came),
        cmocka_unit_test(a_cut_header_without_room_breaks_the_response),
        cmocka_unit_test(a_body_nobody_reads_may_be_discarded_unseen),
        cmocka_unit_test(an_empty_feed_changes_nothing),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("response", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                           : EXIT_FAILURE;
}
