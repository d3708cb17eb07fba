#include "engine/plan/scenario_build.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/plan/arena.h"
#include "engine/plan/choose.h"
#include "engine/plan/evaluate.h"
#include "engine/plan/plan_make.h"
#include "engine/plan/threshold.h"

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

void *scenario_row_add(struct build *b, struct row *row, size_t item_size)
{
    if (row->count == row->cap) {
        const uint32_t cap = row->cap == 0 ? 64 : row->cap * 2;
        char *grown = reallocarray(row->items, cap, item_size);
        if (grown == NULL) {
            b->error = -ENOMEM;
            return NULL;
        }
        row->items = grown;
        row->cap = cap;
    }
    char *item = row->items + row->count++ * item_size;
    memset(item, 0, item_size);
    return item;
}

/* The row's items in the plan's arena, where they stay. */
static const void *keep_row(struct build *b, const struct row *row, size_t item_size)
{
    void *kept = scenario_plan_alloc(b, row->count * item_size);
    if (kept != NULL && row->count > 0)
        memcpy(kept, row->items, row->count * item_size);
    return kept;
}

struct span scenario_plan_copy_span(struct build *b, struct span text)
{
    const char *copy = scenario_plan_copy(b, text);
    return (struct span){ copy, copy == NULL ? 0 : text.len };
}

static void build_kind(struct build *b, const struct scenario_kind *from, uint32_t setup,
                       struct plan_kind *kind)
{
    b->kind = from;
    b->candidates = NULL;
    b->shared = scenario_header_values(b, b->s->headers);
    const char *name = scenario_plan_copy(b, span_of(from->name));
    *kind = (struct plan_kind){ .name = name,
                                .weight = from->weight,
                                .fixed_count = from->fixed_count,
                                .setup = setup,
                                .set = scenario_set_build(b, &from->set, name, PLAN_NONE, false) };
    if (b->error != 0)
        return;
    const struct plan_set *set = (const struct plan_set *)b->sets.items + kind->set;
    uint64_t weight = 0;
    for (uint32_t i = 0; i < set->task_count; i++)
        weight += set->tasks[i].weight;
    if (weight == 0)
        kind->weight = kind->fixed_count = 0; /* its tags leave nothing to do */
}

static void build_kinds(struct build *b)
{
    struct plan_kind *kinds = scenario_plan_alloc(b, b->s->kind_count * sizeof(*kinds));
    b->kind = &b->s->shared; /* knows the variables that all kinds have */
    b->candidates = NULL;
    const uint32_t setup = scenario_setup_build(b);
    for (uint32_t i = 0; i < b->s->kind_count && b->error == 0; i++)
        build_kind(b, &b->s->kinds[i], setup, &kinds[i]);
    b->plan->kinds = kinds;
    b->plan->kind_count = kinds == NULL ? 0 : b->s->kind_count;
    b->plan->request_bytes_max = (uint32_t)b->request_bytes_max;
}

/* What the kinds are picked by: without those of a fixed count, the weights as small as they can
 * be. */
static void build_kind_cycle(struct build *b)
{
    const uint32_t count = b->plan->kind_count;
    uint64_t *weights = scenario_alloc(b->s, count * sizeof(*weights));
    if (weights == NULL) {
        b->error = -ENOMEM;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        weights[i] = b->plan->kinds[i].fixed_count > 0 ? 0 : b->plan->kinds[i].weight;
    const int rc =
        cycle_build(&b->plan->kind_cycle, &b->plan->kind_cycle_count, b->arena, weights, count);
    if (rc == -ENOMEM)
        b->error = rc;
    if (rc == -E2BIG)
        diag_add(b->s->diags, b->s->user_kinds->key->place,
                 "expected weights of kinds that are at most %u in all when divided by what they "
                 "have in common, found more",
                 CYCLE_MAX);
}

static void keep_rows(struct build *b)
{
    struct plan *p = b->plan;
    p->origins = keep_row(b, &b->origins, sizeof(struct plan_origin));
    p->origin_count = b->origins.count;
    p->expressions = keep_row(b, &b->expressions, sizeof(struct expression));
    p->expression_count = p->expressions == NULL ? 0 : b->expressions.count;
    p->steps = keep_row(b, &b->steps, sizeof(struct plan_step));
    p->step_count = b->steps.count;
    p->requests = keep_row(b, &b->requests, sizeof(struct plan_request));
    p->request_count = p->requests == NULL ? 0 : b->requests.count;
    p->endpoints = keep_row(b, &b->endpoints, sizeof(struct endpoint_name));
    p->endpoint_count = b->endpoints.count;
    p->sets = keep_row(b, &b->sets, sizeof(struct plan_set));
    p->set_count = b->sets.count;
    p->feeds = keep_row(b, &b->feeds, sizeof(struct feed));
    p->feed_count = b->feeds.count;
    p->tags = keep_row(b, &b->tags, sizeof(char *));
    p->tag_count = b->tags.count;
}

static void close_rows(struct build *b)
{
    struct row *const rows[] = { &b->origins,   &b->expressions, &b->steps, &b->requests,
                                 &b->endpoints, &b->sets,        &b->feeds, &b->tags };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        free(rows[i]->items);
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

static void build_variables(struct build *b)
{
    const char **names = scenario_plan_alloc(b, b->s->variable_count * sizeof(*names));
    if (names == NULL)
        return;
    for (uint32_t i = 0; i < b->s->variable_count; i++)
        names[i] = scenario_plan_copy(b, span_of(b->s->variable_names[i]));
    b->plan->variables = names;
    b->plan->variable_count = b->s->variable_count;
}

static void build_thresholds(struct build *b)
{
    const struct node *list = b->s->thresholds;
    if (list == NULL)
        return;
    const char **texts = scenario_plan_alloc(b, list->count * sizeof(*texts));
    uint32_t count = 0;
    if (texts == NULL)
        return;
    for (const struct node *item = list->first; item != NULL; item = item->next) {
        struct threshold threshold;
        char fault[200];
        if (item->kind != NODE_SCALAR)
            continue; /* reported already */
        const char *text = scenario_plan_copy(b, item->text);
        if (text != NULL && !threshold_read(&threshold, span_of(text),
                                            (const struct endpoint_name *)b->endpoints.items,
                                            b->endpoints.count, fault, sizeof(fault)))
            diag_add(b->s->diags, item->place, "%s", fault);
        texts[count++] = text;
    }
    b->plan->thresholds = texts;
    b->plan->threshold_count = count;
}

static void build_jar(struct build *b)
{
    b->plan->jar = b->s->has_no_cookies
                       ? PLAN_NONE
                       : scenario_variable(b->s, SPAN_LITERAL("cookie jar"), b->s->root->place);
}

/* Each part needs those before it. */
static void build_all(struct build *b)
{
    static void (*const parts[])(struct build * b) = {
        scenario_load_build,  scenario_origins_build,   build_extra_headers,
        scenario_feeds_build, scenario_constants_build, build_jar,
        build_kinds,          build_kind_cycle,         scenario_users_settle,
        scenario_tags_check,  build_thresholds,         build_variables,
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && b->error == 0; i++)
        parts[i](b);
}

/* What nobody else will give back. */
static void close_unkept(struct build *b)
{
    for (uint32_t i = b->plan->expression_count; i < b->expressions.count; i++)
        expression_close((struct expression *)b->expressions.items + i);
    if (b->plan->request_count == 0)
        plan_captures_close((const struct plan_request *)b->requests.items, b->requests.count);
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
    *b = (struct build){
        .s = s, .plan = plan, .arena = plan->arena, .over = over, .subject = PLAN_NONE
    };
    for (uint32_t i = 0; i < SCENARIO_VARIABLES_MAX; i++)
        b->variable_slots[i] = PLAN_NONE;
    plan->file = s->diags->path == NULL ? NULL : scenario_plan_copy(b, span_of(s->diags->path));
    plan->redirects_max = s->redirects_max;
    plan->is_proxied = over->is_proxied;
    build_all(b);
    keep_rows(b);
    close_unkept(b);
    close_rows(b);
    evaluator_close(b->evaluator);
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
