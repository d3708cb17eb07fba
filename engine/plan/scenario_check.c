#include <inttypes.h>

#include "engine/plan/arena.h"
#include "engine/plan/scenario.h"

void *scenario_alloc(struct scenario *s, size_t size)
{
    void *block = arena_alloc(s->arena, size);
    if (block == NULL)
        s->is_out_of_memory = true;
    return block;
}

bool scenario_has_at_most(struct scenario *s, const struct node *value, uint32_t most,
                          const char *what)
{
    if (value->count > most)
        diag_add(s->diags, value->place, "expected at most %" PRIu32 " %s, found %" PRIu32, most,
                 what, value->count);
    return value->count <= most;
}

void *scenario_alloc_items(struct scenario *s, const struct node *value, uint32_t most,
                           const char *what, size_t size)
{
    return scenario_has_at_most(s, value, most, what) ? scenario_alloc(s, value->count * size)
                                                      : NULL;
}

/* ---- kinds of users ---- */

static void read_kind_weight(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_kind *k = into;
    scenario_read_weight(s, value, &k->weight);
}

static void read_fixed_count(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_kind *k = into;
    uint64_t count = 0;
    if (scenario_read_count(s, value, "a number of users", 1, SCENARIO_USERS_MAX, &count))
        k->fixed_count = (uint32_t)count;
}

static const struct scenario_key kind_keys[] = {
    { "weight", read_kind_weight, "share of the users; 1 unless given" },
    { "fixed_count", read_fixed_count, "exactly so many users of this kind, started first" },
};
const struct scenario_table scenario_kind_table = SCENARIO_TABLE("kind", kind_keys);

/* Everything below the keys of a kind. */
static void read_kind_content(struct scenario *s, struct scenario_kind *k)
{
    s->reading = k;
    scenario_read_set(s, &k->set);
}

static void read_kind(struct scenario *s, const struct node *node, struct scenario_kind *k)
{
    const struct scenario_context of_set = { "in a kind of user", &scenario_set_table, &k->set,
                                             NULL };
    const struct scenario_context context = { "in a kind of user", &scenario_kind_table, k,
                                              &of_set };
    *k = (struct scenario_kind){ .node = node, .weight = 1 };
    k->set = (struct scenario_set){ .node = node, .wait = s->shared.set.wait };
    memcpy(k->known, s->shared.known, sizeof(k->known));
    k->name = arena_copy(s->arena, node->key->text);
    s->is_out_of_memory = s->is_out_of_memory || k->name == NULL;
    if (scenario_read_keys(s, node, "'tasks: ..'", &context))
        read_kind_content(s, k);
}

/* What belongs into each kind does not stand beside them. */
static void check_beside_kinds(struct scenario *s)
{
    const struct scenario_set *set = &s->shared.set;
    const struct node *odd[] = { set->tasks_node, set->sequence_node, set->on_start_node,
                                 set->on_stop_node };
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        if (odd[i] != NULL)
            diag_add(s->diags, odd[i]->key->place,
                     "expected %s inside each of 'user_kinds' on line %" PRIu32
                     ", found it beside them",
                     node_found(odd[i]->key).text, s->user_kinds->key->place.line);
    }
}

static void read_kinds(struct scenario *s)
{
    const struct node *mapping = s->user_kinds;
    bool has_users = false;
    if (mapping->kind != NODE_MAPPING || mapping->count == 0) {
        scenario_expected(s, mapping, "kinds of users such as 'browser: { tasks: .. }'");
        return;
    }
    s->kinds =
        scenario_alloc_items(s, mapping, SCENARIO_KINDS_MAX, "kinds of users", sizeof(*s->kinds));
    if (s->kinds == NULL)
        return;
    check_beside_kinds(s);
    for (const struct node *node = mapping->first; node != NULL; node = node->next) {
        struct scenario_kind *k = &s->kinds[s->kind_count++];
        read_kind(s, node, k);
        has_users = has_users || k->weight > 0 || k->fixed_count > 0;
    }
    if (!has_users)
        diag_add(s->diags, mapping->key->place,
                 "expected a kind with a weight above 0, found none");
}

/* ---- the top level ---- */

static void read_host(struct scenario *s, const struct node *value, void *into)
{
    s->host = value;
    if (!scenario_read_text(s, value, "a host such as 'http://127.0.0.1:8000'"))
        s->is_host_broken = true;
}

/* A list of texts; NULL when it is none (reported). */
static const struct node *read_texts(struct scenario *s, const struct node *value, const char *what,
                                     const char *item_what)
{
    bool are_texts = true;
    if (value->kind != NODE_SEQUENCE) {
        scenario_expected(s, value, what);
        return NULL;
    }
    for (const struct node *item = value->first; item != NULL; item = item->next)
        are_texts = scenario_read_text(s, item, item_what) && are_texts;
    return are_texts ? value : NULL;
}

static void read_hosts(struct scenario *s, const struct node *value, void *into)
{
    s->hosts = read_texts(s, value, "a list of hosts such as '[http://other.example]'",
                          "a host such as 'http://other.example'");
    if (s->hosts != NULL && !scenario_has_at_most(s, value, SCENARIO_ORIGINS_MAX - 1, "hosts"))
        s->hosts = NULL;
}

static void read_headers(struct scenario *s, const struct node *value, void *into)
{
    scenario_read_headers(s, value, &s->headers);
}

static void read_redirects(struct scenario *s, const struct node *value, void *into)
{
    s->has_redirects = scenario_read_redirects(s, value, &s->redirects_max);
}

static void read_cookies(struct scenario *s, const struct node *value, void *into)
{
    bool are_kept = true;
    if (scenario_read_truth(s, value, &are_kept))
        s->has_no_cookies = !are_kept;
}

static void read_constants(struct scenario *s, const struct node *value, void *into)
{
    if (!scenario_read_mapping(s, value, "constants such as '{ run: \"${uuid()}\" }'") ||
        !scenario_has_at_most(s, value, SCENARIO_CONSTANTS_MAX, "constants"))
        return;
    for (const struct node *item = value->first; item != NULL; item = item->next) {
        if (!expression_name_is_valid(item->key->text))
            diag_add(s->diags, item->key->place,
                     "expected a constant's name such as 'run', found "
                     "%s",
                     node_found(item->key).text);
        scenario_read_text(s, item, "a text");
    }
    s->constants = value;
}

/* Known to all kinds: each begins with what the shared one knows. */
static void read_variables(struct scenario *s, const struct node *value, void *into)
{
    if (!scenario_read_mapping(s, value, "variables such as '{ tries: 0, ids: [] }'"))
        return;
    s->reading = &s->shared;
    for (const struct node *item = value->first; item != NULL; item = item->next) {
        scenario_variable_define(s, item->key);
        if (item->kind == NODE_MAPPING)
            scenario_expected(s, item, "a text or a list");
    }
    s->variables = value;
}

static void read_feeds(struct scenario *s, const struct node *value, void *into)
{
    scenario_read_feeds(s, value);
}

static void read_thresholds(struct scenario *s, const struct node *value, void *into)
{
    read_texts(s, value, "a list such as '[p99 < 50ms]'", "a sentence such as 'p99 < 50ms'");
    s->thresholds = value;
}

static void take_user_kinds(struct scenario *s, const struct node *value, void *into)
{
    s->user_kinds = value;
}

static const struct scenario_key root_keys[] = {
    { "host", read_host, "where requests go: http://127.0.0.1:8000" },
    { "hosts", read_hosts, "other hosts that whole URLs and redirects may lead to" },
    { "headers", read_headers, "headers of every request" },
    { "redirects", read_redirects,
      "how many redirects are followed; 0 or false: none. 30 unless given, of HEAD 0" },
    { "cookies", read_cookies, "false: no cookies are kept" },
    { "constants", read_constants, "names and texts, computed once before the run" },
    { "variables", read_variables, "names and texts or lists, of each user, at its start" },
    { "feeds", read_feeds, "tables in files that users take rows of" },
    { "expect", read_thresholds, "sentences such as 'p99 < 50ms' that the run must fulfil" },
    { "user_kinds", take_user_kinds, "several kinds of users, by name, in place of 'tasks'" },
};
const struct scenario_table scenario_root_table = SCENARIO_TABLE("root", root_keys);

/* A name means one thing. */
static void check_names(struct scenario *s)
{
    if (s->constants == NULL)
        return;
    for (const struct node *item = s->constants->first; item != NULL; item = item->next) {
        if (scenario_variable_find(s, item->key->text) != PLAN_NONE)
            diag_add(s->diags, item->key->place,
                     "expected %s to be either a constant or a variable, found both",
                     node_found(item->key).text);
    }
}

void scenario_check(struct scenario *s, const struct node *root, bool is_host_given)
{
    static const char *const where = "at the top level";
    static const char *const host = "host";
    const struct scenario_context of_set = { where, &scenario_set_table, &s->shared.set, NULL };
    const struct scenario_context of_load = { where, &scenario_load_table, &s->load, &of_set };
    const struct scenario_context context = { where, &scenario_root_table, s, &of_load };
    s->root = root;
    s->redirects_max = SCENARIO_REDIRECTS;
    s->shared = (struct scenario_kind){ .name = "user", .node = root, .weight = 1 };
    s->shared.set.node = root;
    scenario_read_keys(s, root, "'host: ..'", &context);
    if (s->host == NULL && !is_host_given && !scenario_is_mistyped(root, &host, 1))
        diag_add(s->diags, root->first == NULL ? root->place : root->first->key->place,
                 "expected 'host' such as 'host: http://127.0.0.1:8000', found none");
    if (s->user_kinds != NULL) {
        read_kinds(s);
    } else {
        s->kinds = &s->shared;
        s->kind_count = 1;
        read_kind_content(s, &s->shared);
    }
    check_names(s);
}
