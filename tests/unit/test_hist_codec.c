/* test_hist_codec — goal: counts survive to the last one, others can read them, and no bytes from
 * elsewhere can do harm. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "engine/plan/prng.h"
#include "stats/hist_codec.h"

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))
#define HEADER_SIZE      40u

/* What Java's HdrHistogram 2.1.11 makes of eight values; only the zlib stream may be another one.
 */
static const uint64_t golden_values[] = { 1,       1000,    2047,     2048,
                                          1000000, 1000000, 20000000, UINT64_C(60000000000) };
static const uint8_t golden_plain[] = {
    0x1c, 0x84, 0x93, 0x13, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x03, 0x46, 0x30, 0xb8,
    0xa0, 0x00, 0x3f, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xcb, 0x0f, 0x02,
    0xab, 0x10, 0x02, 0x02, 0xbf, 0x8e, 0x01, 0x04, 0xc3, 0x44, 0x02, 0xed, 0xb8, 0x01, 0x02,
};
static const char golden_text[] =
    "HISTFAAAADV42pNpmSzMwMAgwgABzFCaEch0M9ixgMH+A1SA6TQ/02oBJqb9fYwsh12Y3u5gZAIA3bAKAA==";

struct pair {
    struct hist_view v, back;
    struct prng random;
};

static int open_pair(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    uint64_t *counts = calloc(2u * HIST_SLOTS, sizeof(*counts));

    assert_non_null(p);
    assert_non_null(counts);
    hist_view_init(&p->v, counts);
    hist_view_init(&p->back, counts + HIST_SLOTS);
    prng_init(&p->random, 3, 0);
    *state = p;
    return 0;
}

static int close_pair(void **state)
{
    struct pair *p = *state;
    free(p->v.counts);
    free(p);
    return 0;
}

static void assert_counts_equal(const struct hist_view *a, const struct hist_view *b)
{
    assert_int_equal(a->total, b->total);
    assert_int_equal(a->index_first, b->index_first);
    assert_int_equal(a->index_last, b->index_last);
    assert_memory_equal(a->counts, b->counts, HIST_SLOTS * sizeof(uint64_t));
}

/* Header and counts behind the outer one; the caller frees. */
static uint8_t *unpack(const struct hist_view *v, uLongf *ret_size)
{
    uint8_t *bytes, *plain = malloc(HEADER_SIZE + 9u * HIST_SLOTS);
    size_t size;

    *ret_size = HEADER_SIZE + 9u * HIST_SLOTS;
    assert_non_null(plain);
    assert_int_equal(hist_codec_encode(&bytes, &size, v), 0);
    assert_int_equal(uncompress(plain, ret_size, bytes + 8, size - 8u), Z_OK);
    free(bytes);
    return plain;
}

/* Puts an outer header before a stream of `plain`, changes it as told and decodes it. */
static int decode_packed(struct pair *p, const uint8_t *plain, size_t plain_size, size_t more)
{
    static uint8_t bytes[1u << 20];
    uLongf size = sizeof(bytes) - 16u;

    assert_int_equal(compress(bytes + 8, &size, plain, plain_size), Z_OK);
    memset(bytes + 8 + size, 0, more);
    size += more;
    const uint8_t head[8] = {
        0x1c, 0x84, 0x93, 0x14, 0, (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size
    };
    memcpy(bytes, head, sizeof(head));
    return hist_codec_decode(&p->back, bytes, 8u + size);
}

static void the_bytes_are_those_of_java(void **state)
{
    struct pair *p = *state;
    uLongf size;

    for (size_t i = 0; i < ARRAY_LEN(golden_values); i++)
        hist_view_add_bucket(&p->v, hist_index(golden_values[i]), 1);
    uint8_t *plain = unpack(&p->v, &size);
    assert_int_equal(size, sizeof(golden_plain));
    assert_memory_equal(plain, golden_plain, sizeof(golden_plain));
    free(plain);
}

static void a_histogram_of_java_is_read(void **state)
{
    struct pair *p = *state;

    assert_int_equal(hist_codec_decode_text(&p->back, golden_text, strlen(golden_text)), 0);
    for (size_t i = 0; i < ARRAY_LEN(golden_values); i++)
        hist_view_add_bucket(&p->v, hist_index(golden_values[i]), 1);
    assert_counts_equal(&p->v, &p->back);
    assert_int_equal(p->back.total, 8);
    assert_int_equal(hist_view_quantile_ns(&p->back, 50, 100), 2049);
    assert_int_equal(p->back.max_ns, UINT64_C(60028878847));
    assert_int_equal(p->back.min_ns, 1);
}

static void an_empty_histogram_comes_back_empty(void **state)
{
    struct pair *p = *state;
    uLongf size;
    char *text;

    uint8_t *plain = unpack(&p->v, &size);
    assert_int_equal(size, HEADER_SIZE + 1u);
    assert_int_equal(plain[HEADER_SIZE], 0);
    free(plain);
    hist_view_add_bucket(&p->back, 7, 1);
    assert_int_equal(hist_codec_encode_text(&text, &p->v), 0);
    assert_int_equal(hist_codec_decode_text(&p->back, text, strlen(text)), 0);
    assert_int_equal(p->back.total, 0);
    assert_counts_equal(&p->v, &p->back);
    free(text);
}

static void a_count_of_62_bits_survives(void **state)
{
    struct pair *p = *state;
    char *text;

    hist_view_add_bucket(&p->v, 5, (UINT64_C(1) << 62) + 12345u);
    assert_int_equal(hist_codec_encode_text(&text, &p->v), 0);
    assert_int_equal(hist_codec_decode_text(&p->back, text, strlen(text)), 0);
    assert_int_equal(p->back.counts[5], (UINT64_C(1) << 62) + 12345u);
    assert_counts_equal(&p->v, &p->back);
    free(text);
}

static void every_length_of_a_number_survives(void **state)
{
    struct pair *p = *state;

    for (unsigned bit = 0; bit < 62; bit++) {
        uint8_t bytes[64];
        for (uint64_t off = 0; off < 3; off++) {
            const uint64_t count = (UINT64_C(1) << bit) + off - 1u;
            if (count == 0)
                continue;
            hist_view_clear(&p->v);
            hist_view_clear(&p->back);
            hist_view_add_bucket(&p->v, 2, count);
            const size_t size = hist_codec_encode_counts(bytes, &p->v);
            assert_true(size <= hist_codec_counts_room(&p->v));
            assert_int_equal(hist_codec_add_counts(&p->back, bytes, size), 0);
            assert_counts_equal(&p->v, &p->back);
        }
    }
}

static void fill(struct pair *p)
{
    const uint32_t buckets = 1u + (uint32_t)prng_below(&p->random, 300);

    hist_view_clear(&p->v);
    for (uint32_t i = 0; i < buckets; i++) {
        const uint64_t index = prng_below(&p->random, HIST_SLOTS);
        const uint64_t count = prng_next(&p->random) >> (8u + prng_below(&p->random, 56));
        const uint32_t run = 1u + (uint32_t)prng_below(&p->random, 3);
        for (uint32_t at = 0; at < run && index + at < HIST_SLOTS; at++)
            hist_view_add_bucket(&p->v, (uint32_t)index + at, count);
    }
    hist_view_add_bucket(&p->v, HIST_SLOTS - 1u, prng_below(&p->random, 2));
}

static void random_histograms_come_back(void **state)
{
    struct pair *p = *state;

    for (int round = 0; round < 300; round++) {
        char *text;
        fill(p);
        assert_int_equal(hist_codec_encode_text(&text, &p->v), 0);
        assert_int_equal(hist_codec_decode_text(&p->back, text, strlen(text)), 0);
        assert_counts_equal(&p->v, &p->back);
        free(text);
    }
}

static void counts_are_added_to_what_is_there(void **state)
{
    struct pair *p = *state;
    static uint8_t bytes[9u * HIST_SLOTS];

    fill(p);
    const size_t size = hist_codec_encode_counts(bytes, &p->v);
    hist_view_add(&p->back, &p->v);
    assert_int_equal(hist_codec_add_counts(&p->v, bytes, size), 0);
    for (uint32_t i = 0; i < HIST_SLOTS; i++)
        assert_int_equal(p->v.counts[i], 2u * p->back.counts[i]);
}

static void a_lone_empty_bucket_may_be_written_in_both_ways(void **state)
{
    struct pair *p = *state;
    static const uint8_t of_java[] = { 0x02, 0x00, 0x04 }, of_c[] = { 0x02, 0x01, 0x04 };

    assert_int_equal(hist_codec_add_counts(&p->v, of_java, sizeof(of_java)), 0);
    assert_int_equal(hist_codec_add_counts(&p->back, of_c, sizeof(of_c)), 0);
    assert_int_equal(p->v.counts[0], 1);
    assert_int_equal(p->v.counts[2], 2);
    assert_counts_equal(&p->v, &p->back);
}

static void bad_counts_are_refused(void **state)
{
    struct pair *p = *state;
    static const struct {
        uint8_t bytes[24];
        size_t size;
    } rows[] = {
        { { 0x80 }, 1 },                                                 /* cut */
        { { 0x02, 0xff, 0xff }, 3 },                                     /* cut later */
        { { 0x83, 0x90, 0x04 }, 3 },                                     /* -33794 buckets */
        { { 0x81, 0x90, 0x04 }, 3 },                                     /* -33793 */
        { { 0xff, 0x8f, 0x04, 0x02 }, 4 },                               /* all, and one more */
        { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 9 }, /* -2^63 */
        { { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 }, 10 }, /* 2^63 in all */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        hist_view_clear(&p->v);
        assert_int_equal(hist_codec_add_counts(&p->v, rows[i].bytes, rows[i].size), -EBADMSG);
    }
    static const uint8_t all[] = { 0xff, 0x8f, 0x04 }; /* exactly all 33792 buckets */
    hist_view_clear(&p->v);
    assert_int_equal(hist_codec_add_counts(&p->v, all, sizeof(all)), 0);
    assert_int_equal(p->v.total, 0);
}

static void bad_headers_are_refused(void **state)
{
    struct pair *p = *state;
    static const struct {
        size_t at;
        uint8_t byte;
        int rc;
    } rows[] = {
        { 0, 0x1d, -EBADMSG },
        { 3, 0x14, -EBADMSG },
        { 3, 0x03, -EBADMSG },
        { 7, 0x13, -EBADMSG },
        { 7, 0x15, -EBADMSG },
        { 4, 0x80, -EBADMSG },
        { 11, 1, -ENOTSUP },
        { 15, 0, -EBADMSG },
        { 15, 6, -EBADMSG },
        { 15, 2, -ENOTSUP },
        { 12, 0xff, -EBADMSG },
        { 23, 0, -EBADMSG },
        { 23, 2, -ENOTSUP },
        { 16, 0x80, -EBADMSG },
        { 24, 0xff, -EBADMSG },
        { 32, 0xbf, -EBADMSG },
        { 32, 0x7f, -EBADMSG /* NaN */ },
        { 33, 0xe0, -ENOTSUP },
    };
    uint8_t plain[sizeof(golden_plain)];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        memcpy(plain, golden_plain, sizeof(plain));
        plain[rows[i].at] = rows[i].byte;
        hist_view_add_bucket(&p->back, 7, 1);
        assert_int_equal(decode_packed(p, plain, sizeof(plain), 0), rows[i].rc);
        assert_int_equal(p->back.total, 0);
    }
    memcpy(plain, golden_plain, sizeof(plain));
    memset(plain + 24, 0, 8);
    plain[31] = 1; /* highest below twice the lowest */
    assert_int_equal(decode_packed(p, plain, sizeof(plain), 0), -EBADMSG);
    plain[31] = 2;
    assert_int_equal(decode_packed(p, plain, sizeof(plain), 0), 0);
}

static void a_stream_is_taken_whole_or_not_at_all(void **state)
{
    struct pair *p = *state;
    uint8_t *bytes;
    size_t size;

    for (size_t i = 0; i < ARRAY_LEN(golden_values); i++)
        hist_view_add_bucket(&p->v, hist_index(golden_values[i]), 1);
    assert_int_equal(decode_packed(p, golden_plain, sizeof(golden_plain), 0), 0);
    assert_int_equal(decode_packed(p, golden_plain, sizeof(golden_plain), 1), -EBADMSG);
    assert_int_equal(decode_packed(p, golden_plain, 0, 0), -EBADMSG);
    assert_int_equal(hist_codec_encode(&bytes, &size, &p->v), 0);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *part = malloc(cut + 1u);
        memcpy(part, bytes, cut);
        assert_int_equal(hist_codec_decode(&p->back, part, cut), -EBADMSG);
        if (cut >= 8) { /* and with a length that says so */
            part[4] = part[5] = part[6] = 0;
            part[7] = (uint8_t)(cut - 8u);
            assert_int_equal(hist_codec_decode(&p->back, part, cut), -EBADMSG);
        }
        free(part);
    }
    for (size_t len = 0; len < strlen(golden_text); len++)
        assert_int_equal(hist_codec_decode_text(&p->back, golden_text, len), -EBADMSG);
    free(bytes);
}

static void a_bomb_of_zeroes_is_refused(void **state)
{
    struct pair *p = *state;
    const size_t size = 64u << 20; /* 64 kB when compressed */
    uint8_t *plain = calloc(1, size);

    assert_non_null(plain);
    assert_int_equal(decode_packed(p, plain, size, 0), -EBADMSG);
    free(plain);
}

int main(void)
{
#define CLAIM(claim) cmocka_unit_test_setup_teardown(claim, open_pair, close_pair)
    const struct CMUnitTest tests[] = {
        CLAIM(the_bytes_are_those_of_java),
        CLAIM(a_histogram_of_java_is_read),
        CLAIM(an_empty_histogram_comes_back_empty),
        CLAIM(a_count_of_62_bits_survives),
        CLAIM(every_length_of_a_number_survives),
        CLAIM(random_histograms_come_back),
        CLAIM(counts_are_added_to_what_is_there),
        CLAIM(a_lone_empty_bucket_may_be_written_in_both_ways),
        CLAIM(bad_counts_are_refused),
        CLAIM(bad_headers_are_refused),
        CLAIM(a_stream_is_taken_whole_or_not_at_all),
        CLAIM(a_bomb_of_zeroes_is_refused),
    };
#undef CLAIM
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("hist_codec", tests, NULL, NULL) == 0 ? EXIT_SUCCESS
                                                                             : EXIT_FAILURE;
}
