#include "engine/run/chunks.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

int chunks_open(struct chunks *p, uint32_t count, size_t bytes)
{
    *p = (struct chunks){ .count = count, .bytes = bytes };
    if (count == 0)
        return 0;
    p->memory_size = (size_t)count * bytes;
    p->free = malloc(sizeof *p->free * count);
    p->memory = mmap(NULL, p->memory_size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p->free == NULL || p->memory == MAP_FAILED) {
        chunks_close(p);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++)
        p->free[i] = count - 1 - i;
    p->free_count = count;
    return 0;
}

void chunks_close(struct chunks *p)
{
    free(p->free);
    if (p->memory != NULL && p->memory != MAP_FAILED)
        munmap(p->memory, p->memory_size);
    *p = (struct chunks){ 0 };
}
