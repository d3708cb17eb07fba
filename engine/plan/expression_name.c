#include <stdio.h>

#include "engine/plan/diag.h"
#include "engine/plan/evaluator.h"
#include "engine/plan/expression_reader.h"
#include "engine/plan/function.h"

#define NAME_BYTES_MAX 64u

static const struct note {
    const char *name;
    enum scope_note note;
    bool is_of_check;
} notes[] = {
    { "user", NOTE_USER, false },      { "iteration", NOTE_ITERATION, false },
    { "status", NOTE_STATUS, false },  { "ok", NOTE_OK, false },
    { "body", NOTE_BODY, true },       { "size", NOTE_SIZE, true },
    { "latency", NOTE_LATENCY, true },
};

#define NOTE_COUNT (sizeof(notes) / sizeof(notes[0]))

static const char *const words[] = { "true", "false", "none",     "and",
                                     "or",   "not",   "contains", "matches" };

static bool is_letter(char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

bool expression_name_is_valid(struct span name)
{
    if (name.len == 0 || name.len > NAME_BYTES_MAX || !is_letter(name.bytes[0]))
        return false;
    for (size_t i = 1; i < name.len; i++) {
        const char c = name.bytes[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.')
            return false;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (span_equal(name, span_of(words[i])))
            return false;
    }
    return true;
}

static bool find_name(const struct reader *r, struct span name, struct operation *ret)
{
    *ret = (struct operation){ 0 };
    return r->names->name != NULL && r->names->name(r->names->context, name, ret);
}

static const struct note *find_note(struct span name)
{
    for (size_t i = 0; i < NOTE_COUNT; i++) {
        if (span_equal(name, span_of(notes[i].name)))
            return &notes[i];
    }
    return NULL;
}

/* 'tries-1' is one name: the place of the '-' when a known name stands before it, else NULL. */
static const char *find_minus(const struct reader *r, struct span name)
{
    struct operation ignored;
    for (size_t i = 1; i < name.len; i++) {
        const struct span before = { name.bytes, i };
        if (name.bytes[i] == '-' && (find_name(r, before, &ignored) || find_note(before) != NULL))
            return name.bytes + i;
    }
    return NULL;
}

static const char *find_nearest(const struct reader *r, const char *wrong)
{
    const char *known[NOTE_COUNT];
    const char *const *candidates = r->names->candidates;
    size_t count = 0;
    while (candidates != NULL && candidates[count] != NULL)
        count++;
    const char *nearest = diag_nearest(wrong, candidates, count);
    for (size_t i = 0; i < NOTE_COUNT; i++)
        known[i] = notes[i].name;
    return nearest != NULL || r->is_constant ? nearest : diag_nearest(wrong, known, NOTE_COUNT);
}

static bool fail_unknown(struct reader *r, struct span name)
{
    char wrong[NAME_BYTES_MAX + 1];
    if (function_find(name) != NULL)
        return reader_fail(r, name, "unknown variable '%.*s'; did you mean '%.*s()'?",
                           (int)name.len, name.bytes, (int)name.len, name.bytes);
    const char *minus = find_minus(r, name);
    if (minus != NULL) {
        const int before = (int)(minus - name.bytes);
        return reader_fail(r, name, "unknown variable '%.*s'; did you mean '%.*s - %.*s'?",
                           (int)name.len, name.bytes, before, name.bytes,
                           (int)name.len - before - 1, minus + 1);
    }
    snprintf(wrong, sizeof(wrong), "%.*s", (int)name.len, name.bytes);
    const char *nearest = find_nearest(r, wrong);
    if (nearest != NULL)
        return reader_fail(r, name, "unknown variable '%s'; did you mean '%s'?", wrong, nearest);
    return reader_fail(r, name, "unknown variable '%s': nothing gives it a value", wrong);
}

static bool emit_note(struct reader *r, struct span name, const struct note *note)
{
    if (r->is_constant)
        return reader_fail(r, name, "expected nothing of a user in a constant, found '%s'",
                           note->name);
    if (note->is_of_check && !r->names->is_check)
        return reader_fail(r, name, "'%s' is known in 'expect' only", note->name);
    return reader_emit(
        r, &(struct operation){ .kind = OPERATION_NOTE, .index = (uint16_t)note->note }, 0);
}

bool reader_read_name(struct reader *r, const struct token *name)
{
    struct operation o;
    if (token_is(name, "none"))
        return reader_emit_constant(r, value_none());
    if (token_is(name, "true") || token_is(name, "false"))
        return reader_emit_constant(r, value_truth(token_is(name, "true")));
    if (find_name(r, name->text, &o)) {
        if (r->is_constant && o.kind != OPERATION_CONSTANT)
            return reader_fail(r, name->text, "expected nothing of a user in a constant, found %s",
                               diag_quote(name->text).text);
        return reader_emit(r, &o, 0);
    }
    const struct note *note = find_note(name->text);
    return note != NULL ? emit_note(r, name->text, note) : fail_unknown(r, name->text);
}
