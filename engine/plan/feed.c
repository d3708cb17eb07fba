#include "engine/plan/feed.h"

#include <errno.h>
#include <stdio.h>

#include "engine/plan/arena.h"
#include "engine/plan/file.h"

#define FAULT_MAX 200 /* room for the sentence of a reader */

typedef int read_fn(struct feed *ret_feed, struct arena *a, struct span text, char *ret_fault,
                    size_t fault_size);

/* By the ending of a file's name; NULL = none of them. */
static read_fn *reader_of(struct span path)
{
    static const struct {
        struct span ending;
        read_fn *read;
    } forms[] = {
        { SPAN_LITERAL(".csv"), feed_read_csv },
        { SPAN_LITERAL(".jsonl"), feed_read_json_lines },
        { SPAN_LITERAL(".ndjson"), feed_read_json_lines },
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const struct span ending = forms[i].ending;
        if (path.len > ending.len &&
            span_equal_ignoring_case(
                (struct span){ path.bytes + path.len - ending.len, ending.len }, ending))
            return forms[i].read;
    }
    return NULL;
}

/* Feeds of one run are shuffled apart from each other: FNV-1a of the file's name, wherever it lies.
 */
static uint64_t stream_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (const char *c = slash != NULL ? slash + 1 : path; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001B3);
    return hash;
}

/* Fisher and Yates. NULL = no memory. */
static const uint32_t *shuffle(struct arena *a, uint32_t count, struct prng *p)
{
    uint32_t *order = arena_alloc(a, count * sizeof(*order));
    if (order == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t place = (uint32_t)prng_below(p, i + UINT64_C(1));
        order[i] = order[place];
        order[place] = i;
    }
    return order;
}

int feed_read(struct feed *ret_feed, struct arena *a, const char *path, enum feed_order order,
              uint64_t seed, char *ret_fault, size_t fault_size)
{
    struct feed feed;
    struct span text;
    char fault[FAULT_MAX];
    read_fn *read = reader_of(span_of(path));
    if (read == NULL) {
        (void)snprintf(ret_fault, fault_size,
                       "expected a file name that ends in .csv, .jsonl or .ndjson, found '%.200s'",
                       path);
        return -EINVAL;
    }
    int rc = file_read(&text, a, path, FEED_FILE_BYTES_MAX, ret_fault, fault_size);
    if (rc != 0)
        return rc;
    rc = read(&feed, a, text, fault, sizeof(fault));
    if (rc == -EINVAL)
        (void)snprintf(ret_fault, fault_size, "'%.200s': %s", path, fault);
    if (rc != 0)
        return rc;
    feed.order = order;
    if (order == FEED_SHUFFLED) {
        struct prng p;
        prng_init(&p, seed, stream_of(path));
        feed.shuffle = shuffle(a, feed.row_count, &p);
        if (feed.shuffle == NULL)
            return -ENOMEM;
    }
    *ret_feed = feed;
    return 0;
}

uint32_t feed_column(const struct feed *f, struct span name)
{
    for (uint32_t i = 0; i < f->column_count; i++)
        if (span_equal(f->columns[i], name))
            return i;
    return UINT32_MAX;
}

bool feed_row(const struct feed *f, uint64_t taken, uint32_t core, uint32_t cores, struct prng *p,
              uint32_t *ret_row)
{
    if (f->order == FEED_RANDOM) {
        *ret_row = (uint32_t)prng_below(p, f->row_count);
        return true;
    }
    const uint64_t place = taken * cores + core;
    if (f->stops && place >= f->row_count)
        return false;
    const uint32_t row = (uint32_t)(place % f->row_count);
    *ret_row = f->shuffle != NULL ? f->shuffle[row] : row;
    return true;
}
