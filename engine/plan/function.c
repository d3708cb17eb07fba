#include "engine/plan/function.h"

#include "engine/plan/diag.h"

const struct function functions[] = {
#define FUNCTION(name, minimum, maximum, bytes_max, is_pure, call)                                 \
    { name, minimum, maximum, bytes_max, is_pure, call },
#define READER_FUNCTION(name, minimum, maximum)                                                    \
    { name, minimum, maximum, VALUE_TEXT_MAX, false, NULL },
#include "engine/plan/functions.def"
#undef READER_FUNCTION
#undef FUNCTION
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

const struct function *function_find(struct span name)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        if (span_equal(name, span_of(functions[i].name)))
            return &functions[i];
    }
    return NULL;
}

const char *function_nearest(const char *wrong)
{
    const char *names[FUNCTION_COUNT];
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        names[i] = functions[i].name;
    return diag_nearest(wrong, names, FUNCTION_COUNT);
}

struct value function_default(struct evaluator *e, const struct value *arguments, uint32_t count)
{
    return value_meaning(&arguments[0]).kind == VALUE_NONE ? arguments[1] : arguments[0];
}
