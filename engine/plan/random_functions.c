#include <endian.h>

#include "engine/plan/function.h"
#include "http/json_text.h"
#include "http/text_list.h"

/* Eight hexadecimal digits: that of the lowest four bits in the lowest byte. Nibbles are spread to
 * bytes; those above nine go on from '9' to 'a'. */
static uint64_t hex_of(uint32_t bits)
{
    uint64_t n = bits;
    n = (n | n << 16) & UINT64_C(0x0000FFFF0000FFFF);
    n = (n | n << 8) & UINT64_C(0x00FF00FF00FF00FF);
    n = (n | n << 4) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    const uint64_t is_letter =
        (n + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    return n + UINT64_C(0x3030303030303030) + is_letter * ('a' - '9' - 1);
}

/* The lowest digit first. */
static void put_hex_upwards(uint64_t bits, char out[16])
{
    const uint64_t halves[] = { htole64(hex_of((uint32_t)bits)),
                                htole64(hex_of((uint32_t)(bits >> 32))) };
    memcpy(out, halves, sizeof(halves));
}

/* As numbers are written. */
static void put_hex(uint64_t bits, char out[16])
{
    const uint64_t halves[] = { htobe64(hex_of((uint32_t)(bits >> 32))),
                                htobe64(hex_of((uint32_t)bits)) };
    memcpy(out, halves, sizeof(halves));
}

struct value random_whole(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    int64_t low, high;
    if (!value_as_integer(&arguments[0], &low) || !value_as_integer(&arguments[1], &high) ||
        low > high)
        return value_none();
    return value_integer(prng_between(e->scope->random, low, high));
}

struct value random_float(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    double low, high;
    if (!value_as_double(&arguments[0], &low) || !value_as_double(&arguments[1], &high) ||
        low > high)
        return value_none();
    return value_number(low + prng_unit(e->scope->random) * (high - low));
}

struct value random_choice(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return arguments[prng_below(e->scope->random, count)];
}

/* Arguments are pairs of a weight and a value. */
struct value random_weighted(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    double sum = 0, weight;
    for (uint32_t i = 0; i + 1 < count; i += 2) {
        if (!value_as_double(&arguments[i], &weight) || weight < 0)
            return value_none();
        sum += weight;
    }
    double rest = prng_unit(e->scope->random) * sum;
    struct value chosen = value_none();
    for (uint32_t i = 0; i + 1 < count; i += 2) {
        value_as_double(&arguments[i], &weight);
        if (weight == 0)
            continue;
        chosen = arguments[i + 1];
        if (rest < weight)
            break;
        rest -= weight;
    }
    return chosen;
}

/* How many random characters are asked for; none beyond what a text may hold. */
static bool read_length(const struct value *v, size_t *ret_length)
{
    int64_t length;
    if (!value_as_integer(v, &length) || length < 0 || length > VALUE_TEXT_MAX)
        return false;
    *ret_length = (size_t)length;
    return true;
}

/* Where each character of the alphabet begins, and where the last one ends. A byte that is no UTF-8
 * is a character of its own. */
static size_t find_characters(struct span alphabet, uint16_t starts[VALUE_TEXT_MAX + 1])
{
    size_t count = 0, at = 0;
    while (at < alphabet.len) {
        const size_t len = json_utf8_len(alphabet.bytes + at, alphabet.len - at);
        starts[count++] = (uint16_t)at;
        at += len > 0 ? len : 1;
    }
    starts[count] = (uint16_t)at;
    return count;
}

struct value random_string(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span alphabet = SPAN_LITERAL("abcdefghijklmnopqrstuvwxyz");
    uint16_t starts[VALUE_TEXT_MAX + 1];
    size_t length, used = 0;
    if (!read_length(&arguments[0], &length) ||
        (count > 1 && !value_as_text(e, &arguments[1], &alphabet)) || alphabet.len == 0 ||
        alphabet.len > VALUE_TEXT_MAX)
        return value_none();
    char *out = evaluator_room(e, VALUE_TEXT_MAX);
    if (out == NULL)
        return value_none();
    const size_t characters = find_characters(alphabet, starts);
    for (; length > 0; length--) {
        const uint64_t which = prng_below(e->scope->random, characters);
        const size_t len = (size_t)(starts[which + 1] - starts[which]);
        if (len > VALUE_TEXT_MAX - used)
            return value_none();
        memcpy(out + used, alphabet.bytes + starts[which], len);
        used += len;
    }
    return value_text(evaluator_keep(e, used));
}

struct value random_hex(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    size_t length;
    if (!read_length(&arguments[0], &length))
        return value_none();
    char *out = evaluator_room(e, length), digits[16];
    if (out == NULL)
        return value_none();
    for (size_t i = 0; i < length; i += sizeof(digits)) {
        const size_t left = length - i;
        put_hex_upwards(prng_next(e->scope->random), digits);
        memcpy(out + i, digits, left < sizeof(digits) ? left : sizeof(digits));
    }
    return value_text(evaluator_keep(e, length));
}

/* RFC 9562 section 5.4: 122 random bits, version 4, variant 10. */
struct value random_uuid(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct prng *p = e->scope->random;
    uint64_t half[2] = { prng_next(p), prng_next(p) };
    half[0] = (half[0] & ~UINT64_C(0xF000)) | UINT64_C(0x4000);
    half[1] = (half[1] >> 2) | UINT64_C(0x8000000000000000);
    char digits[32], *const out = evaluator_room(e, 36);
    if (out == NULL)
        return value_none();
    put_hex(half[0], digits);
    put_hex(half[1], digits + 16);
    memcpy(out, digits, 8);
    memcpy(out + 9, digits + 8, 4);
    memcpy(out + 14, digits + 12, 4);
    memcpy(out + 19, digits + 16, 4);
    memcpy(out + 24, digits + 20, 12);
    out[8] = out[13] = out[18] = out[23] = '-';
    return value_text(evaluator_keep(e, 36));
}

struct value random_pick(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    struct span item;
    if (arguments[0].kind != VALUE_LIST)
        return value_none();
    const uint32_t items = text_list_count(arguments[0].text);
    if (items == 0 ||
        !text_list_at(arguments[0].text, (int64_t)prng_below(e->scope->random, items), &item))
        return value_none();
    return value_item(item);
}
