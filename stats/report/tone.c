#include "stats/report/tone.h"

#include "stats/report/sink.h"

static const char *const sequences[TONE_COUNT] = {
    [TONE_PLAIN] = "",        [TONE_STRONG] = "\x1b[1m",   [TONE_DIM] = "\x1b[2m",
    [TONE_GOOD] = "\x1b[32m", [TONE_WARNING] = "\x1b[33m", [TONE_BAD] = "\x1b[31m",
};

void tone_begin(struct sink *s, enum tone tone, bool color)
{
    if (color)
        sink_text(s, sequences[tone]);
}

void tone_end(struct sink *s, enum tone tone, bool color)
{
    if (color && tone != TONE_PLAIN)
        sink_text(s, "\x1b[0m");
}
