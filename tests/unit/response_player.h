/* response_player — feeds the fixtures to http/response.c, cut and watched as a test wants it, and
 * notes what came out.
 *
 * For tests that include cmocka.h before it.
 */
#ifndef SQUALL_TESTS_UNIT_RESPONSE_PLAYER_H
#define SQUALL_TESTS_UNIT_RESPONSE_PLAYER_H

#include <stdlib.h>

#include "http/response.h"

#define TEXT_MAX 40000u

enum fixture_option { PLAIN, HEAD, CLOSES };

struct fixture {
    const char *name;
    struct span wire;
    enum fixture_option option;
    enum response_verdict verdict;
    unsigned status;
    bool keep_alive;
    struct span body;
    size_t left_over;
    enum failure_class failure;
};

static const struct fixture fixtures[] = {
#define DONE_(text, bytes, opt, code, keep, payload, rest)                                         \
    { .name = text,                                                                                \
      .wire = { bytes, sizeof(bytes) - 1 },                                                        \
      .option = opt,                                                                               \
      .verdict = RESPONSE_DONE,                                                                    \
      .status = code,                                                                              \
      .keep_alive = keep,                                                                          \
      .body = { payload, sizeof(payload) - 1 },                                                    \
      .left_over = rest },
#define MORE_(text, bytes, opt)                                                                    \
    { .name = text, .wire = { bytes, sizeof(bytes) - 1 }, .option = opt, .verdict = RESPONSE_MORE },
#define FAIL_(text, bytes, opt, class)                                                             \
    { .name = text,                                                                                \
      .wire = { bytes, sizeof(bytes) - 1 },                                                        \
      .option = opt,                                                                               \
      .verdict = RESPONSE_BROKEN,                                                                  \
      .failure = FAILURE_##class },
#include "tests/unit/response_fixtures.def"
};
#define FIXTURE_COUNT (sizeof(fixtures) / sizeof(fixtures[0]))

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

/* Everything a caller can learn from a response. */
struct outcome {
    enum response_verdict verdict;
    size_t used;
    struct response_head head;
    bool has_head;
    uint64_t bytes, body_bytes;
    enum failure_class failure;
    const char *reason;
    size_t text_len; /* what the watchers saw: headers, then the body */
    char text[TEXT_MAX];
};

static char line_room[RESPONSE_LINE_MAX];

static inline char *lend_line_room(void *context)
{
    (void)context;
    return line_room;
}

static inline char *lend_nothing(void *context)
{
    (void)context;
    return NULL;
}

static inline void outcome_note(struct outcome *o, struct span s)
{
    assert_true(o->text_len + s.len <= TEXT_MAX);
    memcpy(o->text + o->text_len, s.bytes, s.len);
    o->text_len += s.len;
}

/* To these tests, names from 't' on are what some watchers must see. */
static inline bool name_is_notable(struct span name)
{
    return name.len > 0 && (name.bytes[0] | 0x20) >= 't';
}

static inline bool note_header(void *context, struct span name, struct span value)
{
    outcome_note(context, name);
    outcome_note(context, SPAN_LITERAL("="));
    outcome_note(context, value);
    outcome_note(context, SPAN_LITERAL("|"));
    return name_is_notable(name);
}

static inline bool note_notable_header(void *context, struct span name, struct span value)
{
    return name_is_notable(name) && note_header(context, name, value);
}

static inline void note_body(void *context, struct span bytes)
{
    outcome_note(context, bytes);
}

static const struct response_watch watch_all = { note_header, note_body, lend_line_room, false };
static const struct response_watch watch_body = { .body = note_body };

/* Feeds one piece from a block of exactly its size, so that the address sanitizer sees every step
 * past it. */
static inline enum response_verdict feed_block(struct response *r, struct response_memo *memo,
                                               struct span piece, size_t *ret_used,
                                               bool *ret_memoised)
{
    char *block = malloc(piece.len ? piece.len : 1);
    assert_non_null(block);
    if (piece.len)
        memcpy(block, piece.bytes, piece.len);
    const enum response_verdict v =
        response_feed(r, memo, block, piece.len, ret_used, ret_memoised);
    assert_true(*ret_used <= piece.len);
    if (v == RESPONSE_MORE)
        assert_int_equal(*ret_used, piece.len);
    memset(block, 0xdd, piece.len); /* nobody may look at it any more */
    free(block);
    return v;
}

/* How the wire is cut: the size of the next piece, at least 1. */
typedef size_t cutter(void *how, size_t left);

static inline size_t cut_nowhere(void *how, size_t left)
{
    (void)how;
    return left;
}

static inline size_t cut_every(void *how, size_t left)
{
    const size_t *size = how;
    return *size < left ? *size : left;
}

static inline size_t cut_once(void *how, size_t left)
{
    size_t *at = how;
    const size_t size = *at && *at < left ? *at : left;
    *at = 0;
    return size;
}

static inline size_t cut_at_random(void *how, size_t left)
{
    const uint32_t *most = how;
    const size_t size = 1 + random_below(*most);
    return size < left ? size : left;
}

static inline void play(struct outcome *o, struct span wire, enum fixture_option option,
                        const struct response_watch *watch, cutter *cut, void *how)
{
    static struct response r;
    memset(&r, 0xa5, sizeof(r)); /* response_begin() must not count on what was there */
    o->text_len = 0;
    o->used = 0;
    response_begin(&r, option == HEAD, watch, o);
    o->verdict = RESPONSE_MORE;
    while (o->verdict == RESPONSE_MORE && o->used < wire.len) {
        const size_t size = cut(how, wire.len - o->used);
        size_t used;
        o->verdict = feed_block(&r, NULL, (struct span){ wire.bytes + o->used, size }, &used, NULL);
        o->used += used;
    }
    if (option == CLOSES)
        o->verdict = response_eof(&r);
    o->head = *response_head(&r);
    o->has_head = response_has_head(&r);
    o->bytes = response_bytes(&r);
    o->body_bytes = response_body_bytes(&r);
    o->failure = response_failure(&r);
    o->reason = response_reason(&r);
}

static inline bool heads_equal(const struct response_head *a, const struct response_head *b)
{
    return a->status == b->status && a->keep_alive == b->keep_alive &&
           a->has_length == b->has_length && a->is_chunked == b->is_chunked &&
           a->length == b->length;
}

static inline bool outcomes_equal(const struct outcome *a, const struct outcome *b)
{
    return a->verdict == b->verdict && a->used == b->used && heads_equal(&a->head, &b->head) &&
           a->has_head == b->has_head && a->bytes == b->bytes && a->body_bytes == b->body_bytes &&
           a->failure == b->failure && a->reason == b->reason && a->text_len == b->text_len &&
           memcmp(a->text, b->text, a->text_len) == 0;
}

static inline void assert_outcomes_equal(const char *name, const struct outcome *cut,
                                         const struct outcome *whole)
{
    if (outcomes_equal(cut, whole))
        return;
    fail_msg("'%s': verdict %d used %zu bytes %lu '%s' text '%.*s'; whole: %d %zu %lu '%s' '%.*s'",
             name, (int)cut->verdict, cut->used, (unsigned long)cut->body_bytes,
             cut->reason ? cut->reason : "", (int)cut->text_len, cut->text, (int)whole->verdict,
             whole->used, (unsigned long)whole->body_bytes, whole->reason ? whole->reason : "",
             (int)whole->text_len, whole->text);
}

/* Changes, removes, doubles or inserts a few bytes. */
static inline struct span mutate(struct span from, char *room, size_t cap)
{
    size_t len = from.len < cap ? from.len : cap;
    memcpy(room, from.bytes, len);
    for (unsigned n = 1 + random_below(3); n > 0 && len > 2; n--) {
        static const char bytes[] = "\r\n :;,0159afHT/.\0\t\x7f\xff";
        const size_t at = random_below((uint32_t)len - 1);
        const char byte = bytes[random_below(sizeof(bytes) - 1)];
        switch (random_below(4)) {
        case 0:
            room[at] = byte;
            break;
        case 1:
            memmove(room + at, room + at + 1, len - at - 1);
            len--;
            break;
        case 2:
            room[at] = (char)(room[at] ^ (1 << random_below(8)));
            break;
        default:
            if (len < cap) {
                memmove(room + at + 1, room + at, len - at);
                room[at] = byte;
                len++;
            }
        }
    }
    return (struct span){ room, len };
}

#endif
