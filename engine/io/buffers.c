#include "engine/io/buffers.h"

#include <errno.h>
#include <liburing.h>
#include <sys/mman.h>

static size_t memory_size(const struct buffers *b)
{
    return (size_t)b->count * b->bytes;
}

static size_t queue_size(const struct buffers *b)
{
    return (size_t)b->count * sizeof(struct io_uring_buf);
}

/* Page-aligned and zero; NULL when there is none. */
static void *map(size_t size, int flags)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE | flags, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

int buffers_open(struct buffers *b, struct io_uring *uring, int group, uint32_t count,
                 uint32_t bytes)
{
    *b = (struct buffers){ .count = count, .bytes = bytes };
    b->queue = map(queue_size(b), 0);
    b->memory = map(memory_size(b), MAP_NORESERVE);
    if (b->queue == NULL || b->memory == NULL)
        return -ENOMEM;

    struct io_uring_buf_reg reg = { .ring_addr = (uint64_t)(uintptr_t)b->queue,
                                    .ring_entries = count,
                                    .bgid = (uint16_t)group };
    const int rc = io_uring_register_buf_ring(uring, &reg, 0);
    if (rc < 0)
        return rc;
    io_uring_buf_ring_init(b->queue);
    for (uint32_t i = 0; i < count; i++)
        buffers_give_back(b, i);
    buffers_show(b);
    return 0;
}

void buffers_close(struct buffers *b)
{
    if (b->queue != NULL)
        munmap(b->queue, queue_size(b));
    if (b->memory != NULL)
        munmap(b->memory, memory_size(b));
}

void buffers_give_back(struct buffers *b, uint32_t id)
{
    io_uring_buf_ring_add(b->queue, buffers_at(b, id), b->bytes, (unsigned short)id,
                          io_uring_buf_ring_mask(b->count), (int)b->returned);
    b->returned++;
}

void buffers_show(struct buffers *b)
{
    if (b->returned > 0)
        io_uring_buf_ring_advance(b->queue, (int)b->returned);
    b->returned = 0;
}
