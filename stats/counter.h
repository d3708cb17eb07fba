/* counter — the named counts of one core, from the lists in counters.def and close_reasons.def. */
#ifndef SQUALL_STATS_COUNTER_H
#define SQUALL_STATS_COUNTER_H

enum counter {
#define COUNTER(id, name, unit, sentence) COUNTER_##id,
#include "stats/counters.def"
#undef COUNTER
    COUNTER_COUNT
};

enum close_reason {
#define CLOSE_REASON(id, name, sentence) CLOSE_##id,
#include "stats/close_reasons.def"
#undef CLOSE_REASON
    CLOSE_REASON_COUNT
};

const char *counter_name(enum counter c);
const char *counter_sentence(enum counter c);
const char *close_reason_name(enum close_reason r);
const char *close_reason_sentence(enum close_reason r);

#endif
