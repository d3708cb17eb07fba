/* function — what an expression can call: the table of functions.def. */
#ifndef SQUALL_ENGINE_PLAN_FUNCTION_H
#define SQUALL_ENGINE_PLAN_FUNCTION_H

#include "engine/plan/evaluator.h"

/* None when the arguments do not fit. Texts come out of the evaluator's scratch or the arguments.
 */
typedef struct value function_call(struct evaluator *e, const struct value *arguments,
                                   uint32_t count);

struct function {
    const char *name;
    uint8_t arguments_min, arguments_max;
    uint16_t bytes_max;  /* the longest text it gives */
    bool is_pure;        /* the same arguments always give the same value */
    function_call *call; /* NULL: carried out when the expression is read */
};

extern const struct function functions[];

const struct function *function_find(struct span name); /* NULL = there is none */

/* The name nearest to `wrong`, or NULL. */
const char *function_nearest(const char *wrong);

#define FUNCTION(name, minimum, maximum, bytes_max, is_pure, call) function_call call;
#define READER_FUNCTION(name, minimum, maximum)
#include "engine/plan/functions.def"
#undef READER_FUNCTION
#undef FUNCTION

#endif
