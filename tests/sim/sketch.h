/* sketch — a plan made by hand for a simulated run: fixed requests, one kind of user, no file and
 * no memory to free. */
#ifndef SQUALL_TESTS_SIM_SKETCH_H
#define SQUALL_TESTS_SIM_SKETCH_H

#include "engine/plan/plan.h"

#define SKETCH_REQUESTS_MAX 4u
#define SKETCH_BYTES_MAX    24576u

struct sketch {
    struct plan plan; /* its `load` may be changed until the run */
    struct plan_origin origin;
    struct plan_kind kind;
    struct plan_set set;
    uint16_t kind_cycle;
    struct plan_request requests[SKETCH_REQUESTS_MAX];
    struct plan_step steps[2 * SKETCH_REQUESTS_MAX];
    struct plan_task tasks[SKETCH_REQUESTS_MAX];
    struct endpoint_name endpoints[SKETCH_REQUESTS_MAX];
    uint64_t thresholds[SKETCH_REQUESTS_MAX];
    uint32_t aliases[SKETCH_REQUESTS_MAX];
    struct piece pieces[SKETCH_REQUESTS_MAX];
    char bytes[SKETCH_REQUESTS_MAX][SKETCH_BYTES_MAX];
};

/* No requests yet, no load; a timeout of 30 s and no waits. Must not be moved afterwards. */
void sketch_init(struct sketch *s);

/* Another task of one request, as likely as each of the others: GET, HEAD, or POST with
 * `body_bytes` of body. */
void sketch_add(struct sketch *s, const char *method, uint32_t body_bytes);

/* `users` in a closed loop, each waiting `think_ns` after every request. */
void sketch_closed(struct sketch *s, uint32_t users, uint64_t think_ns);

/* num / den arrivals a second, over at most `connections`. */
void sketch_open(struct sketch *s, uint64_t num, uint64_t den, uint32_t connections);

void sketch_timeout(struct sketch *s, uint64_t timeout_ns);

#endif
