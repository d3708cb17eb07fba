#include "stats/mapping.h"

#include <assert.h>
#include <sys/mman.h>

void *mapping_open(size_t size)
{
    assert(size > 0);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    /* Where huge pages are always on, one recorded value would make 2 MiB resident: eight whole
     * histograms. A kernel without huge pages refuses the advice and needs none. */
    (void)madvise(memory, size, MADV_NOHUGEPAGE);
    return memory;
}

void mapping_close(void *memory, size_t size)
{
    if (memory != NULL)
        munmap(memory, size);
}
