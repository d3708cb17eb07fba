#include "tools/target/outbox.h"

#include <stdlib.h>

#define OUTBOX_CAP_MIN 512u

char *outbox_reserve(struct outbox *o, size_t more)
{
    if (more <= o->cap - o->len)
        return o->bytes + o->len;
    size_t cap = o->cap != 0 ? o->cap : OUTBOX_CAP_MIN;
    while (cap - o->len < more)
        cap *= 2;
    char *bytes = realloc(o->bytes, cap);
    if (bytes == NULL) {
        o->is_short = true;
        return NULL;
    }
    o->bytes = bytes;
    o->cap = cap;
    return bytes + o->len;
}

void outbox_add(struct outbox *o, struct span bytes)
{
    char *to = outbox_reserve(o, bytes.len);
    if (to == NULL || bytes.len == 0)
        return;
    memcpy(to, bytes.bytes, bytes.len);
    o->len += bytes.len;
}

void outbox_add_text(struct outbox *o, const char *text)
{
    outbox_add(o, span_of(text));
}

void outbox_add_number(struct outbox *o, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    outbox_add(o, (struct span){ digits + at, sizeof digits - at });
}

/* Length of the UTF-8 sequence at the start of `text`, 0 when it is not one (RFC 3629: shortest
 * form, no surrogates). */
static size_t utf8_len(const unsigned char *text, size_t len)
{
    const unsigned char first = text[0];
    size_t want = 0;
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        want = 2;
    else if (first >= 0xE0 && first <= 0xEF)
        want = 3;
    else if (first >= 0xF0 && first <= 0xF4)
        want = 4;
    if (want == 0 || want > len)
        return 0;
    for (size_t i = 1; i < want; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    const unsigned char second = text[1];
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
        return 0;
    return want;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

static void add_escaped(struct outbox *o, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    char escape[6] = { '\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15] };
    size_t len = 6;
    const char *const named = "\"\"\\\\\nn\rr\tt\bb\ff";
    for (size_t i = 0; named[i] != '\0'; i += 2) {
        if ((unsigned char)named[i] == byte) {
            escape[1] = named[i + 1];
            len = 2;
        }
    }
    outbox_add(o, (struct span){ escape, len });
}

void outbox_add_json(struct outbox *o, struct span text)
{
    const unsigned char *bytes = (const unsigned char *)text.bytes;
    size_t at = 0;

    outbox_add_text(o, "\"");
    while (at < text.len) {
        size_t end = at;
        while (end < text.len && is_plain(bytes[end]))
            end++;
        if (end > at) {
            outbox_add(o, (struct span){ text.bytes + at, end - at });
            at = end;
            continue;
        }
        const size_t len = bytes[at] >= 0x80 ? utf8_len(bytes + at, text.len - at) : 0;
        if (len == 0)
            add_escaped(o, bytes[at]);
        else
            outbox_add(o, (struct span){ text.bytes + at, len });
        at += len == 0 ? 1 : len;
    }
    outbox_add_text(o, "\"");
}

void outbox_clear(struct outbox *o, size_t keep)
{
    o->len = 0;
    o->is_short = false;
    if (o->cap > keep)
        outbox_close(o);
}

void outbox_close(struct outbox *o)
{
    free(o->bytes);
    *o = (struct outbox){ 0 };
}
