/* The identities that hold for every run, whatever happened in it. */
#include <string.h>

#include "tests/sim/sim.h"

/* One equation: both sides, in words. */
static void must_equal(struct world *w, const char *left_is, uint64_t left, const char *right_is,
                       uint64_t right)
{
    if (left != right)
        world_violate(w, "%s = %llu, but %s = %llu", left_is, (unsigned long long)left, right_is,
                      (unsigned long long)right);
}

static void must_not_exceed(struct world *w, const char *left_is, uint64_t left,
                            const char *right_is, uint64_t right)
{
    if (left > right)
        world_violate(w, "%s = %llu exceeds %s = %llu", left_is, (unsigned long long)left, right_is,
                      (unsigned long long)right);
}

static void audit_counts(struct world *w, const struct tally *t)
{
    const uint64_t *c = t->counters;
    const uint64_t ok = tally_finished(t, OUTCOME_OK);
    const uint64_t failed = tally_finished(t, OUTCOME_FAILED);
    must_equal(
        w, "scheduled", c[COUNTER_SCHEDULED], "ok + failed + dropped + in flight at end + not sent",
        ok + failed + c[COUNTER_DROPPED] + c[COUNTER_IN_FLIGHT_AT_END] + c[COUNTER_NOT_SENT]);
    must_equal(w, "stale completions", c[COUNTER_STALE_COMPLETIONS], "what is allowed", 0);
    must_equal(w, "bad events", c[COUNTER_BAD_EVENTS], "what is allowed", 0);
    must_equal(w, "closed by bad events", t->closes[CLOSE_BAD_EVENT], "what is allowed", 0);

    uint64_t noted = t->failures_overflow;
    for (uint32_t i = 0; i < t->failure_count; i++)
        noted += t->failures[i].count;
    must_equal(w, "failures noted", noted, "requests failed", failed);

    must_equal(w, "requests whose time in squall was measured", t->phases[PHASE_GENERATOR].total,
               "requests finished", ok + failed);
    uint64_t answered = 0;
    for (uint32_t i = 0; i < STATUS_CODES; i++)
        answered += t->status[i];
    must_not_exceed(w, "status codes counted", answered, "requests finished", ok + failed);
    must_not_exceed(w, "requests ok", ok, "status codes counted", answered);
}

static void audit_rest(struct world *w, const struct tally *t)
{
    const uint64_t *c = t->counters;
    must_equal(w, "users now", t->users_now, "nobody", 0);
    must_equal(w, "requests in flight now", t->in_flight_now, "none", 0);
    must_equal(w, "users started", c[COUNTER_USERS_STARTED], "users stopped",
               c[COUNTER_USERS_STOPPED]);
    uint64_t closed = 0;
    for (uint32_t i = 0; i < CLOSE_REASON_COUNT; i++)
        closed += t->closes[i];
    must_equal(w, "connections asked for", c[COUNTER_CONNECTS], "connections ended", closed);
}

/* The engine's books against what went through the rings. */
static void audit_rings(struct world *w, const struct tally *t)
{
    const uint64_t *c = t->counters;
    if (w->leaves_open) /* stopped at once: what the rings still held is not looked at */
        must_not_exceed(w, "bytes in", c[COUNTER_BYTES_IN], "bytes received through the rings",
                        w->rings.bytes_taken);
    else
        must_equal(w, "bytes in", c[COUNTER_BYTES_IN], "bytes received through the rings",
                   w->rings.bytes_taken);
    must_equal(w, "bytes out", c[COUNTER_BYTES_OUT], "bytes handed to the rings",
               w->rings.bytes_given);
    must_equal(w, "connects", c[COUNTER_CONNECTS], "connects asked of the rings",
               w->rings.connects);
    must_not_exceed(w, "connections opened", c[COUNTER_OPENED], "connects that succeeded",
                    w->rings.opened);
    uint64_t bytes_in = 0;
    uint64_t bytes_body = 0;
    for (uint32_t i = 0; i < t->endpoint_count; i++) {
        bytes_in += t->endpoints[i].bytes_in;
        bytes_body += t->endpoints[i].bytes_body;
    }
    must_not_exceed(w, "bytes of responses", bytes_in, "bytes in", c[COUNTER_BYTES_IN]);
    must_not_exceed(w, "bytes of bodies", bytes_body, "bytes of responses", bytes_in);
}

static bool may_happen(const struct sim_config *config, enum fault f)
{
    return config->chances[f] != 0;
}

/* Nothing is lost on the way and the server answers everything. */
static bool is_faultless(const struct sim_config *config)
{
    static const enum fault harmless[] = {
        FAULT_CONNECT_SLOW, FAULT_SEND_SLOW,        FAULT_RECV_ENDS_EARLY, FAULT_RECV_DRY,
        FAULT_RECV_CUT,     FAULT_CANCEL_LATE,      FAULT_CANCEL_RUNNING,  FAULT_CANCELLED_LATE,
        FAULT_CLOSE_LATE,   FAULT_WAIT_INTERRUPTED, FAULT_REORDER,         FAULT_SEGMENTED,
        FAULT_ANSWER_LATE
    };
    for (int f = 0; f < FAULT_COUNT; f++) {
        bool counts = config->chances[f] != 0;
        for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
            counts = counts && (int)harmless[i] != f;
        if (counts)
            return false;
    }
    return config->server.outage_to_ns == 0 && config->server.idle_close_ns == 0;
}

static bool records_all(const struct plan *plan)
{
    bool all = true;
    for (uint32_t i = 0; i < plan->request_count; i++)
        all = all && plan->requests[i].is_recorded;
    return all;
}

/* The engine's books against the server's. */
static void audit_server(struct world *w, const struct plan *plan, const struct sim_config *config,
                         const struct sim_result *r)
{
    const struct tally *t = r->tally;
    const uint64_t ok = tally_finished(t, OUTCOME_OK);
    const bool speaks_unasked =
        may_happen(config, FAULT_UNSOLICITED) || may_happen(config, FAULT_ANSWER_TRAILED);
    for (uint32_t i = 0; i < t->endpoint_count && !speaks_unasked; i++)
        must_not_exceed(w, "what the network and the server take at least",
                        config->service_floor_ns, "the shortest service",
                        t->endpoints[i].service[OUTCOME_OK].min_ns);
    if (!speaks_unasked)
        must_not_exceed(w, "requests ok", ok, "responses the server gave",
                        r->truth.replies_passable);
    if (!is_faultless(config))
        return;
    must_not_exceed(w, "requests the server received", r->truth.requests, "requests sent",
                    t->counters[COUNTER_SENT]);
    if (config->server.requests_per_link == 0 && !r->truth.said_close && records_all(plan) &&
        t->counters[COUNTER_IN_FLIGHT_AT_END] == 0 && tally_finished(t, OUTCOME_FAILED) == 0) {
        must_equal(w, "requests sent", t->counters[COUNTER_SENT], "requests the server received",
                   r->truth.requests);
        must_equal(w, "requests ok and redirected", ok + t->counters[COUNTER_REDIRECTS_FOLLOWED],
                   "responses the server gave", r->truth.replies_whole);
        must_equal(w, "bytes out", t->counters[COUNTER_BYTES_OUT], "bytes the server received",
                   r->truth.bytes_received);
        must_equal(w, "bytes in", t->counters[COUNTER_BYTES_IN], "bytes the server sent",
                   r->truth.bytes_sent);
    }
}

/* What can end a connection under a request. */
static bool may_break(const struct sim_config *config, const struct sim_result *r)
{
    static const enum fault breaking[] = { FAULT_SEND_RESET,    FAULT_RECV_RESET,
                                           FAULT_ANSWER_CUT,    FAULT_ANSWER_RESET,
                                           FAULT_ANSWER_CLOSES, FAULT_ANSWER_MALFORMED };
    for (size_t i = 0; i < sizeof breaking / sizeof breaking[0]; i++)
        if (r->strikes[breaking[i]] != 0)
            return true;
    return config->server.outage_to_ns != 0 || config->server.idle_close_ns != 0 ||
           config->server.requests_per_link != 0;
}

/* A failure of this class has a cause among those that happened. */
static bool is_explained(enum failure_class class, const struct sim_config *config,
                         const struct sim_result *r)
{
    const uint64_t *strikes = r->strikes;
    if (config->server.is_cruel)
        return true;
    switch (class) {
    case FAILURE_SCENARIO:
        return config->is_scenario;
    case FAILURE_HTTP_ERROR:
    case FAILURE_CONNECT_TIMEOUT:
    case FAILURE_TIMEOUT_FIRST_BYTE:
    case FAILURE_TIMEOUT_IDLE:
    case FAILURE_TIMEOUT_TOTAL:
        return true; /* statuses and delays are part of every run */
    case FAILURE_CONNECT_REFUSED:
        return strikes[FAULT_CONNECT_REFUSED] != 0 || config->server.outage_to_ns != 0;
    case FAILURE_CONNECT_UNREACHABLE:
        return strikes[FAULT_CONNECT_UNREACHABLE] != 0;
    case FAILURE_LOCAL_FD:
    case FAILURE_LOCAL_PORT:
    case FAILURE_LOCAL_MEMORY:
        return strikes[FAULT_SOCKET_UNMADE] != 0;
    case FAILURE_SEND_RESET:
    case FAILURE_EOF_BEFORE_RESPONSE:
    case FAILURE_EOF_MID_BODY:
    case FAILURE_RESET_MID_RESPONSE:
        return may_break(config, r) || strikes[FAULT_UNSOLICITED] != 0;
    case FAILURE_PROTO_PARSE:
    case FAILURE_PROTO_LIMIT:
        return strikes[FAULT_ANSWER_MALFORMED] != 0 || strikes[FAULT_UNSOLICITED] != 0 ||
               strikes[FAULT_ANSWER_TRAILED] != 0;
    case FAILURE_UNSOLICITED:
        return strikes[FAULT_UNSOLICITED] != 0 || strikes[FAULT_ANSWER_TRAILED] != 0;
    default:
        return false; /* nothing in this world causes it */
    }
}

static void audit_failures(struct world *w, const struct sim_config *config,
                           const struct sim_result *r)
{
    for (uint32_t i = 0; i < r->tally->failure_count; i++) {
        const struct tally_failure *f = &r->tally->failures[i];
        if (!is_explained(f->class, config, r))
            world_violate(w,
                          "%llu requests failed as %s (%s), and nothing that happened explains it",
                          (unsigned long long)f->count, failure_name(f->class), f->message);
    }
}

/* Little: requests under way, summed over time, are their times, summed over requests. In
 * nanoseconds, exactly. An engine that was asleep counts them from when it noticed them. What was
 * due in a pause, or waited for it to end, is postponed. */
static void audit_area(struct world *w, const struct sim_config *config, const struct sim_result *r,
                       bool is_postponed)
{
    const struct tally *t = r->tally;
    const uint64_t *c = t->counters;
    const bool is_late = config->asleep_to_ns != 0;
    const unsigned __int128 noticed_late_ns = is_late ? t->lateness.sum_ns : 0;
    unsigned __int128 latency_ns = 0;
    unsigned __int128 service_ns = 0;
    for (uint32_t i = 0; i < t->endpoint_count; i++) {
        for (int o = 0; o < OUTCOME_COUNT; o++) {
            latency_ns += t->endpoints[i].latency[o].sum_ns;
            service_ns += t->endpoints[i].service[o].sum_ns;
        }
    }
    if (c[COUNTER_IN_FLIGHT_AT_END] != 0 || c[COUNTER_NOT_SENT] != 0 || c[COUNTER_DROPPED] != 0)
        return; /* their ages are in no histogram */
    if (!is_postponed)
        must_equal(w, "ns under way by counting requests",
                   (uint64_t)(r->open_area + noticed_late_ns), "ns of latency in the histograms",
                   (uint64_t)latency_ns);
    if (c[COUNTER_RESENT] == 0) /* else its time on the first connection is in no histogram */
        must_equal(w, "ns in flight by counting requests", (uint64_t)r->in_flight_area,
                   "ns of service in the histograms", (uint64_t)service_ns);
}

static void audit_schedule(struct world *w, const struct plan *plan,
                           const struct sim_config *config, const struct sim_result *r)
{
    const struct plan_load *load = &plan->load;
    const uint64_t scheduled = r->tally->counters[COUNTER_SCHEDULED];
    if (load->requests_max != 0) {
        must_not_exceed(w, "scheduled", scheduled, "the most requests allowed", load->requests_max);
        if (load->duration_ns == 0 && config->stop_at_ns == 0 && !config->is_scenario)
            must_equal(w, "scheduled", scheduled, "the requests asked for", load->requests_max);
    }
    if (load->is_open && !load->is_poisson && load->duration_ns != 0 && config->stop_at_ns == 0 &&
        !config->is_scenario) {
        /* arrivals k with floor(k * 1e9 * den / num) < duration */
        const unsigned __int128 span = (unsigned __int128)load->duration_ns * load->rate.num;
        const unsigned __int128 step = (unsigned __int128)1000000000u * load->rate.den;
        uint64_t due = (uint64_t)((span + step - 1) / step);
        if (load->requests_max != 0 && due > load->requests_max)
            due = load->requests_max;
        must_equal(w, "scheduled", scheduled, "arrivals due", due);
    }
    uint64_t end_ns = load->duration_ns;
    if (config->stop_at_ns != 0 && (end_ns == 0 || config->stop_at_ns < end_ns))
        end_ns = config->stop_at_ns;
    if (end_ns != 0)
        end_ns += config->resume_at_ns - config->pause_at_ns;
    if (end_ns != 0)
        must_not_exceed(w, "duration", r->elapsed_ns, "the duration and grace allowed",
                        end_ns + load->grace_ns + UINT64_C(1000000000));
}

void audit_run(struct world *w, const struct plan *plan, const struct sim_config *config,
               const struct sim_result *r)
{
    audit_counts(w, r->tally);
    audit_rest(w, r->tally);
    audit_rings(w, r->tally);
    audit_server(w, plan, config, r);
    audit_failures(w, config, r);
    audit_area(w, config, r, plan->load.is_open && config->pause_at_ns != 0);
    audit_schedule(w, plan, config, r);
}
