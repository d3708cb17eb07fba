/* tone — what a piece of a report means, shown as a color where colors are wanted. */
#ifndef SQUALL_STATS_REPORT_TONE_H
#define SQUALL_STATS_REPORT_TONE_H

#include <stdbool.h>

struct sink;

enum tone { TONE_PLAIN, TONE_STRONG, TONE_DIM, TONE_GOOD, TONE_WARNING, TONE_BAD, TONE_COUNT };

/* Both write nothing for TONE_PLAIN or without `color`. */
void tone_begin(struct sink *s, enum tone tone, bool color);
void tone_end(struct sink *s, enum tone tone, bool color);

#endif
