/* allocation_count — how often this program, with all libraries in it, has asked for memory. To be
 * included by one file of a test. */
#ifndef SQUALL_TESTS_UNIT_ALLOCATION_COUNT_H
#define SQUALL_TESTS_UNIT_ALLOCATION_COUNT_H

#include <stddef.h>
#include <stdint.h>

static uint64_t allocation_count;

#ifdef __SANITIZE_ADDRESS__
/* The sanitizer's allocator calls this each time. */
void __sanitizer_malloc_hook(const volatile void *memory, size_t size);
void __sanitizer_malloc_hook(const volatile void *memory, size_t size)
{
    (void)memory;
    (void)size;
    allocation_count++;
}
#else
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    allocation_count++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocation_count++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    allocation_count++;
    return __libc_realloc(old, size);
}
#endif

#endif
