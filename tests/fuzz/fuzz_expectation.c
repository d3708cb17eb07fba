/* Any bytes as an expectation: either one that says the same with blanks around it and that nothing
 * unmeasured fulfils, or a mistake at a place in the text. */
#include <math.h>
#include <stdlib.h>

#include "stats/expectation.h"
#include "tests/fuzz/replay.h"

const struct span replay_seeds[] = {
    SPAN_LITERAL("p99.9<50ms"),         SPAN_LITERAL(" p( 95 ) {GET /api/tweets/} <= 1.5 s "),
    SPAN_LITERAL("fail_ratio < 1 %"),   SPAN_LITERAL("rps{ /a{b}c }>=20k"),
    SPAN_LITERAL("failed==0"),          SPAN_LITERAL("avg!=10us"),
    SPAN_LITERAL("failures_per_s>0.5"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_within(struct span part, struct span text)
{
    require(part.bytes >= text.bytes && part.bytes + part.len <= text.bytes + text.len);
}

static void check_padded(const struct expectation *e, struct span text)
{
    struct expectation again;
    struct expectation_fault fault;
    char *padded = malloc(text.len + 2);
    require(padded != NULL);
    padded[0] = ' ';
    memcpy(padded + 1, text.bytes, text.len);
    padded[text.len + 1] = '\t';
    require(expectation_read(&again, (struct span){ padded, text.len + 2 }, &fault));
    require(again.metric == e->metric && again.num == e->num && again.den == e->den);
    require(again.relation == e->relation && again.bound == e->bound);
    require((again.row.bytes == NULL) == (e->row.bytes == NULL) && span_equal(again.row, e->row));
    free(padded);
}

static void check_unmeasured(const struct expectation *e)
{
    static const struct endpoint_name names[] = { { "GET", "/" } };
    static struct tally *tally;
    static struct summary *summary;
    struct expectation_outcome outcome;
    if (tally == NULL)
        require(tally_open(&tally, 1) == 0 && summary_make(&summary, tally, names, 0) == 0);
    require(expectation_evaluate(&outcome, e, 0, summary, tally) == 0);
    const bool is_count = e->metric == EXPECTATION_COUNT || e->metric == EXPECTATION_FAILED;
    require(is_count ? outcome.value == 0 : isnan(outcome.value) && !outcome.holds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct expectation e;
    struct expectation_fault fault = { .expected = NULL };
    const struct span text = { (const char *)data, size };
    if (!expectation_read(&e, text, &fault)) {
        require(fault.expected != NULL);
        require_within(fault.found, text);
        return 0;
    }
    require(e.bound >= 0 && isfinite(e.bound));
    if (e.metric == EXPECTATION_PERCENTILE)
        require(e.num > 0 && e.num <= e.den);
    if (e.row.bytes != NULL)
        require_within(e.row, text);
    check_padded(&e, text);
    check_unmeasured(&e);
    return 0;
}
