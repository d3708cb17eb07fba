/* threshold — an expectation (stats/expectation.h) about a plan's rows, with words for what is
 * wrong with it. */
#ifndef SQUALL_ENGINE_PLAN_THRESHOLD_H
#define SQUALL_ENGINE_PLAN_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/expectation.h"

struct threshold {
    struct expectation expectation;
    uint32_t row; /* of the endpoints, or SUMMARY_ALL_ROWS */
};

/* Reads `text`, which is borrowed. False with a sentence in ret_fault, such as "unknown metric
 * 'p9x'; did you mean 'p99'?" or "no row is called 'GET /jsn'; did you mean 'GET /json'?". */
bool threshold_read(struct threshold *ret, struct span text, const struct endpoint_name *endpoints,
                    uint32_t endpoint_count, char *ret_fault, size_t fault_size);

#endif
