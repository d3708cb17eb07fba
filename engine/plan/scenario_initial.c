#include <errno.h>

#include "engine/plan/prng.h"
#include "engine/plan/scenario_build.h"

#define CONSTANTS_STREAM                                                                           \
    UINT64_C(0x636f6e7374616e74) /* of random numbers, apart from the users'                       \
                                  */

static void build_constant(struct build *b, const struct node *item, struct prng *random)
{
    struct operation constant = { .kind = OPERATION_CONSTANT };
    struct expression_fault fault;
    b->candidates = NULL; /* there is one more than for the constant before */
    const struct expression_names names = scenario_names(b, false);
    const int rc = item->kind != NODE_SCALAR
                       ? 0 /* reported already */
                       : expression_constant(&constant, b->arena, item->text, &names, random,
                                             b->over->now_ns, &fault);
    if (rc == -ENOMEM)
        b->error = rc;
    if (rc == -EINVAL)
        scenario_fault_report(b, item, item->text, &fault);
    constant.constant.is_json |= node_is_json(item);
    b->constants[b->constant_count++] = constant;
}

/* In order: each may use those before it. */
void scenario_constants_build(struct build *b)
{
    const struct node *mapping = b->s->constants;
    struct prng random;
    if (mapping == NULL)
        return;
    prng_init(&random, b->over->seed, CONSTANTS_STREAM);
    b->constants = scenario_alloc(b->s, mapping->count * sizeof(*b->constants));
    if (b->constants == NULL) {
        b->error = -ENOMEM;
        return;
    }
    for (const struct node *item = mapping->first; item != NULL && b->error == 0; item = item->next)
        build_constant(b, item, &random);
    b->candidates = NULL;
}
