/* pattern — the bytes every large body is made of: a line of 64, again and again, so byte i of a
 * body is known. Made once at start, then read only by all threads.
 */
#ifndef SQUALL_TOOLS_TARGET_PATTERN_H
#define SQUALL_TOOLS_TARGET_PATTERN_H

#include <stdint.h>

#include "http/span.h"

#define PATTERN_LINE       64u
#define PATTERN_CHUNK      8192u
#define PATTERN_CHUNK_WIRE (PATTERN_CHUNK + 8u) /* "2000", two line ends and the data */
#define PATTERN_CHUNKS     127u                 /* in the block of chunks */

void pattern_make(void);

/* 1 MiB of pattern, for bodies sent plain. */
struct span pattern_block(void);
/* PATTERN_CHUNKS whole chunks of PATTERN_CHUNK bytes each, for bodies sent chunked. */
struct span pattern_chunk_block(void);

#endif
