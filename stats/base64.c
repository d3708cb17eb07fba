#include "stats/base64.h"

#include <errno.h>
#include <stdbool.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 3, out += 4) {
        const size_t left = size - i;
        const uint32_t three = (uint32_t)bytes[i] << 16 |
                               (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        out[0] = alphabet[three >> 18];
        out[1] = alphabet[three >> 12 & 63u];
        out[2] = left > 1 ? alphabet[three >> 6 & 63u] : '=';
        out[3] = left > 2 ? alphabet[three & 63u] : '=';
    }
}

/* The six bits that a character stands for, or -1. */
static int bits_of(char c, enum base64_manner manner)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || (c == '-' && manner == BASE64_LENIENT))
        return 62;
    return c == '/' || (c == '_' && manner == BASE64_LENIENT) ? 63 : -1;
}

/* Takes off the padding, which must fill the last group up. */
static bool strip_padding(const char *text, size_t *len, enum base64_manner manner)
{
    const size_t padded_len = *len;
    while (*len > 0 && padded_len - *len < 2 && text[*len - 1] == '=')
        --*len;
    const bool may_lack = manner == BASE64_LENIENT && padded_len == *len;
    return *len % 4 != 1 && (may_lack || padded_len % 4 == 0);
}

int base64_decode(uint8_t *out, size_t cap, size_t *ret_size, const char *text, size_t len,
                  enum base64_manner manner)
{
    size_t size = 0;
    uint32_t bits = 0;
    unsigned bit_count = 0;

    if (!strip_padding(text, &len, manner))
        return -EBADMSG;
    for (size_t i = 0; i < len; i++) {
        const int six = bits_of(text[i], manner);
        if (six < 0)
            return -EBADMSG;
        bits = bits << 6 | (uint32_t)six;
        bit_count += 6;
        if (bit_count < 8)
            continue;
        bit_count -= 8;
        if (size == cap)
            return -ENOSPC;
        out[size++] = (uint8_t)(bits >> bit_count & 0xFFu);
    }
    if (manner == BASE64_STRICT && (bits & ((1u << bit_count) - 1u)) != 0)
        return -EBADMSG;
    *ret_size = size;
    return 0;
}
