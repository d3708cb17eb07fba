#include "engine/plan/choose.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "engine/plan/arena.h"

#define ALIAS_ONE (UINT64_C(1) << 32)

/* Walker's columns while they are being filled: column i holds weight * count, and a full column is
 * `sum`. All integers, so nothing is left over at the end but full columns. */
struct alias_work {
    unsigned __int128 *mass;
    uint32_t *small, *large;
    uint32_t small_count, large_count;
};

static void alias_fill(uint64_t *threshold, uint32_t *alias, struct alias_work *w,
                       unsigned __int128 sum)
{
    while (w->small_count > 0) {
        assert(w->large_count > 0);
        const uint32_t poor = w->small[--w->small_count];
        const uint32_t rich = w->large[w->large_count - 1];
        threshold[poor] = (uint64_t)((w->mass[poor] * ALIAS_ONE) / sum);
        alias[poor] = rich;
        w->mass[rich] -= sum - w->mass[poor];
        if (w->mass[rich] < sum) {
            w->large_count--;
            w->small[w->small_count++] = rich;
        }
    }
    while (w->large_count > 0) {
        const uint32_t full = w->large[--w->large_count];
        assert(w->mass[full] == sum);
        threshold[full] = ALIAS_ONE;
        alias[full] = full;
    }
}

int alias_build(struct alias_table *ret_table, struct arena *a, const uint64_t *weights,
                uint32_t count)
{
    assert(count > 0);
    uint64_t *threshold = arena_alloc(a, count * sizeof(*threshold));
    uint32_t *alias = arena_alloc(a, count * sizeof(*alias));
    struct alias_work w = {
        .mass = calloc(count, sizeof(*w.mass)),
        .small = calloc(count, sizeof(*w.small)),
        .large = calloc(count, sizeof(*w.large)),
    };
    int rc = -ENOMEM;
    if (threshold == NULL || alias == NULL || w.mass == NULL || w.small == NULL || w.large == NULL)
        goto done;
    unsigned __int128 sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += weights[i];
    assert(sum > 0);
    for (uint32_t i = 0; i < count; i++) {
        w.mass[i] = (unsigned __int128)weights[i] * count;
        if (w.mass[i] < sum)
            w.small[w.small_count++] = i;
        else
            w.large[w.large_count++] = i;
    }
    alias_fill(threshold, alias, &w, sum);
    *ret_table = (struct alias_table){ .count = count, .threshold = threshold, .alias = alias };
    rc = 0;
done:
    free(w.large);
    free(w.small);
    free(w.mass);
    return rc;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* At each place everybody gains its weight, and the one that then has most is taken and pays the
 * sum. */
static void cycle_fill(uint16_t *cycle, uint32_t places, const uint64_t *weights, uint64_t divisor,
                       int64_t *credit, uint32_t count)
{
    for (uint32_t place = 0; place < places; place++) {
        uint32_t richest = 0;
        for (uint32_t i = 0; i < count; i++) {
            credit[i] += (int64_t)(weights[i] / divisor);
            if (credit[i] > credit[richest])
                richest = i;
        }
        credit[richest] -= places;
        cycle[place] = (uint16_t)richest;
    }
}

int cycle_build(const uint16_t **ret_cycle, uint32_t *ret_count, struct arena *a,
                const uint64_t *weights, uint32_t count)
{
    uint64_t divisor = 0, sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        divisor = common_divisor(divisor, weights[i]);
        sum += weights[i];
    }
    *ret_count = 0;
    if (sum == 0)
        return 0;
    if (sum / divisor > CYCLE_MAX)
        return -E2BIG;
    const uint32_t places = (uint32_t)(sum / divisor);
    uint16_t *cycle = arena_alloc(a, places * sizeof(*cycle));
    int64_t *credit = calloc(count, sizeof(*credit));
    if (cycle == NULL || credit == NULL) {
        free(credit);
        return -ENOMEM;
    }
    cycle_fill(cycle, places, weights, divisor, credit, count);
    free(credit);
    *ret_cycle = cycle;
    *ret_count = places;
    return 0;
}

uint64_t wait_sample_ns(const struct wait_rule *rule, struct prng *p, uint64_t task_began_ns,
                        uint64_t now_ns)
{
    switch (rule->kind) {
    case WAIT_NONE:
        return 0;
    case WAIT_CONSTANT:
        return rule->low_ns;
    case WAIT_UNIFORM:
        return rule->low_ns + prng_below(p, rule->high_ns - rule->low_ns + 1);
    case WAIT_EXPONENTIAL:
        /* 1 - u is never 0, so the longest wait is 53 ln 2 = 36.7 times the mean. */
        return (uint64_t)(-log1p(-prng_unit(p)) * (double)rule->low_ns);
    case WAIT_PACING: {
        const uint64_t spent_ns = now_ns > task_began_ns ? now_ns - task_began_ns : 0;
        return spent_ns < rule->low_ns ? rule->low_ns - spent_ns : 0;
    }
    }
    return 0;
}
