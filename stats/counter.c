#include "stats/counter.h"

#include <assert.h>

static const char *const counter_names[COUNTER_COUNT] = {
#define COUNTER(id, name, unit, sentence) [COUNTER_##id] = name,
#include "stats/counters.def"
#undef COUNTER
};

static const char *const counter_sentences[COUNTER_COUNT] = {
#define COUNTER(id, name, unit, sentence) [COUNTER_##id] = sentence,
#include "stats/counters.def"
#undef COUNTER
};

static const char *const close_names[CLOSE_REASON_COUNT] = {
#define CLOSE_REASON(id, name, sentence) [CLOSE_##id] = name,
#include "stats/close_reasons.def"
#undef CLOSE_REASON
};

static const char *const close_sentences[CLOSE_REASON_COUNT] = {
#define CLOSE_REASON(id, name, sentence) [CLOSE_##id] = sentence,
#include "stats/close_reasons.def"
#undef CLOSE_REASON
};

const char *counter_name(enum counter c)
{
    assert(c < COUNTER_COUNT);
    return counter_names[c];
}

const char *counter_sentence(enum counter c)
{
    assert(c < COUNTER_COUNT);
    return counter_sentences[c];
}

const char *close_reason_name(enum close_reason r)
{
    assert(r < CLOSE_REASON_COUNT);
    return close_names[r];
}

const char *close_reason_sentence(enum close_reason r)
{
    assert(r < CLOSE_REASON_COUNT);
    return close_sentences[r];
}
