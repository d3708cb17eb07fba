/* images — whole answers, head and body, made once and sent from the same memory ever after.
 *
 * An image is never changed nor given back before images_close(), so any number of sends may refer
 * to it. One owner thread. Bounded: when it is full, answers are made anew each time.
 */
#ifndef SQUALL_TOOLS_TARGET_IMAGES_H
#define SQUALL_TOOLS_TARGET_IMAGES_H

#include <stdint.h>

#include "http/span.h"

#define IMAGES_MAX       256u
#define IMAGES_BYTES_MAX (64u * 1024u * 1024u)

struct image {
    uint64_t key; /* 0 = free place */
    struct span answer;
};

struct images {
    struct image rows[2 * IMAGES_MAX];
    uint32_t count;
    size_t bytes;
};

/* An empty span when there is no image of that key (keys are not 0). */
struct span images_find(const struct images *im, uint64_t key);
bool images_has_room(const struct images *im, size_t bytes);
/* Copies `answer`; an empty span when there is no room for it. The key must be new. */
struct span images_add(struct images *im, uint64_t key, struct span answer);
void images_close(struct images *im);

#endif
