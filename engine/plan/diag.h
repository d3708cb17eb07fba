/* diag — mistakes in what a user wrote, with their place. Filled by plan, printed by the program.
 *
 *   shop.yaml:14:9: expected a duration such as '250ms' after 'wait', found 'fast'
 *     14 |   wait: fast
 *        |         ^~~~
 *
 * An entry without a line (line 0) is its message alone: such a message names the file or option
 * itself.
 */
#ifndef SQUALL_ENGINE_PLAN_DIAG_H
#define SQUALL_ENGINE_PLAN_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/span.h"

#define DIAGS_MAX        64  /* further ones are counted in `more` */
#define DIAG_MESSAGE_MAX 320 /* bytes, NUL included */
#define DIAG_EXCERPT_MAX 440

struct place {
    uint32_t line,
        column;   /* from 1, columns in characters; line 0 = the whole file or the command line */
    uint32_t len; /* characters to mark, at least 1 where line > 0 */
};

struct diag {
    struct place place;
    char message[DIAG_MESSAGE_MAX];
    char
        excerpt[DIAG_EXCERPT_MAX]; /* the marked line, or what of it is near the place; "" = none */
    uint32_t mark_at, mark_len;    /* in terminal columns of `excerpt` */
};

struct diag_list {
    const char *path; /* NULL = not about a file */
    const char *text; /* borrowed while entries are added, for marking; may be NULL */
    size_t text_len;
    size_t count, more;
    struct diag entries[DIAGS_MAX];
};

void diag_list_init(struct diag_list *l, const char *path);

/* Adds one. What is longer than `message` is cut between characters; control bytes become \xNN. */
void diag_add(struct diag_list *l, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An entry without a place. */
#define DIAG_NO_PLACE ((struct place){ 0, 0, 0 })

/* Every entry as it is shown, marked line included, ordered by place; at the end how many more
 * there were. malloc'd, each line ending in a newline; NULL = no memory. */
char *diag_format(const struct diag_list *l);

/* The nearest of `count` names to `wrong`, or NULL when none is near: Damerau-Levenshtein distance,
 * letters of either case being equal, at most 2 and under half the length of `wrong`. */
const char *diag_nearest(const char *wrong, const char *const *names, size_t count);

/* A cut copy of some text for a message, by value: "…, found %s", diag_quote(text).text */
struct diag_quote {
    char text[68];
};
struct diag_quote diag_quote(struct span text); /* 'text', or "nothing" when empty */

#endif
