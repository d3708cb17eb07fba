/* expression_user — a user for expressions to be read and evaluated with: its variables, a feed and
 * the notes of its run. */
#ifndef SQUALL_TESTS_UNIT_EXPRESSION_USER_H
#define SQUALL_TESTS_UNIT_EXPRESSION_USER_H

#include <string.h>

#include "engine/plan/evaluate.h"
#include "http/text_list.h"

enum user_variable {
    USER_TEXT,
    USER_NUMBER,
    USER_LIST,
    USER_UNSET,
    USER_LONG,
    USER_VARIABLE_COUNT
};

struct expression_user {
    struct value variables[USER_VARIABLE_COUNT];
    uint64_t sequence;
    struct prng random;
    struct scope scope;
    char list[64];
    char long_text[VALUE_TEXT_MAX];
    char body[256 * 1024]; /* too long for a text of its own */
    size_t body_len;
};

static const char *const user_names[] = { "text", "number", "list", "unset", "long", NULL };

static inline bool user_name(void *context, struct span name, struct operation *ret)
{
    (void)context;
    for (uint16_t i = 0; user_names[i] != NULL; i++) {
        if (span_equal(name, span_of(user_names[i]))) {
            *ret = (struct operation){ .kind = OPERATION_VARIABLE, .index = i };
            return true;
        }
    }
    if (!span_equal(name, SPAN_LITERAL("people.email")))
        return false;
    *ret = (struct operation){ .kind = OPERATION_FIELD, .index = 2, .column = 7 };
    return true;
}

static inline bool user_answer(void *context, bool is_header, struct span what,
                               struct operation *ret, const char **ret_fault)
{
    (void)context;
    *ret_fault = "expected a JSON pointer such as '/id'";
    if (!is_header && what.len > 0 && what.bytes[0] != '/')
        return false;
    *ret = (struct operation){ .kind = OPERATION_VARIABLE,
                               .index = is_header ? USER_TEXT : USER_NUMBER };
    return true;
}

/* Unlike in a run, every name is known, those of checks too. */
static const struct expression_names names_of_user = {
    .name = user_name, .answer = user_answer, .is_check = true, .candidates = user_names
};

static inline void user_variable(void *context, uint32_t variable, struct value *ret)
{
    *ret = ((struct expression_user *)context)->variables[variable];
}

static inline void user_field(void *context, uint32_t feed, uint32_t column, struct value *ret)
{
    (void)context;
    if (feed == 2 && column == 7)
        *ret = (struct value){ .kind = VALUE_TEXT, .text = SPAN_LITERAL("ada@example.com") };
}

static inline void user_note(void *context, enum scope_note note, struct value *ret)
{
    const struct expression_user *u = context;
    if (note == NOTE_BODY)
        *ret = (struct value){ .kind = VALUE_TEXT, .text = { u->body, u->body_len } };
    else if (note == NOTE_OK)
        *ret = (struct value){ .kind = VALUE_TRUTH, .integer = 1 };
    else if (note == NOTE_LATENCY)
        *ret = (struct value){ .kind = VALUE_NUMBER, .number = 1.25 };
    else
        *ret = (struct value){ .kind = VALUE_INTEGER, .integer = note == NOTE_STATUS ? 200 : 3 };
}

static inline void user_cookie(void *context, struct span name, struct value *ret)
{
    (void)context;
    if (span_equal(name, SPAN_LITERAL("theme")))
        *ret = (struct value){ .kind = VALUE_TEXT, .text = SPAN_LITERAL("light") };
}

static inline uint64_t user_sequence(void *context)
{
    return ((struct expression_user *)context)->sequence++;
}

/* text is 'Hello, world', number '42', list 1, two, true; long has VALUE_TEXT_MAX bytes. It is
 * 2023-11-14T22:13:20.123456789Z. */
static inline void user_init(struct expression_user *u)
{
    static const struct span items[] = { { "1", 1 }, { "two", 3 }, { "true", 4 } };
    size_t used = 0;
    memset(u, 0, sizeof(*u));
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
        used = (size_t)text_list_append(u->list, used, sizeof(u->list), items[i], i != 1);
    memset(u->long_text, 'x', sizeof(u->long_text));
    memset(u->body, ',', sizeof(u->body));
    u->body[sizeof(u->body) - 1] = 'z';
    u->body_len = sizeof(u->body);
    u->variables[USER_TEXT] =
        (struct value){ .kind = VALUE_TEXT, .text = SPAN_LITERAL("Hello, world") };
    u->variables[USER_NUMBER] = (struct value){ .kind = VALUE_TEXT, .text = SPAN_LITERAL("42") };
    u->variables[USER_LIST] = (struct value){ .kind = VALUE_LIST, .text = { u->list, used } };
    u->variables[USER_LONG] =
        (struct value){ .kind = VALUE_TEXT, .text = { u->long_text, sizeof(u->long_text) } };
    prng_init(&u->random, 3, 4);
    u->scope = (struct scope){ .context = u,
                               .variable = user_variable,
                               .field = user_field,
                               .note = user_note,
                               .cookie = user_cookie,
                               .sequence = user_sequence,
                               .random = &u->random,
                               .now_ns = 1700000000123456789 };
}

#endif
