#include "engine/plan/cost.h"

#include <string.h>

#include "engine/plan/function.h"

/* What is done, and how long it takes. Measured on 2 CPUs of AMD EPYC, Linux 6.18, by what `source`
 * names; a change of the code that moves a bench by much should move its row here. */
enum cost_item {
    COST_REQUEST,
    COST_KERNEL,
    COST_FIXED,
    COST_SLOT,
    COST_VARIABLE,
    COST_OPERATION,
    COST_UUID,
    COST_DIGEST,
    COST_PATTERN,
    COST_HEADERS,
    COST_BODY
};

static const struct {
    uint64_t ns;
    const char *source;
} items[] = {
    [COST_REQUEST] = { 110, "bench/peers, answers of 100 bytes, 64 connections: user time" },
    [COST_KERNEL] = { 4800, "the same: system time" },
    [COST_FIXED] = { 6, "bench_http template_render_fixed" },
    [COST_SLOT] = { 80, "bench_http template_render_three_slots, of each slot" },
    [COST_VARIABLE] = { 13, "bench_plan expression_variable" },
    [COST_OPERATION] = { 25, "bench_plan expression_functions, of each of its 8 operations" },
    [COST_UUID] = { 60, "bench_plan expression_uuid" },
    [COST_DIGEST] = { 450, "bench_plan expression_hmac_sha256" },
    [COST_PATTERN] = { 70, "bench_plan expression_matches" },
    [COST_HEADERS] = { 320, "bench_http response_parsed_whole beside response_memoised" },
    [COST_BODY] = { 850, "bench_http capture_json_1k, once for all captures of an answer" },
};

/* Calls that stand out. */
static enum cost_item item_of_call(const char *name)
{
    static const struct {
        const char *name;
        enum cost_item item;
    } calls[] = { { "uuid", COST_UUID },
                  { "sha256", COST_DIGEST },
                  { "md5", COST_DIGEST },
                  { "hmac_sha256", COST_DIGEST } };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(name, calls[i].name) == 0)
            return calls[i].item;
    }
    return COST_OPERATION;
}

static enum cost_item item_of(const struct operation *o)
{
    if (o->kind == OPERATION_CALL)
        return item_of_call(functions[o->index].name);
    return o->kind == OPERATION_VARIABLE  ? COST_VARIABLE
           : o->kind == OPERATION_MATCHES ? COST_PATTERN
                                          : COST_OPERATION;
}

static uint64_t expression_ns(const struct expression *e)
{
    uint64_t ns = 0;
    for (uint32_t i = 0; i < e->count; i++)
        ns += items[item_of(&e->operations[i])].ns;
    return ns;
}

static void add_pieces(struct cost *sum, const struct plan *p, const struct piece *pieces,
                       uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (pieces[i].kind == PIECE_FIXED) {
            sum->bytes += pieces[i].len;
            continue;
        }
        sum->slots++;
        sum->user_ns += items[COST_SLOT].ns + expression_ns(&p->expressions[pieces[i].slot]);
    }
}

static void add_template(struct cost *sum, const struct plan *p, const struct template *t)
{
    sum->user_ns += items[COST_FIXED].ns;
    if (template_is_fixed(t)) {
        sum->bytes += t->whole.len;
        return;
    }
    add_pieces(sum, p, t->head, t->head_count);
    add_pieces(sum, p, t->body, t->body_count);
}

static void add_request(struct cost *sum, const struct plan *p, const struct plan_request *r)
{
    sum->requests++;
    sum->user_ns += items[COST_REQUEST].ns;
    sum->kernel_ns += items[COST_KERNEL].ns;
    add_template(sum, p, &r->template);
    if (r->wants_headers)
        sum->user_ns += items[COST_HEADERS].ns;
    if (r->wants_body)
        sum->user_ns += items[COST_BODY].ns;
    for (uint32_t i = 0; i < r->capture_count; i++)
        sum->user_ns +=
            items[r->captures[i].kind == CAPTURE_REGEX ? COST_PATTERN : COST_OPERATION].ns;
    for (uint32_t i = 0; i < r->check_count; i++)
        sum->user_ns += expression_ns(&p->expressions[r->checks[i].expression]);
}

static void add_step(struct cost *sum, const struct plan *p, uint32_t index)
{
    const struct plan_step *step = &p->steps[index];
    switch (step->kind) {
    case STEP_REQUEST:
        add_request(sum, p, &p->requests[step->index]);
        return;
    case STEP_SET:
    case STEP_APPEND:
    case STEP_COOKIE: {
        const uint64_t bytes = sum->bytes; /* these are not sent */
        add_template(sum, p, step->value);
        sum->bytes = bytes;
        return;
    }
    case STEP_ASSIGN:
    case STEP_JUMP_IF:
    case STEP_JUMP_UNLESS:
    case STEP_LOOP:
        sum->user_ns += expression_ns(&p->expressions[step->index]);
        return;
    case STEP_JUMP:
        sum->repeats = sum->repeats || step->target <= index;
        return;
    default:
        return;
    }
}

struct cost cost_of_steps(const struct plan *p, uint32_t first_step)
{
    struct cost sum = { .requests = 0 };
    for (uint32_t at = plan_first_step(p, first_step); p->steps[at].kind != STEP_END; at++)
        add_step(&sum, p, at);
    return sum;
}

uint64_t cost_of_user(const struct plan *p, const struct cost_sizes *sizes)
{
    const bool has_own_connection = p->load.connections == 0;
    return sizes->user + sizes->variable * p->variable_count +
           sizes->word * (p->loop_depth + p->set_depth + p->feed_count) +
           (has_own_connection ? sizes->connection * p->origin_count : 0);
}
