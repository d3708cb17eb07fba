/* no_allocation — loaded before the C library: a worker thread that allocates or frees ends the
 * program.
 *
 * Every thread but the first is a worker. They begin with the start barrier, so what they allocate,
 * they allocate after it.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *old);

static void refuse_on_worker(const char *what)
{
    if (syscall(SYS_gettid) == getpid())
        return;
    static const char message[] = ": called on a worker thread after the start barrier\n";
    if (write(STDERR_FILENO, what, strlen(what)) < 0 ||
        write(STDERR_FILENO, message, sizeof message - 1) < 0)
        _exit(70);
    abort();
}

void *malloc(size_t size)
{
    refuse_on_worker("malloc");
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    refuse_on_worker("calloc");
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    refuse_on_worker("realloc");
    return __libc_realloc(old, size);
}

void free(void *old)
{
    if (old != NULL)
        refuse_on_worker("free");
    __libc_free(old);
}
