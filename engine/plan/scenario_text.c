#include <errno.h>
#include <stdio.h>

#include "engine/plan/arena.h"
#include "engine/plan/evaluator.h"
#include "engine/plan/scenario_build.h"

struct place scenario_place_of(const struct build *b, const struct node *n, struct span part)
{
    return b->s->diags->count < DIAGS_MAX ? node_place_of(n, part) : n->place;
}

/* ---- expressions ---- */

uint32_t scenario_expression_add(struct build *b, const struct expression *e)
{
    struct expression *added = scenario_row_add(b, &b->expressions, sizeof(*added));
    if (added == NULL)
        return PLAN_NONE;
    *added = *e;
    return b->expressions.count - 1;
}

const struct expression *scenario_expression(const struct build *b, uint32_t index)
{
    return (const struct expression *)b->expressions.items + index;
}

/* An expression of one operation, with the text for people. */
static uint32_t add_single(struct build *b, const struct operation *from, struct span text,
                           uint32_t bytes_max)
{
    struct operation *o = scenario_plan_alloc(b, sizeof(*o));
    const struct span kept = scenario_plan_copy_span(b, text);
    if (o == NULL || b->error != 0)
        return PLAN_NONE;
    *o = *from;
    return scenario_expression_add(
        b,
        &(struct expression){ .operations = o, .count = 1, .bytes_max = bytes_max, .text = kept });
}

uint32_t scenario_variable_slot(struct build *b, uint32_t variable)
{
    if (b->variable_slots[variable] == PLAN_NONE)
        b->variable_slots[variable] = add_single(
            b, &(struct operation){ .kind = OPERATION_VARIABLE, .index = (uint16_t)variable },
            span_of(b->s->variable_names[variable]), PLAN_VARIABLE_BYTES_MAX);
    return b->variable_slots[variable];
}

uint32_t scenario_number_slot(struct build *b, int64_t number)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)number);
    const struct operation o = { .kind = OPERATION_CONSTANT,
                                 .constant = { .kind = VALUE_INTEGER, .integer = number } };
    return add_single(b, &o, span_of(text), sizeof(text));
}

/* The word or sign at the beginning of `rest`, for marking. */
static struct span first_word(struct span rest)
{
    size_t len = 0;
    while (len < rest.len && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789_-.",
                                    rest.bytes[len]) != NULL)
        len++;
    return (struct span){ rest.bytes, len > 0 ? len : rest.len > 0 ? 1 : 0 };
}

void scenario_fault_report(struct build *b, const struct node *n, struct span text,
                           const struct expression_fault *fault)
{
    char better[200];
    const struct span rest = { text.bytes + fault->offset, text.len - fault->offset };
    const struct span part = rest.len > 0 ? first_word(rest) : text;
    const char *message = NULL;
    if (b->stranger.len > 0 && span_equal(b->stranger, part))
        message = scenario_stranger_fault(b, b->stranger, better, sizeof(better));
    if (rest.len > 0 && rest.bytes[0] == '$')
        message = "expected a value, found '$': an expression stands here without '${' and '}'";
    diag_add(b->s->diags, scenario_place_of(b, n, part), "%s",
             message == NULL ? fault->message : message);
}

static void check_cookies(struct build *b, const struct node *n, const struct expression *e)
{
    for (uint32_t i = 0; i < e->count && b->s->has_no_cookies; i++) {
        if (e->operations[i].kind != OPERATION_COOKIE)
            continue;
        diag_add(b->s->diags, n->place,
                 "expected no 'cookie()' where the scenario says 'cookies: false'");
        return;
    }
}

/* Room for one more expression, however many a file has and however much they compute in advance;
 * and the evaluator that computes it. */
static bool has_room(struct build *b, const struct node *n)
{
    if (b->error != 0)
        return false;
    if (b->expressions.count >= SCENARIO_EXPRESSIONS_MAX)
        diag_add(b->s->diags, n->place, "expected at most %u expressions in a scenario, found more",
                 SCENARIO_EXPRESSIONS_MAX);
    else if (arena_bytes(b->arena) - b->feed_bytes > SCENARIO_PLAN_BYTES_MAX)
        diag_add(b->s->diags, n->place,
                 "expected a plan of at most 16 MiB, found more: are there long constant texts?");
    else if (b->evaluator == NULL && evaluator_open_plain(&b->evaluator) != 0)
        b->error = -ENOMEM;
    else
        return true;
    if (b->error == 0)
        b->error = -E2BIG;
    return false;
}

uint32_t scenario_expression_read(struct build *b, const struct node *n, struct span text,
                                  bool is_check)
{
    struct expression e;
    struct expression_fault fault;
    if (!has_room(b, n))
        return PLAN_NONE;
    const struct expression_names names = scenario_names(b, is_check);
    const int rc = expression_read(&e, b->arena, text, &names, &fault);
    if (rc == 0) {
        check_cookies(b, n, &e);
        return scenario_expression_add(b, &e);
    }
    if (rc == -ENOMEM)
        b->error = rc;
    else
        scenario_fault_report(b, n, text, &fault);
    return PLAN_NONE;
}

/* ---- texts ---- */

/* Variables alone, which most slots are, are not read again and again. */
static uint32_t read_slot(struct build *b, const struct node *n, struct span inside)
{
    struct operation o;
    const struct expression_names names = scenario_names(b, false);
    const struct span name = span_trim(inside);
    if (expression_name_is_valid(name) && names.name(b, name, &o) && o.kind == OPERATION_VARIABLE)
        return scenario_variable_slot(b, o.index);
    return scenario_expression_read(b, n, inside, false);
}

/* The text of an expression that is the same for everybody: it becomes a part of the fixed bytes.
 */
static bool constant_text(struct build *b, const struct expression *e, struct slot_value *ret_value)
{
    static const struct scope nothing;
    if (e->count != 1 || e->operations[0].kind != OPERATION_CONSTANT)
        return false;
    const struct value *constant = &e->operations[0].constant;
    if (constant->kind == VALUE_TEXT) {
        *ret_value = (struct slot_value){ constant->text, constant->is_json };
        return true;
    }
    if (!expression_slot(e, b->evaluator, &nothing, ret_value))
        return false;
    ret_value->text.bytes = arena_copy(b->s->arena, ret_value->text);
    if (ret_value->text.bytes == NULL)
        b->error = -ENOMEM;
    return ret_value->text.bytes != NULL;
}

static bool compile_slot(struct build *b, const struct node *n, struct span written,
                         struct text_part *ret_part)
{
    const uint32_t slot = read_slot(b, n, expression_inside(written));
    if (slot == PLAN_NONE)
        return false;
    const struct expression *e = scenario_expression(b, slot);
    *ret_part = (struct text_part){
        .bytes = written, .is_slot = true, .slot = slot, .slot_bytes_max = e->bytes_max
    };
    ret_part->is_constant = constant_text(b, e, &ret_part->constant);
    return true;
}

static uint32_t count_parts(struct span text)
{
    uint32_t count = 0;
    size_t at = 0;
    while (expression_next(text, &at).kind != PART_END)
        count++;
    return count;
}

struct text scenario_text_compile(struct build *b, const struct node *n, struct span text)
{
    struct text_part *parts = scenario_alloc(b->s, count_parts(text) * sizeof(*parts));
    uint32_t count = 0;
    size_t at = 0;
    if (parts == NULL) {
        b->error = -ENOMEM;
        return (struct text){ NULL, 0 };
    }
    while (b->error == 0) {
        const struct part part = expression_next(text, &at);
        if (part.kind == PART_END)
            break;
        if (part.kind == PART_LITERAL)
            parts[count++] = (struct text_part){ .bytes = part.text };
        else if (part.kind == PART_SLOT)
            count += compile_slot(b, n, part.text, &parts[count]) ? 1 : 0;
        else
            diag_add(b->s->diags, scenario_place_of(b, n, (struct span){ part.text.bytes, 2 }),
                     "expected '}' to close '${', found none");
    }
    return (struct text){ parts, count };
}

bool scenario_text_is_slot(struct span text, struct span *ret_inside)
{
    size_t at = 0;
    const struct part first = expression_next(text, &at);
    if (first.kind != PART_SLOT || at != text.len)
        return false;
    *ret_inside = expression_inside(first.text);
    return true;
}

/* ---- texts as source of an expression ---- */

struct source {
    char *bytes;
    size_t len;
};

static void put(struct source *to, struct span bytes)
{
    if (bytes.len > 0)
        memcpy(to->bytes + to->len, bytes.bytes, bytes.len);
    to->len += bytes.len;
}

static void put_quoted(struct source *to, struct span text)
{
    put(to, SPAN_LITERAL("'"));
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] == '\'' || text.bytes[i] == '\\')
            put(to, SPAN_LITERAL("\\"));
        put(to, (struct span){ text.bytes + i, 1 });
    }
    put(to, SPAN_LITERAL("'"));
}

struct span scenario_text_quote(struct build *b, struct span text)
{
    struct source source = { scenario_alloc(b->s, 2 * text.len + 2), 0 };
    if (source.bytes == NULL) {
        b->error = -ENOMEM;
        return SPAN_LITERAL("''");
    }
    put_quoted(&source, text);
    return (struct span){ source.bytes, source.len };
}

/* The first part that is written out and reads as no number; 0 where there is none. */
static uint32_t find_anchor(struct span text)
{
    uint32_t index = 0;
    size_t at = 0;
    for (;; index++) {
        const struct part part = expression_next(text, &at);
        if (part.kind == PART_END)
            return 0;
        for (size_t i = 0; i < part.text.len && part.kind == PART_LITERAL; i++) {
            if (memchr("0123456789.eE+- ", part.text.bytes[i], 16) == NULL)
                return index;
        }
    }
}

/* 'a' + (b + ('anchor' + c + 'd')): whatever is joined has the anchor in it, so '+' never adds. */
struct span scenario_text_join(struct build *b, struct span text)
{
    const uint32_t count = count_parts(text), anchor = find_anchor(text);
    struct source source = { scenario_alloc(b->s, 2 * text.len + 12 * (size_t)count + 2), 0 };
    size_t at = 0;
    if (source.bytes == NULL) {
        b->error = -ENOMEM;
        return SPAN_LITERAL("''");
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct part part = expression_next(text, &at);
        if (i > 0)
            put(&source, SPAN_LITERAL(" + "));
        put(&source, i <= anchor ? SPAN_LITERAL("(") : SPAN_LITERAL(""));
        if (part.kind == PART_LITERAL) {
            put_quoted(&source, part.text);
            continue;
        }
        put(&source, SPAN_LITERAL("("));
        put(&source, part.kind == PART_SLOT ? expression_inside(part.text) : SPAN_LITERAL("''"));
        put(&source, SPAN_LITERAL(")"));
    }
    for (uint32_t i = 0; i < count && i <= anchor; i++)
        put(&source, SPAN_LITERAL(")"));
    return (struct span){ source.bytes, source.len };
}
