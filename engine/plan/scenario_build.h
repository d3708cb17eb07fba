/* scenario_build — what is at hand while a scenario becomes a plan. Private to engine/plan. */
#ifndef SQUALL_ENGINE_PLAN_SCENARIO_BUILD_H
#define SQUALL_ENGINE_PLAN_SCENARIO_BUILD_H

#include "engine/plan/request_head.h"
#include "engine/plan/scenario.h"

#define SCENARIO_SLOTS_MAX 100000u /* in one scenario */
/* All templates of a scenario together: shared headers are repeated in every request, so a file of
 * 1 MiB could ask for gigabytes. */
#define SCENARIO_TEMPLATE_BYTES_MAX (8u * 1024u * 1024u)

struct build {
    struct scenario *s;
    struct plan *plan;
    struct arena *arena; /* the plan's; what only the build needs goes to s->arena */
    const struct plan_overrides *over;
    const struct scenario_kind *kind; /* whose steps are being built */
    const struct text *shared;        /* values of s->headers, in order, as this kind sees them */
    const struct text *extra;         /* values of the command line's headers */
    const struct span *extra_names;
    uint32_t extra_count;
    struct text host_header;
    struct span prefix;             /* path of the host, without a '/' at its end */
    struct expression *expressions; /* grows by malloc; copied to the arena at the end */
    uint32_t expression_count, expression_cap;
    uint32_t variable_slots[SCENARIO_VARIABLES_MAX]; /* expression of each variable, PLAN_NONE = not
                                                        used yet */
    struct plan_request *requests;
    uint32_t request_count;
    struct endpoint_name *endpoints;
    uint32_t endpoint_count;
    uint64_t template_bytes;
    uint64_t request_bytes_max;
    int error; /* -ENOMEM, or -E2BIG once a cap was reported: nothing more is built */
};

/* Memory and copies that live as long as the plan; NULL, with b->error set, when there is none. */
void *scenario_plan_alloc(struct build *b, size_t size);
const char *scenario_plan_copy(struct build *b, struct span text);

/* A new expression, its number. PLAN_NONE, with b->error set, when there is no memory. */
uint32_t scenario_expression_add(struct build *b, const struct expression *e, struct span written);

/* Values of a mapping of headers, in order. NULL when there are none. */
const struct text *scenario_header_values(struct build *b, const struct node *mapping);

/* Adds a request to the plan and its row, its number. */
uint32_t scenario_request_build(struct build *b, const struct scenario_request *r);

/* What a session header becomes: text alone, where a request has its head. */
const struct template *scenario_value_build(struct build *b, const struct node *header);

/* Cuts a scalar into bytes and slots; mistakes in '${...}' are reported and leave the slot out. */
struct text scenario_text_compile(struct build *b, const struct node *n);

/* Writes the body of `r` after template_builder_begin_body(). */
void scenario_body_write(struct build *b, struct request_writer *w,
                         const struct scenario_request *r);

/* The Content-Type that a kind of body has unless a header says otherwise; NULL = none. */
const char *scenario_body_type(enum scenario_body kind);

#endif
