#include "tools/target/token.h"

#include <sys/random.h>
#include <time.h>

void token_secret_draw(struct token_secret *ret)
{
    struct timespec now;
    if (getrandom(ret->key, sizeof ret->key, 0) == (ssize_t)sizeof ret->key)
        return;
    /* It guards nothing of worth: without a source of randomness the time will do. */
    clock_gettime(CLOCK_REALTIME, &now);
    ret->key[0] = (uint64_t)now.tv_sec;
    ret->key[1] = (uint64_t)now.tv_nsec;
}

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-2-4 of `text`, with `salt` mixed into the key. */
static uint64_t sip_hash(const struct token_secret *secret, uint64_t salt, struct span text)
{
    const uint64_t k0 = secret->key[0] ^ salt, k1 = secret->key[1];
    uint64_t v[4] = { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                      k1 ^ 0x7465646279746573u };
    for (size_t at = 0; at <= text.len; at += 8) {
        uint64_t word = 0;
        const size_t len = text.len - at < 8 ? text.len - at : 8;
        memcpy(&word, text.bytes + at, len);
        if (len < 8)
            word |= (uint64_t)text.len << 56;
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xFF;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void write_hex(char *out, uint64_t value, unsigned digits)
{
    while (digits-- > 0) {
        out[digits] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

/* The 24 digits that follow the first 16. */
static void write_proof(const struct token_secret *secret, char *token)
{
    const struct span name = { token, 16 };
    write_hex(token + 16, sip_hash(secret, 1, name), 16);
    write_hex(token + 32, sip_hash(secret, 2, name), 8);
}

void token_issue(const struct token_secret *secret, struct span user, char *out)
{
    write_hex(out, sip_hash(secret, 0, user), 16);
    write_proof(secret, out);
}

bool token_is_ours(const struct token_secret *secret, struct span token)
{
    char want[TOKEN_LEN];
    if (token.len != TOKEN_LEN)
        return false;
    memcpy(want, token.bytes, 16);
    write_proof(secret, want);
    return memcmp(want, token.bytes, TOKEN_LEN) == 0;
}
