#include <inttypes.h>
#include <stdio.h>

#include "engine/plan/arena.h"
#include "engine/plan/scenario.h"

uint32_t scenario_variable_find(const struct scenario *s, struct span name)
{
    for (uint32_t i = 0; i < s->variable_count; i++) {
        if (span_equal(name, span_of(s->variable_names[i])))
            return i;
    }
    return PLAN_NONE;
}

uint32_t scenario_variable(struct scenario *s, struct span name, struct place at)
{
    const uint32_t known = scenario_variable_find(s, name);
    if (known != PLAN_NONE)
        return known;
    if (s->variable_count == SCENARIO_VARIABLES_MAX) {
        diag_add(s->diags, at, "expected at most %u variables and session headers, found more",
                 SCENARIO_VARIABLES_MAX);
        return PLAN_NONE;
    }
    char *copy = arena_copy(s->arena, name);
    if (copy == NULL) {
        s->is_out_of_memory = true;
        return PLAN_NONE;
    }
    s->variable_names[s->variable_count] = copy;
    return s->variable_count++;
}

uint32_t scenario_variable_define(struct scenario *s, const struct node *key)
{
    if (!expression_name_is_valid(key->text)) {
        diag_add(s->diags, key->place, "expected a variable's name such as 'token', found %s",
                 node_found(key).text);
        return PLAN_NONE;
    }
    const uint32_t variable = scenario_variable(s, key->text, key->place);
    if (variable != PLAN_NONE)
        s->reading->known[variable / 64] |= UINT64_C(1) << (variable % 64);
    return variable;
}

uint32_t scenario_session_variable(const struct scenario_kind *k, struct span name)
{
    for (uint32_t i = 0; i < k->session_header_count; i++) {
        if (span_equal_ignoring_case(k->session_headers[i].key->text, name))
            return k->session_headers[i].variable;
    }
    return PLAN_NONE;
}

/* A session header of a name that 'headers' has too would be sent twice or not at all before it is
 * set. */
static void check_session_header(struct scenario *s, const struct node *key)
{
    if (s->headers == NULL)
        return;
    for (const struct node *header = s->headers->first; header != NULL; header = header->next) {
        if (!span_equal_ignoring_case(header->key->text, key->text))
            continue;
        diag_add(s->diags, key->place,
                 "header %s is set for the session here and for all requests on line %" PRIu32
                 ": give it in one place only",
                 node_found(key).text, header->key->place.line);
        return;
    }
}

void scenario_session_header_add(struct scenario *s, const struct node *key)
{
    struct scenario_kind *k = s->reading;
    char name[8 + 256];
    check_session_header(s, key);
    if (scenario_session_variable(k, key->text) != PLAN_NONE)
        return;
    const int len =
        snprintf(name, sizeof(name), "header %.*s", (int)key->text.len, key->text.bytes);
    if (len >= (int)sizeof(name)) {
        diag_add(s->diags, key->place, "expected a header name of at most 255 bytes, found %s",
                 node_found(key).text);
        return;
    }
    const uint32_t variable = scenario_variable(s, span_of(name), key->place);
    if (variable == PLAN_NONE)
        return;
    if (k->session_headers == NULL)
        k->session_headers =
            scenario_alloc(s, SCENARIO_VARIABLES_MAX * sizeof(*k->session_headers));
    if (k->session_headers != NULL)
        k->session_headers[k->session_header_count++] =
            (struct scenario_session_header){ .key = key, .variable = variable };
}
