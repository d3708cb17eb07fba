#include "tools/cli/record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "tools/cli/expectations.h"
#include "tools/cli/machine.h"

static double ratio_value(struct ratio r)
{
    return (double)r.num / (double)r.den;
}

/* Users alive from `t_s` on, summed over time: trapezoids between the points of the series; before
 * the first, as at it. */
static double user_seconds(const struct series *s, double t_s)
{
    double sum = 0;
    uint64_t users = s->count > 0 ? s->points[0].users : 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct series_point *p = &s->points[i];
        sum += (double)(users + p->users) / 2.0 * (p->t_s - t_s);
        users = p->users;
        t_s = p->t_s;
    }
    return sum;
}

static bool plan_has_waits(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->set_count; i++)
        if (plan->sets[i].wait.kind != WAIT_NONE)
            return true;
    for (uint32_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == STEP_PAUSE)
            return true;
    return false;
}

static int fill_workers(struct record *r, const struct record_setup *s)
{
    const uint32_t workers = fleet_threads(s->fleet);
    r->cpu = calloc(workers + 1u, sizeof *r->cpu);
    r->run_delay = calloc(workers + 1u, sizeof *r->run_delay);
    r->cpus = calloc(workers + 1u, sizeof *r->cpus);
    if (r->cpu == NULL || r->run_delay == NULL || r->cpus == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < workers; i++) {
        const struct shard *shard = fleet_shard(s->fleet, i);
        const uint64_t started_ns = cell_read(&shard->started_ns);
        const uint64_t ended_ns =
            s->collector->is_finished ? cell_read(&shard->ended_ns) : s->collector->point_ns;
        const uint64_t ran_ns = ended_ns > started_ns ? ended_ns - started_ns : 0;
        const double share = (double)cell_read(&shard->cpu_ns) / (double)ran_ns;
        r->cpu[i] = (double)ran_ns / 1e9 < VERDICT_RUN_TELLING_S ? NAN : fmin(share, 1.0);
        r->run_delay[i] = fmin((double)cell_read(&shard->run_delay_ns) / (double)ran_ns, 1.0);
        r->cpus[i] = fleet_cpu(s->fleet, i);
    }
    return 0;
}

/* Each core alone, all together, and the seconds. */
static int hold_audit(struct record *r, const struct record_setup *s)
{
    const struct collector *c = s->collector;
    struct tally *core = NULL;
    if (tally_open(&core, s->plan->endpoint_count) != 0)
        return -ENOMEM;
    for (uint32_t i = 0; i < fleet_threads(s->fleet); i++) {
        tally_clear(core);
        tally_take(core, fleet_shard(s->fleet, i));
        audit_tally(&r->audit, core, i, s->plan->endpoints);
    }
    tally_close(core);
    /* Figures that began anew leave out a past that was read while it was written: what is exact is
     * all of it together. */
    audit_tally(&r->audit, c->taken != NULL ? c->taken : c->now, AUDIT_ALL_CORES,
                s->plan->endpoints);
    return audit_intervals(&r->audit, c->intervals, &c->series, c->now, s->plan->endpoints);
}

/* Requests per second that were to be sent, with stages on average; NaN in a closed loop. */
static double rate_asked(const struct record *r, const struct record_setup *s)
{
    const struct plan_load *load = &s->plan->load;
    if (!load->is_open)
        return NAN;
    if (load->stage_count == 0)
        return ratio_value(load->rate);
    return (double)r->counted->arrivals.begun / ((double)r->duration_ns / 1e9);
}

static struct verdict judge(const struct record *r, const struct record_setup *s)
{
    const struct tally *t = r->counted;
    const double from_s = r->result.warmup.is_found ? 0 : r->result.warmup.cut_s;
    return verdict_of(&(struct verdict_facts){
        .workers = fleet_threads(s->fleet),
        .cpu = r->cpu,
        .run_delay = r->run_delay,
        .point_count = s->strain->count,
        .points = s->strain->points,
        .throttled = strain_throttled(s->strain),
        .overflows = t->counters[COUNTER_OVERFLOWS],
        .blame = r->blame,
        .p99_us = r->summary->total.latency.quantile_us[SUMMARY_P99],
        .count = r->summary->total.count,
        .ok = r->summary->total.ok,
        .scheduled = t->counters[COUNTER_SCHEDULED],
        .count_due = t->arrivals.begun,
        .duration_s = (double)r->duration_ns / 1e9,
        .user_s = user_seconds(&r->series, from_s),
        .latency_mean_s = r->summary->total.latency.mean_us / 1e6,
        .has_waits = plan_has_waits(s->plan),
        .rate_asked = rate_asked(r, s),
        .signal = s->signal,
        .changes = s->changes,
        .bugs = t->counters[COUNTER_STALE_COMPLETIONS] + t->counters[COUNTER_BAD_EVENTS],
    });
}

static struct result_load load_of(const struct record *r, const struct record_setup *s)
{
    const struct plan_load *load = &s->plan->load;
    const bool is_url = s->options->form == FORM_URL;
    const bool has_users = !is_url && !load->is_open;
    const uint32_t users = load->stage_count > 0 ? load->users : fleet_users_wanted(s->fleet);
    return (struct result_load){
        .kind = load->is_open ? "rate"
                : is_url      ? "connections"
                              : "users",
        .users = has_users ? users : 0,
        .users_peak = has_users ? s->collector->users_peak : 0,
        .spawn_rate = load->spawn_rate.num == 0 ? NAN : ratio_value(load->spawn_rate),
        .connections = load->connections > 0 ? load->connections : load->users,
        .rate = load->is_open ? ratio_value(load->rate) : NAN,
        .pipeline = load->pipeline,
        .gather_us = (double)s->options->gather.ns / 1e3,
        .has_stages = load->stage_count > 0,
        .threads = fleet_threads(s->fleet),
        .cpus = r->cpus,
    };
}

static struct result_tls tls_of(const struct record_setup *s)
{
    struct result_tls tls = { .is_insecure = s->options->insecure };
    for (uint32_t i = 0; i < s->plan->origin_count; i++)
        tls.is_used |= s->plan->origins[i].is_tls;
    return tls;
}

static void fill_result(struct record *r, const struct record_setup *s)
{
    const struct result_warmup warmup = r->result.warmup;
    r->blame = blame_of(r->counted, r->summary);
    r->verdict = judge(r, s);
    for (size_t i = 0; i < r->verdict.reason_count; i++)
        r->reasons[i] = r->verdict.reasons[i];
    machine_read(&r->machine);
    r->result = (struct result){
        .machine = &r->machine,
        .version = SQUALL_VERSION,
        .argc = s->call->argc,
        .argv = s->call->argv,
        .scenario = s->plan->file,
        .host = s->plan->host,
        .seed = s->plan->load.seed,
        .started_at_s = s->started_at_s,
        .interrupted = s->signal != 0,
        .load = load_of(r, s),
        .tls = tls_of(s),
        .warmup = warmup,
        .tally = r->counted,
        .whole = collector_latest(s->collector),
        .is_running = !s->collector->is_finished,
        .summary = r->summary,
        .names = s->plan->endpoints,
        .series = &r->series,
        .intervals = &r->intervals,
        .evidence = r->evidence,
        .audit = s->collector->is_finished ? &r->audit : NULL,
        .generator = {
            .verdict = r->verdict.word,
            .reason_count = r->verdict.reason_count,
            .reasons = r->reasons,
            .cpu = r->cpu,
            .limited_by = r->verdict.limited_by,
            .bottleneck = r->verdict.bottleneck,
            .blame = &r->blame,
            .strain_count = s->strain->count,
            .strain = s->strain->points,
        },
        .address_count = r->address_count,
        .addresses = r->addresses,
        .expectation_count = r->expectation_count,
        .expectations = r->expectations,
    };
}

/* What came after a warm-up that was asked for, else everything. */
static int choose_counted(struct record *r, const struct record_setup *s)
{
    int rc = tally_open(&r->counted, s->plan->endpoint_count);
    if (rc == 0)
        rc = settling_finish(s->settling, r->counted, &r->result.warmup);
    if (rc != 0)
        return rc;
    const uint64_t cut_ns = s->settling->cut != NULL ? s->settling->cut_ns : 0;
    r->duration_ns = s->duration_ns > cut_ns ? s->duration_ns - cut_ns : 1;
    r->series = s->collector->series;
    r->intervals = *s->collector->intervals;
    while (cut_ns > 0 && r->series.count > 0 && r->series.points[0].t_s * 1e9 <= (double)cut_ns) {
        r->series.points++;
        r->series.count--;
    }
    while (r->intervals.count > 0 && r->intervals.intervals[0].from_ns < cut_ns) {
        r->intervals.intervals++;
        r->intervals.count--;
    }
    return 0;
}

int record_open(struct record **ret_record, const struct record_setup *setup)
{
    struct record *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    int rc = fill_workers(r, setup);
    if (rc == 0)
        rc = fleet_addresses(setup->fleet, &r->addresses, &r->address_count);
    if (rc == 0)
        rc = choose_counted(r, setup);
    if (rc == 0)
        rc = summary_make(&r->summary, r->counted, setup->plan->endpoints, r->duration_ns);
    if (rc == 0 && setup->has_evidence)
        rc = evidence_make(&r->evidence, &r->intervals, r->counted, setup->plan->endpoints);
    if (rc == 0 && setup->collector->is_finished)
        rc = hold_audit(r, setup);
    if (rc == 0)
        rc = expectations_evaluate(&r->expectations, &r->expectation_count, setup->plan,
                                   setup->options, r->summary, r->counted);
    if (rc != 0) {
        record_close(r);
        return rc;
    }
    fill_result(r, setup);
    *ret_record = r;
    return 0;
}

void record_close(struct record *r)
{
    if (r == NULL)
        return;
    tally_close(r->counted);
    summary_close(r->summary);
    evidence_close(r->evidence);
    free(r->expectations);
    free(r->addresses);
    free(r->cpu);
    free(r->run_delay);
    free(r->cpus);
    free(r);
}
