/* Any bytes as a histogram: what is accepted comes back the same when encoded again, what is not
 * leaves nothing.
 *
 * Input: 't' and the text form, 'z' and the compressed form, or anything else and the counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stats/hist_codec.h"
#include "tests/fuzz/replay.h"

const struct span replay_seeds[] = {
    SPAN_LITERAL("tHISTFAAAADV42pNpmSzMwMAgwgABzFCaEch0M9ixgMH+A1SA6TQ/02oBJqb9fYwsh12Y3u5gZAIA"
                 "3bAKAA=="),
    SPAN_LITERAL("z\x1c\x84\x93\x14\0\0\0\x35\x78\xda\x93\x69\x99\x2c\xcc\xc0\xc0\x20\xc2\0\x01\xcc"
                 "\x50\x9a\x11\xc8\x74\x33\xd8\xb1\x80\xc1\xfe\x03\x54\x80\xe9\x34\x3f\xd3\x6a\x01"
                 "\x26\xa6\xfd\x7d\x8c\x2c\x87\x5d\x98\xde\xee\x60\x64\x02\0\xdd\xb0\x0a\0"),
    SPAN_LITERAL("c\0\x02\xcb\x0f\x02\xab\x10\x02\x02\xbf\x8e\x01\x04\xc3\x44\x02\xed\xb8\x01\x02"),
    SPAN_LITERAL("c\x09\xf2\xc0\x81\x80\x80\x80\x80\x80\x80\x80\0\x02\x01\x04"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

static uint64_t counts[2][HIST_SLOTS];

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_same(const struct hist_view *a, const struct hist_view *b)
{
    require(a->total == b->total);
    require(a->index_first == b->index_first && a->index_last == b->index_last);
    require(memcmp(a->counts, b->counts, sizeof(counts[0])) == 0);
}

static void check_again(const struct hist_view *v, struct hist_view *back)
{
    uint8_t *bytes;
    size_t size;

    require(hist_codec_encode(&bytes, &size, v) == 0);
    require(hist_codec_decode(back, bytes, size) == 0);
    require_same(v, back);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hist_view v, back;
    int rc;

    if (size == 0)
        return 0;
    hist_view_init(&v, counts[0]);
    hist_view_init(&back, counts[1]);
    if (data[0] == 't')
        rc = hist_codec_decode_text(&v, (const char *)data + 1, size - 1u);
    else if (data[0] == 'z')
        rc = hist_codec_decode(&v, data + 1, size - 1u);
    else
        rc = hist_codec_add_counts(&v, data + 1, size - 1u);
    require(rc == 0 || rc == -EBADMSG || rc == -ENOTSUP);
    if (rc == 0)
        check_again(&v, &back);
    else if (data[0] == 't' || data[0] == 'z')
        require(v.total == 0 && v.index_last == 0);
    hist_view_clear(&v);
    hist_view_clear(&back);
    return 0;
}
