/* stamps — when the kernel received what some sockets bring: SO_TIMESTAMPING, in software.
 *
 * Every so-manieth file number of a ring has a place for the message header that such a receive
 * needs; it has one receive in flight at most.
 */
#ifndef SQUALL_ENGINE_IO_STAMPS_H
#define SQUALL_ENGINE_IO_STAMPS_H

#include <stdbool.h>
#include <stdint.h>

struct msghdr;
struct stamp_place;

struct stamps {
    uint32_t every; /* 0 = no file has stamps */
    struct stamp_place *places;
};

/* For files 0, every, 2 * every, … below `files`. 0 or -ENOMEM. */
int stamps_open(struct stamps *s, uint32_t files, uint32_t every);
void stamps_close(struct stamps *s);

static inline bool stamps_has(const struct stamps *s, uint32_t file)
{
    return s->every != 0 && file % s->every == 0;
}

/* The socket is to bring stamps from now on. */
void stamps_ask(int fd);

/* The header for the next receive of at most `len` bytes. */
struct msghdr *stamps_prepare(struct stamps *s, uint32_t file, uint32_t len);

/* It is done: when the kernel had received its last byte, in ns since 1970; 0 = not told. */
uint64_t stamps_take(struct stamps *s, uint32_t file);

#endif
