#include "tools/target/images.h"

#include <assert.h>
#include <stdlib.h>

#define IMAGES_PLACES (2u * IMAGES_MAX)

/* The place of the key, or the free one where it belongs: half of the places are always free. */
static uint32_t images_place(const struct images *im, uint64_t key)
{
    uint32_t place = (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 40) % IMAGES_PLACES;
    while (im->rows[place].key != 0 && im->rows[place].key != key)
        place = (place + 1) % IMAGES_PLACES;
    return place;
}

struct span images_find(const struct images *im, uint64_t key)
{
    assert(key != 0);
    return im->rows[images_place(im, key)].answer;
}

bool images_has_room(const struct images *im, size_t bytes)
{
    return im->count < IMAGES_MAX && bytes <= IMAGES_BYTES_MAX - im->bytes;
}

struct span images_add(struct images *im, uint64_t key, struct span answer)
{
    const struct span none = { NULL, 0 };
    char *copy = images_has_room(im, answer.len) ? malloc(answer.len) : NULL;
    if (copy == NULL)
        return none;
    memcpy(copy, answer.bytes, answer.len);
    struct image *row = &im->rows[images_place(im, key)];
    assert(row->key == 0);
    *row = (struct image){ .key = key, .answer = { copy, answer.len } };
    im->count++;
    im->bytes += answer.len;
    return row->answer;
}

void images_close(struct images *im)
{
    for (uint32_t i = 0; i < IMAGES_PLACES; i++)
        free((void *)(uintptr_t)im->rows[i].answer.bytes);
    memset(im, 0, sizeof *im);
}
