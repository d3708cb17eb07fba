#include "http/json_text.h"

#include <errno.h>
#include <limits.h>

#include "http/out.h"

size_t json_utf8_len(const char *bytes, size_t len)
{
    const uint8_t *b = (const uint8_t *)bytes;
    if (len == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    if (b[0] < 0xc2 || b[0] > 0xf4)
        return 0;
    const size_t need = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (len < need)
        return 0;
    for (size_t i = 1; i < need; i++)
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    /* The second byte decides about overlong forms, surrogates and what lies beyond U+10FFFF. */
    const bool is_wrong = (b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
                          (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f);
    return is_wrong ? 0 : need;
}

/* One half of a pair, or a whole character. */
static size_t put_unit(uint32_t unit, char out[6])
{
    static const char hex[] = "0123456789abcdef";
    out[0] = '\\';
    out[1] = 'u';
    for (size_t i = 0; i < 4; i++)
        out[2 + i] = hex[unit >> (12 - 4 * i) & 15];
    return 6;
}

size_t json_escape(const char *bytes, size_t len, char out[JSON_ESCAPE_MAX])
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* a byte, and what stands for it */
    const uint8_t first = (uint8_t)bytes[0];
    for (size_t i = 0; len == 1 && i + 1 < sizeof(named); i += 2) {
        if (bytes[0] == named[i]) {
            out[0] = '\\';
            out[1] = named[i + 1];
            return 2;
        }
    }
    if (first >= ' ' && first < 0x7f) {
        out[0] = bytes[0];
        return 1;
    }
    uint32_t code = len == 1 ? first : first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((uint8_t)bytes[i] & 0x3fu);
    if (code < 0x10000)
        return put_unit(code, out);
    put_unit(0xd800 + ((code - 0x10000) >> 10), out);
    return 6 + put_unit(0xdc00 + ((code - 0x10000) & 0x3ff), out + 6);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of four hexadecimal digits, or -1. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char c = at[i];
        const char lower = (char)(c | 0x20);
        if (is_digit(c))
            value = value * 16 + (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + (lower - 'a' + 10);
        else
            return -1;
    }
    return value;
}

static size_t utf8_put(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(first[len] | code);
    return len;
}

/* "\u" was read; its digits, and those of a second half, follow. A half without the other is no
 * character. */
static size_t unicode_read(const char **at, const char *end, char out[4])
{
    const int32_t high = hex4(*at, end);
    if (high < 0 || (high >= 0xdc00 && high <= 0xdfff))
        return 0;
    *at += 4;
    if (high < 0xd800 || high > 0xdbff)
        return utf8_put((uint32_t)high, out);
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return 0;
    const int32_t low = hex4(*at + 2, end);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *at += 6;
    return utf8_put(0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00), out);
}

size_t json_char_read(const char **at, const char *end, char out[4])
{
    if (*at == end || (uint8_t) * *at < 0x20)
        return 0;
    if (**at != '\\') {
        const size_t len = json_utf8_len(*at, (size_t)(end - *at));
        memcpy(out, *at, len);
        *at += len;
        return len;
    }
    if (end - *at < 2)
        return 0;
    static const char names[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    const char name = (*at)[1];
    *at += 2;
    if (name == 'u')
        return unicode_read(at, end, out);
    const char *known = memchr(names, name, sizeof(names) - 1);
    if (!known)
        return 0;
    out[0] = bytes[known - names];
    return 1;
}

int json_unescape(struct span quoted, char *out, size_t cap)
{
    const char *at = quoted.bytes + 1;
    const char *end = quoted.bytes + quoted.len - 1;
    struct out o = { .bytes = out, .cap = cap < INT_MAX ? cap : INT_MAX };
    while (at < end) {
        const size_t plain = json_plain_len(at, end);
        char utf8[4];
        out_put(&o, at, plain);
        at += plain;
        if (at == end)
            break;
        const size_t len = json_char_read(&at, end, utf8);
        if (len == 0)
            return -EINVAL;
        out_put(&o, utf8, len);
    }
    return out_finish(&o);
}
