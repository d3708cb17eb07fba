/* baseline — the figures of an earlier run, read from its JSON. */
#ifndef SQUALL_BENCH_BASELINE_H
#define SQUALL_BENCH_BASELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "http/json.h"

struct figures;

struct baseline {
    char *text;
    size_t len;
    struct json_document json; /* the text, read */
};

/* 0 or -errno; -EBADMSG: no JSON of figures. */
int baseline_open(struct baseline *b, const char *path);
void baseline_close(struct baseline *b);

/* False when that benchmark was not run. Fills min, median and max. */
bool baseline_find(const struct baseline *b, const char *name, struct figures *ret_figures);

#endif
