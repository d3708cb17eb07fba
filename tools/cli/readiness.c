#include "tools/cli/readiness.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#include "engine/run/shape.h"
#include "tools/cli/fault.h"
#include "tools/doctor/preflight.h"

/* A name may stand for any address, and for several. */
static bool is_name(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) != 1 && inet_pton(AF_INET6, host, &any) != 1;
}

static bool may_be_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, host, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return true;
}

static double per_s(struct ratio rate, double none)
{
    return rate.num == 0 ? none : (double)rate.num / (double)rate.den;
}

/* The shortest wait of any user between two tasks. */
static double wait_s_of(const struct plan *plan)
{
    double least_s = INFINITY;
    for (uint32_t i = 0; i < plan->set_count; i++) {
        const struct wait_rule *wait = &plan->sets[i].wait;
        least_s = fmin(least_s, wait->kind == WAIT_NONE ? 0 : (double)wait->low_ns / 1e9);
    }
    return plan->set_count == 0 ? 0 : least_s;
}

/* Of the task that begins at `step`, at most: a block may be left out, a loop has no known end. */
static uint32_t requests_from(const struct plan *plan, uint32_t step)
{
    uint32_t count = 0;
    for (step = plan_first_step(plan, step); plan->steps[step].kind != STEP_END; step++) {
        if (plan->steps[step].kind == STEP_JUMP && plan->steps[step].target <= step)
            return UINT32_MAX;
        count += plan->steps[step].kind == STEP_REQUEST;
    }
    return count;
}

static uint32_t task_requests_max(const struct plan *plan)
{
    uint32_t most = 1;
    for (uint32_t i = 0; i < plan->set_count; i++) {
        for (uint32_t t = 0; t < plan->sets[i].task_count; t++) {
            const struct plan_task *task = &plan->sets[i].tasks[t];
            const uint32_t count =
                task->first_step == PLAN_NONE ? 0 : requests_from(plan, task->first_step);
            most = count > most ? count : most;
        }
    }
    return most;
}

static bool some_host(const struct plan *plan, const struct fleet_options *options,
                      bool (*is_so)(const char *host))
{
    if (options->connect_to != NULL)
        return is_so(options->connect_to->host);
    for (uint32_t i = 0; i < plan->origin_count; i++) {
        if (is_so(plan->origins[i].connect_host))
            return true;
    }
    return false;
}

static bool is_all_tls(const struct plan *plan)
{
    bool is_all = true;
    for (uint32_t i = 0; i < plan->origin_count; i++)
        is_all &= plan->origins[i].is_tls;
    return is_all;
}

/* The most of all stages that begin before the run ends; without stages all there are. */
static uint32_t users_at_most(const struct plan_load *load)
{
    if (load->stage_count == 0 || load->is_open)
        return load->users;
    uint64_t end_ns = 0;
    uint32_t most = 0;
    for (uint32_t i = 0; i < load->stage_count; i++) {
        end_ns += load->stages[i].duration_ns;
        if (load->duration_ns > 0 && end_ns > load->duration_ns)
            end_ns = load->duration_ns;
        const uint32_t users = shape_users(load, end_ns > 0 ? end_ns - 1 : 0);
        most = users > most ? users : most;
    }
    return most;
}

static struct preflight_load load_of(const struct plan *plan, const struct fleet_options *options)
{
    const struct plan_load *load = &plan->load;
    const uint32_t own = load->users / load->pipeline + (load->users % load->pipeline != 0);
    return (struct preflight_load){
        .is_open = load->is_open,
        .rate_per_s = per_s(load->rate, 0),
        .users = users_at_most(load),
        .spawn_rate_per_s = load->stage_count > 0 ? INFINITY : per_s(load->spawn_rate, INFINITY),
        .connections = load->is_shared ? load->connections : own,
        .pipeline = load->pipeline,
        .is_shared = load->is_shared,
        .requests_per_connection = load->requests_per_connection,
        .requests_max = load->requests_max,
        .duration_s = load->duration_ns == 0 ? INFINITY : (double)load->duration_ns / 1e9,
        .wait_s = wait_s_of(plan),
        .task_requests_max = task_requests_max(plan),
        .threads = options->threads,
        .origins = plan->origin_count,
        .sources = options->sources != NULL ? options->sources->count : 1,
        .may_be_loopback = some_host(plan, options, may_be_loopback),
        .is_tls = is_all_tls(plan),
        .is_unix = options->unix_path != NULL,
        .may_be_many = some_host(plan, options, is_name),
    };
}

bool readiness_check(const struct plan *plan, const struct fleet_options *options,
                     bool tells_warnings)
{
    struct host host;
    struct preflight_verdict verdicts[PREFLIGHT_MAX];
    const struct preflight_load load = load_of(plan, options);
    host_read_limits(&host, "");
    const size_t count = preflight(&load, &host, verdicts);
    bool is_ready = true;
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i].is_refused || tells_warnings)
            fault_note("%s: %s", verdicts[i].sentence, verdicts[i].remedy);
        is_ready &= !verdicts[i].is_refused;
    }
    return is_ready;
}
