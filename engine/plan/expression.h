/* expression — the small language of a scenario: '${user}', 'status == 200 and length(ids) > 0'.
 * Read once at load into a row of operations, immutable, evaluated on the hot path (evaluate.h).
 *
 * Grammar and functions: tools/cli/scenario.md, "Expressions"; functions.def is their table.
 */
#ifndef SQUALL_ENGINE_PLAN_EXPRESSION_H
#define SQUALL_ENGINE_PLAN_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/span.h"

struct arena;
struct evaluator;
struct prng;
struct regex;

#define EXPRESSION_BYTES_MAX      4096u /* as written */
#define EXPRESSION_DEPTH_MAX      32u   /* brackets within brackets, 'not' and '-' in a row */
#define EXPRESSION_OPERATIONS_MAX 1024u
#define EXPRESSION_COMPUTED_MAX   65536u /* bytes of all texts computed while reading one */
#define EXPRESSION_VALUES_MAX     256u   /* on the stack at once: what a call may be given */

/* ---- '${...}' in a text ---- */

/* '$${' stands for the two characters '${' themselves. Any other '$' is a dollar sign. Braces and
 * quotes within '${...}' are understood: '${choice("}", 1)}' is one slot. */
enum part_kind {
    PART_END,
    PART_LITERAL,
    PART_SLOT,    /* `text` is all of '${...}' */
    PART_UNCLOSED /* '${' without its '}': `text` is the rest, nothing follows */
};

struct part {
    enum part_kind kind;
    struct span text; /* within the text given */
};

/* The part of `text` at *at, which is stepped over. */
struct part expression_next(struct span text, size_t *at);
bool expression_is_present(struct span text); /* some part is no literal */

/* What stands between '${' and '}' of a PART_SLOT. */
static inline struct span expression_inside(struct span slot)
{
    return (struct span){ slot.bytes + 2, slot.len - 3 };
}

/* ---- one expression ---- */

enum operation_kind {
    OPERATION_CONSTANT, /* pushes `constant` */
    OPERATION_VARIABLE, /* pushes the user's variable `index` */
    OPERATION_FIELD,    /* pushes column `column` of the user's row of feed `index` */
    OPERATION_NOTE,     /* pushes what the run knows: `index` is an enum scope_note */
    OPERATION_COOKIE,   /* replaces a name by the cookie's value */
    OPERATION_CALL,     /* function `index` of functions.def on the `count` values on top */
    OPERATION_RANDOM,  /* pushes a random number of `range`: random(1, 9), the most frequent call */
    OPERATION_BINARY,  /* `index` is an enum binary_operator */
    OPERATION_MATCHES, /* `regex` on the value on top */
    OPERATION_NOT,
    OPERATION_NEGATE,
    OPERATION_INDEX /* list[index] */
};

enum binary_operator {
    BINARY_OR,
    BINARY_AND,
    BINARY_EQUAL,
    BINARY_UNEQUAL,
    BINARY_LESS,
    BINARY_AT_MOST,
    BINARY_GREATER,
    BINARY_AT_LEAST,
    BINARY_CONTAINS,
    BINARY_ADD,
    BINARY_SUBTRACT,
    BINARY_MULTIPLY,
    BINARY_DIVIDE,
    BINARY_REMAINDER
};

/* What an expression may ask of the run around it. */
enum scope_note {
    NOTE_USER,      /* number of this user */
    NOTE_ITERATION, /* tasks it has begun */
    NOTE_STATUS,    /* of its last answer */
    NOTE_OK,        /* whether its last request was a success */
    NOTE_BODY,      /* of the answer being checked */
    NOTE_SIZE,      /* its bytes */
    NOTE_LATENCY    /* in milliseconds */
};

enum value_kind { VALUE_NONE, VALUE_TRUTH, VALUE_INTEGER, VALUE_NUMBER, VALUE_TEXT, VALUE_LIST };

struct value {
    enum value_kind kind;
    bool is_json; /* VALUE_TEXT: a JSON value as it stands (12, true, null, [1]), no string */
    union {
        int64_t integer;  /* VALUE_INTEGER; VALUE_TRUTH: 0 or 1 */
        double number;    /* VALUE_NUMBER: finite */
        struct span text; /* VALUE_TEXT; VALUE_LIST: a text_list */
    };
};

struct operation {
    uint8_t kind;  /* enum operation_kind */
    uint8_t count; /* of arguments */
    uint16_t index;
    uint32_t column;
    union {
        struct value constant;
        struct {
            int64_t low, high; /* both included */
        } range;
    };
    struct regex *regex; /* owned, see expression_close() */
};

struct expression {
    const struct operation *operations; /* in the order they are carried out: postfix */
    uint32_t count;
    uint32_t bytes_max; /* the longest text it can give; VALUE_TEXT_MAX unless less is known */
    struct span text;   /* as written, for messages; followed by a NUL */
};

/* Whoever reads an expression says what the names in it mean. */
struct expression_names {
    void *context;
    /* A name without brackets, asked before it is looked for among the notes. False: nobody knows
     * it (the reader reports it, with the nearest of `candidates`). *ret is OPERATION_VARIABLE,
     * OPERATION_FIELD or OPERATION_CONSTANT, whose text must live as long as the arena. */
    bool (*name)(void *context, struct span name, struct operation *ret);
    /* json('/x') and header('X'): a variable that is filled from the answers of the same task.
     * False and a sentence in *ret_fault when that cannot be; NULL when it can be nowhere here. */
    bool (*answer)(void *context, bool is_header, struct span what, struct operation *ret,
                   const char **ret_fault);
    bool is_check;                 /* body, size and latency may be asked for */
    const char *const *candidates; /* names for proposals, ends with NULL; may be NULL */
    struct evaluator *evaluator;   /* computes what is constant; NULL = one is opened for it */
};

struct expression_fault {
    size_t offset;     /* in the text given: where the mistake is */
    char message[256]; /* what was expected and found, and the nearest name */
};

/* Reads `text` (no '${' around it). Constant parts are computed: env(), '1 + 2'. 0, -EINVAL with
 * *ret_fault, -ENOMEM. */
int expression_read(struct expression *ret_expression, struct arena *a, struct span text,
                    const struct expression_names *names, struct expression_fault *ret_fault);

/* Computes a constant of a run at once: `text` with '${...}' in it, as written. One that is a
 * single
 * '${...}' keeps its kind, any other becomes a text. Random functions draw from `random`, now() is
 * `now_ns` since 1970; anything of a user, of an answer or of the run in it is a mistake, as is
 * what cannot be computed. Of `names` only name() and candidates are asked. *ret_constant is an
 * OPERATION_CONSTANT for name() to hand out. Returns as expression_read(). */
int expression_constant(struct operation *ret_constant, struct arena *a, struct span text,
                        const struct expression_names *names, struct prng *random, int64_t now_ns,
                        struct expression_fault *ret_fault);

/* A name that may be captured into and used: a letter or '_', then letters, digits, '_', '-', '.';
 * at most 64 bytes, no word of the language. */
bool expression_name_is_valid(struct span name);

/* Frees the patterns of an expression; the rest is the arena's. */
void expression_close(struct expression *e);

#endif
