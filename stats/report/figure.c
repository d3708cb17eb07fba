#include "stats/report/figure.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct figure none = { "-" };

struct figure figure_decimal(double value, unsigned decimals)
{
    static const uint64_t scales[] = { 1,      10,      100,      1000,      10000,
                                       100000, 1000000, 10000000, 100000000, 1000000000 };
    struct figure f;

    if (!isfinite(value)) {
        snprintf(f.text, sizeof(f.text), "null");
        return f;
    }
    const uint64_t scale = scales[decimals];
    const double scaled = round(fabs(value) * (double)scale);
    const char *sign = value < 0 && scaled > 0 ? "-" : "";
    if (scaled >= 0x1p63) {
        /* No fraction is left in a double of this size, and %.0f writes no point that a locale
         * could change. */
        snprintf(f.text, sizeof(f.text), "%.0f", value);
        return f;
    }
    const uint64_t whole = (uint64_t)scaled / scale;
    const uint64_t fraction = (uint64_t)scaled % scale;
    if (decimals == 0)
        snprintf(f.text, sizeof(f.text), "%s%" PRIu64, sign, whole);
    else
        snprintf(f.text, sizeof(f.text), "%s%" PRIu64 ".%0*" PRIu64, sign, whole, (int)decimals,
                 fraction);
    return f;
}

struct figure figure_json(double value, unsigned decimals)
{
    struct figure f = figure_decimal(value, decimals);
    const char *point = strchr(f.text, '.');

    if (point == NULL)
        return f;
    size_t len = strlen(f.text);
    while (f.text[len - 1] == '0' && f.text + len - 2 > point)
        f.text[--len] = '\0';
    return f;
}

struct figure figure_count(uint64_t count)
{
    struct figure f;

    snprintf(f.text, sizeof(f.text), "%" PRIu64, count);
    return f;
}

/* About four digits, whatever the size. The limits are where rounding would give one digit more. */
static struct figure figure_short(double value, unsigned decimals_small)
{
    if (value < 9.9995)
        return figure_decimal(value, decimals_small);
    return figure_decimal(value, value < 99.995 ? 2 : value < 999.95 ? 1 : 0);
}

struct figure figure_ms(double us)
{
    return isfinite(us) ? figure_short(us / 1e3, 3) : none;
}

struct figure figure_rate(double per_s)
{
    if (!isfinite(per_s))
        return none;
    if (per_s == 0)
        return figure_count(0);
    if (per_s < 0.0005)
        return (struct figure){ "<0.001" };
    return figure_short(per_s, per_s < 0.0995 ? 3 : 2);
}

static struct figure with_unit(struct figure f, const char *unit)
{
    const size_t len = strlen(f.text);

    snprintf(f.text + len, sizeof(f.text) - len, "%s", unit);
    return f;
}

struct figure figure_percent(double ratio)
{
    if (!isfinite(ratio))
        return none;
    const double percent = ratio * 100;
    if (percent == 0 || percent == 100)
        return with_unit(figure_decimal(percent, 0), "%");
    /* Something never looks like nothing, nor almost all like all. */
    if (percent < 0.001)
        return (struct figure){ "<0.001%" };
    if (percent > 99.99 && percent < 100)
        return (struct figure){ ">99.99%" };
    return with_unit(figure_decimal(percent, percent < 0.0995 ? 3 : 2), "%");
}

struct figure figure_bytes(double bytes)
{
    static const char *const units[] = { " B", " kB", " MB", " GB", " TB", " PB" };
    unsigned unit = 0;

    if (!isfinite(bytes))
        return none;
    while (bytes >= 999.5 && unit + 1u < sizeof(units) / sizeof(units[0])) {
        bytes /= 1000;
        unit++;
    }
    const bool is_whole = unit == 0 && bytes == floor(bytes);
    return with_unit(figure_decimal(bytes, !is_whole && bytes < 99.95), units[unit]);
}

struct figure figure_seconds(double s)
{
    if (!isfinite(s))
        return none;
    return with_unit(figure_decimal(s, s < 9.9995 ? 3 : 1), " s");
}
