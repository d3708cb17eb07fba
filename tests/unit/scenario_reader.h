/* scenario_reader — plans out of texts, and their requests rendered for a made-up user, for tests
 * of what a scenario means. */
#ifndef SQUALL_TESTS_UNIT_SCENARIO_READER_H
#define SQUALL_TESTS_UNIT_SCENARIO_READER_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/plan/diag.h"
#include "engine/plan/evaluate.h"
#include "engine/plan/plan.h"

#define HOST "host: http://127.0.0.1:8000\n"

static struct diag_list diags;

/* The plan of a text that must have one. */
static inline struct plan *plan_of(const char *text, const struct plan_overrides *over)
{
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    if (plan_from_text(&plan, "t.yaml", text, strlen(text), over, &diags) != 0) {
        char *shown = diag_format(&diags);
        fail_msg("%s%s", text, shown);
    }
    return plan;
}

/* The message of a text that must have one mistake, its place left out. */
static inline void assert_mistake(const char *text, const struct plan_overrides *over,
                                  const char *message)
{
    struct plan *plan = NULL;
    diag_list_init(&diags, NULL);
    assert_int_equal(plan_from_text(&plan, "t.yaml", text, strlen(text), over, &diags), -EINVAL);
    assert_null(plan);
    assert_string_equal(diags.entries[0].message, message);
    assert_int_equal(diags.count, 1);
}

/* What the user's variables hold; all others have something to escape for every place. */
struct known_value {
    const char *name;
    struct value value;
};

struct reader {
    const struct plan *plan;
    const struct known_value *known; /* ends with a NULL name; may be NULL */
    struct evaluator *evaluator;
    struct scope scope;
    struct prng random;
    struct value notes[NOTE_LATENCY + 1];
};

static inline void reader_variable(void *context, uint32_t variable, struct value *ret)
{
    const struct reader *r = context;
    const char *name = r->plan->variables[variable];
    for (const struct known_value *k = r->known; k != NULL && k->name != NULL; k++) {
        if (strcmp(k->name, name) == 0) {
            *ret = k->value;
            return;
        }
    }
    ret->kind = VALUE_TEXT;
    ret->text =
        strncmp(name, "header ", 7) == 0 ? SPAN_LITERAL("Session 1") : SPAN_LITERAL("a b/\"&1");
}

static inline void reader_field(void *context, uint32_t feed, uint32_t column, struct value *ret)
{
    const struct reader *r = context;
    const struct feed_field *field = feed_field(&r->plan->feeds[feed], 0, column);
    *ret = (struct value){ .kind = VALUE_TEXT,
                           .is_json = field->is_json,
                           .text = { field->bytes, field->len } };
}

static inline void reader_note(void *context, enum scope_note note, struct value *ret)
{
    *ret = ((const struct reader *)context)->notes[note];
}

static inline void reader_cookie(void *context, struct span name, struct value *ret)
{
    (void)context;
    *ret = (struct value){ .kind = VALUE_TEXT, .text = name };
}

static inline void reader_open(struct reader *r, const struct plan *plan,
                               const struct known_value *known)
{
    *r = (struct reader){ .plan = plan, .known = known };
    prng_init(&r->random, 1, 1);
    r->scope = (struct scope){ .context = r,
                               .variable = reader_variable,
                               .field = reader_field,
                               .note = reader_note,
                               .cookie = reader_cookie,
                               .random = &r->random };
    assert_int_equal(evaluator_open(&r->evaluator), 0);
}

static inline void reader_close(struct reader *r)
{
    evaluator_close(r->evaluator);
}

static inline int reader_value(void *context, uint32_t slot, struct slot_value *ret_value)
{
    struct reader *r = context;
    return expression_slot(&r->plan->expressions[slot], r->evaluator, &r->scope, ret_value)
               ? 0
               : -ENODATA;
}

/* In its own block of request_bytes_max, so that a bound that is too low is seen. */
static inline char *render(struct reader *r, uint32_t request, size_t *ret_len)
{
    char *out = malloc(r->plan->request_bytes_max + 1);
    uint32_t bad_slot;
    assert_int_equal(template_render(&r->plan->requests[request].template, reader_value, r, out,
                                     r->plan->request_bytes_max, ret_len, &bad_slot),
                     0);
    out[*ret_len] = '\0';
    return out;
}

static inline void assert_request(const struct plan *plan, uint32_t request, const char *expected)
{
    struct reader r;
    size_t len;
    reader_open(&r, plan, NULL);
    char *sent = render(&r, request, &len);
    assert_string_equal(sent, expected);
    free(sent);
    reader_close(&r);
}

#endif
