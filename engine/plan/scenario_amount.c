#include <errno.h>

#include "engine/plan/plan_make.h"
#include "engine/plan/scenario_build.h"

#define OPEN_USERS_DEFAULT 64u /* connections of an open loop, as of the URL form */

static bool is_less(struct ratio a, struct ratio b)
{
    return (unsigned __int128)a.num * b.den < (unsigned __int128)b.num * a.den;
}

/* The highest level there is. */
static struct ratio peak_of(const struct plan_stage *stages, uint32_t count)
{
    struct ratio peak = { 0, 1 };
    for (uint32_t i = 0; i < count; i++) {
        if (is_less(peak, stages[i].level))
            peak = stages[i].level;
    }
    return peak;
}

static uint64_t stages_ns(const struct scenario_load *from)
{
    uint64_t sum_ns = 0;
    for (uint32_t i = 0; i < from->stage_count; i++)
        sum_ns += from->stages[i].duration_ns;
    return sum_ns;
}

static void build_stages(struct build *b, struct plan_load *load)
{
    const struct scenario_load *from = &b->s->load;
    const size_t size = from->stage_count * sizeof(*from->stages);
    struct plan_stage *stages = scenario_plan_alloc(b, size);
    if (stages == NULL)
        return;
    memcpy(stages, from->stages, size);
    load->stages = stages;
    load->stage_count = from->stage_count;
    const struct ratio peak = peak_of(stages, load->stage_count);
    if (from->has_rates) {
        load->is_open = true;
        load->is_poisson = b->over->is_poisson;
        load->rate = peak;
    } else {
        load->users = (uint32_t)peak.num;
    }
}

/* Users as the command line or the file says; 0 = neither does. */
static uint32_t users_given(const struct build *b)
{
    return b->over->has_users ? b->over->users : b->s->load.has_users ? b->s->load.users : 0;
}

static uint64_t duration_of(const struct build *b)
{
    const struct scenario_load *from = &b->s->load;
    if (b->over->has_duration)
        return b->over->duration_ns;
    return from->run_time_ns != 0 ? from->run_time_ns : stages_ns(from);
}

void scenario_load_build(struct build *b)
{
    const struct scenario_load *from = &b->s->load;
    const struct plan_overrides *over = b->over;
    struct plan_load load = {
        .is_open = over->has_rate,
        .is_poisson = over->has_rate && over->is_poisson,
        .imitates_locust = from->imitates_locust,
        .rate = over->has_rate ? over->rate : (struct ratio){ 0, 1 },
        .users = users_given(b),
        .spawn_rate = over->has_spawn_rate   ? over->spawn_rate
                      : from->has_spawn_rate ? from->spawn_rate
                                             : (struct ratio){ 1, 1 },
        .connections = over->connections != 0 ? over->connections : from->connections,
        .pipeline = over->pipeline == 0 ? 1 : over->pipeline,
        .requests_per_connection = over->requests_per_connection != 0
                                       ? over->requests_per_connection
                                       : from->requests_per_connection,
        .requests_max = over->has_requests ? over->requests_max : 0,
        .duration_ns = duration_of(b),
        .timeout_ns = over->has_timeout       ? over->timeout_ns
                      : from->timeout_ns != 0 ? from->timeout_ns
                                              : PLAN_TIMEOUT_DEFAULT_NS,
        .grace_ns = over->has_grace ? over->grace_ns : PLAN_GRACE_DEFAULT_NS,
        .seed = over->seed,
    };
    if (from->stage_count > 0 && !over->has_rate && !over->has_users)
        build_stages(b, &load);
    /* Users of an open loop only carry its arrivals and are there from the start; with stages the
     * stages say when users start. */
    const bool has_spawn_rate = over->has_spawn_rate || from->has_spawn_rate;
    if ((load.is_open && !has_spawn_rate) || load.stage_count > 0)
        load.spawn_rate = (struct ratio){ 0, 1 };
    if (load.is_open && load.users == 0)
        load.users = load.connections != 0 ? load.connections : OPEN_USERS_DEFAULT;
    load.is_shared = load.connections != 0 && !load.is_open;
    b->plan->load = load;
}

void scenario_users_settle(struct build *b)
{
    struct plan_load *load = &b->plan->load;
    uint64_t fixed = 0;
    for (uint32_t i = 0; i < b->plan->kind_count; i++)
        fixed += b->plan->kinds[i].fixed_count;
    const bool has_others = b->plan->kind_cycle_count > 0;
    if (load->users == 0)
        load->users = (uint32_t)(fixed + (has_others ? 1 : 0));
    if (!has_others && load->users > fixed)
        load->users = (uint32_t)fixed;
}
