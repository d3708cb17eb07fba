#include "engine/run/shape.h"

#include <assert.h>
#include <math.h>

#define DENOMINATOR_MAX     UINT64_C(1000000000000)
#define DENOMINATOR_ROUNDED UINT64_C(1000000000)
#define LEVEL_MAX           (UINT64_MAX / 2)

/* The area under a line is counted in half nanoseconds of a level, as a ramp's may end in a half:
 * so much of it, times the denominator, is one arrival. */
#define AREA_PER_ARRIVAL UINT64_C(2000000000)

typedef unsigned __int128 uint128;

/* One stage as a straight line; its levels are multiples of 1 / denominator. */
struct slope {
    uint64_t from, to;
    uint64_t duration_ns;
};

static uint64_t level_scaled(struct ratio level, uint64_t denominator)
{
    return (uint64_t)((uint128)level.num * denominator / level.den);
}

static struct slope slope_of(const struct plan_load *load, uint32_t stage, uint64_t denominator)
{
    const struct plan_stage *s = &load->stages[stage];
    struct slope p = { .to = level_scaled(s->level, denominator), .duration_ns = s->duration_ns };
    if (!s->is_ramp)
        p.from = p.to;
    else if (stage > 0)
        p.from = level_scaled(s[-1].level, denominator);
    return p;
}

/* ---- users ---- */

static struct slope users_slope(const struct plan_load *load, uint32_t stage)
{
    assert(load->stages[stage].level.den == 1);
    return slope_of(load, stage, 1);
}

static uint32_t users_last(const struct plan_load *load)
{
    return (uint32_t)users_slope(load, load->stage_count - 1).to;
}

/* a * b / c, rounded up */
static uint64_t scale_up(uint64_t a, uint64_t b, uint64_t c)
{
    return (uint64_t)(((uint128)a * b + c - 1) / c);
}

/* Users `at_ns` after the beginning of the slope, before its end. */
static uint32_t slope_users(const struct slope *p, uint64_t at_ns)
{
    if (p->to < p->from)
        return (uint32_t)(p->from - scale_up(p->from - p->to, at_ns, p->duration_ns));
    return (uint32_t)(p->from + (uint64_t)((uint128)(p->to - p->from) * at_ns / p->duration_ns));
}

/* When a slope that once has `users` has so many no more; at or past its end where it keeps them.
 */
static uint64_t slope_users_end_ns(const struct slope *p, uint32_t users)
{
    if (p->to > p->from)
        return scale_up(users + UINT64_C(1) - p->from, p->duration_ns, p->to - p->from);
    if (p->to < p->from)
        return (uint64_t)((uint128)(p->from - users) * p->duration_ns / (p->from - p->to)) + 1;
    return UINT64_MAX;
}

uint32_t shape_users(const struct plan_load *load, uint64_t at_ns)
{
    for (uint32_t i = 0; i < load->stage_count; i++) {
        const struct slope p = users_slope(load, i);
        if (at_ns < p.duration_ns)
            return slope_users(&p, at_ns);
        at_ns -= p.duration_ns;
    }
    return users_last(load);
}

uint64_t shape_users_change_ns(const struct plan_load *load, uint64_t at_ns)
{
    const uint32_t users = shape_users(load, at_ns);
    uint64_t start_ns = 0;
    for (uint32_t i = 0; i < load->stage_count; i++) {
        const struct slope p = users_slope(load, i);
        const uint64_t end_ns = start_ns + p.duration_ns;
        if (at_ns < start_ns && start_ns < end_ns && p.from != users)
            return start_ns;
        if (at_ns < end_ns) {
            const uint64_t kept_ns = slope_users_end_ns(&p, users);
            if (kept_ns < p.duration_ns)
                return start_ns + kept_ns;
        }
        start_ns = end_ns;
    }
    return users_last(load) != users ? start_ns : UINT64_MAX;
}

/* ---- rates ---- */

/* 192 bits: high * 2^64 + low. Levels of 2^63 and stages of 2^55 ns, a year, need no more. */
struct wide {
    uint128 high;
    uint64_t low;
};

static struct wide wide_product(uint128 a, uint64_t b)
{
    const uint128 low = (uint128)(uint64_t)a * b;
    return (struct wide){ (a >> 64) * b + (low >> 64), (uint64_t)low };
}

static bool wide_is_at_most(struct wide a, struct wide b)
{
    return a.high < b.high || (a.high == b.high && a.low <= b.low);
}

static uint128 slope_area(const struct slope *p)
{
    return ((uint128)p->from + p->to) * p->duration_ns;
}

/* Whether the area of the slope's first `ns`, which is 2 from ns + (to - from) ns^2 / duration, is
 * at most `area`; multiplied by the duration, so that all are integers. */
static bool slope_has_at_most(const struct slope *p, uint64_t ns, uint128 area)
{
    const uint128 level = (uint128)p->from * 2 * ns;
    const uint128 square = (uint128)ns * ns;
    if (p->to >= p->from)
        return level <= area && wide_is_at_most(wide_product(square, p->to - p->from),
                                                wide_product(area - level, p->duration_ns));
    return level <= area || wide_is_at_most(wide_product(level - area, p->duration_ns),
                                            wide_product(square, p->from - p->to));
}

/* From the end of a ramp where the level is `level`: when the area is reached if the other end is
 * higher by `rise`. The root of 2 level x + rise / duration x^2 = area in the form that loses no
 * digits. */
static double ramp_time_ns(double level, double rise, double duration_ns, double area)
{
    return area / (level + sqrt(level * level + rise / duration_ns * area));
}

/* When the slope has reached `area`, which it exceeds at its end, rounded down. */
static uint64_t slope_time_ns(const struct slope *p, uint128 area)
{
    if (p->from == p->to)
        return (uint64_t)(area / ((uint128)p->from * 2));
    const double duration_ns = (double)p->duration_ns;
    double time_ns;
    if (p->to > p->from)
        time_ns =
            ramp_time_ns((double)p->from, (double)(p->to - p->from), duration_ns, (double)area);
    else
        time_ns = duration_ns - ramp_time_ns((double)p->to, (double)(p->from - p->to), duration_ns,
                                             (double)(slope_area(p) - area));
    /* 53 bits are a few nanoseconds off at most, in a year; integers have the last word. */
    uint64_t ns = time_ns > 0 ? (uint64_t)time_ns : 0;
    if (ns >= p->duration_ns)
        ns = p->duration_ns - 1;
    while (!slope_has_at_most(p, ns, area))
        ns--;
    while (slope_has_at_most(p, ns + 1, area))
        ns++;
    return ns;
}

/* A number that all levels can be multiples of one part of. */
static uint64_t denominator_of(const struct plan_load *load)
{
    uint64_t product = 1;
    for (uint32_t i = 0; i < load->stage_count; i++) {
        const uint64_t den = load->stages[i].level.den;
        if (product % den == 0)
            continue;
        if (den > DENOMINATOR_MAX / product)
            return DENOMINATOR_ROUNDED;
        product *= den;
    }
    for (uint32_t i = 0; i < load->stage_count; i++) {
        const struct ratio level = load->stages[i].level;
        if (level.num > LEVEL_MAX / (product / level.den))
            return DENOMINATOR_ROUNDED;
    }
    return product;
}

void shape_cursor_init(struct shape_cursor *c, const struct plan_load *load)
{
    *c = (struct shape_cursor){ .load = load, .denominator = denominator_of(load) };
}

uint64_t shape_arrival_ns(struct shape_cursor *c, uint64_t index, uint32_t fraction)
{
    const uint128 unit = (uint128)AREA_PER_ARRIVAL * c->denominator;
    const uint128 area = index * unit + (fraction * unit >> 32);
    for (; c->stage < c->load->stage_count; c->stage++) {
        const struct slope p = slope_of(c->load, c->stage, c->denominator);
        const uint128 end = c->area + slope_area(&p);
        if (area < end)
            return c->start_ns + slope_time_ns(&p, area - c->area);
        c->area = end;
        c->start_ns += p.duration_ns;
    }
    const struct ratio last = c->load->stages[c->load->stage_count - 1].level;
    const uint128 level = (uint128)level_scaled(last, c->denominator) * 2;
    if (level == 0 || (area - c->area) / level > UINT64_MAX - c->start_ns)
        return UINT64_MAX;
    return c->start_ns + (uint64_t)((area - c->area) / level);
}
