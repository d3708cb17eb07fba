#include "engine/plan/arena.h"
#include "engine/plan/expression_reader.h"
#include "engine/plan/function.h"
#include "engine/plan/number.h"
#include "http/regex.h"

#define TRUTH_TEXT_MAX 5u /* "false" */

bool value_copy(struct arena *a, struct value *v)
{
    if (v->kind != VALUE_TEXT && v->kind != VALUE_LIST)
        return true;
    v->text.bytes = arena_copy(a, v->text);
    return v->text.bytes != NULL;
}

/* Whether it can be computed when it is read: the same operands always give the same value. */
static bool is_pure(const struct operation *o)
{
    switch ((enum operation_kind)o->kind) {
    case OPERATION_BINARY:
    case OPERATION_NOT:
    case OPERATION_NEGATE:
    case OPERATION_INDEX:
        return true;
    case OPERATION_CALL:
        return functions[o->index].is_pure;
    case OPERATION_CONSTANT:
    case OPERATION_VARIABLE:
    case OPERATION_FIELD:
    case OPERATION_NOTE:
    case OPERATION_COOKIE:
    case OPERATION_RANDOM:
    case OPERATION_MATCHES: /* nobody asks that of a constant, and it takes a matcher */
        break;
    }
    return false;
}

const struct operation *reader_constants(const struct reader *r, uint32_t count)
{
    if (count > r->count)
        return NULL;
    const struct operation *first = &r->operations[r->count - count];
    for (uint32_t i = 0; i < count; i++) {
        if (first[i].kind != OPERATION_CONSTANT)
            return NULL;
    }
    return first;
}

void reader_drop_constants(struct reader *r, uint32_t count)
{
    r->count -= count;
    r->value_count -= count;
}

/* Computes the last operation on the constants before it and puts the value in their place. */
static bool fold(struct reader *r, uint32_t operand_count)
{
    static const struct scope nothing;
    struct operation *first = &r->operations[r->count - 1 - operand_count];
    const struct expression part = { .operations = first, .count = operand_count + 1 };
    if (r->evaluator == NULL && evaluator_open_plain(&r->evaluator) != 0)
        return reader_fail_memory(r);
    struct value value = expression_evaluate(&part, r->evaluator, &nothing);
    if (value.kind == VALUE_TEXT || value.kind == VALUE_LIST)
        r->computed_bytes += value.text.len;
    if (r->computed_bytes > EXPRESSION_COMPUTED_MAX)
        return reader_fail(r, r->token.text, "expected at most %u bytes of constants, found more",
                           EXPRESSION_COMPUTED_MAX);
    if (!value_copy(r->arena, &value))
        return reader_fail_memory(r);
    *first = (struct operation){ .kind = OPERATION_CONSTANT, .constant = value };
    r->count -= operand_count;
    return true;
}

static bool check_room(struct reader *r, uint32_t operand_count)
{
    if (r->count == EXPRESSION_OPERATIONS_MAX)
        return reader_fail(r, r->token.text, "expected at most %u operations, found more",
                           EXPRESSION_OPERATIONS_MAX);
    if (operand_count == 0 && r->value_count >= EXPRESSION_VALUES_MAX)
        return reader_fail(r, r->token.text, "expected at most %u values at once, found more",
                           EXPRESSION_VALUES_MAX);
    return true;
}

bool reader_emit(struct reader *r, const struct operation *o, uint32_t operand_count)
{
    const bool is_foldable =
        operand_count > 0 && is_pure(o) && reader_constants(r, operand_count) != NULL;
    if (!check_room(r, operand_count)) {
        regex_close(o->regex);
        return false;
    }
    r->operations[r->count++] = *o;
    r->value_count += 1 - operand_count;
    return !is_foldable || fold(r, operand_count);
}

bool reader_emit_constant(struct reader *r, struct value constant)
{
    return reader_emit(r, &(struct operation){ .kind = OPERATION_CONSTANT, .constant = constant },
                       0);
}

static uint32_t constant_bytes_max(const struct value *v)
{
    switch (v->kind) {
    case VALUE_NONE:
        return 0;
    case VALUE_TRUTH:
        return TRUTH_TEXT_MAX;
    case VALUE_INTEGER:
    case VALUE_NUMBER:
        return NUMBER_TEXT_MAX;
    case VALUE_TEXT:
        return (uint32_t)v->text.len;
    case VALUE_LIST:
        break;
    }
    return VALUE_TEXT_MAX;
}

static uint32_t binary_bytes_max(enum binary_operator kind)
{
    if (kind <= BINARY_CONTAINS)
        return TRUTH_TEXT_MAX;
    return kind == BINARY_ADD ? VALUE_TEXT_MAX : NUMBER_TEXT_MAX;
}

/* The longest text that an expression ending in this operation can give. */
static uint32_t operation_bytes_max(const struct operation *o)
{
    switch ((enum operation_kind)o->kind) {
    case OPERATION_CONSTANT:
        return constant_bytes_max(&o->constant);
    case OPERATION_NOTE:
        return o->index == NOTE_BODY ? VALUE_TEXT_MAX : NUMBER_TEXT_MAX;
    case OPERATION_CALL:
        return functions[o->index].bytes_max;
    case OPERATION_BINARY:
        return binary_bytes_max((enum binary_operator)o->index);
    case OPERATION_MATCHES:
    case OPERATION_NOT:
        return TRUTH_TEXT_MAX;
    case OPERATION_NEGATE:
    case OPERATION_RANDOM:
        return NUMBER_TEXT_MAX;
    case OPERATION_VARIABLE:
    case OPERATION_FIELD:
    case OPERATION_COOKIE:
    case OPERATION_INDEX:
        break;
    }
    return VALUE_TEXT_MAX;
}

bool reader_finish(struct reader *r, struct expression *ret_expression)
{
    struct operation *operations = arena_alloc(r->arena, r->count * sizeof(*operations));
    if (operations == NULL)
        return reader_fail_memory(r);
    memcpy(operations, r->operations, r->count * sizeof(*operations));
    *ret_expression =
        (struct expression){ .operations = operations,
                             .count = r->count,
                             .bytes_max = operation_bytes_max(&operations[r->count - 1]),
                             .text = r->text };
    return true;
}
