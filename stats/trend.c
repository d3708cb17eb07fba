#include "stats/trend.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define PAIRS_MAX   (TREND_POINTS_MAX * (TREND_POINTS_MAX - 1u) / 2u)
#define NORMAL      1.959963984540054 /* 97.5 % point of the normal distribution */
#define NORMAL_80   0.841621233572914 /* its 80 % point */
#define SIGNIFICANT 0.05

const char *trend_verdict_name(enum trend_verdict v)
{
    static const char *const names[] = {
        [TREND_UNDECIDED] = "undecided",
        [TREND_STATIONARY] = "stationary",
        [TREND_DRIFTING] = "drifting",
    };
    return names[v];
}

static int compare_numbers(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static int sign(double d)
{
    return d > 0 ? 1 : d < 0 ? -1 : 0;
}

/* `sorted` is in order and not empty. */
static double median(const double *sorted, uint32_t count)
{
    return (sorted[(count - 1u) / 2u] + sorted[count / 2u]) / 2;
}

static int64_t score_of(const struct trend_point *points, uint32_t count)
{
    int64_t score = 0;

    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; j < count; j++)
            score += sign(points[j].x - points[i].x) * sign(points[j].y - points[i].y);
    return score;
}

/* Sums over the groups of equal values, t being the size of each. */
struct ties {
    double spread;  /* t (t - 1) (2 t + 5) */
    double pairs;   /* t (t - 1) */
    double triples; /* t (t - 1) (t - 2) */
};

static struct ties ties_of(double *numbers, uint32_t count)
{
    struct ties ties = { 0 };

    qsort(numbers, count, sizeof(*numbers), compare_numbers);
    for (uint32_t i = 0; i < count;) {
        uint32_t same = 1;
        while (i + same < count && !(numbers[i + same] > numbers[i]))
            same++;
        const double t = same;
        ties.spread += t * (t - 1) * (2 * t + 5);
        ties.pairs += t * (t - 1);
        ties.triples += t * (t - 1) * (t - 2);
        i += same;
    }
    return ties;
}

/* Variance of the score of independent values (Kendall, Rank Correlation Methods, chapter 5). */
static double variance_of(const struct trend_point *points, uint32_t count)
{
    double numbers[TREND_POINTS_MAX];
    const double n = count;

    for (uint32_t i = 0; i < count; i++)
        numbers[i] = points[i].x;
    const struct ties x = ties_of(numbers, count);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = points[i].y;
    const struct ties y = ties_of(numbers, count);
    return (n * (n - 1) * (2 * n + 5) - x.spread - y.spread) / 18 +
           x.triples * y.triples / (9 * n * (n - 1) * (n - 2)) +
           x.pairs * y.pairs / (2 * n * (n - 1));
}

/* Slopes of all pairs that differ in x, in order. Returns how many. */
static uint32_t sort_slopes(double *slopes, const struct trend_point *points, uint32_t count)
{
    uint32_t pairs = 0;

    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; j < count; j++)
            if (points[j].x > points[i].x)
                slopes[pairs++] = (points[j].y - points[i].y) / (points[j].x - points[i].x);
    qsort(slopes, pairs, sizeof(*slopes), compare_numbers);
    return pairs;
}

/* Ranks, counted from their middle, of what is left of y without the slope. Equal values share
 * theirs. */
static void rank_rest(double *ranks, const struct trend_point *points, uint32_t count, double slope)
{
    for (uint32_t i = 0; i < count; i++) {
        const double rest = points[i].y - slope * points[i].x;
        int64_t lead = 0; /* lower ones minus higher ones */
        for (uint32_t j = 0; j < count; j++)
            lead += sign(rest - (points[j].y - slope * points[j].x));
        ranks[i] = (double)lead / 2;
    }
}

static double correction_of(const struct trend_point *points, uint32_t count, double slope)
{
    double ranks[TREND_POINTS_MAX];
    double squares = 0, sum = 0;
    const double n = count;

    rank_rest(ranks, points, count, slope);
    for (uint32_t i = 0; i < count; i++)
        squares += ranks[i] * ranks[i];
    for (uint32_t lag = 1; lag + 2u < count && squares > 0; lag++) {
        double products = 0;
        for (uint32_t i = 0; i + lag < count; i++)
            products += ranks[i] * ranks[i + lag];
        const double correlation = products / squares;
        if (correlation < 1 / sqrt(n))
            break;
        sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * correlation;
    }
    return 1 + 2 / (n * (n - 1) * (n - 2)) * sum;
}

/* Sen's interval: so many slopes away from the middle one as the score may be away from 0. */
static void bound_slope(struct trend *t, const double *slopes, uint32_t pairs, double deviation)
{
    const double reach = NORMAL * deviation;
    const double below = floor((pairs - reach) / 2);
    const double above = ceil((pairs + reach) / 2);

    t->slope_low = below >= 1 ? slopes[(uint32_t)below - 1u] : -INFINITY;
    t->slope_high = above < pairs ? slopes[(uint32_t)above] : INFINITY;
    t->detectable = (t->slope_high - t->slope_low) / 2 * (NORMAL + NORMAL_80) / NORMAL;
}

static double level_of(const struct trend_point *points, uint32_t count)
{
    double numbers[TREND_POINTS_MAX];

    for (uint32_t i = 0; i < count; i++)
        numbers[i] = points[i].y;
    qsort(numbers, count, sizeof(*numbers), compare_numbers);
    return median(numbers, count);
}

/* What cannot matter is stationary, also where it is certain. With few points the interval, whose
 * ends are whole ranks, may still hold 0 where the test is just past 5 %: that is no certain drift.
 */
static enum trend_verdict judge(const struct trend *t, double span, double tolerated)
{
    const double most = fabs(t->level) * tolerated / span;

    if (t->slope_low >= -most && t->slope_high <= most)
        return TREND_STATIONARY;
    const bool has_side = t->slope_low > 0 || t->slope_high < 0;
    return t->p_value < SIGNIFICANT && has_side ? TREND_DRIFTING : TREND_UNDECIDED;
}

struct trend trend_of(const struct trend_point *points, uint32_t count, double tolerated)
{
    struct trend t = { TREND_UNDECIDED, 0, NAN, 1, NAN, NAN, NAN, NAN, NAN };
    double slopes[PAIRS_MAX];

    if (count > TREND_POINTS_MAX)
        count = TREND_POINTS_MAX;
    if (count < TREND_POINTS_MIN)
        return t;
    const uint32_t pairs = sort_slopes(slopes, points, count);
    if (pairs == 0)
        return t;
    t.slope = median(slopes, pairs);
    t.level = level_of(points, count);
    t.score = score_of(points, count);
    t.correction = correction_of(points, count, t.slope);
    const double deviation = sqrt(variance_of(points, count) * t.correction);
    const double z = deviation > 0 ? ((double)t.score - sign((double)t.score)) / deviation : 0;
    t.p_value = erfc(fabs(z) / sqrt(2));
    bound_slope(&t, slopes, pairs, deviation);
    t.verdict = judge(&t, points[count - 1u].x - points[0].x, tolerated);
    return t;
}
