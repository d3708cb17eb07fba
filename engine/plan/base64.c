#include "engine/plan/base64.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>

#include "stats/base64.h"

int base64_write(struct span text, char *out, size_t cap)
{
    if (text.len > INT_MAX / 2 || BASE64_LEN(text.len) > cap)
        return -ENOSPC;
    base64_encode(out, (const uint8_t *)text.bytes, text.len);
    return (int)BASE64_LEN(text.len);
}

/* The six bits that a letter stands for, or -1. */
static int letter_bits(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Takes off the padding, which must fill the last group up. */
static bool strip_padding(struct span *text)
{
    const size_t padded_len = text->len;
    while (text->len > 0 && padded_len - text->len < 2 && text->bytes[text->len - 1] == '=')
        text->len--;
    return text->len % 4 != 1 && (padded_len == text->len || padded_len % 4 == 0);
}

int base64_read(struct span text, char *out, size_t cap)
{
    size_t len = 0;
    uint32_t bits = 0;
    unsigned bit_count = 0;
    if (!strip_padding(&text))
        return -EINVAL;
    if (text.len > INT_MAX || text.len / 4 * 3 + text.len % 4 * 3 / 4 > cap)
        return -ENOSPC;
    for (size_t i = 0; i < text.len; i++) {
        const int six = letter_bits(text.bytes[i]);
        if (six < 0)
            return -EINVAL;
        bits = bits << 6 | (uint32_t)six;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            out[len++] = (char)(bits >> bit_count & 0xff);
        }
    }
    return (int)len;
}
