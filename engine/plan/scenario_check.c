#include <inttypes.h>
#include <stdio.h>

#include "engine/plan/arena.h"
#include "engine/plan/scenario.h"

void *scenario_alloc(struct scenario *s, size_t size)
{
    void *block = arena_alloc(s->arena, size);
    if (block == NULL)
        s->is_out_of_memory = true;
    return block;
}

uint32_t scenario_variable(struct scenario *s, struct span name, struct place at)
{
    for (uint32_t i = 0; i < s->variable_count; i++) {
        if (span_equal(name, span_of(s->variables[i])))
            return i;
    }
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
    s->variables[s->variable_count] = copy;
    return s->variable_count++;
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

static void add_session_header(struct scenario *s, struct scenario_kind *k, const struct node *key)
{
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

static void collect_request(struct scenario_kind *k, const struct scenario_request *r)
{
    for (uint32_t i = 0; i < r->capture_count; i++) {
        const uint32_t variable = r->captures[i].variable;
        k->captured[variable / 64] |= UINT64_C(1) << (variable % 64);
    }
}

static void collect_steps(struct scenario *s, struct scenario_kind *k,
                          const struct scenario_steps *steps)
{
    for (uint32_t i = 0; i < steps->count; i++) {
        const struct scenario_step *step = &steps->items[i];
        collect_request(k, &step->request);
        if (step->session_headers == NULL)
            continue;
        for (const struct node *n = step->session_headers->first; n != NULL; n = n->next)
            add_session_header(s, k, n->key);
    }
}

static void read_task_weight(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_task *task = into;
    scenario_read_weight(s, value, &task->weight);
}

static void read_task_steps(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_task *task = into;
    task->steps_node = value;
    if (value->kind == NODE_SEQUENCE && value->count == 0)
        diag_add(s->diags, value->place, "expected steps after 'steps', found an empty list");
    scenario_read_steps(s, value, &task->steps);
}

static const struct scenario_key task_keys[] = {
    { "weight", read_task_weight, "how often it is chosen beside the others; 1 unless given" },
    { "steps", read_task_steps, "several requests in order, in place of one" },
};

/* Users whose task asks for nothing would go round and round. */
static void check_task_requests(struct scenario *s, const struct scenario_task *task)
{
    bool has_request = task->steps.count == 0; /* reported already */
    for (uint32_t i = 0; i < task->steps.count; i++)
        has_request |= task->steps.items[i].session_headers == NULL;
    if (!has_request)
        diag_add(s->diags, task->steps_node->place,
                 "expected a request among the steps of a task, found none");
}

static void read_task(struct scenario *s, const struct node *node, struct scenario_task *task)
{
    const struct scenario_context request = { "in a task", scenario_request_keys,
                                              scenario_request_key_count, &task->request, NULL };
    const struct scenario_context context = { "in a task", task_keys, 2, task, &request };
    task->node = node;
    task->weight = 1;
    if (!scenario_read_keys(s, node, "'get: /path'", &context))
        return;
    if (task->steps_node == NULL) {
        scenario_check_request(s, node, &task->request);
        return;
    }
    check_task_requests(s, task);
    const struct node *odd =
        task->request.method != NULL ? task->request.method : task->request.alone;
    if (odd != NULL)
        diag_add(s->diags, odd->place,
                 "expected %s inside a step, found it beside 'steps' on line %" PRIu32,
                 node_found(odd).text, task->steps_node->key->place.line);
}

static void read_tasks(struct scenario *s, struct scenario_kind *k)
{
    static const char *const name = "tasks";
    const struct node *list = k->tasks_node;
    if (list == NULL && scenario_is_mistyped(k->node, &name, 1))
        return;
    if (list == NULL || list->kind != NODE_SEQUENCE || list->count == 0) {
        const struct node *at = list != NULL             ? list
                                : k->node->first == NULL ? k->node
                                                         : k->node->first->key;
        if (list != NULL && list->kind != NODE_SEQUENCE)
            scenario_expected(s, list, "a list of tasks such as '- get: /path'");
        else
            diag_add(s->diags, at->place, "expected 'tasks' with at least one task, found none");
        return;
    }
    struct scenario_task *items = scenario_alloc(s, list->count * sizeof(*items));
    if (items == NULL)
        return;
    uint32_t count = 0;
    uint64_t sum = 0;
    for (const struct node *node = list->first; node != NULL; node = node->next) {
        read_task(s, node, &items[count]);
        sum += items[count++].weight;
    }
    if (sum == 0)
        diag_add(s->diags, list->key->place, "expected a task with a weight above 0, found none");
    k->tasks = (struct scenario_tasks){ items, count };
}

/* Everything below the keys of a kind. */
static void read_kind_content(struct scenario *s, struct scenario_kind *k)
{
    if (k->on_start_node != NULL)
        scenario_read_steps(s, k->on_start_node, &k->on_start);
    read_tasks(s, k);
    collect_steps(s, k, &k->on_start);
    for (uint32_t i = 0; i < k->tasks.count; i++) {
        collect_request(k, &k->tasks.items[i].request);
        collect_steps(s, k, &k->tasks.items[i].steps);
    }
}

static void read_kind_weight(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_kind *k = into;
    scenario_read_weight(s, value, &k->weight);
}

static void read_kind_wait(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_kind *k = into;
    k->has_wait = true;
    scenario_read_wait(s, value, &k->wait);
}

static void take_on_start(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_kind *k = into;
    k->on_start_node = value;
}

static void take_tasks(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_kind *k = into;
    k->tasks_node = value;
}

static const struct scenario_key kind_keys[] = {
    { "weight", read_kind_weight, "share of the users; 1 unless given" },
    { "wait", read_kind_wait, "pause between tasks; that of the scenario unless given" },
    { "on_start", take_on_start, "steps that each user does once, first" },
    { "tasks", take_tasks, "what users do, chosen by weight again and again" },
};

static void read_kinds(struct scenario *s)
{
    const struct node *mapping = s->user_kinds;
    if (mapping->kind != NODE_MAPPING || mapping->count == 0) {
        scenario_expected(s, mapping, "kinds of users such as 'browser: { tasks: .. }'");
        return;
    }
    if (mapping->count > SCENARIO_KINDS_MAX) {
        diag_add(s->diags, mapping->place, "expected at most %u kinds of users, found %" PRIu32,
                 SCENARIO_KINDS_MAX, mapping->count);
        return;
    }
    const struct node *odd[] = { s->shared.tasks_node, s->shared.on_start_node };
    for (size_t i = 0; i < 2; i++) {
        if (odd[i] != NULL)
            diag_add(s->diags, odd[i]->key->place,
                     "expected %s inside each of 'user_kinds' on line %" PRIu32
                     ", found it beside them",
                     node_found(odd[i]->key).text, mapping->key->place.line);
    }
    s->kinds = scenario_alloc(s, mapping->count * sizeof(*s->kinds));
    if (s->kinds == NULL)
        return;
    uint64_t sum = 0;
    for (const struct node *node = mapping->first; node != NULL; node = node->next) {
        struct scenario_kind *k = &s->kinds[s->kind_count];
        const struct scenario_context context = { "in a kind of user", kind_keys, 4, k, NULL };
        *k = (struct scenario_kind){ .node = node, .weight = 1, .wait = s->shared.wait };
        k->name = arena_copy(s->arena, node->key->text);
        s->is_out_of_memory = s->is_out_of_memory || k->name == NULL;
        s->kind_count++;
        if (scenario_read_keys(s, node, "'tasks: ..'", &context))
            read_kind_content(s, k);
        sum += k->weight;
    }
    if (sum == 0)
        diag_add(s->diags, mapping->key->place,
                 "expected a kind with a weight above 0, found none");
}

static void read_host(struct scenario *s, const struct node *value, void *into)
{
    s->host = value;
    if (!scenario_read_text(s, value, "a host such as 'http://127.0.0.1:8000'"))
        s->is_host_broken = true;
}

static void read_users(struct scenario *s, const struct node *value, void *into)
{
    uint64_t users;
    char what[64];
    if (quantity_count(value->text, &users) != NULL || users == 0 || users > SCENARIO_USERS_MAX) {
        snprintf(what, sizeof(what), "a number of users from 1 to %u", SCENARIO_USERS_MAX);
        scenario_expected(s, value, what);
        return;
    }
    s->has_users = true;
    s->users = (uint32_t)users;
}

static void read_spawn_rate(struct scenario *s, const struct node *value, void *into)
{
    const char *fault = quantity_rate(value->text, &s->spawn_rate);
    if (fault != NULL)
        scenario_expected(s, value, fault);
    else
        s->has_spawn_rate = true;
}

static void read_run_time(struct scenario *s, const struct node *value, void *into)
{
    scenario_read_duration(s, value, &s->run_time_ns);
}

static void read_timeout(struct scenario *s, const struct node *value, void *into)
{
    scenario_read_duration(s, value, &s->timeout_ns);
}

static void read_headers(struct scenario *s, const struct node *value, void *into)
{
    scenario_read_headers(s, value, &s->headers);
}

static void take_user_kinds(struct scenario *s, const struct node *value, void *into)
{
    s->user_kinds = value;
}

static const struct scenario_key root_keys[] = {
    { "host", read_host, "where requests go: http://127.0.0.1:8000" },
    { "users", read_users, "how many users there are at full load; 1 unless given" },
    { "spawn_rate", read_spawn_rate, "users started per second, evenly spread; 1 unless given" },
    { "run_time", read_run_time, "how long to run" },
    { "timeout", read_timeout, "for one request; 30s unless given" },
    { "wait", read_kind_wait,
      "pause between tasks: 1s, 5s..10s, exp 3s, pacing 2s, throughput 0.5/s" },
    { "headers", read_headers, "headers of every request" },
    { "on_start", take_on_start, "steps that each user does once, first" },
    { "tasks", take_tasks, "what users do, chosen by weight again and again" },
    { "user_kinds", take_user_kinds, "several kinds of users, by name, in place of 'tasks'" },
};

void scenario_check(struct scenario *s, const struct node *root, bool is_host_given)
{
    const struct scenario_context context = { "at the top level", root_keys,
                                              sizeof(root_keys) / sizeof(root_keys[0]), &s->shared,
                                              NULL };
    static const char *const host = "host";
    s->root = root;
    s->shared = (struct scenario_kind){ .name = "user", .node = root, .weight = 1 };
    scenario_read_keys(s, root, "'host: ..'", &context);
    if (s->host == NULL && !is_host_given && !scenario_is_mistyped(root, &host, 1))
        diag_add(s->diags, root->first == NULL ? root->place : root->first->key->place,
                 "expected 'host' such as 'host: http://127.0.0.1:8000', found none");
    if (s->user_kinds != NULL) {
        read_kinds(s);
        return;
    }
    s->kinds = &s->shared;
    s->kind_count = 1;
    read_kind_content(s, s->kinds);
}
