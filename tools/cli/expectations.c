#include "tools/cli/expectations.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "engine/plan/diag.h"
#include "engine/plan/threshold.h"
#include "tools/cli/fault.h"

static size_t count_of(const struct plan *plan, const struct options *o)
{
    return plan->threshold_count + o->expects.count;
}

static const char *text_of(const struct plan *plan, const struct options *o, size_t index)
{
    return index < plan->threshold_count ? plan->thresholds[index]
                                         : o->expects.items[index - plan->threshold_count];
}

static bool read_one(struct threshold *ret, const char *text, const struct plan *plan,
                     struct fault *ret_fault)
{
    return threshold_read(ret, span_of(text), plan->endpoints, plan->endpoint_count,
                          ret_fault->sentence, sizeof(ret_fault->sentence));
}

bool expectations_check(const struct plan *plan, const struct options *o)
{
    bool are_well = true;
    for (size_t i = 0; i < o->expects.count; i++) {
        struct threshold t;
        struct fault fault;
        if (read_one(&t, o->expects.items[i], plan, &fault))
            continue;
        fault_note("--expect %s: %s", diag_quote(span_of(o->expects.items[i])).text,
                   fault.sentence);
        are_well = false;
    }
    return are_well;
}

int expectations_evaluate(struct result_expectation **ret, size_t *ret_count,
                          const struct plan *plan, const struct options *o, const struct summary *s,
                          const struct tally *t)
{
    const size_t count = count_of(plan, o);
    struct result_expectation *all = calloc(count + 1, sizeof(*all));
    int rc = all == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const char *text = text_of(plan, o, i);
        struct threshold threshold;
        struct expectation_outcome outcome;
        struct fault fault;
        const bool is_read = read_one(&threshold, text, plan, &fault);
        assert(is_read);
        (void)is_read;
        rc = expectation_evaluate(&outcome, &threshold.expectation, threshold.row, s, t);
        if (rc == 0)
            all[i] = (struct result_expectation){ text, expectation_unit(&threshold.expectation),
                                                  outcome.value, outcome.holds };
    }
    if (rc != 0) {
        free(all);
        return rc;
    }
    *ret = all;
    *ret_count = count;
    return 0;
}
