/* test_content_coding.c — goal: a compressed body is decoded whole or refused, at a bounded price,
 * and leaves the decoder as good as new. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/content_coding.h"
#include "tests/unit/allocation_count.h"

#define OUT_MAX (256u * 1024u)

static struct content_decoder *decoder;
static char out[OUT_MAX];

static int open_decoder(void **state)
{
    (void)state;
    return content_decoder_open(&decoder);
}

static int close_decoder(void **state)
{
    (void)state;
    content_decoder_close(decoder);
    return 0;
}

/* ---- bodies ---- */

/* Words and numbers: some of it repeats, some does not. The caller frees. */
static char *prose(size_t len)
{
    char *text = malloc(len + 32);
    uint32_t random = 1;
    assert_non_null(text);
    for (size_t at = 0; at < len;) {
        random = random * 1664525u + 1013904223u;
        at += (size_t)snprintf(text + at, 32, random % 3 ? "tweet %u, " : "{\"id\": %u}\n",
                               random >> 12);
    }
    return text;
}

/* The four ways a body comes. */
enum wire { WIRE_GZIP, WIRE_ZLIB, WIRE_RAW, WIRE_BR, WIRE_COUNT };

static enum content_coding coding_of(enum wire wire)
{
    static const enum content_coding codings[] = { CODING_GZIP, CODING_DEFLATE, CODING_DEFLATE,
                                                   CODING_BR };
    return codings[wire];
}

/* The caller frees bytes. */
static struct span encode(enum wire wire, struct span plain)
{
    size_t len;
    char *bytes = wire == WIRE_GZIP ? content_gzip(plain, &len)
                  : wire == WIRE_BR ? content_br(plain, &len)
                                    : content_deflate(plain, &len);
    assert_non_null(bytes);
    if (wire == WIRE_RAW) {
        /* RFC 1950: two bytes before the bare stream, four behind it. */
        len -= 6;
        memmove(bytes, bytes + 2, len);
    }
    return (struct span){ bytes, len };
}

/* Decodes from and into blocks of exactly these sizes. */
static int decode(enum content_coding coding, struct span body, size_t cap)
{
    char *in = malloc(body.len ? body.len : 1);
    char *room = malloc(cap ? cap : 1);
    assert_non_null(in);
    assert_non_null(room);
    if (body.len > 0)
        memcpy(in, body.bytes, body.len);
    const int len = content_decode(decoder, coding, (struct span){ in, body.len }, room, cap);
    assert_true(len <= (int)cap);
    if (len > 0)
        memcpy(out, room, (size_t)len);
    free(in);
    free(room);
    return len;
}

static void assert_decoded(enum content_coding coding, struct span body, size_t cap,
                           struct span expected)
{
    assert_int_equal(decode(coding, body, cap), expected.len);
    assert_memory_equal(out, expected.bytes, expected.len);
}

/* A body made by hand, its plain text "hello hello hello\n". */
#define HELLO_RAW "\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x5c\x00"
#define HELLO     SPAN_LITERAL("hello hello hello\n")

/* ---- what is read ---- */

static void the_header_names_the_coding(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        enum content_coding coding;
    } rows[] = {
        { "gzip", CODING_GZIP },
        { "GZip", CODING_GZIP },
        { "x-gzip", CODING_GZIP },
        { "deflate", CODING_DEFLATE },
        { "br", CODING_BR },
        { "br \t", CODING_BR },
        { "identity", CODING_IDENTITY },
        { "", CODING_IDENTITY },
        { " ", CODING_IDENTITY },
        { "gzip, br", CODING_UNKNOWN },
        { "gzip,", CODING_UNKNOWN },
        { "gzi", CODING_UNKNOWN },
        { "gzipp", CODING_UNKNOWN },
        { "zstd", CODING_UNKNOWN },
        { "compress", CODING_UNKNOWN },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (content_coding_read(span_of(rows[i].value)) != rows[i].coding)
            fail_msg("'%s'", rows[i].value);
}

static void a_body_comes_back_as_it_was(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 2, 100, 32768, 32769, 65536, 200000, OUT_MAX };
    char *text = prose(OUT_MAX);
    for (enum wire wire = 0; wire < WIRE_COUNT; wire++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            const struct span plain = { text, sizes[i] };
            const struct span body = encode(wire, plain);
            assert_decoded(coding_of(wire), body, plain.len, plain);
            if (plain.len < OUT_MAX)
                assert_decoded(coding_of(wire), body, plain.len + 1, plain);
            if (plain.len > 0)
                assert_int_equal(decode(coding_of(wire), body, plain.len - 1), -ENOSPC);
            free((char *)body.bytes);
        }
    }
    free(text);
}

static void a_body_without_coding_is_copied(void **state)
{
    (void)state;
    assert_decoded(CODING_IDENTITY, HELLO, HELLO.len, HELLO);
    assert_int_equal(decode(CODING_IDENTITY, HELLO, HELLO.len - 1), -ENOSPC);
    assert_int_equal(decode(CODING_IDENTITY, (struct span){ NULL, 0 }, 0), 0);
}

static void an_unknown_coding_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode(CODING_UNKNOWN, HELLO, OUT_MAX), -EOPNOTSUPP);
}

static void deflate_is_read_with_and_without_its_wrapper(void **state)
{
    (void)state;
    assert_decoded(CODING_DEFLATE, SPAN_LITERAL(HELLO_RAW), OUT_MAX, HELLO);
    assert_decoded(CODING_DEFLATE, SPAN_LITERAL("\x78\x9c" HELLO_RAW "\x40\xb5\x06\x87"), OUT_MAX,
                   HELLO);
    /* A window of 256 bytes, as small as it gets. */
    assert_decoded(CODING_DEFLATE, SPAN_LITERAL("\x18\x19" HELLO_RAW "\x40\xb5\x06\x87"), OUT_MAX,
                   HELLO);
}

/* Stored blocks: their first bytes hold what a wrapper has, the method or the multiple of 31, but
 * not both. */
static void a_bare_stream_is_told_from_a_wrapper(void **state)
{
    (void)state;
    assert_decoded(CODING_DEFLATE,
                   SPAN_LITERAL("\x08\x12\x00\xed\xff"
                                "hello hello hello\n"
                                "\x03\x00"),
                   OUT_MAX, HELLO);
    assert_decoded(CODING_DEFLATE,
                   SPAN_LITERAL("\x00\x1f\x00\xe0\xff"
                                "the text that has 31 characters"
                                "\x03\x00"),
                   OUT_MAX, SPAN_LITERAL("the text that has 31 characters"));
}

#define GZIP_HEAD(flags) "\x1f\x8b\x08" flags "\x01\x02\x03\x04\x00\x03"
#define GZIP_TAIL        "\x3b\x7c\x8a\xdf\x12\x00\x00\x00"
#define GZIP_HELLO       GZIP_HEAD("\x00") HELLO_RAW GZIP_TAIL

static void gzip_members_follow_each_other(void **state)
{
    (void)state;
    assert_decoded(CODING_GZIP, SPAN_LITERAL(GZIP_HELLO), HELLO.len, HELLO);
    assert_decoded(CODING_GZIP, SPAN_LITERAL(GZIP_HELLO GZIP_HELLO), 2 * HELLO.len,
                   SPAN_LITERAL("hello hello hello\nhello hello hello\n"));
    assert_int_equal(decode(CODING_GZIP, SPAN_LITERAL(GZIP_HELLO GZIP_HELLO), 2 * HELLO.len - 1),
                     -ENOSPC);
    assert_int_equal(decode(CODING_GZIP, SPAN_LITERAL(GZIP_HELLO GZIP_HELLO), HELLO.len), -ENOSPC);
}

static void the_fields_of_a_gzip_head_are_passed_over(void **state)
{
    (void)state;
    assert_decoded(CODING_GZIP, SPAN_LITERAL(GZIP_HEAD("\x08") "name\0" HELLO_RAW GZIP_TAIL),
                   OUT_MAX, HELLO);
    assert_decoded(CODING_GZIP, SPAN_LITERAL(GZIP_HEAD("\x10") "comment\0" HELLO_RAW GZIP_TAIL),
                   OUT_MAX, HELLO);
    assert_decoded(CODING_GZIP,
                   SPAN_LITERAL(GZIP_HEAD("\x0c") "\x03\x00xyzname\0" HELLO_RAW GZIP_TAIL), OUT_MAX,
                   HELLO);
}

/* ---- what is refused ---- */

/* After whatever came before, a good body of each kind is decoded. */
static void assert_decoder_works(void)
{
    assert_decoded(CODING_GZIP, SPAN_LITERAL(GZIP_HELLO), OUT_MAX, HELLO);
    assert_decoded(CODING_DEFLATE, SPAN_LITERAL(HELLO_RAW), OUT_MAX, HELLO);
    const struct span br = encode(WIRE_BR, HELLO);
    assert_decoded(CODING_BR, br, OUT_MAX, HELLO);
    free((char *)br.bytes);
}

static void assert_refused(enum content_coding coding, struct span body)
{
    assert_int_equal(decode(coding, body, OUT_MAX), -EBADMSG);
    assert_decoder_works();
}

static void a_body_cut_anywhere_is_refused(void **state)
{
    (void)state;
    char *text = prose(3000);
    const struct span plain = { text, 3000 };
    for (enum wire wire = 0; wire < WIRE_COUNT; wire++) {
        const struct span body = encode(wire, plain);
        for (size_t len = 0; len < body.len; len++) {
            assert_int_equal(decode(coding_of(wire), (struct span){ body.bytes, len }, OUT_MAX),
                             -EBADMSG);
            if (len % 64 == 0)
                assert_decoder_works();
        }
        /* Cut in its last bytes, all of its text has come: that too is no whole body. */
        assert_int_equal(
            decode(coding_of(wire), (struct span){ body.bytes, body.len - 1 }, plain.len),
            -EBADMSG);
        assert_decoded(coding_of(wire), body, OUT_MAX, plain);
        free((char *)body.bytes);
    }
    free(text);
}

static void what_stands_behind_the_end_is_refused(void **state)
{
    (void)state;
    for (enum wire wire = 0; wire < WIRE_COUNT; wire++) {
        const struct span body = encode(wire, HELLO);
        char longer[64];
        memcpy(longer, body.bytes, body.len);
        for (unsigned byte = 0; byte < 256; byte++) {
            longer[body.len] = (char)byte;
            assert_refused(coding_of(wire), (struct span){ longer, body.len + 1 });
        }
        if (wire != WIRE_GZIP) {
            memcpy(longer + body.len, body.bytes, body.len);
            assert_refused(coding_of(wire), (struct span){ longer, 2 * body.len });
        }
        free((char *)body.bytes);
    }
}

static void sums_and_sizes_are_checked(void **state)
{
    (void)state;
    struct span body = SPAN_LITERAL(GZIP_HELLO);
    char wrong[64];
    for (size_t at = body.len - 8; at < body.len; at++) {
        memcpy(wrong, body.bytes, body.len);
        wrong[at] ^= 1;
        assert_refused(CODING_GZIP, (struct span){ wrong, body.len });
    }
    assert_refused(CODING_DEFLATE, SPAN_LITERAL("\x78\x9c" HELLO_RAW "\x40\xb5\x06\x86"));
}

static void what_is_no_such_body_is_refused(void **state)
{
    (void)state;
    assert_refused(CODING_GZIP, HELLO);
    assert_refused(CODING_DEFLATE, HELLO);
    assert_refused(CODING_BR, SPAN_LITERAL("{\"id\": 1}"));
    assert_refused(CODING_GZIP, SPAN_LITERAL("\x78\x9c" HELLO_RAW "\x40\xb5\x06\x87"));
    assert_refused(CODING_DEFLATE, SPAN_LITERAL("\x78\x20\x00\x00\x00\x01" HELLO_RAW));
    assert_refused(CODING_DEFLATE, SPAN_LITERAL("\x88\x1c" HELLO_RAW "\x40\xb5\x06\x87"));
    assert_refused(CODING_DEFLATE, SPAN_LITERAL("\x07"));
    /* The text again, with a window of 2^30 bytes, beyond RFC 7932. */
    assert_refused(CODING_BR, SPAN_LITERAL("\x11\x5e\x44\x00\x00\x90\x52\x00\xc9\x41\x14\x41"
                                           "\xa6\x0e\x3c\x9c\x7e\x01"));
}

static void no_changed_byte_harms_the_decoder(void **state)
{
    (void)state;
    char *text = prose(400);
    for (enum wire wire = 0; wire < WIRE_COUNT; wire++) {
        const struct span body = encode(wire, (struct span){ text, 400 });
        char *changed = malloc(body.len);
        assert_non_null(changed);
        memcpy(changed, body.bytes, body.len);
        for (size_t at = 0; at < body.len; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                changed[at] = (char)(body.bytes[at] ^ 1 << bit);
                const int len =
                    decode(coding_of(wire), (struct span){ changed, body.len }, OUT_MAX);
                assert_true(len >= 0 || len == -EBADMSG || len == -ENOSPC);
            }
            changed[at] = body.bytes[at];
        }
        assert_decoder_works();
        free(changed);
        free((char *)body.bytes);
    }
    free(text);
}

/* ---- its price ---- */

static void a_bomb_ends_where_the_room_ends(void **state)
{
    (void)state;
    const size_t len = 20u * 1024u * 1024u;
    char *zeros = calloc(1, len);
    assert_non_null(zeros);
    for (enum wire wire = 0; wire < WIRE_COUNT; wire++) {
        const struct span body = encode(wire, (struct span){ zeros, len });
        assert_true(body.len < 25000);
        assert_int_equal(decode(coding_of(wire), body, OUT_MAX), -ENOSPC);
        assert_int_equal(decode(coding_of(wire), body, 0), -ENOSPC);
        assert_decoder_works();
        free((char *)body.bytes);
    }
    free(zeros);
}

/* The first bits of a br stream are its window's: 1011 is 2^22, 1111 is 2^24. */
static void br_widen(struct span body)
{
    assert_int_equal(body.bytes[0] & 15, 11);
    ((char *)body.bytes)[0] |= 15;
}

static void br_with_the_largest_window_has_room(void **state)
{
    (void)state;
    const size_t len = 20u * 1024u * 1024u;
    char *text = prose(len), *room = malloc(len);
    assert_non_null(room);
    const struct span body = encode(WIRE_BR, (struct span){ text, len });
    br_widen(body);
    assert_int_equal(content_decode(decoder, CODING_BR, body, room, len), len);
    assert_int_equal(decode(CODING_BR, body, OUT_MAX), -ENOSPC);
    assert_decoder_works();
    assert_memory_equal(room, text, len);
    free((char *)body.bytes);
    free(room);
    free(text);
}

static void decoding_allocates_nothing(void **state)
{
    (void)state;
    char *text = prose(OUT_MAX);
    for (enum wire wire = 0; wire < WIRE_COUNT; wire++) {
        const struct span body = encode(wire, (struct span){ text, OUT_MAX });
        const uint64_t before = allocation_count;
        for (size_t len = body.len; len > 0; len /= 2) {
            content_decode(decoder, coding_of(wire), (struct span){ body.bytes, len }, out,
                           OUT_MAX);
            content_decode(decoder, coding_of(wire), (struct span){ body.bytes, len }, out, 1000);
        }
        assert_int_equal(allocation_count, before);
        free((char *)body.bytes);
        assert_true(allocation_count > 0);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_names_the_coding),
        cmocka_unit_test(a_body_comes_back_as_it_was),
        cmocka_unit_test(a_body_without_coding_is_copied),
        cmocka_unit_test(an_unknown_coding_is_refused),
        cmocka_unit_test(deflate_is_read_with_and_without_its_wrapper),
        cmocka_unit_test(a_bare_stream_is_told_from_a_wrapper),
        cmocka_unit_test(gzip_members_follow_each_other),
        cmocka_unit_test(the_fields_of_a_gzip_head_are_passed_over),
        cmocka_unit_test(a_body_cut_anywhere_is_refused),
        cmocka_unit_test(what_stands_behind_the_end_is_refused),
        cmocka_unit_test(sums_and_sizes_are_checked),
        cmocka_unit_test(what_is_no_such_body_is_refused),
        cmocka_unit_test(no_changed_byte_harms_the_decoder),
        cmocka_unit_test(a_bomb_ends_where_the_room_ends),
        cmocka_unit_test(br_with_the_largest_window_has_room),
        cmocka_unit_test(decoding_allocates_nothing),
    };
    cmocka_set_test_filter(getenv("TEST"));
    return cmocka_run_group_tests_name("content_coding", tests, open_decoder, close_decoder) == 0
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
