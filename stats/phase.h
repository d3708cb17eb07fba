/* phase — the parts of a request's way that are measured each for itself, from phases.def. */
#ifndef SQUALL_STATS_PHASE_H
#define SQUALL_STATS_PHASE_H

enum phase {
#define PHASE(id, name, words, sentence) PHASE_##id,
#include "stats/phases.def"
#undef PHASE
    PHASE_COUNT
};

#endif
