#include <inttypes.h>
#include <stdio.h>

#include "engine/plan/scenario.h"

#define KNOWN_MAX 32u /* keys that one mapping may have */

static const struct scenario_key *find_key(const struct scenario_context *context, struct span name,
                                           void **ret_into)
{
    for (const struct scenario_context *c = context; c != NULL; c = c->more) {
        for (size_t i = 0; i < c->count; i++) {
            if (span_equal(name, span_of(c->keys[i].name))) {
                *ret_into = c->into;
                return &c->keys[i];
            }
        }
    }
    return NULL;
}

/* A key that is too long to be near anything comes out empty. */
static void copy_key(char *out, size_t cap, const struct node *key)
{
    const size_t len = key->text.len < cap ? key->text.len : 0;
    snprintf(out, cap, "%.*s", (int)len, key->text.bytes);
}

bool scenario_is_mistyped(const struct node *mapping, const char *const *names, size_t count)
{
    for (const struct node *value = mapping->first; value != NULL; value = value->next) {
        char given[66];
        copy_key(given, sizeof(given), value->key);
        const char *near = diag_nearest(given, names, count);
        if (near != NULL && strcmp(near, given) != 0)
            return true;
    }
    return false;
}

static void report_unknown(struct scenario *s, const struct node *key,
                           const struct scenario_context *context)
{
    const char *known[KNOWN_MAX];
    char given[66], list[240] = "";
    size_t count = 0, used = 0;
    for (const struct scenario_context *c = context; c != NULL; c = c->more) {
        for (size_t i = 0; i < c->count && count < KNOWN_MAX; i++)
            known[count++] = c->keys[i].name;
    }
    copy_key(given, sizeof(given), key);
    const char *near = diag_nearest(given, known, count);
    if (near != NULL) {
        diag_add(s->diags, key->place, "unknown key %s %s; did you mean '%s'?",
                 node_found(key).text, context->where, near);
        return;
    }
    for (size_t i = 0; i < count && used < sizeof(list); i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ",
                                 known[i]);
    diag_add(s->diags, key->place, "unknown key %s %s; known are %s", node_found(key).text,
             context->where, list);
}

bool scenario_read_keys(struct scenario *s, const struct node *mapping, const char *example,
                        const struct scenario_context *context)
{
    if (mapping->kind != NODE_MAPPING) {
        char what[80];
        snprintf(what, sizeof(what), "a mapping such as %s", example);
        scenario_expected(s, mapping, what);
        return false;
    }
    for (const struct node *value = mapping->first; value != NULL; value = value->next) {
        void *into = NULL;
        const struct scenario_key *key = find_key(context, value->key->text, &into);
        if (key == NULL)
            report_unknown(s, value->key, context);
        else
            key->read(s, value, into);
    }
    return true;
}
