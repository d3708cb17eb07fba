/* tls_memory — notices when OpenSSL asks for memory in vain. Its own errors do not always say so:
 * without memory a good certificate is "too weak" to it, and a handshake an "internal error". */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "engine/io/tls_state.h"

static _Thread_local bool is_short;

static void *take(size_t bytes, const char *file, int line)
{
    void *memory = malloc(bytes);
    (void)file;
    (void)line;
    is_short |= memory == NULL && bytes > 0;
    return memory;
}

/* OpenSSL takes size 0 for giving back. */
static void *take_again(void *old, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    if (bytes == 0) {
        free(old);
        return NULL;
    }
    void *memory = realloc(old, bytes);
    is_short |= memory == NULL;
    return memory;
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

void tls_memory_watch(void)
{
    (void)CRYPTO_set_mem_functions(take, take_again, give_back);
}

bool tls_memory_was_short(void)
{
    const bool was_short = is_short;
    is_short = false;
    return was_short;
}
