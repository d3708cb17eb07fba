/* replay — runs a fuzz target without a fuzzer: its seeds, every prefix of them, mutants and random
 * bytes, always the same.
 *
 * With files as arguments it runs those instead: that is how a finding is played again.
 */
#ifndef SQUALL_TESTS_FUZZ_REPLAY_H
#define SQUALL_TESTS_FUZZ_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "http/span.h"

/* What libFuzzer calls too. Aborts when something that must hold does not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct span replay_seeds[];
extern const size_t replay_seed_count;
extern unsigned replay_rounds; /* mutants; need not be defined */

#endif
