#include <stdio.h>

#include "engine/plan/scenario.h"

static void read_users(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_load *load = into;
    uint64_t users;
    if (!scenario_read_count(s, value, "a number of users", 1, SCENARIO_USERS_MAX, &users))
        return;
    load->has_users = true;
    load->users = (uint32_t)users;
}

static void read_spawn_rate(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_load *load = into;
    const char *fault = quantity_rate(value->text, &load->spawn_rate);
    if (fault != NULL)
        scenario_expected(s, value, fault);
    else
        load->has_spawn_rate = true;
}

static void read_run_time(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_load *load = into;
    scenario_read_duration(s, value, &load->run_time_ns);
}

static void read_timeout(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_load *load = into;
    scenario_read_duration(s, value, &load->timeout_ns);
}

static void read_connections(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_load *load = into;
    uint64_t count;
    if (value->kind == NODE_SCALAR && span_equal(value->text, SPAN_LITERAL("own")))
        return;
    if (value->kind == NODE_SCALAR && span_equal(value->text, SPAN_LITERAL("per_request"))) {
        load->requests_per_connection = 1;
        return;
    }
    if (scenario_read_count(s, value, "'own', 'per_request' or a number", 1, SCENARIO_USERS_MAX,
                            &count))
        load->connections = (uint32_t)count;
}

static void read_requests_per_connection(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_load *load = into;
    uint64_t count;
    if (!scenario_read_count(s, value, "a number of requests", 1, UINT32_MAX, &count))
        return;
    if (load->requests_per_connection == 1 && count != 1)
        diag_add(s->diags, value->key->place,
                 "expected one of 'connections: per_request' and 'requests_per_connection', found "
                 "both");
    load->requests_per_connection = count;
}

static void read_imitate(struct scenario *s, const struct node *value, void *into)
{
    static const char *const words[] = { "locust" };
    struct scenario_load *load = into;
    size_t index;
    load->imitates_locust = scenario_read_word(s, value, words, 1, &index);
}

static void read_stages(struct scenario *s, const struct node *value, void *into)
{
    scenario_read_stages(s, value, into);
}

static const struct scenario_key load_keys[] = {
    { "users", read_users, "how many users there are at full load; 1 unless given" },
    { "spawn_rate", read_spawn_rate, "users started per second, evenly spread; 1 unless given" },
    { "run_time", read_run_time, "how long to run" },
    { "stages", read_stages, "numbers of users, or rates, passed through in order" },
    { "timeout", read_timeout, "for one request; 30s unless given" },
    { "connections", read_connections,
      "own: each user its own, kept alive; per_request; or a number: so many shared by all" },
    { "requests_per_connection", read_requests_per_connection, "then it is closed" },
    { "imitate", read_imitate,
      "locust: users in batches once a second, 302 makes GET, as in Locust" },
};
const struct scenario_table scenario_load_table = SCENARIO_TABLE("load", load_keys);

/* ---- stages ---- */

struct stage {
    const struct node *users, *rate, *over, *during;
    struct plan_stage plan;
};

static void read_stage_users(struct scenario *s, const struct node *value, void *into)
{
    struct stage *stage = into;
    uint64_t users = 0;
    stage->users = value;
    scenario_read_count(s, value, "a number of users", 0, SCENARIO_USERS_MAX, &users);
    stage->plan.level = (struct ratio){ users, 1 };
}

static void read_stage_rate(struct scenario *s, const struct node *value, void *into)
{
    struct stage *stage = into;
    stage->rate = value;
    stage->plan.level = (struct ratio){ 0, 1 };
    if (value->kind == NODE_SCALAR && span_equal(value->text, SPAN_LITERAL("0")))
        return;
    const char *fault = quantity_rate(value->text, &stage->plan.level);
    if (fault != NULL)
        scenario_expected(s, value, fault);
}

static void read_over(struct scenario *s, const struct node *value, void *into)
{
    struct stage *stage = into;
    stage->over = value;
    stage->plan.is_ramp = true;
    scenario_read_duration(s, value, &stage->plan.duration_ns);
}

static void read_during(struct scenario *s, const struct node *value, void *into)
{
    struct stage *stage = into;
    stage->during = value;
    scenario_read_duration(s, value, &stage->plan.duration_ns);
}

static const struct scenario_key stage_keys[] = {
    { "users", read_stage_users, "how many users there are at its end" },
    { "rate", read_stage_rate, "requests per second at its end, whatever the server does" },
    { "over", read_over, "how long it takes to get there from the stage before, in a line" },
    { "for", read_during, "how long this goes on; it begins at once" },
};
const struct scenario_table scenario_stage_table = SCENARIO_TABLE("stage", stage_keys);

/* One of two keys, and not both. */
static bool has_one(struct scenario *s, const struct node *node, const struct node *left,
                    const struct node *right, const char *left_name, const char *right_name)
{
    const char *const names[] = { left_name, right_name };
    if ((left == NULL) != (right == NULL))
        return true;
    if (left == NULL && scenario_is_mistyped(node, names, 2))
        return false;
    diag_add(s->diags, left == NULL ? node->place : right->key->place,
             "expected either '%s' or '%s' in a stage, found %s", left_name, right_name,
             left == NULL ? "none" : "both");
    return false;
}

static void read_stage(struct scenario *s, const struct node *node, struct scenario_load *load)
{
    struct stage stage = { .users = NULL };
    const struct scenario_context context = { "in a stage", &scenario_stage_table, &stage, NULL };
    if (!scenario_read_keys(s, node, "'{ users: 50, over: 1m }'", &context))
        return;
    has_one(s, node, stage.over, stage.during, "over", "for");
    if (!has_one(s, node, stage.users, stage.rate, "users", "rate"))
        return;
    const bool is_rate = stage.rate != NULL;
    if (load->stage_count > 0 && is_rate != load->has_rates) {
        diag_add(s->diags, (is_rate ? stage.rate : stage.users)->key->place,
                 "expected '%s' in every stage, found '%s'", is_rate ? "users" : "rate",
                 is_rate ? "rate" : "users");
        return;
    }
    load->has_rates = is_rate;
    load->stages[load->stage_count++] = stage.plan;
}

/* All stages together must be a duration that can be said. */
static void check_duration(struct scenario *s, const struct node *list,
                           const struct scenario_load *load)
{
    static const uint64_t longest_ns = UINT64_C(8760) * 3600 * 1000000000;
    uint64_t left_ns = longest_ns;
    bool has_level = false;
    for (uint32_t i = 0; i < load->stage_count; i++) {
        has_level |= load->stages[i].level.num > 0;
        if (load->stages[i].duration_ns > left_ns) {
            diag_add(s->diags, list->key->place,
                     "expected stages of at most 8760h in all, found more");
            return;
        }
        left_ns -= load->stages[i].duration_ns;
    }
    if (load->stage_count == list->count && !has_level)
        diag_add(s->diags, list->key->place, "expected a stage with %s, found none",
                 load->has_rates ? "a rate above 0" : "users");
}

void scenario_read_stages(struct scenario *s, const struct node *value, struct scenario_load *load)
{
    if (value->kind != NODE_SEQUENCE) {
        scenario_expected(s, value, "a list of stages such as '- { users: 50, over: 1m }'");
        return;
    }
    if (value->count == 0) {
        diag_add(s->diags, value->place, "expected at least one stage, found an empty list");
        return;
    }
    struct plan_stage *stages =
        scenario_alloc_items(s, value, SCENARIO_STAGES_MAX, "stages", sizeof(*stages));
    if (stages == NULL)
        return;
    load->stages = stages;
    load->stage_count = 0; /* a key that is given twice is a mistake, but read */
    for (const struct node *node = value->first; node != NULL; node = node->next)
        read_stage(s, node, load);
    check_duration(s, value, load);
}
