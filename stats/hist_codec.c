#include "stats/hist_codec.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "stats/base64.h"

/* All numbers of the headers are big-endian. The cookies end in 0x10, which says that counts are as
 * long as they need to be. */
#define COOKIE_COMPRESSED UINT32_C(0x1c849314)
#define COOKIE            UINT32_C(0x1c849313)
#define OUTER_SIZE        8u  /* cookie, length of the zlib stream */
#define HEADER_SIZE       40u /* cookie, length of the counts, offset, digits, low, high, ratio */
#define DIGITS            3u
#define PLAIN_MAX         (HEADER_SIZE + 9u * HIST_SLOTS)

static uint8_t *put_bits(uint8_t *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i > 0; i--)
        *out++ = (uint8_t)(value >> (8u * (i - 1u)));
    return out;
}

static uint64_t take_bits(const uint8_t **bytes, unsigned count)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++)
        value = value << 8 | *(*bytes)++;
    return value;
}

/* Seven bits a byte, lowest first, the top bit set while more follow; the ninth byte has eight, so
 * that it is the last. */
static uint8_t *put_number(uint8_t *out, int64_t number)
{
    uint64_t rest = (uint64_t)number << 1 ^ (uint64_t)(number >> 63);

    for (int i = 0; i < 8 && rest > 127; i++) {
        *out++ = (uint8_t)(rest | 128u);
        rest >>= 7;
    }
    *out++ = (uint8_t)rest;
    return out;
}

/* False when the bytes end before the number does. */
static bool take_number(int64_t *ret_number, const uint8_t **bytes, const uint8_t *end)
{
    uint64_t value = 0;

    for (unsigned shift = 0; *bytes < end; shift += 7) {
        const uint64_t byte = *(*bytes)++;
        const bool is_last = shift == 56 || byte < 128;
        value |= (is_last ? byte : byte & 127u) << shift;
        if (is_last) {
            *ret_number = (int64_t)(value >> 1 ^ (0 - (value & 1u)));
            return true;
        }
    }
    return false;
}

size_t hist_codec_encode_counts(uint8_t *out, const struct hist_view *v)
{
    const uint32_t last = v->index_last == 0 ? 1u : v->index_last;
    const uint8_t *begin = out;

    for (uint32_t i = 0; i < last;) {
        uint32_t zeros = 0;
        while (i + zeros < last && v->counts[i + zeros] == 0)
            zeros++;
        if (zeros > 1) {
            out = put_number(out, -(int64_t)zeros);
            i += zeros;
        } else {
            assert(v->counts[i] <= INT64_MAX);
            out = put_number(out, (int64_t)v->counts[i++]);
        }
    }
    return (size_t)(out - begin);
}

int hist_codec_add_counts(struct hist_view *v, const uint8_t *bytes, size_t size)
{
    const uint8_t *end = bytes + size;
    uint32_t index = 0;

    while (bytes < end) {
        int64_t number;
        if (!take_number(&number, &bytes, end))
            return -EBADMSG;
        /* A single empty bucket is 0 in Java and -1 in C. */
        const uint64_t slots = number < 0 ? 0 - (uint64_t)number : 1;
        if (slots > HIST_SLOTS - index)
            return -EBADMSG;
        if (number > 0) {
            if (v->total > (uint64_t)INT64_MAX - (uint64_t)number)
                return -EBADMSG;
            hist_view_add_bucket(v, index, (uint64_t)number);
        }
        index += (uint32_t)slots;
    }
    return 0;
}

/* Header and counts; `out` has HEADER_SIZE + hist_codec_counts_room() bytes. */
static size_t encode_plain(uint8_t *out, const struct hist_view *v)
{
    const double ratio = 1.0;
    const size_t counts_size = hist_codec_encode_counts(out + HEADER_SIZE, v);
    uint64_t ratio_bits;

    memcpy(&ratio_bits, &ratio, sizeof(ratio_bits));
    out = put_bits(out, COOKIE, 4);
    out = put_bits(out, counts_size, 4);
    out = put_bits(out, 0, 4); /* the first bucket is the lowest */
    out = put_bits(out, DIGITS, 4);
    out = put_bits(out, 1, 8); /* lowest value told apart */
    out = put_bits(out, HIST_MAX_NS, 8);
    (void)put_bits(out, ratio_bits, 8);
    return HEADER_SIZE + counts_size;
}

int hist_codec_encode(uint8_t **ret_bytes, size_t *ret_size, const struct hist_view *v)
{
    uint8_t *plain = malloc(HEADER_SIZE + hist_codec_counts_room(v));
    if (plain == NULL)
        return -ENOMEM;
    const size_t plain_size = encode_plain(plain, v);
    uLongf size = compressBound(plain_size);
    uint8_t *bytes = malloc(OUTER_SIZE + size);
    if (bytes == NULL || compress(bytes + OUTER_SIZE, &size, plain, plain_size) != Z_OK) {
        free(bytes);
        free(plain);
        return -ENOMEM; /* the only way for compress() to fail when there is room */
    }
    free(plain);
    put_bits(put_bits(bytes, COOKIE_COMPRESSED, 4), size, 4);
    *ret_bytes = bytes;
    *ret_size = OUTER_SIZE + size;
    return 0;
}

int hist_codec_encode_text(char **ret_text, const struct hist_view *v)
{
    uint8_t *bytes;
    size_t size;

    const int rc = hist_codec_encode(&bytes, &size, v);
    if (rc != 0)
        return rc;
    char *text = malloc(BASE64_LEN(size) + 1u);
    if (text != NULL) {
        base64_encode(text, bytes, size);
        text[BASE64_LEN(size)] = '\0';
    }
    free(bytes);
    *ret_text = text;
    return text == NULL ? -ENOMEM : 0;
}

/* Whether the layout is one, and then whether it is ours. Only the highest value may differ: it
 * decides how many buckets there are, not where they lie. */
static int check_layout(const uint8_t *at)
{
    const uint64_t offset = take_bits(&at, 4);
    const uint64_t digits = take_bits(&at, 4);
    const uint64_t low = take_bits(&at, 8);
    const uint64_t high = take_bits(&at, 8);
    const uint64_t ratio_bits = take_bits(&at, 8);
    double ratio;

    memcpy(&ratio, &ratio_bits, sizeof(ratio));
    if (digits < 1 || digits > 5 || low < 1 || low > INT64_MAX || high > INT64_MAX ||
        high / 2u < low || !isfinite(ratio) || ratio <= 0)
        return -EBADMSG;
    return offset == 0 && digits == DIGITS && low == 1 && ratio == 1.0 ? 0 : -ENOTSUP;
}

static int decode_plain(struct hist_view *v, const uint8_t *plain, size_t size)
{
    const uint8_t *at = plain;

    if (size < HEADER_SIZE || take_bits(&at, 4) != COOKIE ||
        take_bits(&at, 4) != size - HEADER_SIZE)
        return -EBADMSG;
    const int rc = check_layout(at);
    return rc != 0 ? rc : hist_codec_add_counts(v, plain + HEADER_SIZE, size - HEADER_SIZE);
}

int hist_codec_decode(struct hist_view *v, const uint8_t *bytes, size_t size)
{
    const uint8_t *at = bytes;

    hist_view_clear(v);
    if (size < OUTER_SIZE || take_bits(&at, 4) != COOKIE_COMPRESSED ||
        take_bits(&at, 4) != size - OUTER_SIZE)
        return -EBADMSG;
    uint8_t *plain = malloc(PLAIN_MAX);
    if (plain == NULL)
        return -ENOMEM;
    uLongf plain_size = PLAIN_MAX;
    uLong taken = size - OUTER_SIZE;
    const int status = uncompress2(plain, &plain_size, at, &taken);
    int rc = status == Z_MEM_ERROR                                   ? -ENOMEM
             : status != Z_OK || taken != (uLong)(size - OUTER_SIZE) ? -EBADMSG
                                                                     : 0;
    if (rc == 0)
        rc = decode_plain(v, plain, plain_size);
    free(plain);
    if (rc != 0)
        hist_view_clear(v);
    return rc;
}

int hist_codec_decode_text(struct hist_view *v, const char *text, size_t len)
{
    const size_t cap = len / 4u * 3u + 1u;
    uint8_t *bytes = malloc(cap);
    size_t size = 0;

    hist_view_clear(v);
    if (bytes == NULL)
        return -ENOMEM;
    int rc = base64_decode(bytes, cap, &size, text, len, BASE64_STRICT);
    if (rc == 0)
        rc = hist_codec_decode(v, bytes, size);
    free(bytes);
    return rc;
}
