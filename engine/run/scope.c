#include "engine/run/scope.h"

#include <errno.h>

#include "engine/run/jar.h"
#include "engine/run/worker_state.h"

/* ---- what is asked for ---- */

static void scope_variable(void *worker, uint32_t variable, struct value *ret)
{
    const struct worker *w = worker;
    const uint32_t user = worker_user_index(w, w->seen.user);
    if (values_get(&w->values, user, variable, &ret->text) < 0)
        return;
    const enum values_kind kind = values_kind(&w->values, user, variable);
    ret->kind = kind == VALUES_LIST ? VALUE_LIST : VALUE_TEXT;
    ret->is_json = kind == VALUES_JSON;
}

bool scope_take_row(struct worker *w, struct user *u, uint32_t feed)
{
    uint32_t row = 0;
    if (!feed_row(&w->plan->feeds[feed], w->rows_taken[feed], w->setup.core, w->setup.cores,
                  &u->random, &row)) {
        u->is_gone = true;
        return false;
    }
    w->rows_taken[feed]++;
    *worker_row(w, u, feed) = row + 1;
    return true;
}

bool scope_has_rows(struct worker *w, struct user *u, uint32_t request)
{
    for (uint64_t feeds = w->feeds_used[request]; feeds != 0; feeds &= feeds - 1) {
        const uint32_t feed = (uint32_t)__builtin_ctzll(feeds);
        if (*worker_row(w, u, feed) == 0 && !scope_take_row(w, u, feed))
            return false;
    }
    return true;
}

static void scope_field(void *worker, uint32_t feed, uint32_t column, struct value *ret)
{
    struct worker *w = worker;
    struct user *u = w->seen.user;
    const uint32_t *row = worker_row(w, u, feed);
    if (*row == 0 && !scope_take_row(w, u, feed))
        return;
    const struct feed_field *field = feed_field(&w->plan->feeds[feed], *row - 1, column);
    *ret = (struct value){ .kind = VALUE_TEXT,
                           .is_json = field->is_json,
                           .text = { field->bytes, field->len } };
}

static void scope_note(void *worker, enum scope_note note, struct value *ret)
{
    const struct worker *w = worker;
    const struct user *u = w->seen.user;
    ret->kind = VALUE_INTEGER;
    switch (note) {
    case NOTE_USER:
        ret->integer = (int64_t)worker_user_number(w, worker_user_index(w, u));
        break;
    case NOTE_ITERATION:
        ret->integer = u->iteration;
        break;
    case NOTE_STATUS:
        ret->integer = u->status;
        break;
    case NOTE_OK:
        ret->kind = VALUE_TRUTH;
        ret->integer = u->ok;
        break;
    case NOTE_BODY:
        ret->kind = VALUE_TEXT;
        ret->text = w->seen.body;
        break;
    case NOTE_SIZE:
        ret->integer = (int64_t)w->seen.body_bytes;
        break;
    case NOTE_LATENCY:
        ret->kind = VALUE_NUMBER;
        ret->number = (double)w->seen.latency_ns / 1e6;
        break;
    }
}

static void scope_cookie(void *worker, struct span name, struct value *ret)
{
    struct worker *w = worker;
    if (jar_find(w, w->seen.user, name, &ret->text))
        ret->kind = VALUE_TEXT;
}

static uint64_t scope_sequence(void *worker)
{
    struct worker *w = worker;
    const uint64_t number = w->sequence_next;
    w->sequence_next += w->setup.cores;
    return number;
}

void scope_init(struct worker *w)
{
    w->sequence_next = w->setup.core;
    w->scope = (struct scope){ .context = w,
                               .variable = scope_variable,
                               .field = scope_field,
                               .note = scope_note,
                               .cookie = scope_cookie,
                               .sequence = scope_sequence };
}

/* ---- asking ---- */

const struct scope *scope_enter(struct worker *w, struct user *u)
{
    w->seen.user = u;
    w->scope.random = &u->random;
    w->scope.now_ns = worker_wall_ns(w);
    return &w->scope;
}

int scope_slot(void *worker, uint32_t slot, struct slot_value *ret_value)
{
    struct worker *w = worker;
    const struct expression *x = &w->plan->expressions[slot];
    return expression_slot(x, w->evaluator, &w->scope, ret_value) ? 0 : -ENODATA;
}

/* One that is kept: what a variable holds may move while another is set. */
static int scope_only_slot(struct worker *w, uint32_t slot, struct slot_value *ret_text)
{
    const int rc = scope_slot(w, slot, ret_text);
    if (rc < 0)
        return rc;
    memcpy(w->rendered, ret_text->text.bytes, ret_text->text.len);
    ret_text->text.bytes = w->rendered;
    return 0;
}

int scope_text(struct worker *w, struct user *u, const struct template *text,
               struct slot_value *ret_text)
{
    size_t len = 0;
    scope_enter(w, u);
    if (text->head_count == 1 && text->head[0].kind == PIECE_SLOT)
        return scope_only_slot(w, text->head[0].slot, ret_text);
    const int rc =
        template_render_text(text, scope_slot, w, w->rendered, VALUES_TEXT_MAX, &len, NULL);
    if (rc == 0)
        *ret_text = (struct slot_value){ { w->rendered, len }, false };
    return rc;
}

bool scope_holds(struct worker *w, struct user *u, uint32_t expression)
{
    return expression_holds(&w->plan->expressions[expression], w->evaluator, scope_enter(w, u));
}

uint32_t scope_count(struct worker *w, struct user *u, uint32_t expression)
{
    int64_t count = 0;
    if (!expression_integer(&w->plan->expressions[expression], w->evaluator, scope_enter(w, u),
                            &count) ||
        count < 0)
        return 0;
    return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

void scope_assign(struct worker *w, struct user *u, uint32_t variable, uint32_t expression)
{
    const uint32_t user = worker_user_index(w, u);
    const struct value value =
        expression_evaluate(&w->plan->expressions[expression], w->evaluator, scope_enter(w, u));
    struct span text;
    if (value.kind == VALUE_LIST)
        values_set_list(&w->values, user, variable, value.text);
    else if (value_as_text(w->evaluator, &value, &text))
        values_set(&w->values, user, variable, text, value_is_json(&value));
    else
        values_drop(&w->values, user, variable);
}
