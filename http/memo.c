#include "http/memo.h"

#include "http/header.h"

#define DIGITS_MAX 18u /* of a number that a uint64_t holds whatever they are */

/* `count` digits and nothing else. */
static bool read_digits(const char *digits, size_t count, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned digit = (unsigned)(unsigned char)digits[i] - '0';
        if (digit > 9)
            return false;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return true;
}

/* Equal bytes mean an equal head: its blank line is part of them, so nothing after can change what
 * they say. As many digits in the place of others are another length and nothing else. */
bool memo_matches(const struct response_memo *memo, const char *bytes, size_t len,
                  struct response_head *ret_head)
{
    if (memo->len == 0 || len < memo->len || memcmp(bytes, memo->bytes, memo->digits_at) != 0)
        return false;
    *ret_head = memo->head;
    if (memo->digit_count == 0)
        return true;
    const size_t behind = (size_t)memo->digits_at + memo->digit_count;
    return read_digits(bytes + memo->digits_at, memo->digit_count, &ret_head->length) &&
           memcmp(bytes + behind, memo->bytes + behind, memo->len - behind) == 0;
}

/* The value of the Content-Length of a valid head; empty when it has none. */
static struct span find_length(struct span head)
{
    static const struct span name = { "Content-Length:", sizeof("Content-Length:") - 1 };
    struct span line;
    while (header_take_line(&head, &line))
        if (span_begins_ignoring_case(line, name))
            return span_trim((struct span){ line.bytes + name.len, line.len - name.len });
    return (struct span){ head.bytes, 0 };
}

/* The digits are looked for only where lengths differ: where each head is new anyhow, it would be
 * in vain. */
void memo_keep(struct response_memo *memo, struct span bytes, const struct response_head *head,
               bool is_counted)
{
    const bool differs = is_counted && head->length != memo->head.length;
    memcpy(memo->bytes, bytes.bytes, bytes.len);
    memo->len = (uint32_t)bytes.len;
    memo->head = *head;
    memo->digits_at = (uint16_t)bytes.len;
    memo->digit_count = 0;
    const struct span digits = differs ? find_length(bytes) : (struct span){ NULL, 0 };
    if (digits.len == 0 || digits.len > DIGITS_MAX)
        return;
    memo->digits_at = (uint16_t)(digits.bytes - bytes.bytes);
    memo->digit_count = (uint16_t)digits.len;
}
