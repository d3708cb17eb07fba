#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/arena.h"
#include "engine/plan/expression.h"
#include "engine/plan/scenario_build.h"
#include "engine/plan/value.h"

#define RANDOM_BYTES_MAX 20u /* "-9223372036854775808" */

uint32_t scenario_expression_add(struct build *b, const struct expression *e, struct span written)
{
    if (b->expression_count == b->expression_cap) {
        const uint32_t cap = b->expression_cap == 0 ? 64 : b->expression_cap * 2;
        struct expression *grown = realloc(b->expressions, cap * sizeof(*grown));
        if (grown == NULL) {
            b->error = -ENOMEM;
            return PLAN_NONE;
        }
        b->expressions = grown;
        b->expression_cap = cap;
    }
    struct expression *added = &b->expressions[b->expression_count];
    *added = *e;
    added->text = arena_copy(b->arena, written);
    if (added->text == NULL) {
        b->error = -ENOMEM;
        return PLAN_NONE;
    }
    return b->expression_count++;
}

static bool is_captured(const struct scenario_kind *k, uint32_t variable)
{
    return (k->captured[variable / 64] >> (variable % 64) & 1) != 0;
}

static uint32_t find_variable(const struct scenario *s, struct span name)
{
    for (uint32_t i = 0; i < s->variable_count; i++) {
        if (span_equal(name, span_of(s->variables[i])))
            return i;
    }
    return PLAN_NONE;
}

static void copy_name(char *out, size_t cap, struct span name)
{
    snprintf(out, cap, "%.*s", (int)(name.len < cap ? name.len : cap - 1), name.bytes);
}

/* Finding a place walks over the text before it, so it is done for mistakes only, and only for
 * those that are shown. */
static struct place place_of(const struct build *b, const struct node *n, struct span part)
{
    return b->s->diags->count < DIAGS_MAX ? node_place_of(n, part) : n->place;
}

static void report_variable(struct build *b, struct place at, struct span name, bool is_elsewhere)
{
    const char *known[SCENARIO_VARIABLES_MAX];
    char given[66];
    size_t count = 0;
    struct diag_list *diags = b->s->diags;
    if (is_elsewhere) {
        diag_add(diags, at, "variable %s is captured by users of another kind only",
                 diag_quote(name).text);
        return;
    }
    for (const char *const *f = expression_functions; *f != NULL; f++) {
        if (span_equal(name, span_of(*f))) {
            diag_add(diags, at, "unknown variable '%s'; did you mean '${%s}'?", *f,
                     f == expression_functions ? "random(1, 100)" : "uuid()");
            return;
        }
    }
    for (uint32_t i = 0; i < b->s->variable_count; i++) {
        if (is_captured(b->kind, i))
            known[count++] = b->s->variables[i];
    }
    copy_name(given, sizeof(given), name);
    const char *near = diag_nearest(given, known, count);
    if (near != NULL)
        diag_add(diags, at, "unknown variable %s; did you mean '%s'?", diag_quote(name).text, near);
    else
        diag_add(diags, at, "unknown variable %s: no 'capture' sets it", diag_quote(name).text);
}

static void report_function(struct build *b, struct place at, struct span name)
{
    char given[66];
    size_t count = 0;
    while (expression_functions[count] != NULL)
        count++;
    copy_name(given, sizeof(given), name);
    const char *near = diag_nearest(given, expression_functions, count);
    if (near != NULL)
        diag_add(b->s->diags, at, "unknown function %s; did you mean '%s'?", diag_quote(name).text,
                 near);
    else
        diag_add(b->s->diags, at, "unknown function %s; known are random(a, b) and uuid()",
                 diag_quote(name).text);
}

static bool is_known_function(struct span name)
{
    for (const char *const *f = expression_functions; *f != NULL; f++) {
        if (span_equal(name, span_of(*f)))
            return true;
    }
    return false;
}

/* One expression per variable, however often it is used. */
static uint32_t variable_slot(struct build *b, const struct node *n, struct span name,
                              struct span written)
{
    const uint32_t variable = find_variable(b->s, name);
    if (variable == PLAN_NONE || !is_captured(b->kind, variable)) {
        /* "header Name" is no name that can be written, so only captured ones are found. */
        report_variable(b, place_of(b, n, written), name, variable != PLAN_NONE);
        return PLAN_NONE;
    }
    if (b->variable_slots[variable] == PLAN_NONE)
        b->variable_slots[variable] = scenario_expression_add(
            b, &(struct expression){ .kind = EXPRESSION_VARIABLE, .variable = variable }, written);
    return b->variable_slots[variable];
}

/* Reads '${...}' into *ret_part. False when there is a mistake in it, reported. */
static bool compile_slot(struct build *b, const struct node *n, struct span written,
                         struct text_part *ret_part)
{
    struct expression e = { .kind = EXPRESSION_VARIABLE };
    struct span name;
    bool is_function;
    const char *fault = expression_read(&e, written, &name, &is_function);
    if (fault != NULL) {
        if (is_function && !is_known_function(name))
            report_function(b, place_of(b, n, written), name);
        else
            diag_add(b->s->diags, place_of(b, n, written), "expected %s, found %s", fault,
                     diag_quote(written).text);
        return false;
    }
    *ret_part = (struct text_part){ .bytes = written, .is_slot = true };
    if (e.kind == EXPRESSION_VARIABLE) {
        ret_part->slot = variable_slot(b, n, name, written);
        ret_part->slot_bytes_max = PLAN_VARIABLE_BYTES_MAX;
        return ret_part->slot != PLAN_NONE;
    }
    if (b->expression_count >= SCENARIO_SLOTS_MAX) {
        diag_add(b->s->diags, place_of(b, n, written),
                 "expected at most %u '${...}' in a scenario, found more", SCENARIO_SLOTS_MAX);
        b->error = -E2BIG;
        return false;
    }
    ret_part->slot = scenario_expression_add(b, &e, written);
    ret_part->slot_bytes_max = e.kind == EXPRESSION_UUID ? VALUE_BYTES_MAX : RANDOM_BYTES_MAX;
    return ret_part->slot != PLAN_NONE;
}

static uint32_t count_parts(struct span text)
{
    uint32_t count = 0;
    size_t at = 0;
    while (expression_next(text, &at).kind != PART_END)
        count++;
    return count;
}

struct text scenario_text_compile(struct build *b, const struct node *n)
{
    struct text_part *parts = scenario_alloc(b->s, count_parts(n->text) * sizeof(*parts));
    uint32_t count = 0;
    size_t at = 0;
    if (parts == NULL) {
        b->error = -ENOMEM;
        return (struct text){ NULL, 0 };
    }
    while (b->error == 0) {
        const struct part part = expression_next(n->text, &at);
        if (part.kind == PART_END)
            break;
        if (part.kind == PART_LITERAL)
            parts[count++] = (struct text_part){ .bytes = part.text };
        else if (part.kind == PART_SLOT)
            count += compile_slot(b, n, part.text, &parts[count]) ? 1 : 0;
        else
            diag_add(b->s->diags, place_of(b, n, (struct span){ part.text.bytes, 2 }),
                     "expected '}' to close '${', found none");
    }
    return (struct text){ parts, count };
}
