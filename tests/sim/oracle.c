#include "tests/sim/oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static void answer_by_rule(void *context, const struct server_request *asked, struct reply *reply)
{
    const struct server_rule *rule = context;
    reply->delay_ns = rule->delay_ns + asked->index * rule->ramp_ns;
    if (rule->slow_every != 0 && asked->index % rule->slow_every == rule->slow_every - 1)
        reply->delay_ns = rule->slow_ns;
    if (rule->period_ns != 0) {
        const uint64_t at_ns = asked->arrived_ns % rule->period_ns;
        if (at_ns >= rule->freeze_from_ns && at_ns < rule->freeze_to_ns)
            reply->delay_ns += rule->freeze_to_ns - at_ns;
    }
    if (rule->dies_at_ns != 0 && asked->arrived_ns >= rule->dies_at_ns)
        reply->fate = FATE_NEVER;
}

int oracle_open(void **state)
{
    struct oracle *o = calloc(1, sizeof *o);
    sketch_init(&o->sketch);
    sketch_add(&o->sketch, "GET", 0);
    o->config.server = (struct server_script){ .answer = answer_by_rule, .context = &o->rule };
    hist_view_init(&o->all, calloc(HIST_SLOTS, sizeof(uint64_t)));
    *state = o;
    return 0;
}

int oracle_close(void **state)
{
    struct oracle *o = *state;
    sim_result_close(&o->result);
    free(o->all.counts);
    free(o);
    return 0;
}

void oracle_run(struct oracle *o)
{
    o->config.is_traced = getenv("TRACE") != NULL;
    sim_result_close(&o->result);
    hist_view_clear(&o->all);
    if (!sim_run(&o->sketch.plan, &o->config, 1, &o->result))
        fail_msg("%s", o->result.violation);
    tally_add_latency(o->result.tally, &o->all);
}

void oracle_assert_quantile(const struct oracle *o, uint64_t num, uint64_t den, uint64_t true_ns)
{
    const uint64_t found_ns = hist_view_quantile_ns(&o->all, num, den);
    if (hist_index(found_ns) != hist_index(true_ns))
        fail_msg("quantile %llu/%llu is %llu ns, not %llu", (unsigned long long)num,
                 (unsigned long long)den, (unsigned long long)found_ns,
                 (unsigned long long)true_ns);
}

void oracle_assert_exact(const struct oracle *o, uint64_t count, uint64_t sum_ns, uint64_t min_ns,
                         uint64_t max_ns)
{
    assert_int_equal(o->all.total, count);
    assert_int_equal((uint64_t)o->all.sum_ns, sum_ns);
    assert_int_equal(o->all.min_ns, min_ns);
    assert_int_equal(o->all.max_ns, max_ns);
}

uint64_t oracle_counter(const struct oracle *o, enum counter c)
{
    return o->result.tally->counters[c];
}

uint64_t oracle_failures(const struct oracle *o, enum failure_class class)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < o->result.tally->failure_count; i++)
        if (o->result.tally->failures[i].class == class)
            sum += o->result.tally->failures[i].count;
    return sum;
}
