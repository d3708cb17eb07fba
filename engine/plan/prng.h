/* prng — random numbers of one owner: xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64.
 *
 * The same seed and stream give the same numbers on every machine. Not for secrets.
 */
#ifndef SQUALL_ENGINE_PLAN_PRNG_H
#define SQUALL_ENGINE_PLAN_PRNG_H

#include <stdint.h>

struct prng {
    uint64_t s[4];
};

static inline uint64_t prng_splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* `stream` separates cores or users that share a seed. */
static inline void prng_init(struct prng *p, uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    state = prng_splitmix(&state) ^ stream;
    for (int i = 0; i < 4; i++)
        p->s[i] = prng_splitmix(&state);
}

static inline uint64_t prng_rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static inline uint64_t prng_next(struct prng *p)
{
    const uint64_t result = prng_rotate(p->s[1] * 5, 7) * 9;
    const uint64_t t = p->s[1] << 17;
    p->s[2] ^= p->s[0];
    p->s[3] ^= p->s[1];
    p->s[1] ^= p->s[2];
    p->s[0] ^= p->s[3];
    p->s[2] ^= t;
    p->s[3] = prng_rotate(p->s[3], 45);
    return result;
}

/* Uniform in [0, bound), bound > 0, without bias (Lemire 2019, multiply and reject). */
static inline uint64_t prng_below(struct prng *p, uint64_t bound)
{
    unsigned __int128 product = (unsigned __int128)prng_next(p) * bound;
    uint64_t low = (uint64_t)product;
    if (low < bound) {
        const uint64_t threshold = (0 - bound) % bound;
        while (low < threshold) {
            product = (unsigned __int128)prng_next(p) * bound;
            low = (uint64_t)product;
        }
    }
    return (uint64_t)(product >> 64);
}

/* Uniform in [low, high], low <= high. */
static inline int64_t prng_between(struct prng *p, int64_t low, int64_t high)
{
    /* In unsigned arithmetic the width is right even where high - low would overflow. */
    const uint64_t width = (uint64_t)high - (uint64_t)low;
    const uint64_t offset = width == UINT64_MAX ? prng_next(p) : prng_below(p, width + 1);
    return (int64_t)((uint64_t)low + offset);
}

/* Uniform in [0, 1), 53 bits. */
static inline double prng_unit(struct prng *p)
{
    return (double)(prng_next(p) >> 11) * 0x1.0p-53;
}

#endif
