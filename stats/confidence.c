#include "stats/confidence.h"

#include <assert.h>
#include <math.h>

#define TAIL            0.025             /* on either side */
#define NORMAL          1.959963984540054 /* 97.5 % point of the normal distribution */
#define WEIGHT_MIN      1e-25             /* what is less likely, against the mode, is nothing */
#define CORRELATION_MAX 0.2

/* ceil and floor of count * num / den. */
static uint64_t rank_ceil(uint64_t count, uint64_t num, uint64_t den)
{
    return (uint64_t)(((unsigned __int128)count * num + den - 1u) / den);
}

static uint64_t rank_floor(uint64_t count, uint64_t num, uint64_t den)
{
    return (uint64_t)((unsigned __int128)count * num / den);
}

/* A binomial distribution by weights against that of its mode, 1: each follows from its neighbour,
 * so nothing overflows and only their sum has to be divided by. */
struct binomial {
    uint64_t count, first, last; /* values with a weight worth adding up */
    double weight_first, sum;
    double odds; /* p / (1 - p) */
};

/* weight(k + 1) / weight(k) */
static double step_up(const struct binomial *b, uint64_t k)
{
    return (double)(b->count - k) / (double)(k + 1u) * b->odds;
}

static struct binomial binomial_of(uint64_t count, uint64_t num, uint64_t den)
{
    const uint64_t floor_mode = rank_floor(count + 1u, num, den);
    const uint64_t mode = floor_mode > count ? count : floor_mode;
    struct binomial b = { .count = count, .first = mode, .last = mode, .sum = 1 };

    b.odds = (double)num / (double)(den - num);
    for (double weight = 1; b.last < count; b.sum += weight) {
        weight *= step_up(&b, b.last);
        if (weight < WEIGHT_MIN)
            break;
        b.last++;
    }
    b.weight_first = 1;
    while (b.first > 0) {
        const double weight = b.weight_first / step_up(&b, b.first - 1u);
        if (weight < WEIGHT_MIN)
            break;
        b.weight_first = weight;
        b.sum += weight;
        b.first--;
    }
    return b;
}

struct confidence_ranks confidence_independent(uint64_t count, uint64_t num, uint64_t den)
{
    assert(count > 0 && num > 0 && num < den);
    const struct binomial b = binomial_of(count, num, den);
    struct confidence_ranks r = { .coverage = 1 };
    double below = 0; /* P(B < k) */
    double below_low = 0;
    double weight = b.weight_first;

    for (uint64_t k = b.first; k <= b.last && r.high == 0; k++) {
        if (below <= TAIL) {
            r.low = k;
            below_low = below;
        }
        if (below >= 1 - TAIL) {
            r.high = k;
            r.coverage = below;
        }
        below += weight / b.sum;
        weight *= step_up(&b, k);
    }
    if (r.high == 0 && b.last < count) /* not for any count that fits in memory */
        r.high = b.last + 1u;
    r.coverage -= below_low;
    return r;
}

uint64_t confidence_count_min(uint64_t num, uint64_t den)
{
    assert(num > 0 && num < den);
    return (uint64_t)ceil(log(TAIL) / log1p(-(double)(den - num) / (double)den));
}

double confidence_student(uint32_t freedom)
{
    const double n = freedom;
    const double z = NORMAL, z2 = z * z;

    assert(freedom >= 3);
    const double g1 = z * (z2 + 1) / 4;
    const double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
    const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
    const double g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
    return z + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n;
}

/* What the batches say together. A batch deviates by what it has within the quantile over its share
 * of what all have: ties at the quantile then are no deviation. */
struct spread {
    uint64_t count, within;
    double squares;   /* sum of the squared deviations */
    double neighbour; /* their correlation from one batch to the next; 0 without deviations */
};

static struct spread spread_of(const struct confidence_batch *batches, uint32_t count)
{
    struct spread s = { 0 };
    double before = 0, products = 0;

    for (uint32_t i = 0; i < count; i++) {
        s.count += batches[i].count;
        s.within += batches[i].within;
    }
    for (uint32_t i = 0; i < count && s.count > 0; i++) {
        const double share = (double)s.within / (double)s.count;
        const double deviation = (double)batches[i].within - share * (double)batches[i].count;
        s.squares += deviation * deviation;
        products += deviation * before;
        before = deviation;
    }
    s.neighbour = s.squares > 0 ? products / s.squares : 0;
    return s;
}

static void merge_into(struct confidence_batch *to, struct confidence_batch from)
{
    to->count += from.count;
    to->within += from.within;
}

/* Merges neighbours two by two; an odd last one joins those before it. Returns how many are left.
 */
static uint32_t merge_neighbours(struct confidence_batch *batches, uint32_t count)
{
    const uint32_t left = count / 2u;

    for (uint32_t i = 0; i < left; i++) {
        const struct confidence_batch second = batches[2u * i + 1u];
        batches[i] = batches[2u * i];
        merge_into(&batches[i], second);
    }
    if (count % 2u != 0)
        merge_into(&batches[left - 1u], batches[count - 1u]);
    return left;
}

static double design_effect_of(const struct spread *s, uint32_t batches)
{
    const double share = (double)s->within / (double)s->count;
    const double independent = (double)s->count / batches * share * (1 - share);
    return independent > 0 ? s->squares / (batches - 1u) / independent : 1;
}

/* Lower or equal, where 0 is open to that side. */
static struct confidence_ranks widen(struct confidence_ranks a, uint64_t low, uint64_t high)
{
    if (low < a.low)
        a.low = low;
    if (a.high != 0 && (high == 0 || high > a.high))
        a.high = high;
    return a;
}

static struct confidence_ranks ranks_of(const struct confidence *c, uint64_t count, uint64_t num,
                                        uint64_t den)
{
    const double share = (double)num / (double)den;
    const double deviation = sqrt((double)count * share * (1 - share) * c->design_effect);
    const uint64_t reach = (uint64_t)ceil(confidence_student(c->batches - 1u) * deviation);
    const uint64_t below = rank_floor(count, num, den);
    const uint64_t above = rank_ceil(count, num, den) + 1u;
    const uint64_t low = below > reach ? below - reach : 0;
    const uint64_t high = count >= above && count - above >= reach ? above + reach : 0;
    return widen(confidence_independent(count, num, den), low, high);
}

struct confidence confidence_of(struct confidence_batch *batches, uint32_t count, uint64_t num,
                                uint64_t den, double effect_least)
{
    struct spread s = spread_of(batches, count);
    struct confidence c = { .state = CONFIDENCE_NOTHING, .batches = count };

    if (s.count == 0)
        return c;
    while (s.neighbour > CORRELATION_MAX && count / 2u >= CONFIDENCE_BATCHES_MIN) {
        count = merge_neighbours(batches, count);
        s = spread_of(batches, count);
    }
    c.batches = count;
    c.neighbour_correlation = s.neighbour;
    if (count < CONFIDENCE_BATCHES_MIN || s.neighbour > CORRELATION_MAX) {
        /* The correlation of neighbours falls as 1 / length once batches are long enough. */
        const double longer = fmax(s.neighbour / CORRELATION_MAX, 1);
        c.state = CONFIDENCE_TOO_SHORT;
        c.lengthen = longer * fmax(2.0 * CONFIDENCE_BATCHES_MIN / fmax(count, 1), 1);
        return c;
    }
    c.state = CONFIDENCE_HELD;
    c.design_effect = fmax(design_effect_of(&s, count), effect_least);
    c.worth = (double)s.count / c.design_effect;
    c.ranks = ranks_of(&c, s.count, num, den);
    return c;
}
