#include "tests/fuzz/replay.h"

#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX 65536u

/* A target whose rounds take long has a number of its own. */
__attribute__((weak)) unsigned replay_rounds = 150000;

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

/* Runs the target on a block of exactly that size, so that a sanitizer sees every step past it. */
static void run(const char *bytes, size_t len)
{
    uint8_t *block = malloc(len ? len : 1);
    if (!block)
        abort();
    if (len > 0)
        memcpy(block, bytes, len);
    LLVMFuzzerTestOneInput(block, len);
    free(block);
}

static void run_prefixes(struct span seed)
{
    for (size_t len = 0; len <= seed.len; len++)
        run(seed.bytes, len);
}

static size_t mutate(char *bytes, size_t len)
{
    for (unsigned n = 1 + random_below(4); n > 0 && len > 1; n--) {
        const size_t at = random_below((uint32_t)len);
        switch (random_below(4)) {
        case 0:
            bytes[at] = (char)random_below(256);
            break;
        case 1:
            bytes[at] = bytes[random_below((uint32_t)len)];
            break;
        case 2:
            memmove(bytes + at, bytes + at + 1, len - at - 1);
            len--;
            break;
        default:
            memmove(bytes + at + 1, bytes + at, len - at);
            len++;
        }
    }
    return len;
}

static void run_mutant(struct span seed)
{
    static char bytes[INPUT_MAX];
    size_t len = seed.len < 4096 ? seed.len : 4096;

    memcpy(bytes, seed.bytes, len);
    if (random_below(8) == 0) {
        len = random_below(200);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)random_below(256);
    } else {
        len = mutate(bytes, len);
    }
    run(bytes, len);
}

static int run_file(const char *path)
{
    static char bytes[INPUT_MAX];
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return EXIT_FAILURE;
    }
    run(bytes, fread(bytes, 1, sizeof(bytes), f));
    fclose(f);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (run_file(argv[i]) != EXIT_SUCCESS)
            return EXIT_FAILURE;
    if (argc > 1)
        return EXIT_SUCCESS;
    for (size_t i = 0; i < replay_seed_count; i++)
        run_prefixes(replay_seeds[i]);
    for (unsigned round = 0; round < replay_rounds; round++)
        run_mutant(replay_seeds[random_below((uint32_t)replay_seed_count)]);
    return EXIT_SUCCESS;
}
