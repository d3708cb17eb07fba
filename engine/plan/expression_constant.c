#include <errno.h>
#include <stdio.h>

#include "engine/plan/diag.h"
#include "engine/plan/evaluator.h"
#include "engine/plan/expression_reader.h"
#include "http/out.h"

/* A constant of a run while it is computed. */
struct constant {
    struct arena *arena;
    const struct expression_names *names;
    struct evaluator *evaluator;
    struct scope scope;
    struct span text; /* as written */
    struct expression_fault *fault;
};

static int fail(const struct constant *c, struct span at, const char *expected, const char *found)
{
    c->fault->offset = (size_t)(at.bytes - c->text.bytes);
    snprintf(c->fault->message, sizeof(c->fault->message), "expected %s, found %s", expected,
             found);
    return -EINVAL;
}

/* What a '${...}' is worth. Its text is valid until the next is computed. */
static int compute_slot(struct constant *c, struct span slot, struct value *ret_value)
{
    const struct span inside = expression_inside(slot);
    struct expression x;
    const int rc = reader_read(&x, c->arena, inside, c->names, true, c->fault);
    if (rc != 0) {
        c->fault->offset += (size_t)(inside.bytes - c->text.bytes);
        return rc;
    }
    *ret_value = expression_evaluate(&x, c->evaluator, &c->scope);
    expression_close(&x);
    if (ret_value->kind == VALUE_NONE)
        return fail(c, slot, "something that can be computed", diag_quote(slot).text);
    return 0;
}

static int append_slot(struct constant *c, struct span slot, struct out *o)
{
    struct value value;
    struct span text;
    const int rc = compute_slot(c, slot, &value);
    if (rc != 0)
        return rc;
    if (!value_as_text(c->evaluator, &value, &text))
        return fail(c, slot, "a shorter list", diag_quote(slot).text);
    out_put_span(o, text);
    return 0;
}

/* Literals and slots together, as one text. */
static int compute_text(struct constant *c, struct value *ret_value)
{
    char bytes[VALUE_TEXT_MAX];
    struct out o = { .bytes = bytes, .cap = sizeof(bytes) };
    size_t at = 0;
    for (;;) {
        const struct part part = expression_next(c->text, &at);
        int rc = 0;
        if (part.kind == PART_END)
            break;
        if (part.kind == PART_UNCLOSED)
            return fail(c, part.text, "'}' to close '${'", "the end");
        if (part.kind == PART_SLOT)
            rc = append_slot(c, part.text, &o);
        else
            out_put_span(&o, part.text);
        if (rc != 0)
            return rc;
    }
    if (o.has_overflowed)
        return fail(c, c->text, "a text of at most 4096 bytes", "a longer one");
    *ret_value = value_text((struct span){ bytes, o.len });
    return value_copy(c->arena, ret_value) ? 0 : -ENOMEM;
}

static int compute(struct constant *c, struct value *ret_value)
{
    size_t at = 0;
    const struct part first = expression_next(c->text, &at);
    if (first.kind != PART_SLOT || at < c->text.len)
        return compute_text(c, ret_value);
    const int rc = compute_slot(c, first.text, ret_value);
    if (rc != 0)
        return rc;
    return value_copy(c->arena, ret_value) ? 0 : -ENOMEM;
}

int expression_constant(struct operation *ret_constant, struct arena *a, struct span text,
                        const struct expression_names *names, struct prng *random, int64_t now_ns,
                        struct expression_fault *ret_fault)
{
    struct constant c = { .arena = a,
                          .names = names,
                          .scope = { .random = random, .now_ns = now_ns },
                          .text = text,
                          .fault = ret_fault };
    struct value value;
    int rc = evaluator_open(&c.evaluator);
    if (rc != 0)
        return rc;
    rc = compute(&c, &value);
    evaluator_close(c.evaluator);
    if (rc == 0)
        *ret_constant = (struct operation){ .kind = OPERATION_CONSTANT, .constant = value };
    return rc;
}
