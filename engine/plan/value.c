#include "engine/plan/value.h"

#include <errno.h>

static int random_write(const struct expression *e, struct prng *p, char *scratch, size_t cap,
                        struct span *ret)
{
    char digits[20];
    size_t count = 0;
    /* In unsigned arithmetic the width is right even where high - low would overflow. */
    const uint64_t width = (uint64_t)e->high - (uint64_t)e->low;
    const uint64_t offset = width == UINT64_MAX ? prng_next(p) : prng_below(p, width + 1);
    const int64_t value = (int64_t)((uint64_t)e->low + offset);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    const size_t len = count + (value < 0 ? 1 : 0);
    if (len > cap)
        return -ENOSPC;
    char *out = scratch;
    if (value < 0)
        *out++ = '-';
    while (count > 0)
        *out++ = digits[--count];
    *ret = (struct span){ scratch, len };
    return 0;
}

/* RFC 9562 section 5.4: 122 random bits, version 4, variant 10. */
static int uuid_write(struct prng *p, char *scratch, size_t cap, struct span *ret)
{
    static const char hex[] = "0123456789abcdef";
    if (cap < VALUE_BYTES_MAX)
        return -ENOSPC;
    uint64_t half[2] = { prng_next(p), prng_next(p) };
    half[0] = (half[0] & ~UINT64_C(0xF000)) | UINT64_C(0x4000);
    half[1] = (half[1] >> 2) | UINT64_C(0x8000000000000000);
    char *out = scratch;
    for (unsigned i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            *out++ = '-';
        *out++ = hex[(half[i / 16] >> (60 - 4 * (i % 16))) & 15];
    }
    *ret = (struct span){ scratch, VALUE_BYTES_MAX };
    return 0;
}

int expression_value(const struct expression *e, struct prng *p, char *scratch, size_t cap,
                     struct span *ret)
{
    switch (e->kind) {
    case EXPRESSION_RANDOM:
        return random_write(e, p, scratch, cap, ret);
    case EXPRESSION_UUID:
        return uuid_write(p, scratch, cap, ret);
    case EXPRESSION_VARIABLE:
        break;
    }
    return -EINVAL;
}

int step_value_render(const struct template *text, template_value_fn *value, void *context,
                      char *out, size_t cap, size_t *ret_len, uint32_t *ret_bad_slot)
{
    size_t len;
    const int rc = template_render(text, value, context, out, cap, &len, ret_bad_slot);
    if (rc != 0)
        return rc;
    while (len > 0 && (out[len - 1] == '\n' || out[len - 1] == '\r'))
        len--;
    *ret_len = len;
    return 0;
}
