/* GET /tasks of Locust: which share of the users does what. */
#include <stdio.h>
#include <string.h>

#include "stats/report/json_writer.h"
#include "stats/report/sink.h"
#include "tools/web/catalog.h"
#include "tools/web/site.h"

#define DECIMALS       9u
#define NAME_MAX_BYTES 300

static double share_of(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

static void write_tasks(struct json_writer *w, const struct plan *plan, const struct plan_set *set,
                        double factor, unsigned depth);

/* How many tasks before `task` have its name: Locust's are functions, so each has its own. */
static unsigned namesakes(const struct plan_set *set, const struct plan_task *task)
{
    unsigned count = 0;
    for (const struct plan_task *t = set->tasks; t < task; t++)
        count += strcmp(t->name, task->name) == 0;
    return count;
}

static void write_task(struct json_writer *w, const struct plan *plan, const struct plan_set *set,
                       const struct plan_task *task, double ratio, unsigned depth)
{
    const unsigned before = namesakes(set, task);
    char name[NAME_MAX_BYTES];
    if (before == 0)
        (void)snprintf(name, sizeof name, "%s", task->name);
    else
        (void)snprintf(name, sizeof name, "%s (%u)", task->name, before + 1);
    json_open_object(w, name);
    json_put_number(w, "ratio", ratio, DECIMALS);
    if (task->first_step == PLAN_NONE && depth > 0)
        write_tasks(w, plan, &plan->sets[task->set], ratio, depth);
    json_close(w);
}

/* Each task of `set` with its share, times `factor`; sets inside one another as far as JSON goes.
 */
static void write_tasks(struct json_writer *w, const struct plan *plan, const struct plan_set *set,
                        double factor, unsigned depth)
{
    uint64_t weights = 0;
    for (uint32_t i = 0; i < set->task_count; i++)
        weights += set->tasks[i].weight;
    json_open_object(w, "tasks");
    for (uint32_t i = 0; i < set->task_count; i++) {
        const double share = share_of(set->tasks[i].weight, weights);
        write_task(w, plan, set, &set->tasks[i], factor * share, depth - 1);
    }
    json_close(w);
}

/* Users of that kind among the first `users`: fixed counts come first, the others in turn. */
static uint64_t users_of_kind(const struct plan *plan, uint32_t kind, uint64_t users)
{
    uint64_t count = 0;
    for (uint32_t k = 0; k < plan->kind_count; k++) {
        const uint64_t fixed =
            users < plan->kinds[k].fixed_count ? users : plan->kinds[k].fixed_count;
        count += k == kind ? fixed : 0;
        users -= fixed;
    }
    for (uint32_t i = 0; i < plan->kind_cycle_count; i++)
        if (plan->kind_cycle[i] == kind)
            count += users / plan->kind_cycle_count + (i < users % plan->kind_cycle_count);
    return count;
}

static void write_kinds(struct json_writer *w, const char *key, const struct plan *plan,
                        uint64_t users, bool is_total)
{
    json_open_object(w, key);
    for (uint32_t k = 0; k < plan->kind_count; k++) {
        const struct plan_kind *kind = &plan->kinds[k];
        const double ratio = share_of(users_of_kind(plan, k, users), users);
        json_open_object(w, kind->name != NULL ? kind->name : "user");
        json_put_number(w, "ratio", ratio, DECIMALS);
        write_tasks(w, plan, &plan->sets[kind->set], is_total ? ratio : 1, 2);
        json_close(w);
    }
    json_close(w);
}

void locust_tasks(struct site *s, const struct site_request *r, struct site_reply *reply)
{
    struct run_view v;
    struct sink out;
    struct json_writer w;
    char *text = NULL;
    (void)r;
    sink_init(&out);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    run_control_hold(s->control, &v);
    const struct plan *plan = v.plan != NULL ? v.plan : s->catalog->entries[0].plan;
    write_kinds(&w, "per_class", plan, v.users, false);
    write_kinds(&w, "total", plan, v.users, true);
    run_control_release(s->control);
    json_close(&w);
    (void)sink_finish(&out, &text);
    reply_json(reply, 200, text);
}
