/* sink — text that grows while a report is written.
 *
 * Running out of memory sticks: later writes do nothing and sink_finish() says so, so a writer
 * checks once, at its end.
 */
#ifndef SQUALL_STATS_REPORT_SINK_H
#define SQUALL_STATS_REPORT_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct sink {
    char *bytes; /* not NUL-terminated before sink_finish() */
    size_t len, capacity;
    bool has_failed;
};

void sink_init(struct sink *s);
void sink_bytes(struct sink *s, const char *bytes, size_t len);
void sink_text(struct sink *s, const char *text);
void sink_repeat(struct sink *s, const char *text, size_t times);

/* For whole numbers and texts of our own. Fractions go through figure.h, which knows no locale. */
void sink_format(struct sink *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Hands the text over, NUL-terminated, for the caller to free(). 0 or -ENOMEM. The sink is empty
 * again either way. */
int sink_finish(struct sink *s, char **ret_text);
void sink_close(struct sink *s);

#endif
