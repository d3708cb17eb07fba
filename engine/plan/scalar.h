/* scalar — what a YAML scalar without quotes means, as JSON text: the core schema (YAML 1.2.2,
 * section 10.3.2). */
#ifndef SQUALL_ENGINE_PLAN_SCALAR_H
#define SQUALL_ENGINE_PLAN_SCALAR_H

#include "http/span.h"

#define SCALAR_JSON_MAX 40u

enum scalar_kind {
    SCALAR_TEXT,   /* nothing else: a string */
    SCALAR_VALUE,  /* null, a boolean or a number */
    SCALAR_NO_JSON /* an infinity or no number, or beyond what a double or 64 bits of hex hold */
};

/* JSON text of a value: sign and rest, the rest in `scratch`, in `text` or constant. */
struct scalar_json {
    const char *sign; /* "" or "-" */
    struct span rest;
};

/* `text` must be followed by a NUL, as a node's is. Numbers come out as Python's json.dumps writes
 * them: 1.0, 1e+16. */
enum scalar_kind scalar_resolve(struct span text, char scratch[SCALAR_JSON_MAX],
                                struct scalar_json *ret_json);

#endif
