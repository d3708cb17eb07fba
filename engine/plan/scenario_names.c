#include <errno.h>
#include <stdio.h>

#include "engine/plan/arena.h"
#include "engine/plan/scenario_build.h"
#include "http/header.h"

#define CANDIDATES_MAX   1024u
#define ANSWER_BYTES_MAX 1024u /* of a pointer or a name in json('..'), header('..') */

static bool is_known(const struct scenario_kind *k, uint32_t variable)
{
    return k != NULL && (k->known[variable / 64] >> (variable % 64) & 1) != 0;
}

static bool resolve_constant(const struct build *b, struct span name, struct operation *ret)
{
    const struct node *item = b->s->constants == NULL ? NULL : b->s->constants->first;
    for (uint32_t i = 0; i < b->constant_count; i++, item = item->next) {
        if (!span_equal(name, item->key->text))
            continue;
        *ret = b->constants[i];
        return true;
    }
    return false;
}

/* The feed that `name` begins with and a dot behind it; NULL = none. *ret_column is the rest. */
static const struct feed *feed_of(const struct build *b, struct span name, struct span *ret_column)
{
    const char *dot = memchr(name.bytes, '.', name.len);
    const size_t len = dot == NULL ? name.len : (size_t)(dot - name.bytes);
    const struct feed *feeds = (const struct feed *)b->feeds.items;
    for (uint32_t i = 0; i < b->feeds.count; i++) {
        if (!span_equal((struct span){ name.bytes, len }, span_of(feeds[i].name)))
            continue;
        *ret_column =
            dot == NULL ? (struct span){ NULL, 0 } : (struct span){ dot + 1, name.len - len - 1 };
        return &feeds[i];
    }
    return NULL;
}

static bool resolve_field(const struct build *b, struct span name, struct operation *ret)
{
    struct span column_name;
    const struct feed *feed = feed_of(b, name, &column_name);
    if (feed == NULL || column_name.len == 0)
        return false;
    const uint32_t column = feed_column(feed, column_name);
    if (column == UINT32_MAX && feed->column_count > 0)
        return false;
    /* A feed that could not be read is known to have any column: one mistake, one message. */
    *ret = (struct operation){ .kind = OPERATION_FIELD,
                               .index = (uint16_t)(feed - (const struct feed *)b->feeds.items),
                               .column = column };
    return true;
}

static bool resolve_name(void *context, struct span name, struct operation *ret)
{
    struct build *b = context;
    if (b->subject != PLAN_NONE && span_equal(name, SPAN_LITERAL("answer"))) {
        *ret = (struct operation){ .kind = OPERATION_VARIABLE, .index = (uint16_t)b->subject };
        return true;
    }
    const uint32_t variable = scenario_variable_find(b->s, name);
    if (variable != PLAN_NONE && is_known(b->kind, variable)) {
        *ret = (struct operation){ .kind = OPERATION_VARIABLE, .index = (uint16_t)variable };
        return true;
    }
    if (resolve_constant(b, name, ret) || resolve_field(b, name, ret))
        return true;
    b->stranger = name;
    return false;
}

/* ---- json('/x'), header('X') ---- */

static const char *answer_fault(bool is_header, struct span what)
{
    if (what.len > ANSWER_BYTES_MAX)
        return "expected at most 1024 bytes, found more";
    if (is_header)
        return header_name_is_valid(what) ? NULL
                                          : "expected a header name such as 'Location' in 'header'";
    return what.len > 0 && capture_pointer_fault(what) == NULL
               ? NULL
               : "expected a JSON pointer such as '/id' in 'json'";
}

static uint32_t answer_variable(struct build *b, bool is_header, struct span what)
{
    char name[ANSWER_BYTES_MAX + 32];
    const int len = snprintf(name, sizeof(name), "answer's %s %.*s", is_header ? "header" : "json",
                             (int)what.len, what.bytes);
    return scenario_variable(b->s, (struct span){ name, (size_t)len }, b->s->root->place);
}

static bool resolve_answer(void *context, bool is_header, struct span what, struct operation *ret,
                           const char **ret_fault)
{
    struct build *b = context;
    *ret_fault = answer_fault(is_header, what);
    if (*ret_fault != NULL)
        return false;
    uint32_t i = 0;
    while (i < b->answer_count &&
           (b->answers[i].is_header != is_header || !span_equal(b->answers[i].what, what)))
        i++;
    if (i == PLAN_CAPTURES_MAX) {
        *ret_fault = "expected at most 64 different pointers and headers in a task, found more";
        return false;
    }
    if (i == b->answer_count) {
        const uint32_t variable = answer_variable(b, is_header, what);
        *ret_fault = "expected fewer variables, found no room for another";
        if (variable == PLAN_NONE)
            return false;
        b->answers[b->answer_count++] =
            (struct answer){ is_header, scenario_plan_copy_span(b, what), variable };
    }
    *ret =
        (struct operation){ .kind = OPERATION_VARIABLE, .index = (uint16_t)b->answers[i].variable };
    return true;
}

/* ---- proposals ---- */

static const char *field_name(struct build *b, const struct feed *feed, struct span column)
{
    const size_t size = strlen(feed->name) + column.len + 2;
    char *name = scenario_alloc(b->s, size);
    if (name != NULL)
        snprintf(name, size, "%s.%.*s", feed->name, (int)column.len, column.bytes);
    return name;
}

static const char *const *list_candidates(struct build *b)
{
    uint32_t count = 0;
    if (b->candidates != NULL)
        return b->candidates;
    const char **names = scenario_alloc(b->s, (CANDIDATES_MAX + 1) * sizeof(*names));
    if (names == NULL)
        return NULL;
    for (uint32_t i = 0; i < b->s->variable_count; i++) {
        if (is_known(b->kind, i))
            names[count++] = b->s->variable_names[i];
    }
    const struct node *item = b->s->constants == NULL ? NULL : b->s->constants->first;
    for (uint32_t i = 0; i < b->constant_count && item != NULL; i++, item = item->next)
        names[count++] = item->key->text.bytes; /* a NUL follows the text of a node */
    const struct feed *feeds = (const struct feed *)b->feeds.items;
    for (uint32_t i = 0; i < b->feeds.count; i++) {
        for (uint32_t k = 0; k < feeds[i].column_count && count < CANDIDATES_MAX; k++) {
            names[count] = field_name(b, &feeds[i], feeds[i].columns[k]);
            count += names[count] != NULL ? 1 : 0;
        }
    }
    b->candidates = names;
    return names;
}

struct expression_names scenario_names(struct build *b, bool is_check)
{
    b->stranger = (struct span){ NULL, 0 };
    return (struct expression_names){ .context = b,
                                      .name = resolve_name,
                                      .answer = b->may_ask ? resolve_answer : NULL,
                                      .is_check = is_check,
                                      .candidates = list_candidates(b),
                                      .evaluator = b->evaluator };
}

const char *scenario_stranger_fault(struct build *b, struct span name, char *out, size_t size)
{
    struct span column;
    const uint32_t variable = scenario_variable_find(b->s, name);
    const struct feed *feed = feed_of(b, name, &column);
    if (variable != PLAN_NONE && b->kind != NULL)
        snprintf(out, size, "variable %s gets its value from users of another kind only",
                 diag_quote(name).text);
    else if (feed != NULL && column.len == 0)
        snprintf(out, size, "expected a column of the feed %s such as '%s.%.*s', found the feed",
                 diag_quote(name).text, feed->name,
                 (int)(feed->column_count > 0 ? feed->columns[0].len : 4),
                 feed->column_count > 0 ? feed->columns[0].bytes : "name");
    else
        return NULL;
    return out;
}
