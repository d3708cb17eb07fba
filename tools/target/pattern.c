#include "tools/target/pattern.h"

#include <assert.h>

#define PATTERN_BYTES (1024u * 1024u)

static char block[PATTERN_BYTES];
static char chunk_block[PATTERN_CHUNKS * PATTERN_CHUNK_WIRE];

static_assert(PATTERN_CHUNK == 0x2000, "the size line of a chunk is written below");
static_assert(PATTERN_CHUNK % PATTERN_LINE == 0, "every chunk starts a line");

void pattern_make(void)
{
    static const char line[PATTERN_LINE + 1] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.\n";
    for (size_t at = 0; at < sizeof block; at += PATTERN_LINE)
        memcpy(block + at, line, PATTERN_LINE);
    for (size_t at = 0; at < sizeof chunk_block; at += PATTERN_CHUNK_WIRE) {
        memcpy(chunk_block + at, "2000\r\n", 6);
        memcpy(chunk_block + at + 6, block, PATTERN_CHUNK);
        memcpy(chunk_block + at + 6 + PATTERN_CHUNK, "\r\n", 2);
    }
}

struct span pattern_block(void)
{
    return (struct span){ block, sizeof block };
}

struct span pattern_chunk_block(void)
{
    return (struct span){ chunk_block, sizeof chunk_block };
}
