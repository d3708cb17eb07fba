/* fault — one sentence for the user about what went wrong, and the way it is shown.
 *
 * Functions that can fail fill a fault and return; only the commands print it: "squall: SENTENCE",
 * one line on stderr.
 */
#ifndef SQUALL_TOOLS_CLI_FAULT_H
#define SQUALL_TOOLS_CLI_FAULT_H

#include <stddef.h>
#include <stdio.h>

struct fault {
    char sentence[640];
};

/* Writes the sentence, cut where the room ends. */
void fault_say(struct fault *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What an errno says, in lower case as the rest of a sentence; by value. */
struct fault_reason {
    char text[96];
};
struct fault_reason fault_reason(int err);

/* Where this thread shows them: stderr, unless another stream was given; NULL = stderr again. */
FILE *fault_stream(void);
void fault_set_stream(FILE *out);

/* "squall: SENTENCE" and a newline, on that stream. */
void fault_print(const struct fault *f);

/* The same for a sentence that nobody needs to keep. */
void fault_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
