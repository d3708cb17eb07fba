#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "engine/plan/choose.h"
#include "engine/plan/scenario_build.h"

/* ---- tags ---- */

/* Takes the first of 'slow,smoke' off. False when none is left. */
static bool take_tag(struct span *rest, struct span *ret_tag)
{
    if (rest->len == 0)
        return false;
    const char *comma = memchr(rest->bytes, ',', rest->len);
    const size_t len = comma == NULL ? rest->len : (size_t)(comma - rest->bytes);
    const size_t taken = comma == NULL ? len : len + 1;
    *ret_tag = (struct span){ rest->bytes, len };
    *rest = (struct span){ rest->bytes + taken, rest->len - taken };
    return true;
}

static bool names_tag(const struct node *tags, struct span wanted)
{
    if (tags->kind == NODE_SCALAR)
        return span_equal(tags->text, wanted);
    for (const struct node *tag = tags->first; tag != NULL; tag = tag->next) {
        if (span_equal(tag->text, wanted))
            return true;
    }
    return false;
}

static bool has_tag(const struct node *tags, const char *const *wanted, size_t count)
{
    struct span tag;
    for (size_t i = 0; i < count && tags != NULL; i++) {
        for (struct span rest = span_of(wanted[i]); take_tag(&rest, &tag);) {
            if (names_tag(tags, tag))
                return true;
        }
    }
    return false;
}

static bool set_has_tag(const struct scenario_set *set, struct span wanted)
{
    for (uint32_t i = 0; i < set->task_count; i++) {
        const struct scenario_task *task = &set->tasks[i];
        if ((task->tags != NULL && names_tag(task->tags, wanted)) ||
            (task->set != NULL && set_has_tag(task->set, wanted)))
            return true;
    }
    return false;
}

static void check_tag(struct build *b, const char *option, struct span wanted)
{
    for (uint32_t k = 0; k < b->s->kind_count; k++) {
        if (set_has_tag(&b->s->kinds[k].set, wanted))
            return;
    }
    diag_add(b->s->diags, DIAG_NO_PLACE, "%s: no task has the tag %s", option,
             diag_quote(wanted).text);
}

static void check_tags(struct build *b, const char *option, const char *const *wanted, size_t count)
{
    struct span tag;
    for (size_t i = 0; i < count; i++) {
        for (struct span rest = span_of(wanted[i]); take_tag(&rest, &tag);)
            check_tag(b, option, tag);
    }
}

void scenario_tags_check(struct build *b)
{
    bool has_users = false;
    check_tags(b, "--tags", b->over->tags, b->over->tag_count);
    check_tags(b, "--exclude-tags", b->over->exclude_tags, b->over->exclude_tag_count);
    for (uint32_t i = 0; i < b->plan->kind_count; i++)
        has_users |= b->plan->kinds[i].weight > 0 || b->plan->kinds[i].fixed_count > 0;
    if (!has_users && b->s->diags->count == 0)
        diag_add(b->s->diags, DIAG_NO_PLACE,
                 "--tags and --exclude-tags: expected at least one task to be left, found none");
}

static void keep_tag(struct build *b, struct span tag)
{
    const char *const *known = (const char *const *)b->tags.items;
    for (uint32_t i = 0; i < b->tags.count; i++) {
        if (span_equal(span_of(known[i]), tag))
            return;
    }
    if (b->tags.count == PLAN_TAGS_MAX)
        return;
    const char *copy = scenario_plan_copy(b, tag);
    const char **added = copy == NULL ? NULL : scenario_row_add(b, &b->tags, sizeof(*added));
    if (added != NULL)
        *added = copy;
}

/* `tags` is a text, a list of them, or NULL. */
static void keep_tags(struct build *b, const struct node *tags)
{
    if (tags == NULL)
        return;
    if (tags->kind == NODE_SCALAR)
        keep_tag(b, tags->text);
    for (const struct node *tag = tags->first; tag != NULL; tag = tag->next)
        keep_tag(b, tag->text);
}

/* ---- tasks ---- */

static const char *task_name(struct build *b, const struct scenario_task *from, uint32_t number)
{
    char text[32];
    const struct scenario_request *r = from->step.request;
    if (from->name != NULL)
        return scenario_plan_copy(b, from->name->text);
    if (from->step.act == ACT_REQUEST && r != NULL && r->path != NULL)
        return scenario_plan_copy(b, r->path->text);
    snprintf(text, sizeof(text), "task %" PRIu32, number + 1);
    return scenario_plan_copy(b, span_of(text));
}

/* Some task of the set is left to be chosen. */
static bool has_weight(const struct plan_set *set)
{
    for (uint32_t i = 0; i < set->task_count; i++) {
        if (set->tasks[i].weight > 0)
            return true;
    }
    return false;
}

static const struct plan_set *set_at(const struct build *b, uint32_t index)
{
    return (const struct plan_set *)b->sets.items + index;
}

static void build_task(struct build *b, const struct scenario_task *from, uint32_t number,
                       uint32_t set, bool is_tagged, struct plan_task *task)
{
    const struct plan_overrides *over = b->over;
    keep_tags(b, from->tags);
    is_tagged = is_tagged || has_tag(from->tags, over->tags, over->tag_count);
    const bool is_out = has_tag(from->tags, over->exclude_tags, over->exclude_tag_count);
    *task = (struct plan_task){ .name = task_name(b, from, number),
                                .weight = from->weight,
                                .first_step = PLAN_NONE,
                                .set = PLAN_NONE };
    if (from->set != NULL) {
        task->set = scenario_set_build(b, from->set, task->name, set, is_tagged);
        if (is_out || b->error != 0 || !has_weight(set_at(b, task->set)))
            task->weight = 0;
        return;
    }
    const struct scenario_steps steps = { (struct scenario_step *)&from->step, 1 };
    task->first_step = scenario_steps_build(b, &steps);
    if (is_out || (over->tag_count > 0 && !is_tagged))
        task->weight = 0;
}

/* ---- sets ---- */

static void build_choice(struct build *b, const struct plan_task *tasks, uint32_t count,
                         struct alias_table *ret_choice)
{
    uint64_t sum = 0;
    uint64_t *weights = scenario_alloc(b->s, count * sizeof(*weights));
    if (weights == NULL) {
        b->error = -ENOMEM;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        sum += weights[i] = tasks[i].weight;
    if (sum > 0)
        b->error = alias_build(ret_choice, b->arena, weights, count);
}

static void build_order(struct build *b, const struct plan_task *tasks, uint32_t count,
                        struct plan_set *set)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += tasks[i].weight;
    if (sum > SCENARIO_TASKS_MAX)
        return; /* reported already */
    uint16_t *order = scenario_plan_alloc(b, sum * sizeof(*order));
    if (order == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        for (uint64_t k = 0; k < tasks[i].weight; k++)
            order[set->order_count++] = (uint16_t)i;
    }
    set->order = order;
}

/* Its place in the row is taken before the sets in it are built, which name it as theirs. */
uint32_t scenario_set_build(struct build *b, const struct scenario_set *from, const char *name,
                            uint32_t parent, bool is_tagged)
{
    const uint32_t index = b->sets.count;
    const uint8_t depth = parent == PLAN_NONE ? 0 : (uint8_t)(set_at(b, parent)->depth + 1);
    if (depth + 1u > b->plan->set_depth)
        b->plan->set_depth = depth + 1u;
    struct plan_set set = { .name = name,
                            .parent = parent,
                            .depth = depth,
                            .wait = from->wait,
                            .on_start = PLAN_NONE,
                            .on_stop = PLAN_NONE,
                            .task_count = from->task_count };
    struct plan_set *added = scenario_row_add(b, &b->sets, sizeof(*added));
    struct plan_task *tasks = scenario_plan_alloc(b, from->task_count * sizeof(*tasks));
    if (added == NULL || tasks == NULL)
        return 0;
    *added = set;
    if (from->on_start.count > 0)
        set.on_start = scenario_steps_build(b, &from->on_start);
    for (uint32_t i = 0; i < from->task_count && b->error == 0; i++)
        build_task(b, &from->tasks[i], i, index, is_tagged, &tasks[i]);
    if (from->on_stop.count > 0 && b->error == 0)
        set.on_stop = scenario_steps_build(b, &from->on_stop);
    if (from->sequence_node != NULL)
        build_order(b, tasks, from->task_count, &set);
    else if (from->task_count > 0 && b->error == 0)
        build_choice(b, tasks, from->task_count, &set.choice);
    set.tasks = tasks;
    ((struct plan_set *)b->sets.items)[index] = set;
    return index;
}
