/* json_text — what stands between the quotes of a JSON string: UTF-8 and escapes (RFC 8259, section
 * 7). No allocation. */
#ifndef SQUALL_HTTP_JSON_TEXT_H
#define SQUALL_HTTP_JSON_TEXT_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "http/span.h"

/* How many bytes at the beginning are one UTF-8 character; 0 when they are none. No overlong forms,
 * no surrogates. */
size_t json_utf8_len(const char *bytes, size_t len);

/* A bit per byte of `word` that is zero, at its top; exact up to the first one. */
static inline uint64_t json_zero_bytes(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080);
}

static inline bool json_is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#ifdef __SSE2__
static inline unsigned json_mask(__m128i bytes)
{
    return (unsigned)_mm_movemask_epi8(bytes);
}

/* A bit per byte that does not stand for itself. Signed: what is beyond ASCII is below ' ' too. */
static inline unsigned json_odd_of_16(const char *at)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    const __m128i is_quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i is_backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const __m128i is_delete = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    const __m128i is_below = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
    return json_mask(
        _mm_or_si128(_mm_or_si128(is_quote, is_backslash), _mm_or_si128(is_delete, is_below)));
}
#endif

/* How many bytes from `at` on stand for themselves in a string, read or written: printable ASCII
 * without '"' and '\\'. Sixteen at a time, else eight (Mycroft 1987), since texts are mostly that;
 * inline, since most texts are short. */
static inline size_t json_plain_len(const char *at, const char *end)
{
    const char *begin = at;
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        const unsigned odd = json_odd_of_16(at);
        if (odd != 0)
            return (size_t)(at - begin) + (size_t)__builtin_ctz(odd);
    }
#endif
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        word = le64toh(word);
        const uint64_t odd = ((word - UINT64_C(0x2020202020202020)) & ~word) | word |
                             json_zero_bytes(word ^ UINT64_C(0x2222222222222222)) |
                             json_zero_bytes(word ^ UINT64_C(0x5c5c5c5c5c5c5c5c)) |
                             json_zero_bytes(word ^ UINT64_C(0x7f7f7f7f7f7f7f7f));
        const uint64_t marks = odd & UINT64_C(0x8080808080808080);
        if (marks != 0)
            return (size_t)(at - begin) + (size_t)__builtin_ctzll(marks) / 8;
    }
    while (at < end && json_is_plain((uint8_t)*at))
        at++;
    return (size_t)(at - begin);
}

/* Steps over what stands for itself in a string that is read, and over '\"', of all escapes by far
 * the most frequent: JSON in JSON. Returns the first byte that is neither, or one with less than a
 * block of sixteen from it on; *has_escapes becomes true when there was an escape. A block is
 * looked at as a whole: a branch for each '\"' would be mispredicted at nearly each. */
static inline const char *json_skip_blocks(const char *at, const char *end, bool *has_escapes)
{
#ifdef __SSE2__
    unsigned carried = 0; /* 1: the byte before the block is a backslash */
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        const unsigned quotes = json_mask(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
        const unsigned backslashes = json_mask(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        const unsigned below = json_mask(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')));
        /* Up to the first stop every backslash has its '"': so it escapes, and is not escaped. */
        const unsigned escaped = backslashes << 1 | carried;
        const unsigned stops = below | ((quotes ^ escaped) & 0xffff);
        if (stops == 0) {
            *has_escapes |= backslashes != 0;
            carried = backslashes >> 15;
            continue;
        }
        const unsigned stop = (unsigned)__builtin_ctz(stops);
        *has_escapes |= (backslashes & ((1u << stop) - 1)) != 0;
        return (quotes >> stop & 1) != 0 ? at + stop : at + stop - (escaped >> stop & 1);
    }
    at -= carried;
#endif
    return at;
}

/* Writes one character of UTF-8, `len` bytes as json_utf8_len() says, as json.dumps of Python has
 * it inside a string: \n and its like, \uXXXX for all that is not printable ASCII. Returns how many
 * bytes. */
#define JSON_ESCAPE_MAX 12
size_t json_escape(const char *bytes, size_t len, char out[JSON_ESCAPE_MAX]);

/* Reads the character of a string that begins at *at, which is stepped over, into out as UTF-8.
 * Returns its length, or 0 when it is not valid. */
size_t json_char_read(const char **at, const char *end, char out[4]);

/* Writes what a valid string, its quotes around it, says, as UTF-8. Returns its length, or
 * -ENOSPC; -EINVAL: it is no valid one. */
int json_unescape(struct span quoted, char *out, size_t cap);

#endif
