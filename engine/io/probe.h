/* probe — which of several addresses answer: one connection to each, all at once, closed as soon as
 * it stands. Before a run; blocks. */
#ifndef SQUALL_ENGINE_IO_PROBE_H
#define SQUALL_ENGINE_IO_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/io/resolve.h"
#include "engine/io/sources.h"

#define PROBE_MAX 256u

/* Tells of each of `count` routes (at most PROBE_MAX) whether it answered. Waits until all have,
 * but no longer than a quarter of a second after the first, nor than two seconds. `sources` NULL =
 * from any address. What cannot be tried counts as answering. Returns how many answered. */
uint32_t probe_routes(const struct route *routes, uint32_t count, const struct sources *sources,
                      bool *ret_answers);

#endif
