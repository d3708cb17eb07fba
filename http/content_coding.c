#include "http/content_coding.h"

#include <assert.h>
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "http/reserve.h"

/* br needs most: its window of up to 2^24 bytes, beside the one of half that size that it grew out
 * of, and the code tables of a meta-block, 3 * 256 trees of up to 630, 1080 and 920 entries of 4
 * bytes, 2.6 MiB; the rest is for what lies between them. inflate needs 40 KiB. */
#define DECODER_RESERVED (32u * 1024u * 1024u)

/* All trees of one kind, 256 * 1080 entries of 4 bytes, are the largest block but the window. */
#define BR_TABLE_MAX (1280u * 1024u)

/* zlib's way to say which format: the window's bits, negative for a bare stream, 16 more for gzip.
 */
#define FORMAT_ZLIB MAX_WBITS
#define FORMAT_RAW  (-MAX_WBITS)
#define FORMAT_GZIP (MAX_WBITS + 16)

#define MEMORY_LEVEL_USUAL 8 /* of zlib's deflate */
#define BR_QUALITY         5 /* of 11; above it the encoder needs many times as long */

struct content_decoder {
    struct reserve reserve; /* all of it is free between two bodies */
    size_t block_max;       /* of br, for this body */
};

enum content_coding content_coding_read(struct span value)
{
    static const struct {
        struct span name;
        enum content_coding coding;
    } known[] = {
        { SPAN_LITERAL(""), CODING_IDENTITY },       { SPAN_LITERAL("identity"), CODING_IDENTITY },
        { SPAN_LITERAL("gzip"), CODING_GZIP },       { SPAN_LITERAL("x-gzip"), CODING_GZIP },
        { SPAN_LITERAL("deflate"), CODING_DEFLATE }, { SPAN_LITERAL("br"), CODING_BR },
    };
    const struct span name = span_trim(value);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (span_equal_ignoring_case(name, known[i].name))
            return known[i].coding;
    return CODING_UNKNOWN;
}

int content_decoder_open(struct content_decoder **ret_decoder)
{
    struct content_decoder *d = calloc(1, sizeof(*d));
    if (!d)
        return -ENOMEM;
    if (reserve_open(&d->reserve, DECODER_RESERVED) < 0) {
        free(d);
        return -ENOMEM;
    }
    *ret_decoder = d;
    return 0;
}

void content_decoder_close(struct content_decoder *d)
{
    if (!d)
        return;
    reserve_close(&d->reserve);
    free(d);
}

/* ---- gzip and deflate ---- */

static void *inflate_take(void *reserve, unsigned count, unsigned size)
{
    return reserve_take(reserve, (size_t)count * size);
}

static void inflate_give(void *reserve, void *memory)
{
    (void)reserve;
    reserve_give(memory);
}

/* One stream to its end: 0, -EBADMSG or -ENOSPC. */
static int inflate_stream(z_stream *z)
{
    int rc = inflate(z, Z_FINISH);
    if (rc != Z_STREAM_END && z->avail_out == 0) {
        /* Too long or cut short? With room for one byte more it shows. */
        Bytef spare;
        z->next_out = &spare;
        z->avail_out = 1;
        rc = inflate(z, Z_FINISH);
        if (z->avail_out == 0)
            return -ENOSPC;
        z->avail_out = 0;
    }
    return rc == Z_STREAM_END ? 0 : -EBADMSG;
}

static int inflate_body(struct content_decoder *d, int format, struct span body, char *out,
                        size_t cap)
{
    z_stream z = { .zalloc = inflate_take,
                   .zfree = inflate_give,
                   .opaque = &d->reserve,
                   .next_in = (z_const Bytef *)body.bytes,
                   .avail_in = (uInt)body.len,
                   .next_out = (Bytef *)out,
                   .avail_out = (uInt)cap };
    if (inflateInit2(&z, format) != Z_OK)
        return -EBADMSG;
    int rc = inflate_stream(&z);
    /* RFC 1952, 2.2: one gzip member may follow another. */
    while (rc == 0 && z.avail_in > 0)
        rc = format == FORMAT_GZIP && inflateReset(&z) == Z_OK ? inflate_stream(&z) : -EBADMSG;
    inflateEnd(&z);
    return rc < 0 ? rc : (int)(cap - z.avail_out);
}

/* "deflate" is the format of zlib (RFC 1950), but some servers send the bare stream (RFC 1951), and
 * browsers read both: a header of zlib's is a multiple of 31 that names method 8. */
static int deflate_format(struct span body)
{
    if (body.len < 2)
        return FORMAT_ZLIB;
    const unsigned first = (uint8_t)body.bytes[0], second = (uint8_t)body.bytes[1];
    return (first & 15) == Z_DEFLATED && (first * 256 + second) % 31 == 0 ? FORMAT_ZLIB
                                                                          : FORMAT_RAW;
}

/* ---- br ---- */

static void *br_take(void *decoder, size_t size)
{
    struct content_decoder *d = decoder;
    return size > d->block_max ? NULL : reserve_take(&d->reserve, size);
}

static void br_give(void *decoder, void *memory)
{
    (void)decoder;
    reserve_give(memory);
}

static int br_decode_body(BrotliDecoderState *state, struct span body, char *out, size_t cap)
{
    const uint8_t *next_in = (const uint8_t *)body.bytes;
    uint8_t *next_out = (uint8_t *)out;
    size_t left_in = body.len, left_out = cap;

    switch (BrotliDecoderDecompressStream(state, &left_in, &next_in, &left_out, &next_out, NULL)) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        return left_in == 0 ? (int)(cap - left_out) : -EBADMSG;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        return -ENOSPC;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
        return -EBADMSG;
    case BROTLI_DECODER_RESULT_ERROR:
        break;
    }
    const BrotliDecoderErrorCode error = BrotliDecoderGetErrorCode(state);
    return error == BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1 ||
                   error == BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2
               ? -ENOSPC
               : -EBADMSG;
}

/* A meta-block says how long it is, and the decoder takes a window that holds it, rounded up to a
 * power of two: a window that is refused here is that of a body longer than `cap`. Without that, a
 * bomb of 26 bytes fills 16 MiB before the first of them is seen, in 80 ms. */
static int br_decode(struct content_decoder *d, struct span body, char *out, size_t cap)
{
    d->block_max = 2 * cap + BR_TABLE_MAX;
    BrotliDecoderState *state = BrotliDecoderCreateInstance(br_take, br_give, d);
    if (!state)
        return -EBADMSG;
    const int rc = br_decode_body(state, body, out, cap);
    BrotliDecoderDestroyInstance(state);
    return rc;
}

int content_decode(struct content_decoder *d, enum content_coding coding, struct span body,
                   char *out, size_t cap)
{
    assert(body.len <= INT_MAX && cap <= INT_MAX);
    switch (coding) {
    case CODING_IDENTITY:
        if (body.len > cap)
            return -ENOSPC;
        if (body.len > 0)
            memcpy(out, body.bytes, body.len);
        return (int)body.len;
    case CODING_GZIP:
        return inflate_body(d, FORMAT_GZIP, body, out, cap);
    case CODING_DEFLATE:
        return inflate_body(d, deflate_format(body), body, out, cap);
    case CODING_BR:
        return br_decode(d, body, out, cap);
    case CODING_UNKNOWN:
        break;
    }
    return -EOPNOTSUPP;
}

/* ---- compressing ---- */

static char *deflate_body(int format, struct span body, size_t *ret_len)
{
    z_stream z = { .next_in = (z_const Bytef *)body.bytes, .avail_in = (uInt)body.len };
    assert(body.len <= INT_MAX);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, format, MEMORY_LEVEL_USUAL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    const uLong bound = deflateBound(&z, (uLong)body.len);
    char *out = malloc(bound);
    if (out) {
        z.next_out = (Bytef *)out;
        z.avail_out = (uInt)bound;
        deflate(&z, Z_FINISH);
        *ret_len = z.total_out;
    }
    deflateEnd(&z);
    return out;
}

char *content_gzip(struct span body, size_t *ret_len)
{
    return deflate_body(FORMAT_GZIP, body, ret_len);
}

char *content_deflate(struct span body, size_t *ret_len)
{
    return deflate_body(FORMAT_ZLIB, body, ret_len);
}

char *content_br(struct span body, size_t *ret_len)
{
    size_t len = BrotliEncoderMaxCompressedSize(body.len);
    char *out = malloc(len);
    if (out &&
        !BrotliEncoderCompress(BR_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, body.len,
                               (const uint8_t *)body.bytes, &len, (uint8_t *)out)) {
        free(out);
        return NULL;
    }
    *ret_len = len;
    return out;
}
