#include "engine/plan/quantity.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_S UINT64_C(1000000000)

#define DURATION_MAX_NS (UINT64_C(365) * 24 * 3600 * NS_PER_S)
#define COUNT_MAX       UINT64_C(1000000000000000)
#define RATE_MAX        UINT64_C(1000000000)    /* per second: one a nanosecond */
#define RATE_DEN_MAX    UINT64_C(1000000000000) /* keeps i * den * 10^9 within 128 bits */

static const char *const duration_expected = "a duration such as '250ms' or '5m'";
static const char *const duration_too_long = "a duration of at most 8760h";
static const char *const count_expected = "a whole number such as '100' or '10k'";
static const char *const rate_expected = "a rate such as '25', '0.5/s' or '30/m'";
static const char *const rate_too_high = "a rate of at most 1G per second";
static const char *const rate_too_low = "a rate above 0";
static const char *const bytes_expected = "a size such as '64KiB' or '10kB'";

struct unit {
    const char *name;
    uint64_t scale;
};

/* Longest first: '1m30s' must go down this list. */
static const struct unit duration_units[] = {
    { "h", 3600 * NS_PER_S }, { "m", 60 * NS_PER_S }, { "s", NS_PER_S },
    { "ms", 1000000 },        { "us", 1000 },         { "ns", 1 },
};
#define DURATION_UNIT_COUNT (sizeof(duration_units) / sizeof(duration_units[0]))

static const struct unit count_units[] = {
    { "", 1 }, { "k", 1000 }, { "K", 1000 }, { "M", 1000000 }, { "G", 1000000000 },
};
#define COUNT_UNIT_COUNT (sizeof(count_units) / sizeof(count_units[0]))

static const struct unit byte_units[] = {
    { "", 1 },          { "B", 1 },          { "kB", 1000 },      { "MB", 1000000 },
    { "GB", NS_PER_S }, { "KiB", 1u << 10 }, { "MiB", 1u << 20 }, { "GiB", 1u << 30 },
};
#define BYTE_UNIT_COUNT (sizeof(byte_units) / sizeof(byte_units[0]))

/* mantissa / 10^places: what '12.50' says, exactly, as 125 / 10^1. */
struct decimal {
    uint64_t mantissa;
    uint32_t places;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint64_t power_of_ten(uint32_t places)
{
    uint64_t power = 1;
    while (places-- > 0)
        power *= 10;
    return power;
}

/* Reads digits [ '.' digits ] at *at and steps over them. False when there are none or too many. */
static bool decimal_read(struct span text, size_t *at, struct decimal *ret_decimal)
{
    struct decimal d = { 0, 0 };
    size_t i = *at;
    bool is_fraction = false;
    uint32_t zeros = 0; /* held back: trailing zeros of a fraction say nothing */
    if (i >= text.len || !is_digit(text.bytes[i]))
        return false;
    for (; i < text.len; i++) {
        const char c = text.bytes[i];
        if (c == '.' && !is_fraction) {
            if (i + 1 >= text.len || !is_digit(text.bytes[i + 1]))
                return false;
            is_fraction = true;
            continue;
        }
        if (!is_digit(c))
            break;
        if (is_fraction && c == '0') {
            zeros++;
            continue;
        }
        for (uint32_t step = 0; step <= zeros; step++) {
            const uint64_t digit = step == zeros ? (uint64_t)(c - '0') : 0;
            if (d.mantissa > (UINT64_MAX - digit) / 10 || d.places >= 18)
                return false;
            d.mantissa = d.mantissa * 10 + digit;
            d.places += is_fraction ? 1 : 0;
        }
        zeros = 0;
    }
    *at = i;
    *ret_decimal = d;
    return true;
}

/* d * scale where that is whole and at most `max`. */
static bool decimal_scale(struct decimal d, uint64_t scale, uint64_t max, uint64_t *ret_value)
{
    const unsigned __int128 product = (unsigned __int128)d.mantissa * scale;
    const uint64_t divisor = power_of_ten(d.places);
    if (product % divisor != 0 || product / divisor > max)
        return false;
    *ret_value = (uint64_t)(product / divisor);
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The unit whose name stands at *at, stepped over; NULL when the letters there are none. */
static const struct unit *unit_read(struct span text, size_t *at, const struct unit *units,
                                    size_t count)
{
    size_t end = *at;
    while (end < text.len && is_letter(text.bytes[end]))
        end++;
    const struct span name = { text.bytes + *at, end - *at };
    for (size_t i = 0; i < count; i++) {
        if (span_equal(name, span_of(units[i].name))) {
            *at = end;
            return &units[i];
        }
    }
    return NULL;
}

const char *quantity_duration_ns(struct span text, uint64_t *ret_ns)
{
    uint64_t sum = 0;
    size_t at = 0;
    const struct unit *last = NULL;
    bool was_fraction = false;
    do {
        struct decimal d;
        const bool is_first = at == 0;
        if (was_fraction || !decimal_read(text, &at, &d))
            return duration_expected;
        const struct unit *unit = unit_read(text, &at, duration_units, DURATION_UNIT_COUNT);
        if (unit == NULL && is_first && at == text.len)
            unit = &duration_units[2];
        if (unit == NULL || (last != NULL && unit <= last))
            return duration_expected;
        uint64_t part;
        if (!decimal_scale(d, unit->scale, UINT64_MAX / 2, &part))
            return d.places > 0 ? duration_expected : duration_too_long;
        if (part > DURATION_MAX_NS || sum + part > DURATION_MAX_NS)
            return duration_too_long;
        sum += part;
        last = unit;
        was_fraction = d.places > 0;
    } while (at < text.len);
    *ret_ns = sum;
    return NULL;
}

static const char *scaled_read(struct span text, const struct unit *units, size_t count,
                               const char *expected, uint64_t *ret_value)
{
    struct decimal d;
    size_t at = 0;
    if (!decimal_read(text, &at, &d))
        return expected;
    const struct unit *unit = unit_read(text, &at, units, count);
    if (unit == NULL || at != text.len)
        return expected;
    return decimal_scale(d, unit->scale, COUNT_MAX, ret_value) ? NULL : expected;
}

const char *quantity_count(struct span text, uint64_t *ret_count)
{
    return scaled_read(text, count_units, COUNT_UNIT_COUNT, count_expected, ret_count);
}

const char *quantity_bytes(struct span text, uint64_t *ret_bytes)
{
    return scaled_read(text, byte_units, BYTE_UNIT_COUNT, bytes_expected, ret_bytes);
}

/* What stands after the '/': seconds in one period, or the divisor itself. 0 when it is neither. */
static uint64_t rate_divisor(struct span text)
{
    if (text.len == 1 && text.bytes[0] == 's')
        return 1;
    if (text.len == 1 && text.bytes[0] == 'm')
        return 60;
    if (text.len == 1 && text.bytes[0] == 'h')
        return 3600;
    struct decimal d;
    size_t at = 0;
    if (!decimal_read(text, &at, &d) || at != text.len || d.places > 0 || d.mantissa > RATE_DEN_MAX)
        return 0;
    return d.mantissa;
}

static unsigned __int128 greatest_divisor(unsigned __int128 a, unsigned __int128 b)
{
    while (b != 0) {
        const unsigned __int128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

const char *quantity_rate(struct span text, struct ratio *ret_per_s)
{
    struct decimal d;
    size_t at = 0;
    uint64_t divisor = 1;
    if (!decimal_read(text, &at, &d))
        return rate_expected;
    const struct unit *unit = unit_read(text, &at, count_units, COUNT_UNIT_COUNT);
    if (unit == NULL)
        return rate_expected;
    if (at < text.len) {
        if (text.bytes[at] != '/')
            return rate_expected;
        divisor = rate_divisor((struct span){ text.bytes + at + 1, text.len - at - 1 });
        if (divisor == 0)
            return rate_expected;
    }
    if (d.mantissa == 0)
        return rate_too_low;
    unsigned __int128 num = (unsigned __int128)d.mantissa * unit->scale;
    unsigned __int128 den = (unsigned __int128)power_of_ten(d.places) * divisor;
    const unsigned __int128 common = greatest_divisor(num, den);
    num /= common;
    den /= common;
    if (num > den * RATE_MAX)
        return rate_too_high;
    if (den > RATE_DEN_MAX || num > UINT64_MAX / 2)
        return rate_expected;
    *ret_per_s = (struct ratio){ (uint64_t)num, (uint64_t)den };
    return NULL;
}

/* Three decimals at most, rounded half up, without trailing zeros: 1250 of 1000 is "1.25". */
static void format_thousandths(char *out, size_t cap, uint64_t thousandths, const char *unit)
{
    const unsigned rest = (unsigned)(thousandths % 1000);
    const uint64_t whole = thousandths / 1000;
    if (rest == 0)
        snprintf(out, cap, "%" PRIu64 " %s", whole, unit);
    else if (rest % 100 == 0)
        snprintf(out, cap, "%" PRIu64 ".%01u %s", whole, rest / 100, unit);
    else if (rest % 10 == 0)
        snprintf(out, cap, "%" PRIu64 ".%02u %s", whole, rest / 10, unit);
    else
        snprintf(out, cap, "%" PRIu64 ".%03u %s", whole, rest, unit);
}

char *quantity_format_duration(char *out, size_t cap, uint64_t ns)
{
    static const char *const names[] = { "us", "ms", "s" };
    if (ns < 1000) {
        snprintf(out, cap, "%" PRIu64 " ns", ns);
        return out;
    }
    uint64_t step = 1; /* nanoseconds in a thousandth of the unit */
    for (size_t i = 0; i < 3; i++, step *= 1000) {
        const uint64_t thousandths = ns / step + (ns % step >= (step + 1) / 2 && step > 1 ? 1 : 0);
        const bool is_last = i == 2;
        if (thousandths < 1000000 && (!is_last || thousandths < 120000)) {
            format_thousandths(out, cap, thousandths, names[i]);
            return out;
        }
    }
    const uint64_t seconds = ns / NS_PER_S + (ns % NS_PER_S >= NS_PER_S / 2 ? 1 : 0);
    const uint64_t hours = seconds / 3600, minutes = seconds / 60 % 60, rest = seconds % 60;
    int used = 0;
    if (hours > 0)
        used = snprintf(out, cap, "%" PRIu64 " h", hours);
    if (minutes > 0 && (size_t)used < cap)
        used += snprintf(out + used, cap - (size_t)used, "%s%" PRIu64 " min", used > 0 ? " " : "",
                         minutes);
    if (rest > 0 && (size_t)used < cap)
        snprintf(out + used, cap - (size_t)used, "%s%" PRIu64 " s", used > 0 ? " " : "", rest);
    return out;
}
