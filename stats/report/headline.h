/* headline — what came of a run in a few plain sentences: how many requests failed, which
 * expectations do not hold, how slow it was and how sure that is, and who limited it. */
#ifndef SQUALL_STATS_REPORT_HEADLINE_H
#define SQUALL_STATS_REPORT_HEADLINE_H

#include <stdbool.h>

#include "stats/report/stored.h"

struct sink;

/* Nothing failed, nothing expected is missing, and the measurement itself is in order. */
bool headline_is_good(const struct stored *s);

/* How many expectations do not hold. */
size_t headline_unmet(const struct stored *s);

/* Texts of others stand in it as they are: whoever shows it makes them harmless. */
void headline_write(struct sink *out, const struct stored *s);

/* "12.34 ms (95 % range 12.01 to 13.00)", or the value alone where there is no range. */
void headline_write_range(struct sink *out, double us, const struct stored_range *range);

#endif
