#include "engine/plan/scenario_build.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/arena.h"
#include "engine/plan/choose.h"
#include "engine/plan/plan_make.h"

void *scenario_plan_alloc(struct build *b, size_t size)
{
    void *block = arena_alloc(b->arena, size);
    if (block == NULL)
        b->error = -ENOMEM;
    return block;
}

const char *scenario_plan_copy(struct build *b, struct span text)
{
    const char *copy = arena_copy(b->arena, text);
    if (copy == NULL)
        b->error = -ENOMEM;
    return copy;
}

static uint32_t count_steps(const struct scenario_steps *steps)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < steps->count; i++) {
        const struct scenario_step *step = &steps->items[i];
        count += step->session_headers == NULL ? 1 : step->session_headers->count;
    }
    return count;
}

static const struct plan_step *build_steps(struct build *b, const struct scenario_steps *steps,
                                           uint32_t *ret_count)
{
    const uint32_t count = count_steps(steps);
    uint32_t used = 0;
    *ret_count = 0;
    if (count == 0)
        return NULL;
    struct plan_step *built = scenario_plan_alloc(b, count * sizeof(*built));
    for (uint32_t i = 0; i < steps->count && b->error == 0; i++) {
        const struct scenario_step *step = &steps->items[i];
        if (step->session_headers == NULL) {
            built[used++] =
                (struct plan_step){ .kind = STEP_REQUEST,
                                    .request = scenario_request_build(b, &step->request) };
            continue;
        }
        const struct node *header = step->session_headers->first;
        for (; header != NULL && b->error == 0; header = header->next) {
            if (header->kind == NODE_SCALAR)
                built[used++] = (struct plan_step){ .kind = STEP_SET,
                                                    .variable = scenario_session_variable(
                                                        b->kind, header->key->text),
                                                    .value = scenario_value_build(b, header) };
        }
    }
    *ret_count = used;
    return built;
}

static const char *task_name(struct build *b, const struct scenario_task *from, uint32_t number)
{
    char text[32];
    if (from->request.name != NULL)
        return scenario_plan_copy(b, from->request.name->text);
    if (from->steps_node == NULL && from->request.path != NULL)
        return scenario_plan_copy(b, from->request.path->text);
    snprintf(text, sizeof(text), "task %" PRIu32, number + 1);
    return scenario_plan_copy(b, span_of(text));
}

static void build_task(struct build *b, const struct scenario_task *from, uint32_t number,
                       struct plan_task *task)
{
    task->name = task_name(b, from, number);
    task->weight = from->weight;
    if (from->steps_node != NULL) {
        task->steps = build_steps(b, &from->steps, &task->step_count);
        return;
    }
    struct plan_step *step = scenario_plan_alloc(b, sizeof(*step));
    if (step == NULL)
        return;
    *step = (struct plan_step){ .kind = STEP_REQUEST,
                                .request = scenario_request_build(b, &from->request) };
    task->steps = step;
    task->step_count = 1;
}

static void build_choice(struct build *b, struct plan_kind *kind)
{
    uint64_t sum = 0;
    uint64_t *weights = scenario_alloc(b->s, kind->task_count * sizeof(*weights));
    if (weights == NULL) {
        b->error = -ENOMEM;
        return;
    }
    for (uint32_t i = 0; i < kind->task_count; i++)
        sum += weights[i] = kind->tasks[i].weight;
    if (sum > 0)
        b->error = alias_build(&kind->choice, b->arena, weights, kind->task_count);
}

/* The slots of the session headers of this kind, as expressions of their hidden variables. */
static void build_session_slots(struct build *b)
{
    for (uint32_t i = 0; i < b->kind->session_header_count && b->error == 0; i++) {
        const uint32_t variable = b->kind->session_headers[i].variable;
        if (b->variable_slots[variable] == PLAN_NONE)
            b->variable_slots[variable] = scenario_expression_add(
                b, &(struct expression){ .kind = EXPRESSION_VARIABLE, .variable = variable },
                span_of(b->s->variables[variable]));
    }
}

static void build_kind(struct build *b, const struct scenario_kind *from, struct plan_kind *kind)
{
    b->kind = from;
    kind->name = scenario_plan_copy(b, span_of(from->name));
    kind->weight = from->weight;
    kind->wait = from->wait;
    b->shared = scenario_header_values(b, b->s->headers);
    build_session_slots(b);
    kind->on_start = build_steps(b, &from->on_start, &kind->on_start_count);
    kind->task_count = from->tasks.count;
    if (from->tasks.count == 0 || b->error != 0)
        return;
    struct plan_task *tasks = scenario_plan_alloc(b, from->tasks.count * sizeof(*tasks));
    for (uint32_t i = 0; i < from->tasks.count && b->error == 0; i++)
        build_task(b, &from->tasks.items[i], i, &tasks[i]);
    kind->tasks = tasks;
    if (b->error == 0)
        build_choice(b, kind);
}

static uint32_t count_requests(const struct scenario *s)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->kind_count; i++) {
        count += s->kinds[i].on_start.count;
        for (uint32_t k = 0; k < s->kinds[i].tasks.count; k++)
            count += 1 + s->kinds[i].tasks.items[k].steps.count;
    }
    return count;
}

static void build_variables(struct build *b)
{
    const char **names = scenario_plan_alloc(b, b->s->variable_count * sizeof(*names));
    if (names == NULL)
        return;
    for (uint32_t i = 0; i < b->s->variable_count; i++)
        names[i] = scenario_plan_copy(b, span_of(b->s->variables[i]));
    b->plan->variables = names;
    b->plan->variable_count = b->s->variable_count;
}

static void build_expressions(struct build *b)
{
    struct expression *copy = scenario_plan_alloc(b, b->expression_count * sizeof(*copy));
    if (copy == NULL)
        return;
    if (b->expression_count > 0)
        memcpy(copy, b->expressions, b->expression_count * sizeof(*copy));
    b->plan->expressions = copy;
    b->plan->expression_count = b->expression_count;
}

static void build_kinds(struct build *b)
{
    struct plan_kind *kinds = scenario_plan_alloc(b, b->s->kind_count * sizeof(*kinds));
    b->requests = scenario_plan_alloc(b, count_requests(b->s) * sizeof(*b->requests));
    b->endpoints = scenario_plan_alloc(b, SCENARIO_ROWS_MAX * sizeof(*b->endpoints));
    if (b->error != 0)
        return;
    for (uint32_t i = 0; i < SCENARIO_VARIABLES_MAX; i++)
        b->variable_slots[i] = PLAN_NONE;
    for (uint32_t i = 0; i < b->s->kind_count && b->error == 0; i++)
        build_kind(b, &b->s->kinds[i], &kinds[i]);
    b->plan->kinds = kinds;
    b->plan->kind_count = b->s->kind_count;
    b->plan->requests = b->requests;
    b->plan->request_count = b->request_count;
    b->plan->endpoints = b->endpoints;
    b->plan->endpoint_count = b->endpoint_count;
    b->plan->request_bytes_max = (uint32_t)b->request_bytes_max;
}

static void build_load(struct build *b)
{
    const struct scenario *s = b->s;
    const struct plan_overrides *over = b->over;
    b->plan->load = (struct plan_load){
        .is_open = over->has_rate,
        .is_poisson = over->has_rate && over->is_poisson,
        .rate = over->has_rate ? over->rate : (struct ratio){ 0, 1 },
        .users = over->has_users ? over->users
                 : s->has_users  ? s->users
                                 : 1,
        .spawn_rate = over->has_spawn_rate ? over->spawn_rate
                      : s->has_spawn_rate  ? s->spawn_rate
                                           : (struct ratio){ 1, 1 },
        .connections = over->connections,
        .pipeline = over->pipeline == 0 ? 1 : over->pipeline,
        .requests_per_connection = over->requests_per_connection,
        .requests_max = over->has_requests ? over->requests_max : 0,
        .duration_ns = over->has_duration ? over->duration_ns : s->run_time_ns,
        .timeout_ns = over->has_timeout    ? over->timeout_ns
                      : s->timeout_ns != 0 ? s->timeout_ns
                                           : PLAN_TIMEOUT_DEFAULT_NS,
        .grace_ns = over->has_grace ? over->grace_ns : PLAN_GRACE_DEFAULT_NS,
        .seed = over->seed,
    };
}

/* "Name: value" lines of the command line. */
static void build_extra_headers(struct build *b)
{
    const struct plan_overrides *over = b->over;
    struct span *names = scenario_alloc(b->s, over->header_count * sizeof(*names));
    struct text *values = scenario_alloc(b->s, over->header_count * sizeof(*values));
    struct text_part *parts = scenario_alloc(b->s, over->header_count * sizeof(*parts));
    if (names == NULL || values == NULL || parts == NULL) {
        b->error = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < over->header_count; i++) {
        struct span value;
        if (!plan_read_header(over->headers[i], i, b->s->diags, &names[b->extra_count], &value))
            continue;
        parts[b->extra_count] = (struct text_part){ .bytes = value };
        values[b->extra_count] = (struct text){ &parts[b->extra_count], value.len == 0 ? 0 : 1 };
        b->extra_count++;
    }
    b->extra = values;
    b->extra_names = names;
}

static void build_host(struct build *b)
{
    const struct scenario *s = b->s;
    const char *given = b->over->host;
    struct span text = given != NULL ? span_of(given) : (struct span){ "", 0 };
    struct plan_host host;
    if (given == NULL && (s->host == NULL || s->is_host_broken))
        return;
    if (given == NULL)
        text = s->host->text;
    const char *fault = plan_read_host(&host, text);
    if (fault != NULL) {
        diag_add(s->diags, given == NULL ? s->host->place : DIAG_NO_PLACE, "%s%s",
                 given == NULL ? "" : "--host: ", fault);
        return;
    }
    const struct text_part part = { .bytes = { scenario_plan_copy(b, span_of(host.header)),
                                               strlen(host.header) } };
    struct text_part *kept = scenario_plan_alloc(b, sizeof(*kept));
    if (kept == NULL)
        return;
    *kept = part;
    b->host_header = (struct text){ kept, 1 };
    b->prefix = host.prefix;
    b->plan->host = scenario_plan_copy(b, text);
    b->plan->connect_host = scenario_plan_copy(b, host.url.host);
    b->plan->connect_port = host.url.port;
    b->plan->is_tls = host.url.is_tls;
}

int scenario_build(struct plan **ret_plan, struct scenario *s, const struct plan_overrides *over)
{
    struct plan *plan;
    int rc = plan_open(&plan);
    if (rc != 0)
        return rc;
    struct build *b = scenario_alloc(s, sizeof(*b));
    if (b == NULL) {
        plan_close(plan);
        return -ENOMEM;
    }
    *b = (struct build){ .s = s, .plan = plan, .arena = plan->arena, .over = over };
    plan->file = s->diags->path == NULL ? NULL : scenario_plan_copy(b, span_of(s->diags->path));
    build_load(b);
    build_host(b);
    if (b->error == 0)
        build_extra_headers(b);
    if (b->error == 0)
        build_kinds(b);
    if (b->error == 0)
        build_variables(b);
    if (b->error == 0)
        build_expressions(b);
    free(b->expressions);
    rc = s->is_out_of_memory || b->error == -ENOMEM ? -ENOMEM : 0;
    if (rc == 0 && b->error != 0 && s->diags->count == 0)
        rc = b->error;
    if (rc != 0) {
        plan_close(plan);
        return rc;
    }
    *ret_plan = plan;
    return 0;
}
