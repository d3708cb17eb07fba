#include "stats/base64.h"

#include <errno.h>
#include <string.h>

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

/* The six bits of a character, or 64 when it is none of the alphabet. */
static uint32_t value_of(char c)
{
    const char *at = c == '\0' ? NULL : strchr(alphabet, c);
    return at == NULL ? 64u : (uint32_t)(at - alphabet);
}

/* How many bytes the last four characters stand for. */
static size_t count_last(const char *four)
{
    if (four[3] != '=')
        return 3;
    return four[2] == '=' ? 1 : 2;
}

int base64_decode(uint8_t *out, size_t *ret_size, const char *text, size_t len)
{
    size_t size = 0;

    if (len % 4 != 0)
        return -EBADMSG;
    for (size_t i = 0; i < len; i += 4) {
        const size_t count = i + 4 == len ? count_last(text + i) : 3;
        uint32_t three = 0;
        for (size_t at = 0; at < 4; at++) {
            const uint32_t six = at <= count ? value_of(text[i + at]) : 0;
            if (six == 64u)
                return -EBADMSG;
            three = three << 6 | six;
        }
        if ((three & (0xFFFFFFu >> (8u * count))) != 0)
            return -EBADMSG;
        for (size_t at = 0; at < count; at++)
            out[size++] = (uint8_t)(three >> (16u - 8u * at));
    }
    *ret_size = size;
    return 0;
}
