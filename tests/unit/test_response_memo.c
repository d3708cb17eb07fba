/* test_response_memo.c — goal: a remembered head means exactly what parsing it would mean. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "http/response.h"
#include "tests/unit/response_player.h"

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

/* What one connection makes of a stream of responses, the memo on or off. */
struct stream {
    size_t count;
    unsigned memoised;
    struct response_memo memo;
    struct outcome o;
};

static const struct response_watch watch_notable = { note_notable_header, NULL, lend_line_room,
                                                     true };

/* Which watch the response of that number has. */
typedef const struct response_watch *watch_fn(size_t number);

static const struct response_watch *watch_none(size_t number)
{
    (void)number;
    return NULL;
}

static const struct response_watch *watch_in_turn(size_t number)
{
    static const struct response_watch *const watches[] = { &watch_notable, &watch_notable, NULL,
                                                            &watch_notable, &watch_all };
    return watches[number % 5];
}

static void stream_play(struct stream *s, struct span wire, bool is_head, watch_fn *watch,
                        cutter *cut, void *how)
{
    struct response r;
    s->o.text_len = 0;
    s->o.used = 0;
    s->count = 0;
    s->memoised = 0;
    response_begin(&r, is_head, watch(0), &s->o);
    while (s->o.used < wire.len) {
        const size_t size = cut(how, wire.len - s->o.used);
        size_t at = 0;
        while (at < size) {
            size_t used;
            bool is_memoised;
            const struct span piece = { wire.bytes + s->o.used + at, size - at };
            const enum response_verdict v = feed_block(&r, &s->memo, piece, &used, &is_memoised);
            at += used;
            s->memoised += is_memoised;
            if (v == RESPONSE_MORE)
                continue;
            char note[160];
            const struct response_head *h = response_head(&r);
            const int len =
                snprintf(note, sizeof(note), "%d %u %d%d%d %lu %lu %lu %d %s;", (int)v, h->status,
                         h->keep_alive, h->has_length, h->is_chunked, (unsigned long)h->length,
                         (unsigned long)response_bytes(&r), (unsigned long)response_body_bytes(&r),
                         (int)response_failure(&r), response_reason(&r) ? response_reason(&r) : "");
            outcome_note(&s->o, (struct span){ note, (size_t)len });
            s->count++;
            if (v == RESPONSE_BROKEN)
                return;
            response_begin(&r, is_head, watch(s->count), &s->o);
        }
        s->o.used += size;
    }
}

/* A digit of its Content-Length is another; the body is not: it may end early, or take of what
 * follows. */
static struct span with_other_length(struct span wire, char *changed, size_t cap)
{
    static const char name[] = "\r\nContent-Length: ";
    const char *found = memmem(wire.bytes, wire.len, name, sizeof(name) - 1);
    if (found == NULL || wire.len > cap)
        return wire;
    memcpy(changed, wire.bytes, wire.len);
    changed[found - wire.bytes + (ptrdiff_t)sizeof(name) - 1] = (char)('0' + random_below(10));
    return (struct span){ changed, wire.len };
}

/* A few heads that come again and again, with bodies, now and then a mutant. */
static struct span random_stream(char *room, size_t cap)
{
    size_t len = 0;
    const uint32_t kinds = 1 + random_below(3);
    const uint32_t first = random_below(FIXTURE_COUNT);

    for (unsigned n = 1 + random_below(12); n > 0; n--) {
        const struct fixture *x = &fixtures[(first + random_below(kinds)) % FIXTURE_COUNT];
        char changed[1024];
        struct span unit = x->wire;
        unit.len -= x->left_over;
        if (random_below(16) == 0)
            unit = mutate(x->wire, changed, sizeof(changed));
        else if (random_below(32) == 0)
            unit = with_other_length(unit, changed, sizeof(changed));
        if (len + unit.len > cap)
            break;
        memcpy(room + len, unit.bytes, unit.len);
        len += unit.len;
    }
    return (struct span){ room, len };
}

static void memo_changes_nothing(watch_fn *watch)
{
    static struct stream with, without;
    static char room[20000];
    unsigned memoised = 0;
    random_state = 3;
    with.memo.enabled = true; /* and kept from stream to stream, as a core does */

    for (unsigned round = 0; round < 6000; round++) {
        const struct span wire = random_stream(room, sizeof(room));
        const bool is_head = random_below(8) == 0;
        uint32_t most = round % 2 ? 20000 : 100;
        const uint64_t seed = random_state;
        stream_play(&with, wire, is_head, watch, cut_at_random, &most);
        random_state = seed;
        stream_play(&without, wire, is_head, watch, cut_at_random, &most);
        assert_int_equal(with.count, without.count);
        assert_outcomes_equal("a stream", &with.o, &without.o);
        assert_int_equal(without.memoised, 0);
        memoised += with.memoised;
    }
    assert_true(memoised > 1000);
}

static void a_remembered_head_means_what_parsing_it_means(void **state)
{
    (void)state;
    memo_changes_nothing(watch_none);
}

static void whoever_watches_sees_the_same_with_the_memo(void **state)
{
    (void)state;
    memo_changes_nothing(watch_in_turn);
}

static void a_head_is_skipped_only_when_all_its_headers_were_seen_to_be_dull(void **state)
{
    (void)state;
    static const struct span dull = SPAN_LITERAL("HTTP/1.1 204 No\r\nServer: a\r\n\r\n");
    static const struct span notable = SPAN_LITERAL("HTTP/1.1 204 No\r\nX-Id: 1\r\n\r\n");
    static const struct {
        struct span wire;
        const struct response_watch *first, *second;
        bool is_skipped;
    } rows[] = {
        { dull, &watch_notable, &watch_notable, true },
        { dull, &watch_all, &watch_notable, true },
        { dull, NULL, &watch_notable, false },
        { dull, &watch_notable, &watch_all, false },
        { dull, &watch_notable, NULL, true },
        { notable, &watch_notable, &watch_notable, false },
        { notable, &watch_notable, NULL, true },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct outcome o;
        struct response_memo memo = { .enabled = true };
        struct response r;
        size_t used;
        bool is_memoised = false;
        response_begin(&r, false, rows[i].first, &o);
        response_feed(&r, &memo, rows[i].wire.bytes, rows[i].wire.len, &used, &is_memoised);
        assert_false(is_memoised);
        response_begin(&r, false, rows[i].second, &o);
        response_feed(&r, &memo, rows[i].wire.bytes, rows[i].wire.len, &used, &is_memoised);
        assert_int_equal(is_memoised, rows[i].is_skipped);
    }
}

static void only_a_whole_plain_final_head_is_remembered(void **state)
{
    (void)state;
    static const struct {
        struct span wire;
        bool is_head, is_remembered;
    } rows[] = {
        { SPAN_LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), false, true },
        { SPAN_LITERAL("HTTP/1.1 204 No\r\n\r\n"), false, true },
        { SPAN_LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"), true, false },
        { SPAN_LITERAL("HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 204 No\r\n\r\n"), false, false },
        { SPAN_LITERAL(CHUNKED "0\r\n\r\n"), false, false },
        { SPAN_LITERAL("HTTP/1.1 200 OK\r\n\r\nx"), false, false },
        { SPAN_LITERAL("HTTP/1.1 204 No\r\nX: a\r\n b\r\n\r\n"), false, false },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t cut = 0; cut <= 1; cut++) {
            struct response_memo memo = { .enabled = true };
            struct response r;
            size_t used;
            response_begin(&r, rows[i].is_head, NULL, NULL);
            if (cut)
                response_feed(&r, &memo, rows[i].wire.bytes, 1, &used, NULL);
            response_feed(&r, &memo, rows[i].wire.bytes + cut, rows[i].wire.len - cut, &used, NULL);
            assert_int_equal(memo.len > 0, rows[i].is_remembered && cut == 0);
        }
    }
}

static void a_head_of_more_than_1024_bytes_is_not_remembered(void **state)
{
    (void)state;
    for (size_t len = RESPONSE_MEMO_MAX - 1; len <= RESPONSE_MEMO_MAX + 1; len++) {
        char wire[RESPONSE_MEMO_MAX + 8];
        const int filled =
            snprintf(wire, sizeof(wire), "HTTP/1.1 204 No\r\nX: %0*d\r\n\r\n", (int)len - 24, 0);
        assert_int_equal(filled, len);
        struct response_memo memo = { .enabled = true };
        struct response r;
        size_t used;
        response_begin(&r, false, NULL, NULL);
        assert_int_equal(response_feed(&r, &memo, wire, len, &used, NULL), RESPONSE_DONE);
        assert_int_equal(memo.len, len <= RESPONSE_MEMO_MAX ? len : 0);
    }
}

#define COUNTED(digits) "HTTP/1.1 200 OK\r\nA: b\r\ncontent-LENGTH: \t" digits "\r\nC: d\r\n\r\n"

static void other_digits_of_the_same_number_are_another_length(void **state)
{
    (void)state;
    static const struct {
        struct span first, second;
        bool is_skipped;
        enum response_verdict verdict;
        uint64_t length;
    } rows[] = {
        { SPAN_LITERAL(COUNTED("12")), SPAN_LITERAL(COUNTED("34")), true, RESPONSE_MORE, 34 },
        { SPAN_LITERAL(COUNTED("12")), SPAN_LITERAL(COUNTED("00")), true, RESPONSE_DONE, 0 },
        { SPAN_LITERAL(COUNTED("999999999999999999")), SPAN_LITERAL(COUNTED("123456789012345678")),
          true, RESPONSE_MORE, 123456789012345678 },
        { SPAN_LITERAL(COUNTED("1000000000000000000")),
          SPAN_LITERAL(COUNTED("1000000000000000001")), false, RESPONSE_MORE, 1000000000000000001 },
        { SPAN_LITERAL(COUNTED("12")), SPAN_LITERAL(COUNTED("1")), false, RESPONSE_MORE, 1 },
        { SPAN_LITERAL(COUNTED("12")), SPAN_LITERAL(COUNTED("1 ")), false, RESPONSE_MORE, 1 },
        { SPAN_LITERAL(COUNTED("12")), SPAN_LITERAL(COUNTED("1x")), false, RESPONSE_BROKEN, 0 },
        { SPAN_LITERAL(COUNTED("12")), SPAN_LITERAL(COUNTED("-1")), false, RESPONSE_BROKEN, 0 },
        { SPAN_LITERAL(COUNTED("1 ")), SPAN_LITERAL(COUNTED("2 ")), true, RESPONSE_MORE, 2 },
        { SPAN_LITERAL("HTTP/1.1 304 No\r\nContent-Length: 7\r\n\r\n"),
          SPAN_LITERAL("HTTP/1.1 304 No\r\nContent-Length: 8\r\n\r\n"), false, RESPONSE_DONE, 0 },
        { SPAN_LITERAL("HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n"),
          SPAN_LITERAL("HTTP/1.1 204 No\r\nContent-Length: 8\r\n\r\n"), false, RESPONSE_DONE, 0 },
        { SPAN_LITERAL("HTTP/1.1 200 OK\r\nX-Content-Length: 5\r\nContent-Length: 7\r\n\r\n"),
          SPAN_LITERAL("HTTP/1.1 200 OK\r\nX-Content-Length: 6\r\nContent-Length: 7\r\n\r\n"),
          false, RESPONSE_MORE, 7 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct response_memo memo = { .enabled = true };
        struct response r;
        size_t used;
        bool is_memoised;
        response_begin(&r, false, NULL, NULL);
        response_feed(&r, &memo, rows[i].first.bytes, rows[i].first.len, &used, NULL);
        for (size_t again = 0; again < 2; again++) {
            response_begin(&r, false, NULL, NULL);
            assert_int_equal(response_feed(&r, &memo, rows[i].second.bytes, rows[i].second.len,
                                           &used, &is_memoised),
                             rows[i].verdict);
            assert_int_equal(response_head(&r)->length, rows[i].length);
            assert_int_equal(is_memoised,
                             rows[i].is_skipped || (again && rows[i].verdict != RESPONSE_BROKEN));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_remembered_head_means_what_parsing_it_means),
        cmocka_unit_test(whoever_watches_sees_the_same_with_the_memo),
        cmocka_unit_test(a_head_is_skipped_only_when_all_its_headers_were_seen_to_be_dull),
        cmocka_unit_test(only_a_whole_plain_final_head_is_remembered),
        cmocka_unit_test(other_digits_of_the_same_number_are_another_length),
        cmocka_unit_test(a_head_of_more_than_1024_bytes_is_not_remembered),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("response_memo", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                                : EXIT_FAILURE;
}
