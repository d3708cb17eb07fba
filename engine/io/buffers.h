/* buffers — the memory a ring receives into: so many buffers of one size, which the kernel takes
 * from a queue and who has read them gives back.
 *
 * Owned by its ring; used on the ring's thread.
 */
#ifndef SQUALL_ENGINE_IO_BUFFERS_H
#define SQUALL_ENGINE_IO_BUFFERS_H

#include <stddef.h>
#include <stdint.h>

struct io_uring;
struct io_uring_buf_ring;

struct buffers {
    uint32_t count, bytes; /* a power of two; of each */
    char *memory;          /* NULL = not open */
    struct io_uring_buf_ring *queue;
    uint32_t returned; /* given back and not yet shown to the kernel */
};

/* Registered as `group` of the ring. 0, -ENOMEM or -errno of the kernel; close it in any case, and
 * after the ring. */
int buffers_open(struct buffers *b, struct io_uring *uring, int group, uint32_t count,
                 uint32_t bytes);
void buffers_close(struct buffers *b);

static inline char *buffers_at(const struct buffers *b, uint32_t id)
{
    return b->memory + (size_t)id * b->bytes;
}

void buffers_give_back(struct buffers *b, uint32_t id);

/* The kernel may take those given back from now on. */
void buffers_show(struct buffers *b);

#endif
