#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/scenario.h"

#define KNOWN_MAX 64u /* keys that one mapping may have */

static const struct scenario_key *find_key(const struct scenario_context *context, struct span name,
                                           void **ret_into)
{
    for (const struct scenario_context *c = context; c != NULL; c = c->more) {
        for (size_t i = 0; i < c->table->count; i++) {
            if (span_equal(name, span_of(c->table->keys[i].name))) {
                *ret_into = c->into;
                return &c->table->keys[i];
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

static size_t known_keys(const struct scenario_context *context, const char *known[KNOWN_MAX])
{
    size_t count = 0;
    for (const struct scenario_context *c = context; c != NULL; c = c->more) {
        for (size_t i = 0; i < c->table->count && count < KNOWN_MAX; i++)
            known[count++] = c->table->keys[i].name;
    }
    return count;
}

/* As many as there is room for. */
static void list_keys(char *out, size_t cap, const char *const *known, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t len = strlen(known[i]);
        if (used + len + sizeof(", ..") + 2 > cap) {
            snprintf(out + used, cap - used, ", ..");
            return;
        }
        used += (size_t)snprintf(out + used, cap - used, "%s%s", i == 0 ? "" : ", ", known[i]);
    }
}

static void report_unknown(struct scenario *s, const struct node *key,
                           const struct scenario_context *context)
{
    const char *known[KNOWN_MAX];
    char given[66], list[200] = "";
    const size_t count = known_keys(context, known);
    copy_key(given, sizeof(given), key);
    const char *near = diag_nearest(given, known, count);
    if (near != NULL) {
        diag_add(s->diags, key->place, "unknown key %s %s; did you mean '%s'?",
                 node_found(key).text, context->where, near);
        return;
    }
    list_keys(list, sizeof(list), known, count);
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

char *plan_list_keys(void)
{
    static const struct scenario_table *const tables[] = {
        &scenario_root_table,    &scenario_load_table,        &scenario_set_table,
        &scenario_kind_table,    &scenario_task_table,        &scenario_step_table,
        &scenario_request_table, &scenario_auth_table,        &scenario_capture_table,
        &scenario_expect_table,  &scenario_expect_body_table, &scenario_file_part_table,
        &scenario_feed_table,    &scenario_stage_table,
    };
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (size_t k = 0; k < tables[i]->count; k++)
            fprintf(out, "%s\t%s\t%s\n", tables[i]->name, tables[i]->keys[k].name,
                    tables[i]->keys[k].help);
    }
    const bool is_broken = ferror(out) != 0;
    if (fclose(out) != 0 || is_broken) {
        free(text);
        return NULL;
    }
    return text;
}
