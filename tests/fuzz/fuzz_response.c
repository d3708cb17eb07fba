/* Any bytes, cut anywhere, watched or not, remembered or not, are one and the same response.
 *
 * Input: a byte of options, a byte that seeds the cuts, then the wire. */
#include <stdlib.h>

#include "http/response.h"
#include "tests/fuzz/replay.h"

enum { OPTION_HEAD = 1, OPTION_CLOSES = 2, OPTION_WATCHED = 4 };

#define SEED_PLAIN  "\000\007"
#define SEED_HEAD   "\001\007"
#define SEED_CLOSES "\002\007"

const struct span replay_seeds[] = {
#define DONE_(text, bytes, opt, code, keep, payload, rest) SPAN_LITERAL(SEED_##opt bytes),
#define MORE_(text, bytes, opt)                            SPAN_LITERAL(SEED_##opt bytes),
#define FAIL_(text, bytes, opt, class)                     SPAN_LITERAL(SEED_##opt bytes),
#include "tests/unit/response_fixtures.def"
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

struct outcome {
    enum response_verdict verdict;
    size_t used;
    struct response_head head;
    uint64_t bytes, body_bytes, discardable;
    enum failure_class failure;
    const char *reason;
    uint64_t seen; /* a sum over what the watchers were given */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void see(uint64_t *seen, struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        *seen = *seen * 31 + (unsigned char)s.bytes[i];
}

static bool name_is_notable(struct span name)
{
    return (name.bytes[0] | 0x20) >= 't';
}

static bool see_header(void *context, struct span name, struct span value)
{
    struct outcome *o = context;
    require(name.len > 0 && name.len + value.len <= RESPONSE_LINE_MAX);
    see(&o->seen, name);
    see(&o->seen, SPAN_LITERAL(":"));
    see(&o->seen, value);
    see(&o->seen, SPAN_LITERAL("\n"));
    return name_is_notable(name);
}

static bool see_notable_header(void *context, struct span name, struct span value)
{
    require(name.len > 0);
    return name_is_notable(name) && see_header(context, name, value);
}

static void see_body(void *context, struct span bytes)
{
    struct outcome *o = context;
    see(&o->seen, bytes);
}

static char *lend_line(void *context)
{
    static char line[RESPONSE_LINE_MAX];
    (void)context;
    return line;
}

static const struct response_watch watches[] = {
    { .header = NULL },
    { see_header, see_body, lend_line, false },
    { see_notable_header, NULL, lend_line, true },
    { see_notable_header, see_body, lend_line, true },
};

/* Sizes of pieces from a seed; 0 = one piece. */
static size_t next_size(uint32_t *cuts, size_t left)
{
    if (*cuts == 0)
        return left;
    *cuts = *cuts * 1103515245u + 12345u;
    const size_t size = 1 + (*cuts >> 16) % 23;
    *cuts |= 1;
    return size < left ? size : left;
}

static struct outcome play(unsigned options, unsigned watcher, struct span wire, uint32_t cuts,
                           struct response_memo *memo)
{
    struct outcome o = { .verdict = RESPONSE_MORE };
    struct response r;

    response_begin(&r, options & OPTION_HEAD, &watches[watcher], &o);
    while (o.verdict == RESPONSE_MORE && o.used < wire.len) {
        const size_t size = next_size(&cuts, wire.len - o.used);
        char *block = malloc(size);
        size_t used;
        require(block != NULL);
        memcpy(block, wire.bytes + o.used, size);
        o.verdict = response_feed(&r, memo, block, size, &used, NULL);
        free(block);
        require(used == size || (o.verdict != RESPONSE_MORE && used <= size));
        o.used += used;
    }
    if (options & OPTION_CLOSES)
        o.verdict = response_eof(&r);
    o.head = *response_head(&r);
    o.bytes = response_bytes(&r);
    o.body_bytes = response_body_bytes(&r);
    o.discardable = response_discardable(&r);
    o.failure = response_failure(&r);
    o.reason = response_reason(&r);
    require(o.bytes == o.used && o.body_bytes <= o.bytes);
    require((o.verdict == RESPONSE_BROKEN) == (o.reason != NULL));
    require((o.verdict == RESPONSE_BROKEN) == (o.failure != FAILURE_NONE));
    require(o.verdict != RESPONSE_DONE || (o.head.status >= 200 && o.head.status <= 999));
    return o;
}

static void require_equal(const struct outcome *a, const struct outcome *b)
{
    require(a->verdict == b->verdict && a->used == b->used && a->bytes == b->bytes);
    require(a->body_bytes == b->body_bytes && a->discardable == b->discardable);
    require(a->failure == b->failure && a->reason == b->reason && a->seen == b->seen);
    require(a->head.status == b->head.status && a->head.keep_alive == b->head.keep_alive);
    require(a->head.has_length == b->head.has_length && a->head.length == b->head.length);
    require(a->head.is_chunked == b->head.is_chunked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct response_memo memo;
    if (size < 2)
        return 0;
    const struct span wire = { (const char *)data + 2, size - 2 };
    memo.enabled = true;

    const unsigned options = data[0] & 3u;
    for (unsigned watcher = 0; watcher < sizeof watches / sizeof watches[0]; watcher++) {
        const struct outcome whole = play(options, watcher, wire, 0, NULL);
        const struct outcome cut = play(options, watcher, wire, 1u + data[1], NULL);
        require_equal(&whole, &cut);
        for (unsigned i = 0; i < 2; i++) {
            const struct outcome again = play(options, watcher, wire, 0, &memo);
            require_equal(&whole, &again);
        }
    }
    return 0;
}
