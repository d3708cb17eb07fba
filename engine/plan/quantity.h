/* quantity — numbers with units as people write them: '250ms', '10k', '25/s', '64KiB'. Exact
 * integers and ratios. */
#ifndef SQUALL_ENGINE_PLAN_QUANTITY_H
#define SQUALL_ENGINE_PLAN_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "http/span.h"

/* num / den, den > 0; kept exact so that a rate of 1/3 does not drift. */
struct ratio {
    uint64_t num, den;
};

/* Each returns NULL on success, else what was expected ("a duration such as '250ms' or '5m'").
 * `*ret` is written only on success. Blanks around are not allowed; signs, NaN, infinities, hex and
 * overflow are refused. */

/* '250ms', '30s', '5m', '1h', '10us', '1m30s', '1.5s'; a bare number is seconds, as Locust reads
 * it. */
const char *quantity_duration_ns(struct span text, uint64_t *ret_ns);
/* '100', '10k', '2M' (decimal), fractions of those that are whole ('1.5k'). */
const char *quantity_count(struct span text, uint64_t *ret_count);
/* '25', '0.5', '20k', '1/3', '25/s', '30/m'; per second. More than 0. */
const char *quantity_rate(struct span text, struct ratio *ret_per_s);
/* '64KiB', '10kB', '1MiB', '100'. */
const char *quantity_bytes(struct span text, uint64_t *ret_bytes);

/* Writes a duration as people write it: "1.25 ms", "10 s". Returns `out`. */
char *quantity_format_duration(char *out, size_t cap, uint64_t ns);

#endif
