#include "tools/cli/readiness.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#include "tools/cli/fault.h"
#include "tools/doctor/preflight.h"

/* A name may stand for any address. */
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
    for (uint32_t k = 0; k < plan->kind_count; k++) {
        const struct wait_rule *wait = &plan->kinds[k].wait;
        least_s = fmin(least_s, wait->kind == WAIT_NONE ? 0 : (double)wait->low_ns / 1e9);
    }
    return plan->kind_count == 0 ? 0 : least_s;
}

/* Steps that set variables are counted too: it is "at most". */
static uint32_t task_requests_max(const struct plan *plan)
{
    uint32_t most = 1;
    for (uint32_t k = 0; k < plan->kind_count; k++) {
        for (uint32_t t = 0; t < plan->kinds[k].task_count; t++) {
            if (plan->kinds[k].tasks[t].step_count > most)
                most = plan->kinds[k].tasks[t].step_count;
        }
    }
    return most;
}

static struct preflight_load load_of(const struct plan *plan, uint32_t threads)
{
    const struct plan_load *load = &plan->load;
    return (struct preflight_load){
        .is_open = load->is_open,
        .rate_per_s = per_s(load->rate, 0),
        .users = load->users,
        .pipeline = load->pipeline,
        .spawn_rate_per_s = per_s(load->spawn_rate, INFINITY),
        .requests_per_connection = load->requests_per_connection,
        .requests_max = load->requests_max,
        .duration_s = load->duration_ns == 0 ? INFINITY : (double)load->duration_ns / 1e9,
        .wait_s = wait_s_of(plan),
        .task_requests_max = task_requests_max(plan),
        .threads = threads,
        .origins = 1,
        .sources = 1,
        .may_be_loopback = may_be_loopback(plan->connect_host),
    };
}

bool readiness_check(const struct plan *plan, uint32_t threads, bool tells_warnings)
{
    struct host host;
    struct preflight_verdict verdicts[PREFLIGHT_MAX];
    const struct preflight_load load = load_of(plan, threads);
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
