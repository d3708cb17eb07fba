#include <inttypes.h>

#include "engine/plan/scenario.h"

/* Which key a list of tasks stands under; NULL = none. */
static const struct node *tasks_of(const struct scenario_set *set)
{
    return set->tasks_node != NULL ? set->tasks_node : set->sequence_node;
}

static void note_alone(struct scenario_set *set, const struct node *value)
{
    if (set->alone == NULL)
        set->alone = value->key;
}

static void read_wait(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_set *set = into;
    note_alone(set, value);
    set->has_wait = true;
    scenario_read_wait(s, value, &set->wait);
}

static void take_on_start(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_set *set = into;
    note_alone(set, value);
    set->on_start_node = value;
}

static void take_on_stop(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_set *set = into;
    note_alone(set, value);
    set->on_stop_node = value;
}

static void take_list(struct scenario *s, const struct node *value, struct scenario_set *set,
                      const struct node **place)
{
    const struct node *other = tasks_of(set);
    if (other != NULL)
        diag_add(s->diags, value->key->place,
                 "expected either 'tasks' or 'sequence', found both, the other on line %" PRIu32,
                 other->key->place.line);
    else
        *place = value;
}

static void take_tasks(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_set *set = into;
    take_list(s, value, set, &set->tasks_node);
}

static void take_sequence(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_set *set = into;
    take_list(s, value, set, &set->sequence_node);
}

static const struct scenario_key set_keys[] = {
    { "wait", read_wait, "pause between tasks: 1s, 5s..10s, exp 3s, pacing 2s, throughput 0.5/s" },
    { "on_start", take_on_start, "steps that each user does once, first" },
    { "on_stop", take_on_stop, "steps that each user does once, when it stops or leaves" },
    { "tasks", take_tasks, "what users do, chosen by weight again and again" },
    { "sequence", take_sequence, "what users do, in order, again and again" },
};
const struct scenario_table scenario_set_table = SCENARIO_TABLE("set", set_keys);

static void read_weight(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_task *task = into;
    scenario_read_weight(s, value, &task->weight);
}

static void read_tags(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_task *task = into;
    if (value->kind == NODE_SCALAR) {
        if (!scenario_read_text(s, value, "a tag or a list of them"))
            return;
    } else if (value->kind == NODE_MAPPING) {
        scenario_expected(s, value, "a tag or a list of them");
        return;
    }
    for (const struct node *tag = value->first; tag != NULL; tag = tag->next)
        scenario_read_text(s, tag, "a tag");
    task->tags = value;
}

static const struct scenario_key task_keys[] = {
    { "weight", read_weight,
      "how often it is chosen beside the others, or how often in a row; 1 unless given" },
    { "tags", read_tags, "words that --tags and --exclude-tags choose tasks by" },
};
const struct scenario_table scenario_task_table = SCENARIO_TABLE("task", task_keys);

/* Whether a user that takes these steps again and again does anything that takes time. */
static bool does_something(const struct scenario_steps *steps)
{
    for (uint32_t i = 0; i < steps->count; i++) {
        const struct scenario_step *step = &steps->items[i];
        switch (step->act) {
        case ACT_REQUEST:
        case ACT_PAUSE:
        case ACT_LEAVE:
        case ACT_STOP_USER:
        case ACT_NONE: /* reported already */
            return true;
        default:
            break;
        }
        if (does_something(&step->steps) || does_something(&step->otherwise))
            return true;
    }
    return false;
}

/* Users whose task asks for nothing would go round and round. */
static void check_task(struct scenario *s, const struct scenario_task *task)
{
    const struct scenario_steps whole = { (struct scenario_step *)&task->step, 1 };
    const struct node *at = task->step.steps_node != NULL ? task->step.steps_node : task->node;
    if (!does_something(&whole))
        diag_add(s->diags, at->place, "expected a request among the steps of a task, found none");
}

/* A task that is a set of its own does nothing else. */
static void check_nested_set(struct scenario *s, const struct scenario_task *task,
                             const struct scenario_request *r)
{
    const struct scenario_step *step = &task->step;
    const struct node *odd = r->method != NULL          ? r->method
                             : r->alone != NULL         ? r->alone
                             : step->verb != NULL       ? step->verb->key
                             : step->steps_node != NULL ? step->steps_node->key
                             : step->condition != NULL  ? step->condition->key
                             : step->exception != NULL  ? step->exception->key
                             : step->else_node != NULL  ? step->else_node->key
                             : step->at_most != NULL    ? step->at_most->key
                                                        : NULL;
    const struct node *list = tasks_of(task->set);
    if (odd != NULL)
        diag_add(s->diags, odd->place,
                 "expected %s inside a task, found it beside %s on line %" PRIu32,
                 node_found(odd).text, node_found(list->key).text, list->key->place.line);
}

static void read_nested_set(struct scenario *s, struct scenario_task *task,
                            const struct scenario_set *from, const struct scenario_request *r,
                            const struct scenario_set *around)
{
    task->set = scenario_alloc(s, sizeof(*task->set));
    if (task->set == NULL)
        return;
    *task->set = *from;
    if (!from->has_wait)
        task->set->wait = around->wait;
    check_nested_set(s, task, r);
    if (s->set_depth + 1 == PLAN_SET_DEPTH_MAX) {
        diag_add(s->diags, tasks_of(from)->key->place,
                 "expected sets of tasks at most %u deep, found more", PLAN_SET_DEPTH_MAX);
        return;
    }
    const bool may_leave = s->may_leave;
    s->set_depth++;
    s->may_leave = true;
    scenario_read_set(s, task->set);
    s->may_leave = may_leave;
    s->set_depth--;
}

static void read_task(struct scenario *s, const struct node *node, struct scenario_task *task,
                      const struct scenario_set *around)
{
    static const char *const where = "in a task";
    struct scenario_request r = { 0 };
    struct scenario_set set = { .node = node };
    const struct scenario_context of_set = { where, &scenario_set_table, &set, NULL };
    const struct scenario_context of_step = { where, &scenario_step_table, &task->step, &of_set };
    const struct scenario_context of_request = { where, &scenario_request_table, &r, &of_step };
    const struct scenario_context context = { where, &scenario_task_table, task, &of_request };
    task->node = task->step.node = node;
    task->weight = 1;
    if (!scenario_read_keys(s, node, "'get: /path'", &context))
        return;
    task->name = r.name;
    if (tasks_of(&set) != NULL) {
        read_nested_set(s, task, &set, &r, around);
        return;
    }
    if (set.alone != NULL)
        diag_add(s->diags, set.alone->place,
                 "expected 'tasks' or 'sequence' beside %s in a task, found none",
                 node_found(set.alone).text);
    scenario_finish_step(s, &task->step, &r);
    check_task(s, task);
}

/* The list of tasks; without a mistake in its shape. */
static bool has_tasks(struct scenario *s, const struct scenario_set *set)
{
    static const char *const names[] = { "tasks", "sequence" };
    const struct node *list = tasks_of(set);
    if (list == NULL) {
        const struct node *at = set->node->first == NULL ? set->node : set->node->first->key;
        if (!scenario_is_mistyped(set->node, names, 2))
            diag_add(s->diags, at->place, "expected 'tasks' with at least one task, found none");
        return false;
    }
    if (list->kind != NODE_SEQUENCE) {
        scenario_expected(s, list, "a list of tasks such as '- get: /path'");
        return false;
    }
    if (list->count == 0)
        diag_add(s->diags, list->place, "expected 'tasks' with at least one task, found none");
    return scenario_has_at_most(s, list, SCENARIO_TASKS_MAX, "tasks") && list->count > 0;
}

static void read_tasks(struct scenario *s, struct scenario_set *set)
{
    const struct node *list = tasks_of(set);
    uint64_t sum = 0;
    set->tasks = scenario_alloc(s, list->count * sizeof(*set->tasks));
    if (set->tasks == NULL)
        return;
    for (const struct node *node = list->first; node != NULL; node = node->next) {
        struct scenario_task *task = &set->tasks[set->task_count++];
        read_task(s, node, task, set);
        sum += task->weight;
    }
    if (sum == 0)
        diag_add(s->diags, list->key->place, "expected a task with a weight above 0, found none");
    if (set->sequence_node != NULL && sum > SCENARIO_TASKS_MAX)
        diag_add(s->diags, list->key->place,
                 "expected a sequence of at most %u tasks, each as often as its weight says, found "
                 "%" PRIu64,
                 SCENARIO_TASKS_MAX, sum);
}

void scenario_read_set(struct scenario *s, struct scenario_set *set)
{
    if (set->on_start_node != NULL)
        scenario_read_steps(s, set->on_start_node, &set->on_start);
    if (set->on_stop_node != NULL) {
        const bool may_leave = s->may_leave;
        s->may_leave = false;
        scenario_read_steps(s, set->on_stop_node, &set->on_stop);
        s->may_leave = may_leave;
    }
    if (has_tasks(s, set))
        read_tasks(s, set);
}
